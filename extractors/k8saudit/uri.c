/*
 * uri: parameters of a request's address.
 */
#include "uri.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Decodes in place. False for a broken escape, or one for a zero byte. */
static bool decode(char *p, size_t len, size_t *ret_len)
{
	char *out = p, *end = p + len;
	char *start = p;

	for (; p < end; p++) {
		int hi, lo;

		if (*p != '%') {
			*out++ = *p;
			if (*p == '+')
				out[-1] = ' ';
			continue;
		}
		if (end - p < 3)
			return false;
		hi = hex_digit(p[1]);
		lo = hex_digit(p[2]);
		if (hi < 0 || lo < 0 || hi + lo == 0)
			return false;
		*out++ = (char)(hi * 16 + lo);
		p += 2;
	}
	*ret_len = (size_t)(out - start);
	return true;
}

/* Whether the pair from @p to @end has the key; then its value is decoded in place. */
static bool pair_matches(char *p, char *end, const char *key, char **ret_value, size_t *ret_len)
{
	char *equals = memchr(p, '=', (size_t)(end - p));
	char *stop = equals ? equals : end, *value = equals ? equals + 1 : end;
	size_t n_name;

	if (p == end || memchr(p, ';', (size_t)(end - p)))
		return false;
	if (!decode(p, (size_t)(stop - p), &n_name))
		return false;
	if (n_name != strlen(key) || memcmp(p, key, n_name) != 0)
		return false;
	*ret_value = value;
	return decode(value, (size_t)(end - value), ret_len);
}

int uri_param(char *uri, size_t len, const char *key, size_t *ret_len)
{
	char *end = memchr(uri, '#', len), *p, *value;

	if (!end)
		end = uri + len;
	p = memchr(uri, '?', (size_t)(end - uri));
	while (p && p < end) {
		char *stop;
		size_t n;

		p++;
		stop = memchr(p, '&', (size_t)(end - p));
		if (pair_matches(p, stop ? stop : end, key, &value, &n)) {
			memmove(uri, value, n);
			*ret_len = n;
			return 0;
		}
		p = stop;
	}
	return -ENODATA;
}
