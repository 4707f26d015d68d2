/*
 * again: when to look at /proc again. Lost events leave threads and descriptors in the state that are gone, and
 * miss others; looking again mends that (gyr.again of gyr/scapmeta.h), once no more are being lost.
 *
 * All times are ns of one clock that does not jump. Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	AGAIN_CALM_MS = 1000,      /* so long nothing more must have been lost */
	AGAIN_PATIENCE_MS = 10000, /* but no loss waits longer than this */
	AGAIN_PAUSE_MS = 10000,    /* at least, between two looks */
	AGAIN_SHARE = 50           /* and so many times as long as the last one worked */
};

struct again {
	uint64_t n_lost;      /* of which the last look knew, or that wait for one */
	uint64_t first, last; /* when those that wait were noticed; 0: none wait */
	uint64_t not_before;
};

/* Whether to look now, when @n_lost events were lost so far. */
bool again_is_due(struct again *a, uint64_t n_lost, uint64_t now);

/* It begins: what is lost from now on asks for another one. */
void again_begin(struct again *a);

/* It is over, after @worked ns of work. */
void again_end(struct again *a, uint64_t now, uint64_t worked);
