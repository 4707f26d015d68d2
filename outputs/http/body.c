/*
 * body: bytes, JSON strings, times and gzip.
 */
#include "body.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8 };

void body_reset(struct body *b)
{
	b->len = 0;
	b->failed = false;
}

void body_deinit(struct body *b)
{
	free(b->p);
	*b = (struct body){0};
}

static bool body_room(struct body *b, size_t more)
{
	if (b->failed || more > BODY_MAX - b->len) {
		b->failed = true;
		return false;
	}
	if (b->len + more <= b->cap)
		return true;

	const size_t cap = (b->len + more) * 2;
	char *bigger = realloc(b->p, cap);
	if (!bigger) {
		b->failed = true;
		return false;
	}
	b->p = bigger;
	b->cap = cap;
	return true;
}

void body_add(struct body *b, const char *data, size_t len)
{
	if (!len || !body_room(b, len))
		return;
	memcpy(b->p + b->len, data, len);
	b->len += len;
}

void body_text(struct body *b, const char *text)
{
	body_add(b, text, strlen(text));
}

void body_fmt(struct body *b, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text)
		b->failed = true;
	else
		body_add(b, text, (size_t)n);
}

void body_json(struct body *b, const char *text)
{
	const char *p = text ? text : "";

	body_add(b, "\"", 1);
	while (*p) {
		const size_t n = strcspn(p, "\"\\\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
					    "\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"
					    "\x1a\x1b\x1c\x1d\x1e\x1f\x7f");

		body_add(b, p, n);
		p += n;
		if (*p == '"' || *p == '\\')
			body_add(b, (const char[]){'\\', *p}, 2);
		else if (*p)
			body_fmt(b, "\\u%04x", (unsigned)*p);
		p += *p != '\0';
	}
	body_add(b, "\"", 1);
}

void body_time(struct body *b, const char *fmt, uint64_t ts_ns)
{
	const time_t t = (time_t)(ts_ns / 1000000000);
	char text[256];
	struct tm tm;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (gmtime_r(&t, &tm))
		body_add(b, text, strftime(text, sizeof text, fmt, &tm));
#pragma GCC diagnostic pop
}

int body_gzip(const struct body *b, struct body *ret)
{
	z_stream z = {0};
	int r;

	body_reset(ret);
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	const size_t bound = deflateBound(&z, b->len);
	if (!body_room(ret, bound)) {
		(void)deflateEnd(&z);
		return -ENOMEM;
	}
	z.next_in = (unsigned char *)b->p;
	z.avail_in = (uInt)b->len;
	z.next_out = (unsigned char *)ret->p;
	z.avail_out = (uInt)bound;
	r = deflate(&z, Z_FINISH);
	ret->len = bound - z.avail_out;
	(void)deflateEnd(&z);
	return r == Z_STREAM_END ? 0 : -ENOMEM;
}
