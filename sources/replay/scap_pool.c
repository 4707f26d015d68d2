#include "scap_pool.h"

#include <stdint.h>
#include <stdlib.h>

enum { CHUNK_SIZE = 256 << 10 };

struct scap_chunk {
	struct scap_chunk *next;
	size_t used, size;
	uint8_t bytes[];
};

static struct scap_chunk *chunk_new(size_t size)
{
	struct scap_chunk *c;

	size = size > CHUNK_SIZE ? size : CHUNK_SIZE;
	c = malloc(sizeof *c + size);
	if (c) {
		c->next = NULL;
		c->used = 0;
		c->size = size;
	}
	return c;
}

void *scap_pool_get(struct scap_pool *p, size_t size)
{
	struct scap_chunk *c = p->last;

	size = (size + 7) & ~(size_t)7;
	if (!c || c->size - c->used < size) {
		c = chunk_new(size);
		if (!c)
			return NULL;
		if (p->last)
			p->last->next = c;
		else
			p->first = c;
		p->last = c;
	}
	c->used += size;
	return c->bytes + c->used - size;
}

static void free_from(struct scap_chunk *c)
{
	while (c) {
		struct scap_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void scap_pool_reset(struct scap_pool *p)
{
	struct scap_chunk *c = p->first;

	if (!c)
		return;
	free_from(c->next);
	c->next = NULL;
	c->used = 0;
	p->last = c;
	if (c->size > CHUNK_SIZE)
		scap_pool_deinit(p);
}

void scap_pool_deinit(struct scap_pool *p)
{
	free_from(p->first);
	p->first = p->last = NULL;
}
