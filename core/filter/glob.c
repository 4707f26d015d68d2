#include "filter/glob.h"

#include <ctype.h>

enum {
	CLASS_NAME_MAX = 16,
};

static unsigned char folded(char c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : (unsigned char)c;
}

static bool in_class(struct str name, unsigned char c)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
		{"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
		{"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
	};

	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (str_is(name, classes[i].name))
			return c < 0x80 && classes[i].is(c);
	}
	return false;
}

/* The length of "[:name:]" at @at of @p, which is then in *ret_name; 0 when there is none. */
static size_t class_at(struct str p, size_t at, struct str *ret_name)
{
	size_t end = at + 2;

	if (at + 1 >= p.len || p.p[at] != '[' || p.p[at + 1] != ':')
		return 0;
	while (end + 1 < p.len && end - at < CLASS_NAME_MAX && p.p[end] != ':')
		end++;
	if (end + 1 >= p.len || p.p[end] != ':' || p.p[end + 1] != ']')
		return 0;
	*ret_name = (struct str){p.p + at + 2, end - at - 2};
	return end + 2 - at;
}

/* One byte of a set, unescaped; moves *at behind it. */
static char set_byte(struct str p, size_t *at)
{
	if (p.p[*at] == '\\' && *at + 1 < p.len)
		(*at)++;
	return p.p[(*at)++];
}

/* Whether the set that starts behind '[' at @at holds @c; *ret_end is behind its ']', or 0 when it
 * does not close: then '[' means itself. */
static bool in_set(struct str p, size_t at, char c, bool fold, size_t *ret_end)
{
	unsigned char wanted = folded(c, fold);
	bool negated = at < p.len && (p.p[at] == '!' || p.p[at] == '^'), found = false;
	size_t first = at + negated;

	*ret_end = 0;
	for (at = first; at < p.len;) {
		struct str name;
		size_t n = class_at(p, at, &name);
		unsigned char low, high;

		if (p.p[at] == ']' && at > first) {
			*ret_end = at + 1;
			return found != negated;
		}
		if (n) {
			found |= in_class(name, (unsigned char)c) || in_class(name, wanted);
			at += n;
			continue;
		}
		low = high = folded(set_byte(p, &at), fold);
		if (at + 1 < p.len && p.p[at] == '-' && p.p[at + 1] != ']') {
			at++;
			high = folded(set_byte(p, &at), fold);
		}
		found |= low <= wanted && wanted <= high;
	}
	return false;
}

/* Matches the one pattern element at *at against @c and moves *at behind it. Not for '*'. */
static bool match_one(struct str p, size_t *at, char c, bool fold)
{
	size_t end;
	bool found;

	switch (p.p[*at]) {
	case '?':
		(*at)++;
		return true;
	case '[':
		found = in_set(p, *at + 1, c, fold, &end);
		if (end == 0)
			break;
		*at = end;
		return found;
	case '\\':
		if (*at + 1 >= p.len)
			return false;
		(*at)++;
		break;
	default:
		break;
	}
	return folded(p.p[(*at)++], fold) == folded(c, fold);
}

/* Only the last star needs to be tried again: what an earlier one could do, it can do too. */
bool glob_match(struct str pattern, struct str text, bool fold)
{
	size_t p = 0, t = 0, star = 0, star_text = 0;
	bool has_star = false;

	while (t < text.len) {
		size_t at = p;

		if (p < pattern.len && pattern.p[p] == '*') {
			has_star = true;
			star = ++p;
			star_text = t;
			continue;
		}
		if (p < pattern.len && match_one(pattern, &at, text.p[t], fold)) {
			p = at;
			t++;
			continue;
		}
		if (!has_star)
			return false;
		p = star;
		t = ++star_text;
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}
