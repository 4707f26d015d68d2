/*
 * names: paths and programs that come again and again, each kept as one text.
 *
 * Most opens are of few files. A path that was seen before is found by its bytes and shared, which saves
 * the copy, and has the id it had then: two events whose texts have the same id (not 0) tell of the same
 * path, so what rules make of it can be remembered.
 *
 * What a name was found to mean is kept, too: by the name as given and the directory that it was given from.
 *
 * A slot holds the last path that fell to it, so the memory is bounded: NAMES_SLOTS texts of NAME_MAX_KEPT
 * bytes, and as many again. Longer paths are not kept, and have no id.
 *
 * Lifetime: starts as zeroes; names_clear() before the pool goes. Threads: that of the state.
 */
#pragma once

#include "rtext.h"

enum {
	NAMES_SLOTS = 4096, /* a power of two */
	NAME_MAX_KEPT = 255,
};

/* A name as given, the directory it was given from (NULL: it begins with a slash), the path that it meant. */
struct named {
	struct rtext *given, *from, *path;
};

struct names {
	uint64_t last_id;
	struct rtext *slots[NAMES_SLOTS];
	struct named known[NAMES_SLOTS];
};

/* A text with the bytes of @s, whose holder the caller is; NULL when memory is short. */
struct rtext *names_get(struct names *n, struct pool *home, const char *s, size_t len);

/* What is known of the @len bytes @s, given from @from; NULL: nothing. */
const struct named *names_known(const struct names *n, const struct rtext *from, const char *s,
				size_t len);

/* Remembers @x, whose texts it shares. Does nothing when one of them is too long to be kept. */
void names_learn(struct names *n, const struct named *x);

void names_clear(struct names *n);
