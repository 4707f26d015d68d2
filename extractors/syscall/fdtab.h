/*
 * fdtab: the descriptors of one process by number.
 *
 * The kernel gives out the smallest free number, so nearly all of them are small and close together:
 * those lie in an array. A number far beyond the others goes into a map.
 *
 * Lifetime: starts as zeroes; fdtab_deinit() gives its memory back, the descriptors are the caller's.
 * Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap.h"
#include "pool.h"

struct fd;

struct fdtab {
	struct fd **near;
	uint32_t n_near; /* size of near[], in which NULL is free */
	uint32_t n;      /* descriptors, of both */
	struct imap far;
};

/* The descriptor of this number; NULL when there is none. */
static inline struct fd *fdtab_get(const struct fdtab *t, int64_t num)
{
	if ((uint64_t)num < t->n_near && t->near[num])
		return t->near[num];
	return t->far.n ? imap_get(&t->far, num) : NULL;
}

/* Puts @f (not NULL) at a free number, 0 or more. -ENOMEM. */
int fdtab_add(struct fdtab *t, struct pool *pool, int64_t num, struct fd *f);

/* The same where there is room for it already; false: there is not. */
static inline bool fdtab_put(struct fdtab *t, int64_t num, struct fd *f)
{
	if ((uint64_t)num >= t->n_near || t->near[num])
		return false;
	t->near[num] = f;
	t->n++;
	return true;
}

/* Takes a number out; answers what was there, NULL for nothing. */
struct fd *fdtab_take(struct fdtab *t, int64_t num);

/* Walks all: start with *at 0; NULL at the end. Nothing may be added or taken meanwhile. */
struct fd *fdtab_next(const struct fdtab *t, uint32_t *at);

void fdtab_deinit(struct fdtab *t, struct pool *pool);
