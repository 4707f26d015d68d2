/*
 * sieve: says of most values that none of many texts is in them, at a fraction of what looking for
 * the texts costs, and the same for ten texts as for ten thousand.
 *
 * A text that is in a value covers a run of positions of it. From every text a *window* is taken and
 * of that the grams (runs of @width bytes) at @stride offsets in a row; a value is looked at every
 * @stride positions only, and one of these falls on one of the offsets. So when none of the grams
 * there is known, no text is in the value. Known grams stand in a Bloom filter (1970) of one word
 * each. A value that passes may hold a text or not: the look-up behind the sieve says.
 *
 * Windows are chosen so that texts share grams: "tool_1" to "tool_9999" are as good as one. Where
 * values hold what texts share, nearly all pass and the sieve is only a cost; it then rests for a
 * while.
 *
 * Lifetime: that of the arena. Threads: one while building; then read by any; a sieve_use belongs to
 * one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/index.h"

struct sieve {
	const uint64_t *words; /* NULL: there is none, every value passes */
	uint64_t mask;         /* the bytes of a gram in a word loaded from the value */
	uint64_t fold;         /* set in every gram, so that ASCII case does not count */
	uint32_t shortest;     /* bytes of the shortest text */
	uint8_t width, stride;
	uint8_t shift; /* of a hash, to the number of its word */
};

/* How often values passed lately. Zeroed at first. */
struct sieve_use {
	uint32_t n, n_passed;
	uint32_t rest; /* values that pass unseen */
};

enum {
	SIEVE_SHORTEST = 5, /* shorter texts have grams too short to be rare */
	SIEVE_PERIOD = 256, /* values after which it is asked whether the sieve is worth it */
	SIEVE_REST = 8192,  /* values that pass unseen when it is not */
};

/* For the keys of @e; with @fold they are lower case and ASCII case does not count. x->words stays
 * NULL when a key is too short. false: no memory. */
bool sieve_init(struct sieve *x, struct arena *a, const struct index_entries *e, bool fold);

/* false: none of the keys is in @value. */
bool sieve_passes(const struct sieve *x, struct sieve_use *use, struct str value);
