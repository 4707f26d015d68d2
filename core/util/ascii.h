/*
 * ascii: how many bytes may be copied as they are, eight at a time; what a digit is worth.
 *
 * Threads: pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ASCII_ALL(byte) (UINT64_C(0x0101010101010101) * (byte))

/* What a hexadecimal digit is worth; -1: it is none. */
static inline int ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The high bit of each byte of @w that is less than @n (at most 128); bytes behind the first that is
 * may have it too. */
static inline uint64_t ascii_less(uint64_t w, uint64_t n)
{
	return (w - ASCII_ALL(n)) & ~w & ASCII_ALL(0x80);
}

static inline uint64_t ascii_is(uint64_t w, uint64_t byte)
{
	return ascii_less(w ^ ASCII_ALL(byte), 1);
}

/* Length of the longest start of @p that holds printable ASCII alone: 0x20 to 0x7e. */
static inline size_t ascii_printable(const char *p, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, p + i, 8);
		if (ascii_less(w, 0x20) | ascii_is(w, 0x7f) | (w & ASCII_ALL(0x80)))
			break;
	}
	while (i < len && p[i] >= 0x20 && p[i] < 0x7f)
		i++;
	return i;
}

/* The same, and nothing that JSON escapes in a text. */
static inline size_t ascii_json_plain(const char *p, size_t len)
{
	size_t i = 0;
	uint64_t w;

	for (; i + 8 <= len; i += 8) {
		memcpy(&w, p + i, 8);
		if (ascii_less(w, 0x20) | ascii_is(w, 0x7f) | ascii_is(w, '"') | ascii_is(w, '\\') |
		    (w & ASCII_ALL(0x80)))
			break;
	}
	while (i < len && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
		i++;
	return i;
}
