/*
 * interval: times have dashes of their own, so an end is read as far as it goes.
 */
#include "interval.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "rfc3339.h"

static const uint64_t second_ns = 1000000000;

static uint64_t unit_s(char c)
{
	switch (c) {
	case 'w':
		return 7 * 86400;
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
		return 1;
	default:
		return 0;
	}
}

/* "1d12h": seconds, and how many bytes it took. */
static int span(const char *p, uint64_t *ret_s, size_t *ret_len)
{
	const char *start = p;
	uint64_t all = 0, n, unit;

	while (*p >= '0' && *p <= '9') {
		for (n = 0; *p >= '0' && *p <= '9'; p++) {
			if (n > UINT32_MAX)
				return -ERANGE;
			n = n * 10 + (uint64_t)(*p - '0');
		}
		unit = unit_s(*p++);
		if (unit == 0)
			return -EINVAL;
		all += n * unit;
		if (all > UINT32_MAX * (uint64_t)64)
			return -ERANGE;
	}
	*ret_s = all;
	*ret_len = (size_t)(p - start);
	return p > start ? 0 : -EINVAL;
}

/* The bytes that an RFC 3339 time at @p has; 0: there is none. What follows the seconds is the zone, so
 * a dash there is its sign. */
static size_t time_len(const char *p)
{
	enum { SECONDS_END = 19, ZONE = 6 }; /* YYYY-MM-DDTHH:MM:SS, +HH:MM */
	size_t n = SECONDS_END;

	if (strlen(p) <= n)
		return 0;
	if (p[n] == '.')
		n += 1 + strspn(p + n + 1, "0123456789");
	if (p[n] == '+' || p[n] == '-')
		return strlen(p) >= n + ZONE ? n + ZONE : 0;
	return p[n] == 'Z' || p[n] == 'z' ? n + 1 : 0;
}

static int end(const char *p, uint64_t now_ns, uint64_t *ret_ns, size_t *ret_len)
{
	uint64_t s;
	int r;

	if (strlen(p) > 4 && p[4] == '-') {
		*ret_len = time_len(p);
		return *ret_len ? rfc3339_parse(p, *ret_len, ret_ns) : -EINVAL;
	}
	r = span(p, &s, ret_len);
	if (r < 0)
		return r;
	if (s > now_ns / second_ns)
		return -ERANGE;
	*ret_ns = now_ns - s * second_ns;
	return 0;
}

int interval_parse(const char *text, uint64_t now_ns, uint64_t *ret_from, uint64_t *ret_to)
{
	uint64_t from, to = UINT64_MAX;
	size_t n;
	int r = end(text, now_ns, &from, &n);

	if (r < 0)
		return r;
	text += n;
	if (*text == '-') {
		r = end(text + 1, now_ns, &to, &n);
		if (r < 0)
			return r;
		text += n + 1;
	}
	if (*text != '\0')
		return -EINVAL;
	if (from > to)
		return -ERANGE;
	*ret_from = from;
	*ret_to = to;
	return 0;
}
