/*
 * tables: which state tables there are in one source thread, and who may ask for them.
 *
 * The data lives in the plugin that parses events; it registers a table by name and gives functions
 * to work on it. Here those functions are checked once, kept, and lent to the other plugins of the
 * thread behind one set of vtables (plugin API 3.12, legacy and extended), so that a plugin never
 * holds a pointer into another one. The core owns no table.
 *
 * Every table handle, field accessor and entry that a plugin gets is the core's own small record
 * that leads to the owner's; entries not given back by the end of a call are given back for it.
 *
 * Bounds: 256 tables, 1024 fields a table, 4096 entries held at a time; what is refused is counted.
 * Lifetime: tables_new() to tables_free(), which comes after the last instance of the thread.
 * Threads: one, that of the source (and routines of listening plugins, as the API allows).
 */
#pragma once

#include <stdint.h>

#include "host/services.h"

struct tables;

struct tables_counters {
	uint64_t n_tables, n_held; /* now */
	uint64_t n_leaked;         /* entries given back for a plugin that forgot */
	uint64_t n_refused;        /* a bound was met */
};

struct tables *tables_new(void);
struct tables *tables_free(struct tables *t);

/* Sets the three members of @s about tables, to lend those of @t. */
void tables_lend(struct tables *t, struct services *s);

/* Gives back every entry still held; services.tables_release. */
void tables_release(struct tables *t);

void tables_count(const struct tables *t, struct tables_counters *ret_counters);
