/*
 * str: a borrowed run of bytes. Never freed, not NUL-terminated, may hold any byte.
 *
 * Lifetime: that of the memory it points into. Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).len, (s).p

static inline struct str str_from(const char *c)
{
	return (struct str){c, c ? strlen(c) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool str_is(struct str a, const char *c)
{
	return str_eq(a, str_from(c));
}

static inline bool str_starts(struct str a, struct str prefix)
{
	return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.p, prefix.p, prefix.len) == 0);
}

/* The part of @a from byte @from on; empty when @from is past the end. */
static inline struct str str_from_at(struct str a, size_t from)
{
	return from >= a.len ? (struct str){a.p + a.len, 0}
			     : (struct str){a.p + from, a.len - from};
}
