#include "plan/literal.h"

#include <stdint.h>

static bool glob_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* At the ']' that closes the class within brackets that opens at @i: [:alpha:] [.x.] [=x=], each
 * of which may hold a ']' of its own; @i itself when none opens there. */
static size_t class_end(struct str p, size_t i)
{
	char kind;

	if (p.p[i] != '[' || i + 1 >= p.len || !memchr(":.=", p.p[i + 1], 3))
		return i;
	kind = p.p[i + 1];
	for (i += 2; i + 1 < p.len && !(p.p[i] == kind && p.p[i + 1] == ']'); i++)
		;
	return i + 1;
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
		j = class_end(p, j);
		if (j < p.len && p.p[j] == '\\')
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

static bool repeats_or_not(char c)
{
	return c == '*' || c == '?' || c == '{';
}

/* Whether what stands at @i leaves nothing certain: an alternative, a byte that is not ASCII, an
 * escaped letter or digit, which may be anything but that character. */
static bool is_uncertain(struct str p, size_t i)
{
	char c = p.p[i];

	return c == '|' || c == ')' || (unsigned char)c >= 0x80 ||
	       (c == '\\' && i + 1 < p.len && !is_punctuation(p.p[i + 1]));
}

/* Past what stands at @i: a group, brackets, a count, or one character; SIZE_MAX when a group is
 * not closed. */
static size_t piece_end(struct str p, size_t i)
{
	switch (p.p[i]) {
	case '(':
		return group_end(p, i);
	case '[':
		return bracket_end(p, i);
	case '{':
		while (i < p.len && p.p[i++] != '}')
			;
		return i;
	default:
		return i + (p.p[i] == '\\' ? 2 : 1);
	}
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
		if (is_uncertain(p, i))
			return (struct str){p.p, 0};
		keep_longer(&best, p, from, repeats_or_not(c) && i > from ? i - 1 : i);
		i = piece_end(p, i);
		if (i == SIZE_MAX || i > p.len)
			return (struct str){p.p, 0};
		from = i;
	}
	keep_longer(&best, p, from, p.len);
	return best;
}
