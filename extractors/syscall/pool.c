/* pool: lists of free pieces by size class over chunks; see pool.h. */
#include "pool.h"

#include <stdlib.h>

enum { CHUNK_SIZE = 256 << 10, CHUNK_HEAD = 64 };

struct pool_chunk {
	struct pool_chunk *next;
};

/* The class of @size, and what a piece of it has. */
static inline uint32_t class_of(size_t size, size_t *ret_size)
{
	if (size <= POOL_FINE_MAX) {
		const uint32_t c = (uint32_t)((size - 1) / POOL_FINE);

		*ret_size = (c + 1) * (size_t)POOL_FINE;
		return c;
	}
	/* 2^k < size <= 2^(k+1): a quarter of 2^k a step */
	const uint32_t k = 63 - (uint32_t)__builtin_clzll(size - 1);
	const size_t step = (size_t)1 << (k - 2), over = size - 1 - ((size_t)1 << k);
	const uint32_t quarter = (uint32_t)(over / step);

	*ret_size = ((size_t)1 << k) + (quarter + 1) * step;
	return POOL_FINE_MAX / POOL_FINE + (k - 9) * 4 + quarter;
}

static void *carve(struct pool *p, size_t size)
{
	struct pool_chunk *c;
	uint8_t *piece;

	if (p->left < size) {
		c = malloc(CHUNK_SIZE);
		if (!c)
			return NULL;
		c->next = p->chunks;
		p->chunks = c;
		p->bytes += CHUNK_SIZE;
		p->at = (uint8_t *)c + CHUNK_HEAD;
		p->left = CHUNK_SIZE - CHUNK_HEAD;
	}
	piece = p->at;
	p->at += size;
	p->left -= size;
	return piece;
}

void *pool_get_slow(struct pool *p, size_t size)
{
	size_t rounded;

	if (size > POOL_LARGEST || !POOL_IS_SHARED)
		return malloc(size);
	const uint32_t c = class_of(size, &rounded);
	struct pool_piece *piece = p->free[c];
	if (!piece)
		return carve(p, rounded);
	p->free[c] = piece->next;
	return piece;
}

void pool_put_slow(struct pool *p, void *piece, size_t size)
{
	struct pool_piece *one = piece;
	size_t rounded;

	if (size > POOL_LARGEST || !POOL_IS_SHARED) {
		free(piece);
		return;
	}
	const uint32_t c = class_of(size, &rounded);
	one->next = p->free[c];
	p->free[c] = one;
}

void pool_deinit(struct pool *p)
{
	for (struct pool_chunk *c = p->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	*p = (struct pool){0};
}
