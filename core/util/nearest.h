/*
 * nearest: "did you mean?".
 *
 * Feed candidates one by one; the best one within a distance that still looks like a slip of the
 * keyboard wins. Distance counts inserted, dropped, replaced and swapped bytes.
 *
 * Threads: any; one struct, one thread.
 */
#pragma once

#include "util/err.h"
#include "util/str.h"

struct nearest {
	struct str wanted, best; /* best.p is NULL while nothing is near */
	unsigned best_distance;
};

/* Starts a search for what @wanted might have meant. */
void nearest_init(struct nearest *n, struct str wanted);

/* Offers a candidate, borrowed. */
void nearest_offer(struct nearest *n, struct str candidate);

/* Asks whether the best candidate was meant, in the hint of @err; nothing when there is none. */
void nearest_hint(const struct nearest *n, struct err *err);
