/*
 * rfc3339: a cursor over the text, and the count of days of a proleptic Gregorian date.
 *
 * The days come from a year that starts in March: the leap day is then the last of its year, and
 * the lengths of the months before a month are a straight line.
 */
#include "rfc3339.h"

#include <errno.h>
#include <stdbool.h>

struct cursor {
	const char *p, *end;
	bool failed;
};

static int64_t digits(struct cursor *c, int n)
{
	int64_t v = 0;

	if (c->end - c->p < n) {
		c->failed = true;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		unsigned d = (unsigned char)*c->p++ - (unsigned)'0';

		if (d > 9)
			c->failed = true;
		v = v * 10 + (int64_t)d;
	}
	return v;
}

/* Takes one of the characters of @set. */
static char one_of(struct cursor *c, const char *set)
{
	if (c->p < c->end) {
		for (; *set; set++) {
			if (*c->p == *set)
				return *c->p++;
		}
	}
	c->failed = true;
	return 0;
}

static int64_t fraction_ns(struct cursor *c)
{
	int64_t ns = 0, unit = 100000000;
	const char *from;

	if (c->p == c->end || *c->p != '.')
		return 0;
	from = ++c->p;
	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		ns += (*c->p - '0') * unit;
		unit /= 10;
	}
	if (c->p == from)
		c->failed = true;
	return ns;
}

static int64_t offset_seconds(struct cursor *c)
{
	char sign = one_of(c, "Zz+-");
	int64_t h, m;

	if (sign != '+' && sign != '-')
		return 0;
	h = digits(c, 2);
	(void)one_of(c, ":");
	m = digits(c, 2);
	if (h > 23 || m > 59)
		c->failed = true;
	return (sign == '-' ? -1 : 1) * (h * 3600 + m * 60);
}

static int64_t month_days(int64_t year, int64_t month)
{
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month == 2)
		return is_leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int64_t days_since_epoch(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

int rfc3339_parse(const char *p, size_t len, uint64_t *ret_ns)
{
	struct cursor c = {.p = p, .end = p + len};
	int64_t year, month, day, h, m, s, ns;
	uint64_t sum;

	year = digits(&c, 4);
	(void)one_of(&c, "-");
	month = digits(&c, 2);
	(void)one_of(&c, "-");
	day = digits(&c, 2);
	(void)one_of(&c, "Tt");
	h = digits(&c, 2);
	(void)one_of(&c, ":");
	m = digits(&c, 2);
	(void)one_of(&c, ":");
	s = digits(&c, 2);
	ns = fraction_ns(&c);
	if (c.failed || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return -EINVAL;
	if (h > 23 || m > 59 || s > 60)
		return -EINVAL;
	s += days_since_epoch(year, month, day) * 86400 + h * 3600 + m * 60 - offset_seconds(&c);
	if (c.failed || c.p != c.end)
		return -EINVAL;
	if (s < 0 || __builtin_mul_overflow((uint64_t)s, 1000000000U, &sum) ||
	    __builtin_add_overflow(sum, (uint64_t)ns, &sum))
		return -ERANGE;
	*ret_ns = sum;
	return 0;
}
