/*
 * scratch: memory handed out piece by piece and dropped as a whole.
 *
 * Values of one extraction live here. Pieces never move, so answers may point into it while it
 * grows: it grows by chunks. A reset after growth puts one chunk of the whole size in place of the
 * many, so that after a few events there is one chunk and no malloc.
 */
#include "sdk.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum {
	SCRATCH_FIRST = 16 << 10,
	SCRATCH_KEEP = 4 << 20, /* more than this is given back at a reset */
	SCRATCH_MAX = 64 << 20,
};

struct gyr__chunk {
	struct gyr__chunk *next;
	size_t cap, used;
	alignas(max_align_t) unsigned char data[];
};

static struct gyr__chunk *chunk_new(size_t cap)
{
	struct gyr__chunk *c = malloc(sizeof *c + cap);

	if (c) {
		c->next = NULL;
		c->cap = cap;
		c->used = 0;
	}
	return c;
}

void *gyr__scratch_alloc(struct gyr__scratch *s, size_t size)
{
	const size_t align = alignof(max_align_t);

	if (size > SCRATCH_MAX - s->total)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!s->cur || s->cur->cap - s->cur->used < size) {
		size_t cap = s->cur ? s->cur->cap * 2 : SCRATCH_FIRST;
		struct gyr__chunk *c = chunk_new(cap > size ? cap : size);

		if (!c)
			return NULL;
		if (s->cur)
			s->cur->next = c;
		else
			s->first = c;
		s->cur = c;
	}

	void *p = s->cur->data + s->cur->used;
	s->cur->used += size;
	s->total += size < SCRATCH_MAX - s->total ? size : SCRATCH_MAX - s->total;
	return p;
}

char *gyr__scratch_dup(struct gyr__scratch *s, const char *text, size_t len)
{
	char *p = len < SCRATCH_MAX ? gyr__scratch_alloc(s, len + 1) : NULL;

	if (!p)
		return NULL;
	if (len)
		memcpy(p, text, len);
	p[len] = '\0';
	return p;
}

void gyr__scratch_deinit(struct gyr__scratch *s)
{
	for (struct gyr__chunk *c = s->first; c;) {
		struct gyr__chunk *next = c->next;

		free(c);
		c = next;
	}
	*s = (struct gyr__scratch){0};
}

void gyr__scratch_reset(struct gyr__scratch *s)
{
	size_t cap = 0;

	if (!s->total)
		return;
	s->total = 0;
	if (!s->first)
		return;
	s->first->used = 0;
	if (!s->first->next && s->first->cap <= SCRATCH_KEEP)
		return;

	for (const struct gyr__chunk *c = s->first; c; c = c->next)
		cap += c->cap;
	gyr__scratch_deinit(s);
	s->first = s->cur = chunk_new(cap < SCRATCH_KEEP ? cap : SCRATCH_KEEP);
}
