/*
 * crc32c: by the instruction that x86 has for it, else by a table of 256 entries.
 */
#include "util/crc32c.h"

#include <pthread.h>
#include <string.h>

enum { POLYNOMIAL_REFLECTED = (int)0x82f63b78 };

static uint32_t table[256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? (c >> 1) ^ (uint32_t)POLYNOMIAL_REFLECTED : c >> 1;
		table[i] = c;
	}
}

static uint32_t by_table(uint32_t crc, const unsigned char *p, size_t len)
{
	(void)pthread_once(&once, fill_table);
	for (; len; p++, len--)
		crc = table[(crc ^ *p) & 255] ^ (crc >> 8);
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
								 const unsigned char *p, size_t len)
{
	uint64_t c = crc, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	for (; len; p++, len--)
		c = __builtin_ia32_crc32qi((uint32_t)c, *p);
	return (uint32_t)c;
}

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_instruction(~crc, data, len);
	return ~by_table(~crc, data, len);
}
#else
uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	return ~by_table(~crc, data, len);
}
#endif
