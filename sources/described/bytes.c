#include "bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_add(struct bytes *b, const void *p, size_t len)
{
	size_t cap = b->cap ? b->cap : 256;
	uint8_t *grown;

	if (b->failed || len == 0)
		return;
	while (cap < b->len + len && cap < BYTES_MAX)
		cap *= 2;
	if (cap < b->len + len) {
		b->failed = true;
		return;
	}
	if (cap != b->cap) {
		grown = realloc(b->p, cap);
		if (!grown) {
			b->failed = true;
			return;
		}
		b->p = grown;
		b->cap = cap;
	}
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

void bytes_reset(struct bytes *b)
{
	b->len = 0;
	b->failed = false;
}

void bytes_deinit(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){0};
}

int fault_set(struct fault *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof f->text, fmt, args);
	va_end(args);
	return -EINVAL;
}
