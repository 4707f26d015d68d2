/*
 * tables: which state tables there are in one source thread, and who may ask for them.
 *
 * The data lives in the plugin that parses events. It registers a table by name with functions to
 * work on it; those are checked once, and the other plugins of the thread reach them through one
 * set of functions lent by the core (plugin API 3.12, legacy and extended). A table handle is a
 * pointer to the owner's ss_plugin_table_input, here and in the API's other host, so a plugin may
 * answer a TABLE column with such a pointer to a table inside a row, which nobody registered. Rows
 * and accessors are the owner's own and pass through.
 *
 * Bounds: 256 tables, names of up to 255 bytes; more is refused with an error and counted.
 * Lifetime: tables_new() to tables_free(), which comes after the last instance of the thread.
 * Threads: one, that of the source (and routines of listening plugins, as the API allows).
 */
#pragma once

#include <stdint.h>

#include "host/services.h"

struct tables;

enum { TABLES_MAX = 256 };

struct tables_counters {
	uint64_t n_tables;  /* now */
	uint64_t n_refused; /* registrations that were not accepted */
};

struct tables *tables_new(void);
struct tables *tables_free(struct tables *t);

/* Sets the members of @s about tables, to lend those of @t. */
void tables_lend(struct tables *t, struct services *s);

void tables_count(const struct tables *t, struct tables_counters *ret_counters);
