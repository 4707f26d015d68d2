#include "util/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "util/mem.h"

enum {
	CHUNK_MIN = 16 * 1024,
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) char data[];
};

static size_t align_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static struct arena_chunk *chunk_add(struct arena *a, size_t size)
{
	size_t want = a->head ? a->head->size * 2 : CHUNK_MIN;
	size_t max = a->chunk_max ? a->chunk_max : ARENA_CHUNK_MAX;
	struct arena_chunk *c;

	if (want > max)
		want = max;
	if (want < size)
		want = size;
	/* what is handed out is zeroed then: twice would be once too often */
	c = want < SIZE_MAX - sizeof *c ? mem_grow(NULL, 1, sizeof *c + want) : NULL;
	if (!c)
		return NULL;
	*c = (struct arena_chunk){.next = a->head, .size = want};
	a->head = c;
	return c;
}

static void *take(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->head;
	size_t from = c ? align_up(c->used, align) : 0;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = size ? size : 1;
	if (a->cap_bytes && size > a->cap_bytes - (a->used < a->cap_bytes ? a->used : a->cap_bytes))
		return NULL;
	if (!c || from > c->size || c->size - from < size) {
		c = chunk_add(a, size);
		from = 0;
	}
	if (!c)
		return NULL;
	a->used += from - c->used + size;
	c->used = from + size;
	return c->data + from;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size, alignof(uint64_t));

	return p ? memset(p, 0, size ? size : 1) : NULL;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = s.len < SIZE_MAX / 2 ? take(a, s.len + 1, 1) : NULL;

	if (!p)
		return (struct str){NULL, 0};
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return (struct str){p, s.len};
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : take(a, (size_t)n + 1, 1);
	if (!p)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->head;

	a->used = 0;
	if (!c)
		return;
	while (c->next) {
		struct arena_chunk *next = c->next;

		if (next->size > c->size) {
			a->head = next;
			mem_free(c);
			c = next;
		} else {
			c->next = next->next;
			mem_free(next);
		}
	}
	c->used = 0;
}

void arena_deinit(struct arena *a)
{
	struct arena_chunk *c = a->head;

	while (c) {
		struct arena_chunk *next = c->next;

		mem_free(c);
		c = next;
	}
	a->head = NULL;
	a->used = 0;
}
