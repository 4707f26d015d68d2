/*
 * buf: owned bytes that grow, up to a cap set at init. Always NUL-terminated behind len.
 *
 * A write that fails (no memory, cap reached) sets `failed` and leaves the buffer as it was; later
 * writes are refused too, so that a caller checks once at the end. buf_reset() clears it.
 *
 * Lifetime: buf_init() to buf_deinit(). Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

struct buf {
	char *p;
	size_t len, size, cap_bytes;
	bool failed;
};

static inline void buf_init(struct buf *b, size_t cap_bytes)
{
	*b = (struct buf){.cap_bytes = cap_bytes};
}

void buf_deinit(struct buf *b);

/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *b);

/* Room for @more bytes and the NUL; false when there is none (sets failed). */
bool buf_reserve(struct buf *b, size_t more);

/* The rest of buf_add(): when there is no room yet, or the buffer failed. */
void buf_add_grow(struct buf *b, const void *p, size_t len);

static inline void buf_add(struct buf *b, const void *p, size_t len)
{
	if (b->failed || b->size - b->len <= len) {
		buf_add_grow(b, p, len);
		return;
	}
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

static inline void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

static inline void buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_u64(struct buf *b, uint64_t n);
void buf_add_i64(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends @s as the inside of a JSON string (no quotes): control characters (utf8_control() too),
 * quotes and backslashes escaped, each maximal run of invalid UTF-8 as U+FFFD. */
void buf_add_json(struct buf *b, struct str s);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p ? b->p : "", b->len};
}
