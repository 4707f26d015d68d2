/*
 * scapbuild: recordings for tests, written byte by byte, also wrong ones.
 *
 * Lifetime: the bytes belong to the struct; sb_free() ends it.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/abi.h>

struct scapbuild {
	uint8_t *p;
	size_t len, cap;
	size_t block; /* where the open block begins */
};

static inline void sb_put(struct scapbuild *b, const void *p, size_t len)
{
	if (b->cap - b->len < len) {
		b->cap = (b->len + len) * 2;
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			abort();
	}
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

static inline void sb_free(struct scapbuild *b)
{
	free(b->p);
	memset(b, 0, sizeof *b);
}

static inline void sb_u8(struct scapbuild *b, uint8_t n)
{
	sb_put(b, &n, sizeof n);
}

static inline void sb_u16(struct scapbuild *b, uint16_t n)
{
	sb_put(b, &n, sizeof n);
}

static inline void sb_u32(struct scapbuild *b, uint32_t n)
{
	sb_put(b, &n, sizeof n);
}

static inline void sb_u64(struct scapbuild *b, uint64_t n)
{
	sb_put(b, &n, sizeof n);
}

/* Text behind its length. */
static inline void sb_text(struct scapbuild *b, const char *text)
{
	sb_u16(b, (uint16_t)strlen(text));
	sb_put(b, text, strlen(text));
}

static inline void sb_begin(struct scapbuild *b, uint32_t type)
{
	b->block = b->len;
	sb_u32(b, type);
	sb_u32(b, 0);
}

/* Pads the open block and says twice how long it is. */
static inline void sb_end(struct scapbuild *b)
{
	uint32_t size;

	while ((b->len - b->block) % 4)
		sb_u8(b, 0);
	size = (uint32_t)(b->len - b->block) + 4;
	memcpy(b->p + b->block + 4, &size, sizeof size);
	sb_u32(b, size);
}

static inline void sb_section(struct scapbuild *b)
{
	sb_begin(b, 0x0a0d0d0a);
	sb_u32(b, 0x1a2b3c4d);
	sb_u16(b, 1);
	sb_u16(b, 2);
	sb_u64(b, UINT64_MAX);
	sb_end(b);
}

/* A parameter of sb_event(). */
struct sb_param {
	const void *p;
	uint32_t len;
};

struct sb_event {
	uint32_t block; /* type of its block: 0x204 EV, 0x216 EV_V2 ... */
	uint16_t type, cpu;
	uint64_t ts, tid;
	uint32_t flags; /* written when the block has them */
	uint32_t n;
	struct sb_param params[32];
};

/* A block with one event, of the version that its type says. */
static inline void sb_event(struct scapbuild *b, const struct sb_event *e)
{
	const int is_v1 = e->block == 0x204 || e->block == 0x208;
	const int has_flags = e->block == 0x208 || e->block == 0x217 || e->block == 0x222;
	const int is_large = e->type == 322 || e->type == 324 || e->type == 402;
	uint32_t len = (is_v1 ? 22 : 26) + e->n * (is_large ? 4 : 2);

	for (uint32_t i = 0; i < e->n; i++)
		len += e->params[i].len;
	sb_begin(b, e->block);
	sb_u16(b, e->cpu);
	if (has_flags)
		sb_u32(b, e->flags);
	sb_u64(b, e->ts);
	sb_u64(b, e->tid);
	sb_u32(b, len);
	sb_u16(b, e->type);
	if (!is_v1)
		sb_u32(b, e->n);
	for (uint32_t i = 0; i < e->n; i++)
		sb_put(b, &e->params[i].len, is_large ? 4 : 2);
	for (uint32_t i = 0; i < e->n; i++)
		sb_put(b, e->params[i].p, e->params[i].len);
	sb_end(b);
}
