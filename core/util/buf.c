#include "util/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "util/mem.h"
#include "util/utf8.h"

void buf_deinit(struct buf *b)
{
	b->p = mem_free(b->p);
	b->len = b->size = 0;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t more)
{
	size_t size = b->size ? b->size : 64;
	char *p;

	if (b->failed)
		return false;
	if (b->size - b->len > more)
		return true;
	if (more >= b->cap_bytes || b->len > b->cap_bytes - more) {
		b->failed = true;
		return false;
	}
	while (size - b->len <= more)
		size *= 2;
	p = mem_grow(b->p, size, 1);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, const void *p, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

void buf_add_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_add_u64(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t i = sizeof digits;

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_add(b, digits + i, sizeof digits - i);
}

void buf_add_i64(struct buf *b, int64_t n)
{
	if (n < 0)
		buf_add_char(b, '-');
	buf_add_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

static void add_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
	const char *at = memchr("\"\\\b\f\n\r\t", c, 7);

	if (!at) {
		buf_add(b, u, sizeof u);
		return;
	}
	buf_add_char(b, '\\');
	buf_add_char(b, c == '"' || c == '\\' ? (char)c
			: c == '\b'           ? 'b'
			: c == '\f'           ? 'f'
			: c == '\n'           ? 'n'
			: c == '\r'           ? 'r'
					      : 't');
}

/* How many bytes from @i on can be copied as they are. */
static size_t plain_run(struct str s, size_t i, size_t *ret_bad)
{
	size_t from = i;

	*ret_bad = 0;
	while (i < s.len) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = 1;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
			break;
		if (c >= 0x80)
			n = utf8_next(s.p + i, s.len - i, ret_bad);
		if (n == 0)
			break;
		i += n;
	}
	return i - from;
}

void buf_add_json(struct buf *b, struct str s)
{
	size_t i = 0;

	while (i < s.len) {
		size_t bad, n = plain_run(s, i, &bad);

		if (n)
			buf_add(b, s.p + i, n);
		i += n;
		if (i == s.len)
			return;
		if (bad) {
			buf_add_cstr(b, "\xef\xbf\xbd");
			i += bad;
		} else {
			add_escape(b, (unsigned char)s.p[i++]);
		}
	}
}
