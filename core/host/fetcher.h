/*
 * fetcher: asks the extractors of one source thread, so that evaluation need not know them.
 *
 * The uses asked for are grouped by owner and each plugin is called once for all of its fields;
 * plugins that do not say that they take several fields a call are called one field at a time, as
 * Falco does. An answer is remembered by the slot of its use until the next event, and copied where
 * the plugin may overwrite it with its next answer.
 *
 * Lifetime: fetcher_new() to fetcher_free(); answers until the next fetcher_begin().
 * Threads: one. No allocation once every slot and the largest event have been seen.
 */
#pragma once

#include <stdint.h>

#include "event/fetch.h"
#include "host/instance.h"

struct fetcher;

struct fetcher_counters {
	uint64_t n_calls;     /* of extract_fields */
	uint64_t n_failed;    /* of them failed; the fields asked then are absent */
	uint64_t n_malformed; /* answers that no plugin should give (bad length, missing pointer) */
	uint64_t n_too_large; /* answers beyond the memory for one event (64 MiB), absent */
};

/* @instances by the index that field.owner has; NULL where this thread has none. The array is
 * copied, the instances stay the caller's. NULL when memory is short. */
struct fetcher *fetcher_new(struct instance *const *instances, uint32_t n);
struct fetcher *fetcher_free(struct fetcher *f);

/* Starts an event: forgets all answers. To be called before the first question about each event. */
void fetcher_begin(struct fetcher *f);

/* The interface that evaluation takes; valid as long as @f. */
struct fetch fetcher_fetch(struct fetcher *f);

void fetcher_count(const struct fetcher *f, struct fetcher_counters *ret_counters);
