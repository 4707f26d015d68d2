/*
 * protobuf: messages of protocol buffers, read field by field, and short ones written.
 *
 *	struct pb m = pb_of(bytes, len);
 *	struct pb_field f;
 *
 *	while ((r = pb_next(&m, &f)) == 1)
 *		if (f.number == 7 && f.type == PB_BYTES) ...
 *
 * Format: Protocol Buffers Documentation, "Encoding". Groups, which nobody writes any more, are wrong.
 *
 * Lifetime: fields point into the message. Threads: any; nothing is kept.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum pb_type { PB_NUMBER = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb {
	const uint8_t *p, *end;
};

struct pb_field {
	uint32_t number;
	enum pb_type type;
	uint64_t n;       /* PB_NUMBER */
	const char *data; /* PB_BYTES: text, bytes or a message */
	size_t len;
};

static inline struct pb pb_of(const void *p, size_t len)
{
	const uint8_t *at = p; /* NULL when there is nothing */

	return (struct pb){at, len ? at + len : at};
}

/* The message inside a field. */
static inline struct pb pb_inside(const struct pb_field *f)
{
	return pb_of(f->data, f->type == PB_BYTES ? f->len : 0);
}

static inline int pb__varint(struct pb *m, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned shift = 0; m->p < m->end && shift < 64; shift += 7) {
		const uint8_t b = *m->p++;

		n |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*ret = n;
			return 0;
		}
	}
	return -EBADMSG;
}

static inline int pb__skip(struct pb *m, size_t len)
{
	if (len > (size_t)(m->end - m->p))
		return -EBADMSG;
	m->p += len;
	return 0;
}

/* 1: *ret is the next field; 0: there are no more; -EBADMSG. */
static inline int pb_next(struct pb *m, struct pb_field *ret)
{
	uint64_t key, len;

	if (m->p == m->end)
		return 0;
	if (pb__varint(m, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return -EBADMSG;
	*ret = (struct pb_field){.number = (uint32_t)(key >> 3), .type = (enum pb_type)(key & 7)};
	switch (ret->type) {
	case PB_NUMBER:
		return pb__varint(m, &ret->n) ? -EBADMSG : 1;
	case PB_FIXED64:
		return pb__skip(m, 8) ? -EBADMSG : 1;
	case PB_FIXED32:
		return pb__skip(m, 4) ? -EBADMSG : 1;
	case PB_BYTES:
		if (pb__varint(m, &len))
			return -EBADMSG;
		ret->data = (const char *)m->p;
		ret->len = len;
		return len > SIZE_MAX || pb__skip(m, (size_t)len) ? -EBADMSG : 1;
	default:
		return -EBADMSG;
	}
}

/* ---- writing ---- */

struct pb_out {
	uint8_t p[512];
	size_t n;
	bool failed; /* it does not fit */
};

static inline void pb_put_text(struct pb_out *o, uint32_t number, const char *text)
{
	const size_t len = strlen(text);

	if (number > 15 || len > 127 + 128 * 127 || o->n + len + 3 > sizeof o->p) {
		o->failed = true;
		return;
	}
	o->p[o->n++] = (uint8_t)(number << 3 | PB_BYTES);
	if (len > 127) {
		o->p[o->n++] = (uint8_t)(len & 0x7f) | 0x80;
		o->p[o->n++] = (uint8_t)(len >> 7);
	} else {
		o->p[o->n++] = (uint8_t)len;
	}
	memcpy(o->p + o->n, text, len);
	o->n += len;
}

static inline void pb_put_true(struct pb_out *o, uint32_t number)
{
	if (number > 15 || o->n + 2 > sizeof o->p) {
		o->failed = true;
		return;
	}
	o->p[o->n++] = (uint8_t)(number << 3 | PB_NUMBER);
	o->p[o->n++] = 1;
}
