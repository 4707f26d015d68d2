/*
 * instance: one initialised state of a plugin. A plugin state is not thread-safe, so that every
 * source thread has instances of its own; nothing is shared between two of them.
 *
 * Lifetime: instance_new() to instance_free(); sources opened from it are closed before.
 * Threads: all calls on one instance come from one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/module.h"
#include "host/services.h"
#include "util/buf.h"
#include "util/err.h"

enum {
	EVENT_CODES = 1024, /* event codes a set tells apart; the schema has less than half */
	INSTANCE_E_NOT_APPLIED = 1 /* the plugin cannot be reconfigured while it runs */
};

/* Event codes; `all` means every one, those past EVENT_CODES too. */
struct event_set {
	bool all;
	uint64_t bits[EVENT_CODES / 64];
};

static inline bool event_set_has(const struct event_set *s, uint16_t code)
{
	return s->all || (code < EVENT_CODES && (s->bits[code / 64] >> (code % 64) & 1));
}

struct instance {
	const struct module *module;
	ss_plugin_t *state;
	struct owner owner;
	struct event_set extract_types, parse_types;
	/* Counters since init. */
	uint64_t n_extract_calls, n_extract_failed, n_parse_failed, n_async_dropped;
};

/* Checks @config against the plugin's schema and initialises a state. @config is JSON text, or any
 * text for a plugin without a schema; empty becomes "{}" where the schema is JSON. -EINVAL with
 * @err when the configuration is refused by schema or plugin; -EIO with @err when init failed
 * otherwise. */
int instance_new(const struct module *m, struct str config, const struct services *services,
		 struct instance **ret_instance, struct err *err);
struct instance *instance_free(struct instance *i);

/* What the plugin says about its last failure; never NULL, may be "". Valid until the next call. */
const char *instance_last_error(const struct instance *i);

/* Reconfigures it while it runs: 0; INSTANCE_E_NOT_APPLIED when it cannot; -EINVAL with @err, and
 * the old configuration stays. */
int instance_set_config(struct instance *i, struct str config, struct err *err);

/* Calls @each for every metric of the plugin; the name is "<plugin>.<metric>". At most 1024. */
struct instance_metric {
	const char *name;
	bool is_monotonic, is_double, is_signed;
	uint64_t u64;
	int64_t i64;
	double dbl;
};
typedef void (*instance_metric_fn)(void *ctx, const struct instance_metric *m);
void instance_metrics(const struct instance *i, instance_metric_fn each, void *ctx);
