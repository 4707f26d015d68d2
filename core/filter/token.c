#include "filter/token.h"

#include "util/ascii.h"

bool token_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The white space of regular expressions, which is more than blanks. */
static bool is_space(char c)
{
	return token_is_blank(c) || c == '\v' || c == '\f';
}

size_t token_blanks(struct str s)
{
	size_t n = 0;

	while (n < s.len && token_is_blank(s.p[n]))
		n++;
	return n;
}

size_t token_identifier(struct str s)
{
	size_t n = 0;

	if (s.len == 0 || !is_letter(s.p[0]))
		return 0;
	while (n < s.len && (is_letter(s.p[n]) || is_digit(s.p[n]) || s.p[n] == '_'))
		n++;
	return n;
}

size_t token_field(struct str s)
{
	size_t n = token_identifier(s), parts = n != 0;

	while (parts && n < s.len && s.p[n] == '.') {
		size_t more = token_identifier(str_from_at(s, n + 1));

		if (more == 0)
			break;
		n += 1 + more;
		parts++;
	}
	return parts > 1 ? n : 0;
}

size_t token_bare_arg(struct str s)
{
	size_t n = 0;

	while (n < s.len && !is_space(s.p[n]) && s.p[n] != '[' && s.p[n] != ']' && s.p[n] != '"' &&
	       s.p[n] != '\'')
		n++;
	return n;
}

size_t token_bare(struct str s)
{
	size_t n = 0;

	while (n < s.len && !is_space(s.p[n]) && s.p[n] && !strchr("()\"'=,", s.p[n]))
		n++;
	return n;
}

static size_t digits(struct str s, size_t from)
{
	size_t n = from;

	while (n < s.len && is_digit(s.p[n]))
		n++;
	return n;
}

static size_t token_hex(struct str s)
{
	size_t n = 2;

	if (s.len < 3 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'X') || ascii_hex(s.p[2]) < 0)
		return 0;
	while (n < s.len && ascii_hex(s.p[n]) >= 0)
		n++;
	return n;
}

size_t token_number(struct str s)
{
	size_t n = token_hex(s), from, end;

	if (n)
		return n;
	from = s.len && (s.p[0] == '+' || s.p[0] == '-');
	n = digits(s, from);
	if (n == from)
		return 0;
	if (n < s.len && s.p[n] == '.')
		n = digits(s, n + 1);
	if (n + 1 < s.len && (s.p[n] == 'e' || s.p[n] == 'E') &&
	    (s.p[n + 1] == '+' || s.p[n + 1] == '-')) {
		end = digits(s, n + 2);
		if (end > n + 2)
			n = end;
	}
	return n;
}

size_t token_quoted(struct str s)
{
	if (s.len < 2 || (s.p[0] != '"' && s.p[0] != '\''))
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == s.p[0] && (i == 1 || s.p[i - 1] != '\\'))
			return i + 1;
	}
	return 0;
}
