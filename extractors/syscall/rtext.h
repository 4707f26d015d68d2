/*
 * rtext: a text that many rows share.
 *
 * A process and its children have the same executable, arguments, environment and directory until one
 * of them changes; each then just holds a reference. The bytes never change; a NUL follows them.
 *
 * Lifetime: until the last holder lets go; not longer than its pool. Threads: the references are not
 * atomic; all holders belong to one state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool.h"

struct rtext {
	struct pool *home;
	uint64_t id; /* in a state no other text ever had it; 0: not told apart (names.h) */
	uint32_t refs, len;
	char s[];
};

/* A new text of @len bytes, not yet written but for the NUL at its end; NULL when memory is short. */
struct rtext *rtext_make(struct pool *home, size_t len);

/* A new text with the bytes of @s. */
struct rtext *rtext_new(struct pool *home, const char *s, size_t len);

static inline struct rtext *rtext_ref(struct rtext *t) /* NULL gives NULL */
{
	if (t)
		t->refs++;
	return t;
}

/* Gives back a text that nobody holds any more. */
void rtext_free(struct rtext *t);

static inline struct rtext *rtext_unref(struct rtext *t) /* answers NULL; NULL is fine */
{
	if (t && --t->refs == 0)
		rtext_free(t);
	return NULL;
}

/* *at becomes a text of these bytes, or stays when it is equal already. True when it changed. */
bool rtext_set(struct pool *home, struct rtext **at, const char *s, size_t len);

/* Writes text that others made up so that it can be shown: each control character becomes U+FFFD. Cut at
 * @size; a NUL follows. Returns the length. */
size_t text_clean(char *out, size_t size, const char *s, size_t len);

/* *at becomes another holder of @t. */
void rtext_share(struct rtext **at, struct rtext *t);

/* The text, "" for NULL. */
const char *rtext_str(const struct rtext *t);
