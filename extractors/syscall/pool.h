/*
 * pool: memory for the many small things of the state: threads, descriptors, texts.
 *
 * What is given back waits in a list of its size and is the next to be given out, so that a state
 * that has seen its largest moment asks the system for nothing more. Sizes are rounded up to one of
 * a few classes; what is larger than the last class comes from the system each time.
 *
 * Under AddressSanitizer every piece is a malloc of its own, so that its errors are found.
 *
 * Lifetime: starts as zeroes; pool_deinit() ends it and everything that is still given out of its
 * classes. Threads: one at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	POOL_FINE = 16,      /* up to POOL_FINE_MAX sizes go by this much */
	POOL_FINE_MAX = 512, /* then in four steps a doubling */
	POOL_LARGEST = 16384,
	POOL_CLASSES = POOL_FINE_MAX / POOL_FINE + 4 * 5,
};

#if defined(__SANITIZE_ADDRESS__)
#define POOL_IS_SHARED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_IS_SHARED 0
#endif
#endif
#ifndef POOL_IS_SHARED
#define POOL_IS_SHARED 1
#endif

struct pool_piece {
	struct pool_piece *next;
};

struct pool_chunk;

struct pool {
	struct pool_piece *free[POOL_CLASSES];
	struct pool_chunk *chunks;
	uint8_t *at; /* of the first chunk, what was never given out */
	size_t left;
	uint64_t bytes; /* of all chunks */
};

/* pool_get() and pool_put() for sizes beyond POOL_FINE_MAX and for lists that are empty. */
void *pool_get_slow(struct pool *p, size_t size);
void pool_put_slow(struct pool *p, void *piece, size_t size);

/* @size bytes (more than 0), not zeroed, aligned for anything; NULL when memory is short. */
static inline void *pool_get(struct pool *p, size_t size)
{
	if (POOL_IS_SHARED && size <= POOL_FINE_MAX) {
		struct pool_piece **list = &p->free[(size - 1) / POOL_FINE], *piece = *list;

		if (piece) {
			*list = piece->next;
			return piece;
		}
	}
	return pool_get_slow(p, size);
}

/* Takes back what pool_get() gave for this @size. NULL is fine. */
static inline void pool_put(struct pool *p, void *piece, size_t size)
{
	if (POOL_IS_SHARED && piece && size <= POOL_FINE_MAX) {
		struct pool_piece **list = &p->free[(size - 1) / POOL_FINE], *one = piece;

		one->next = *list;
		*list = one;
	} else if (piece) {
		pool_put_slow(p, piece, size);
	}
}

void pool_deinit(struct pool *p);
