/*
 * json_strict: the check of a whole document, RFC 8259 with UTF-8.
 *
 * One loop and a bit a level (array or object); no recursion, so nesting costs no stack.
 */
#include <errno.h>

#include "json_impl.h"

struct checker {
	const char *p, *end;
	uint32_t depth;
	bool is_object[GYR_JSON_MAX_DEPTH];
};

/* Whether @c may come second behind @lead: some leads leave out what has a shorter form, or none. */
static bool utf8_is_second(unsigned char lead, unsigned char c)
{
	switch (lead) {
	case 0xe0:
		return c >= 0xa0 && c <= 0xbf;
	case 0xed:
		return c >= 0x80 && c <= 0x9f;
	case 0xf0:
		return c >= 0x90 && c <= 0xbf;
	case 0xf4:
		return c >= 0x80 && c <= 0x8f;
	default:
		return c >= 0x80 && c <= 0xbf;
	}
}

/* How many bytes the UTF-8 character at p has; 0 when it is none (RFC 3629, table 3-7 of Unicode).
 */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < n || !utf8_is_second(p[0], p[1]))
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

/* At a backslash. */
static bool check_escape(struct checker *c)
{
	if (c->end - c->p < 2) {
		c->p = c->end;
		return false;
	}
	if (c->p[1] != 'u') {
		if (!c->p[1] || !strchr("\"\\/bfnrt", c->p[1]))
			return false;
		c->p += 2;
		return true;
	}
	for (int i = 2; i < 6; i++) {
		if (c->p + i >= c->end) {
			c->p = c->end;
			return false;
		}
		if (!strchr("0123456789abcdefABCDEF", c->p[i]) || !c->p[i])
			return false;
	}
	c->p += 6;
	return true;
}

/* At an opening quote. */
static bool check_string(struct checker *c)
{
	c->p++;
	while (c->p < c->end) {
		unsigned char ch = (unsigned char)*c->p;
		size_t n;

		if (ch == '"') {
			c->p++;
			return true;
		}
		if (ch == '\\') {
			if (!check_escape(c))
				return false;
			continue;
		}
		if (ch < 0x20)
			return false;
		n = utf8_len((const unsigned char *)c->p, (size_t)(c->end - c->p));
		if (!n)
			return false;
		c->p += n;
	}
	return false;
}

static bool check_scalar(struct checker *c)
{
	const char *q = c->p;
	size_t len;

	while (q < c->end && !json_is_blank(*q) && *q != ',' && *q != '}' && *q != ']')
		q++;
	len = (size_t)(q - c->p);
	if (!(len == 4 && (!memcmp(c->p, "true", 4) || !memcmp(c->p, "null", 4))) &&
	    !(len == 5 && !memcmp(c->p, "false", 5)) && !gyr__json_is_number(c->p, len))
		return false;
	c->p = q;
	return true;
}

/* A member's key and colon, with the blanks around them. */
static bool check_key(struct checker *c)
{
	c->p = json_blanks(c->p, c->end);
	if (c->p >= c->end || *c->p != '"' || !check_string(c))
		return false;
	c->p = json_blanks(c->p, c->end);
	if (c->p >= c->end || *c->p != ':')
		return false;
	c->p++;
	return true;
}

/* A value, or the opening of one: then *ret_opened, with the key of its first member taken. */
static bool check_value(struct checker *c, bool *ret_opened)
{
	bool is_object;
	const char *q;

	*ret_opened = false;
	c->p = json_blanks(c->p, c->end);
	if (c->p >= c->end)
		return false;
	if (*c->p == '"')
		return check_string(c);
	if (*c->p != '{' && *c->p != '[')
		return check_scalar(c);
	is_object = *c->p == '{';
	q = json_blanks(c->p + 1, c->end);
	if (q < c->end && *q == (is_object ? '}' : ']') && c->depth < GYR_JSON_MAX_DEPTH) {
		c->p = q + 1;
		return true;
	}
	if (c->depth == GYR_JSON_MAX_DEPTH)
		return false;
	c->is_object[c->depth++] = is_object;
	c->p++;
	*ret_opened = true;
	return !is_object || check_key(c);
}

/* Behind a value: closes what ends here; *ret_more when another element follows. */
static bool check_after(struct checker *c, bool *ret_more)
{
	*ret_more = false;
	while (c->depth) {
		bool is_object = c->is_object[c->depth - 1];

		c->p = json_blanks(c->p, c->end);
		if (c->p >= c->end)
			return false;
		if (*c->p == ',') {
			c->p++;
			*ret_more = true;
			return !is_object || check_key(c);
		}
		if (*c->p != (is_object ? '}' : ']'))
			return false;
		c->p++;
		c->depth--;
	}
	return true;
}

int gyr_json_validate(const char *text, size_t len, size_t *ret_offset)
{
	struct checker c = {.p = text, .end = text + len};
	bool more = true, opened, ok = true;

	while (ok && more) {
		ok = check_value(&c, &opened);
		if (ok && !opened)
			ok = check_after(&c, &more);
	}
	if (ok)
		c.p = json_blanks(c.p, c.end);
	if (ok && c.p == c.end)
		return 0;
	*ret_offset = (size_t)(c.p - text);
	return -EBADMSG;
}
