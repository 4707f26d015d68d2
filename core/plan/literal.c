#include "plan/literal.h"

#include <stdint.h>

static bool glob_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* Past the bracket expression that starts at @i; past its '[' alone when it is never closed. */
static size_t bracket_end(struct str p, size_t i)
{
	size_t j = i + 1;

	if (j < p.len && (p.p[j] == '!' || p.p[j] == '^'))
		j++;
	if (j < p.len && p.p[j] == ']')
		j++;
	while (j < p.len && p.p[j] != ']') {
		/* [:alpha:] [.x.] [=x=] may hold a ']' of their own */
		if (p.p[j] == '[' && j + 1 < p.len && memchr(":.=", p.p[j + 1], 3)) {
			char kind = p.p[j + 1];

			for (j += 2; j + 1 < p.len && !(p.p[j] == kind && p.p[j + 1] == ']'); j++)
				;
			j++;
		}
		if (p.p[j] == '\\')
			j++;
		j++;
	}
	return j < p.len ? j + 1 : p.len;
}

static void keep_longer(struct str *best, struct str p, size_t from, size_t to)
{
	if (to > from && to - from > best->len)
		*best = (struct str){p.p + from, to - from};
}

static struct str glob_longest(struct str p)
{
	struct str best = {p.p, 0};
	size_t from = 0, i = 0;

	while (i < p.len) {
		if (!glob_special(p.p[i])) {
			i++;
			continue;
		}
		keep_longer(&best, p, from, i);
		if (p.p[i] == '[')
			i = bracket_end(p, i);
		else
			i += p.p[i] == '\\' ? 2 : 1;
		from = i;
	}
	keep_longer(&best, p, from < p.len ? from : p.len, p.len);
	return best;
}

enum glob_shape glob_shape(struct str p, struct str *ret_literal)
{
	size_t from = 0, to = p.len, i;

	while (from < to && p.p[from] == '*')
		from++;
	while (to > from && p.p[to - 1] == '*')
		to--;
	for (i = from; i < to && !glob_special(p.p[i]); i++)
		;
	if (i < to) {
		*ret_literal = glob_longest(p);
		return GLOB_OTHER;
	}
	*ret_literal = (struct str){p.p + from, to - from};
	if (from == 0 && to == p.len)
		return GLOB_EXACT;
	if (from == to)
		return GLOB_ANY;
	return from == 0 ? GLOB_PREFIX : to == p.len ? GLOB_SUFFIX : GLOB_CONTAINS;
}

/* Past the group that opens at @i; SIZE_MAX when it is not closed. */
static size_t group_end(struct str p, size_t i)
{
	size_t depth = 0;

	while (i < p.len) {
		char c = p.p[i];

		if (c == '\\') {
			i += 2;
			continue;
		}
		if (c == '[') {
			i = bracket_end(p, i);
			continue;
		}
		depth += c == '(';
		depth -= c == ')';
		i++;
		if (depth == 0)
			return i;
	}
	return SIZE_MAX;
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && !memchr("()[]{}.*+?|^$\\", c, 14);
}

static bool is_punctuation(char c)
{
	return c > ' ' && c < 0x7f && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
	       !(c >= 'a' && c <= 'z');
}

/* Walks the top level. A text counts only while no alternative, group or repeated character
 * interrupts it; the character before a '*', '?' or '{' is not certain. */
struct str regex_literal(struct str p)
{
	struct str best = {p.p, 0};
	size_t from = 0, i = 0;

	while (i < p.len) {
		char c = p.p[i];

		if (is_plain(c)) {
			i++;
			continue;
		}
		/* an escaped letter or digit may be anything but that character */
		if (c == '|' || c == ')' || (unsigned char)c >= 0x80 ||
		    (c == '\\' && i + 1 < p.len && !is_punctuation(p.p[i + 1])))
			return (struct str){p.p, 0};
		keep_longer(&best, p, from,
			    (c == '*' || c == '?' || c == '{') && i > from ? i - 1 : i);
		if (c == '(')
			i = group_end(p, i);
		else if (c == '[')
			i = bracket_end(p, i);
		else if (c == '{')
			while (i < p.len && p.p[i++] != '}')
				;
		else
			i += c == '\\' ? 2 : 1;
		if (i == SIZE_MAX || i > p.len)
			return (struct str){p.p, 0};
		from = i;
	}
	keep_longer(&best, p, from, p.len);
	return best;
}
