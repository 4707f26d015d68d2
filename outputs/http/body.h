/*
 * body: bytes of a request on their way, growing up to a bound. When memory or the bound is reached
 * it remembers that it failed, so that builders need not check every step.
 *
 * Lifetime: {0} to body_deinit(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BODY_MAX = 32 << 20 };

struct body {
	char *p;
	size_t len, cap;
	bool failed;
};

void body_reset(struct body *b);
void body_deinit(struct body *b);
void body_add(struct body *b, const char *data, size_t len);
void body_text(struct body *b, const char *text);
void body_fmt(struct body *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string, quotes included. @text is valid UTF-8. NULL is "". */
void body_json(struct body *b, const char *text);

/* A moment in UTC by a format of strftime(), at most 255 bytes. */
void body_time(struct body *b, const char *fmt, uint64_t ts_ns);

/* Makes @ret the gzip form of @b: 0 or -ENOMEM. */
int body_gzip(const struct body *b, struct body *ret);
