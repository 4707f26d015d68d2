/*
 * deadletter: the file for alerts that an output will not try again, one JSON object a line:
 *
 *	{"time":"2026-11-28T08:00:00Z","output":"siem","reason":"refused","error":"...","id":"...","alert":{...}}
 *
 * The file grows up to a cap; what finds no room is counted. Lines are whole: one write each.
 *
 * Lifetime: deadletter_open() to deadletter_close(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gyr/abi.h"
#include "util/err.h"

struct deadletter;

struct deadletter_setup {
	const char *path, *output; /* borrowed */
	uint64_t cap_bytes;
	bool sync; /* on disk before it counts as written */
};

/* Opens or makes the file. The errno of open() with @err; -ENOMEM. */
int deadletter_open(const struct deadletter_setup *setup, struct deadletter **ret, struct err *err);
struct deadletter *deadletter_close(struct deadletter *d); /* NULL is fine */

/* Appends an alert. 0, or the errno of what failed; -EFBIG at the cap. */
int deadletter_add(struct deadletter *d, const struct gyr_alert *a, const char *reason,
		   const char *error);

/* Opens the file anew: it may have been moved. */
void deadletter_reopen(struct deadletter *d);
