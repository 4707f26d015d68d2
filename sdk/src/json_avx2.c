/*
 * json_avx2: the scanner with 32-byte vectors, for processors that have AVX2 and PCLMUL.
 *
 * A block of 64 bytes becomes four bit masks: quotes, backslashes, opening and closing brackets.
 * Which quotes are escaped follows from runs of backslashes by one subtraction; which bytes lie
 * inside strings is the running parity of quotes, which a carry-less multiplication by all ones
 * computes for 64 positions at once (the method of Langdale and Lemire, "Parsing Gigabytes of JSON
 * per Second", 2019). Brackets outside strings are then counted, not visited.
 *
 * Loads never leave the document: its last bytes are copied to a padded block on the stack.
 */
#include "json_impl.h"

#if defined(__x86_64__)
#include <errno.h>
#include <immintrin.h>

#define JSON_FN static inline __attribute__((target("avx2,pclmul,bmi,popcnt")))
#define ODD_BITS 0xaaaaaaaaaaaaaaaau

struct block {
	uint64_t quote, slash, open, close;
};

JSON_FN uint64_t equal_mask(__m256i lo, __m256i hi, char c)
{
	__m256i v = _mm256_set1_epi8(c);
	uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(lo, v));
	uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hi, v));

	return (uint64_t)b << 32 | a;
}

/* Marks the bytes that a backslash before them escapes; *carry is that of the byte after the block.
 */
JSON_FN uint64_t escaped_mask(uint64_t slash, uint64_t *carry)
{
	uint64_t starts, series, ends, escaped;

	if (!slash) {
		escaped = *carry;
		*carry = 0;
		return escaped;
	}
	starts = slash & ~*carry;
	series = ((starts << 1) | ODD_BITS) - starts;
	ends = series ^ ODD_BITS;
	escaped = ends ^ (slash | *carry);
	*carry = (ends & slash) >> 63;
	return escaped;
}

JSON_FN uint64_t parity_mask(uint64_t bits)
{
	__m128i v = _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)bits), _mm_set1_epi8(-1), 0);

	return (uint64_t)_mm_cvtsi128_si64(v);
}

/* A string with escapes, 64 bytes at a time. */
JSON_FN const char *find_quote_far(const char *p, const char *end)
{
	uint64_t carry = 0;
	char tail[64];

	for (; p < end; p += 64) {
		const char *at = p;
		__m256i lo, hi;
		uint64_t quote;

		if (end - p < 64) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, (size_t)(end - p));
			at = tail;
		}
		lo = _mm256_loadu_si256((const __m256i *)(const void *)at);
		hi = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
		quote = equal_mask(lo, hi, '"');
		quote &= ~escaped_mask(equal_mask(lo, hi, '\\'), &carry);
		if (quote)
			return p + __builtin_ctzll(quote);
	}
	return NULL;
}

JSON_FN const char *find_quote(const char *p, const char *end, bool *ret_escapes)
{
	*ret_escapes = false;
	while (end - p >= 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
		__m256i q = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('"'));
		__m256i s = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\'));
		uint32_t hit = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(q, s));

		if (hit) {
			p += __builtin_ctz(hit);
			if (*p == '"')
				return p;
			*ret_escapes = true;
			return find_quote_far(p, end);
		}
		p += 32;
	}
	for (; p < end; p++) {
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*ret_escapes = true;
			return find_quote_far(p, end);
		}
	}
	return NULL;
}

/* The masks of one block; brackets and backslashes inside strings are gone from them. *carry and
 * *inside run on. */
JSON_FN struct block block_load(const char *at, uint64_t *carry, uint64_t *inside)
{
	__m256i lo = _mm256_loadu_si256((const __m256i *)(const void *)at);
	__m256i hi = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32));
	__m256i fold = _mm256_set1_epi8(0x20);
	__m256i flo = _mm256_or_si256(lo, fold), fhi = _mm256_or_si256(hi, fold);
	struct block b;
	uint64_t within;

	b.slash = equal_mask(lo, hi, '\\');
	b.quote = equal_mask(lo, hi, '"') & ~escaped_mask(b.slash, carry);
	within = parity_mask(b.quote) ^ *inside;
	*inside = (uint64_t)((int64_t)within >> 63);
	b.slash &= ~within;
	b.open = equal_mask(flo, fhi, '{') & ~within;
	b.close = equal_mask(flo, fhi, '}') & ~within;
	return b;
}

JSON_FN const char *skip_nest(const char *p, const char *end)
{
	uint64_t carry = 0, inside = 0;
	uint64_t depth = 1;
	char tail[64];

	for (; p < end; p += 64) {
		const char *at = p;
		struct block b;
		uint64_t n_close, seen = 0, stray;

		if (end - p < 64) {
			memset(tail, ' ', sizeof tail);
			memcpy(tail, p, (size_t)(end - p));
			at = tail;
		}
		b = block_load(at, &carry, &inside);
		stray = b.slash; /* a backslash outside strings: not JSON */
		n_close = (uint64_t)__builtin_popcountll(b.close);
		for (uint64_t c = n_close < depth ? 0 : b.close; c; c &= c - 1) {
			uint64_t below = (c & -c) - 1;

			seen++;
			if (depth + (uint64_t)__builtin_popcountll(b.open & below) == seen)
				return stray & below ? NULL : p + __builtin_ctzll(c) + 1;
		}
		if (stray)
			return NULL;
		depth += (uint64_t)__builtin_popcountll(b.open) - n_close;
	}
	return NULL;
}

#include "json_walk.inc"

const struct json_ops gyr__json_avx2 = {
	.string = find_quote, .value = walk_plain, .scan = walk_scan};
#else
const struct json_ops gyr__json_avx2 = {0};
#endif
