#include "util/buf.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "util/ascii.h"
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

void buf_add_grow(struct buf *b, const void *p, size_t len)
{
	if (buf_reserve(b, len))
		buf_add(b, p, len);
}

void buf_add_u64(struct buf *b, uint64_t n)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930"
				    "31323334353637383940414243444546474849505152535455565758596061"
				    "62636465666768697071727374757677787980818283848586878889909192"
				    "93949596979899";
	char digits[20];
	size_t i = sizeof digits;

	for (; n >= 100; n /= 100) {
		i -= 2;
		memcpy(digits + i, pairs + n % 100 * 2, 2);
	}
	if (n >= 10) {
		i -= 2;
		memcpy(digits + i, pairs + n * 2, 2);
	} else {
		digits[--i] = (char)('0' + n);
	}
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
	for (;;) {
		size_t n;

		i += ascii_json_plain(s.p + i, s.len - i);
		if (i == s.len || (unsigned char)s.p[i] < 0x80)
			break;
		n = utf8_next(s.p + i, s.len - i, ret_bad);
		if (n == 0 || utf8_control(s.p + i, n))
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
		} else if ((unsigned char)s.p[i] >= 0x80) {
			size_t len = s.p[i] == '\xc2' ? 2 : 3;

			buf_printf(b, "\\u%04x", utf8_control(s.p + i, len));
			i += len;
		} else {
			add_escape(b, (unsigned char)s.p[i++]);
		}
	}
}
