#include "util/utf8.h"

#include <stdint.h>

/* Lowest and highest second byte that a lead byte allows; all later bytes are 80..bf. */
static size_t lead(uint8_t c, uint8_t *lo, uint8_t *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef) {
		*lo = c == 0xe0 ? 0xa0 : 0x80;
		*hi = c == 0xed ? 0x9f : 0xbf;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*lo = c == 0xf0 ? 0x90 : 0x80;
		*hi = c == 0xf4 ? 0x8f : 0xbf;
		return 4;
	}
	return 0;
}

size_t utf8_next(const char *p, size_t len, size_t *ret_bad)
{
	const uint8_t *u = (const uint8_t *)p;
	uint8_t lo, hi;
	size_t n, i;

	if (u[0] < 0x80)
		return 1;
	n = lead(u[0], &lo, &hi);
	for (i = 1; i < n; i++) {
		if (i >= len || u[i] < lo || u[i] > hi)
			break;
		lo = 0x80;
		hi = 0xbf;
	}
	if (n && i == n)
		return n;
	*ret_bad = i;
	return 0;
}

bool utf8_valid(const char *p, size_t len)
{
	size_t i = 0, bad;

	while (i < len) {
		size_t n = utf8_next(p + i, len - i, &bad);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

unsigned utf8_control(const char *p, size_t len)
{
	const unsigned char *c = (const unsigned char *)p;
	unsigned code;

	if (len == 2 && c[0] == 0xc2 && c[1] <= 0x9f)
		return c[1];
	if (len != 3 || c[0] != 0xe2 || (c[1] != 0x80 && c[1] != 0x81))
		return 0;
	code = 0x2000u | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
	return (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ? code : 0;
}
