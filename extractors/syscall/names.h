/*
 * names: paths that are opened again and again, each kept as one text.
 *
 * Most opens are of few files. A path that was seen before is found by its bytes and shared, which saves
 * the copy, and has the id it had then: two events whose texts have the same id (not 0) tell of the same
 * path, so what rules make of it can be remembered.
 *
 * A slot holds the last path that fell to it, so the memory is bounded: NAMES_SLOTS texts of NAME_MAX_KEPT
 * bytes. Longer paths are not kept, and have no id.
 *
 * Lifetime: starts as zeroes; names_clear() before the pool goes. Threads: that of the state.
 */
#pragma once

#include "rtext.h"

enum {
	NAMES_SLOTS = 4096, /* a power of two */
	NAME_MAX_KEPT = 255,
};

struct names {
	uint64_t last_id;
	struct rtext *slots[NAMES_SLOTS];
};

/* A text with the bytes of @s, whose holder the caller is; NULL when memory is short. */
struct rtext *names_get(struct names *n, struct pool *home, const char *s, size_t len);

void names_clear(struct names *n);
