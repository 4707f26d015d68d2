/*
 * services: what the core lends a plugin instance, and who the instance is when it calls back.
 *
 * The plugin API gives every plugin an opaque "owner" handle at init, to pass back with each call
 * to the host. Here it is a struct owner: it leads from the call to the services of that source
 * thread, and keeps the text of the last error for get_owner_last_error().
 *
 * Lifetime: services outlive all instances made with them. Threads: one set per source thread;
 * owner_log() from any.
 */
#pragma once

#include <stdbool.h>

#include "util/log.h"
#include "gyr/abi.h"

struct tables;
struct routines;

struct services {
	const struct log *log;
	/* State tables (state/tables.h): the functions lent and the registry they work on; both
	 * NULL where there are none. */
	const ss_plugin_init_tables_input *tables_input;
	struct tables *tables;
	/* Called after each extract and parse call: gives back what the plugin forgot to. */
	void (*tables_release)(struct tables *t);
	/* Routines of listening plugins; NULL when there is no pool. */
	struct routines *routines;
	/* Lent to plugins that ask for it by gyr_set_host; NULL for none. */
	const void *host;
};

struct owner {
	const struct services *services;
	struct instance *instance;
	const char *name;
	unsigned api_minor; /* of the plugin API the plugin was written for */
	bool has_error;
	char error[PLUGIN_MAX_ERRLEN];
};

/* Remembers why a call of this plugin to the host failed; the latest wins. */
void owner_fail(struct owner *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The function lent as get_owner_last_error: the text since the last time asked, NULL for none. */
const char *owner_last_error(ss_plugin_owner_t *o);

/* The function lent as log_fn. */
void owner_log(ss_plugin_owner_t *o, const char *component, const char *msg,
	       ss_plugin_log_severity severity);
