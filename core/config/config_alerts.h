/*
 * config_alerts: what the configuration says about alerts: `routes:`, `suppression:`, `redact:`.
 *
 * Lifetime: everything is in the arena of the configuration. -EINVAL with @err and its place for
 * what a person got wrong, -ENOMEM.
 */
#pragma once

#include "config/config.h"
#include "filter/typecheck.h"
#include "route/routes.h"
#include "route/suppress.h"

/* The outputs in the order of their bits. */
struct output_names {
	uint32_t n;
	const char *const *names;
	const char *const *templates; /* NULL: the usual text */
};

int config_routes(struct config *c, const struct output_names *outputs, struct route_table *ret,
		  struct err *err);

/* The policies of `suppression:`, and the old `outputs: {rate, max_burst}` as one for all rules. */
int config_suppression(struct config *c, struct suppress_policies *ret, struct err *err);

/* *ret is NULL when nothing is to be hidden. */
int config_redaction(struct config *c, const struct redaction **ret);
