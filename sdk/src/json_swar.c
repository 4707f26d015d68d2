/*
 * json_swar: the scanner in plain C, eight bytes at a time in one register.
 *
 * A byte of a word that equals c makes its byte in (word ^ ccc..) zero; the mask of zero bytes
 * below is exact, so the lowest bit set is the first match.
 */
#include <errno.h>

#include "json_impl.h"

#define JSON_FN static inline
#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u

/* The top bit of each byte of @w that is zero. */
static inline uint64_t zero_bytes(uint64_t w)
{
	return ~(((w & ~HIGH) + ~HIGH) | w | ~HIGH);
}

static inline uint64_t equal_bytes(uint64_t w, unsigned char c)
{
	return zero_bytes(w ^ (ONES * c));
}

static const char *find_quote(const char *p, const char *end, bool *ret_escapes)
{
	*ret_escapes = false;
	while (p < end) {
		if (end - p >= 8) {
			uint64_t w = json_load64(p);
			uint64_t hit = equal_bytes(w, '"') | equal_bytes(w, '\\');

			if (!hit) {
				p += 8;
				continue;
			}
			p += __builtin_ctzll(hit) >> 3;
		}
		if (*p == '"')
			return p;
		if (*p == '\\') {
			*ret_escapes = true;
			if (end - p < 2)
				return NULL;
			p++;
		}
		p++;
	}
	return NULL;
}

static const char *skip_nest(const char *p, const char *end)
{
	uint64_t depth = 1;
	bool escapes;

	while (p < end) {
		if (end - p >= 8) {
			uint64_t w = json_load64(p), folded = w | (ONES * 0x20);
			uint64_t hit = equal_bytes(w, '"') | equal_bytes(w, '\\') |
				       equal_bytes(folded, '{') | equal_bytes(folded, '}');

			if (!hit) {
				p += 8;
				continue;
			}
			p += __builtin_ctzll(hit) >> 3;
		}
		if (*p == '"') {
			p = find_quote(p + 1, end, &escapes);
			if (!p)
				return NULL;
		} else if (*p == '\\') {
			return NULL; /* outside strings: not JSON */
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && --depth == 0) {
			return p + 1;
		}
		p++;
	}
	return NULL;
}

#include "json_walk.inc"

const struct json_ops gyr__json_swar = {
	.string = find_quote, .value = walk_plain, .scan = walk_scan};
