/*
 * hash: bytes to 64 bits, fast, for tables whose keys nobody chooses to make them collide (names of
 * rules and fields, constants of conditions). siphash.h is for the others.
 *
 * Multiply and fold over 16 bytes a step: all bits of the result are good for a table.
 *
 * Threads: any.
 */
#pragma once

#include <stdint.h>

#include "util/str.h"

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 m = (unsigned __int128)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t hash_load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* At most 8 bytes as a number; with their count it tells them from all others. */
static inline uint64_t hash_load_few(const char *p, size_t len)
{
	if (len >= 4)
		return hash_load4(p) | hash_load4(p + len - 4) << 32;
	if (len == 0)
		return 0;
	return (unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << 8 |
	       (uint64_t)(unsigned char)p[len - 1] << 16;
}

static inline uint64_t hash_bytes(struct str s)
{
	uint64_t h = 0x2d358dccaa6c78a5U ^ s.len;
	const char *p = s.p;
	size_t len = s.len;

	for (; len > 16; p += 16, len -= 16)
		h = hash_mix(hash_load8(p) ^ h, hash_load8(p + 8) ^ 0x8bb84b93962eacc9U);
	if (len > 8) /* the two parts may overlap: the length is in @h */
		return hash_mix(hash_load8(p) ^ h, hash_load8(p + len - 8) ^ 0x4b33a62ed433d4a3U);
	return hash_mix(hash_load_few(p, len) ^ h, 0x4d5a2da51de1aa47U);
}
