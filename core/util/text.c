#include "util/text.h"

#include <ctype.h>

bool text_wildcard(struct str pattern, struct str text)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;

	/* On a mismatch the last star takes one byte more; earlier ones need never change. */
	while (k < text.len) {
		if (i < pattern.len && pattern.p[i] == '*') {
			star = i++;
			from = k;
		} else if (i < pattern.len && pattern.p[i] == text.p[k]) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++from;
		} else {
			return false;
		}
	}
	while (i < pattern.len && pattern.p[i] == '*')
		i++;
	return i == pattern.len;
}

uint64_t text_interval_ms(struct str text)
{
	static const struct {
		struct str name;
		uint64_t ms;
	} units[] = {
		{{"y", 1}, 31536000000}, {{"w", 1}, 604800000}, {{"d", 1}, 86400000},
		{{"h", 1}, 3600000},     {{"m", 1}, 60000},     {{"s", 1}, 1000},
		{{"ms", 2}, 1},
	};
	enum { N_UNITS = sizeof units / sizeof *units };
	uint64_t sum = 0;
	size_t unit = 0;

	while (text.len) {
		struct str name = text;
		uint64_t n = 0;
		size_t len = 0;

		for (; name.len && isdigit((unsigned char)name.p[0]); name = str_from_at(name, 1)) {
			n = n * 10 + (uint64_t)(name.p[0] - '0');
			if (n > 1000000000)
				return 0;
		}
		while (len < name.len && isalpha((unsigned char)name.p[len]))
			len++;
		if (name.p == text.p)
			return 0;
		while (unit < N_UNITS && !str_eq((struct str){name.p, len}, units[unit].name))
			unit++;
		if (unit == N_UNITS)
			return 0;
		sum += n * units[unit++].ms;
		text = str_from_at(name, len);
	}
	return sum;
}

void text_metric_name(struct buf *b, struct str name)
{
	bool gap = false;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.p[i];

		if (c != ':' && !isalnum((unsigned char)c)) {
			gap = true;
			continue;
		}
		if (gap)
			buf_add_char(b, '_');
		gap = false;
		buf_add_char(b, c);
	}
}
