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
#include <stdint.h>

#include "util/log.h"
#include "gyr/abi.h"

struct tables;
struct routines;
struct async;

struct services {
	const struct log *log;
	/* State tables (state/tables.h): the functions lent and the registry they work on; both
	 * NULL where there are none. */
	const ss_plugin_init_tables_input *tables_input;
	struct tables *tables;
	/* Why the last table call of this thread failed, from the plugin that owns the table. */
	const char *(*tables_error)(struct tables *t);
	/* Routines of listening plugins; NULL when there is no pool. */
	struct routines *routines;
	/* All instances of this thread, set once they are made: who the plugins behind event IDs
	 * are. May have NULLs. */
	struct instance *const *instances;
	uint32_t n_instances;
};

struct instance;

struct owner {
	const struct services *services;
	struct instance *instance;
	const char *name;
	unsigned api_minor;            /* of the plugin API the plugin was written for */
	_Atomic(struct async *) async; /* where events it pushes go; NULL while none may */
	bool has_error;
	char error[PLUGIN_MAX_ERRLEN];
	char told[PLUGIN_MAX_ERRLEN]; /* what owner_last_error() gave out */
	char line[512];               /* what event_to_string of gyr_set_host gave out */
};

/* Remembers why a call of this plugin to the host failed; the latest wins. */
void owner_fail(struct owner *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The function lent as get_owner_last_error: the text since the last time asked, NULL for none. */
const char *owner_last_error(ss_plugin_owner_t *o);

/* The function lent as log_fn. */
void owner_log(ss_plugin_owner_t *o, const char *component, const char *msg,
	       ss_plugin_log_severity severity);
