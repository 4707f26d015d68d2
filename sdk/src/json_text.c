/*
 * json_text: from a span to text: unescaped, compact, indented, or as a number.
 */
#include <errno.h>
#include <stdlib.h>

#include "json_impl.h"

/* ---- unescaping ---- */

static int hex4(const char *p, const char *end)
{
	int n = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return -1;
		n = n * 16 + digit;
	}
	return n;
}

static size_t utf8_put(uint32_t c, char *dst)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The character of "\uXXXX" whose digits start at p, of two such when they make a pair. */
static const char *unicode(const char *p, const char *end, uint32_t *ret)
{
	int hi = hex4(p, end), lo;

	if (hi < 0)
		return NULL;
	p += 4;
	*ret = hi ? (uint32_t)hi : 0xfffd;
	if (hi < 0xd800 || hi > 0xdfff)
		return p;
	*ret = 0xfffd;
	if (hi > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return p;
	lo = hex4(p + 2, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return p;
	*ret = 0x10000 + (((uint32_t)hi - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
	return p + 6;
}

static int simple_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return -1;
	}
}

int64_t gyr__json_unescape(const char *p, size_t len, char *dst)
{
	const char *end = p + len;
	char *out = dst;

	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((slash ? slash : end) - p);
		uint32_t c;
		int simple;

		memcpy(out, p, plain);
		out += plain;
		p += plain;
		if (p == end)
			break;
		if (end - p < 2)
			return -1;
		if (p[1] == 'u') {
			p = unicode(p + 2, end, &c);
			if (!p)
				return -1;
			out += utf8_put(c, out);
			continue;
		}
		simple = simple_escape(p[1]);
		if (simple < 0)
			return -1;
		*out++ = (char)simple;
		p += 2;
	}
	return out - dst;
}

int gyr_json_text(const struct gyr_json *v, char *dst, size_t *ret_len)
{
	int64_t n = v->len;

	if (v->type != GYR_JSON_STRING)
		return -EINVAL;
	if (v->len && memchr(v->p, 0, v->len))
		return -EBADMSG;
	if (!v->has_escapes) {
		memcpy(dst, v->p, v->len);
	} else {
		n = gyr__json_unescape(v->p, v->len, dst);
		if (n < 0)
			return -EBADMSG;
	}
	*ret_len = (size_t)n;
	return 0;
}

/* ---- compact ---- */

int gyr_json_compact(const struct gyr_json *v, char *dst, size_t *ret_len)
{
	const struct json_ops *ops = gyr__json_ops();
	const char *p = v->p, *end = p + v->len;
	char *out = dst;
	bool escapes;

	if (v->type == GYR_JSON_ABSENT)
		return -EINVAL;
	if (v->len && memchr(p, 0, v->len))
		return -EBADMSG;
	if (v->type == GYR_JSON_STRING) {
		*out++ = '"';
		memcpy(out, p, v->len);
		out[v->len] = '"';
		*ret_len = (size_t)v->len + 2;
		return 0;
	}
	while (p < end) {
		if (*p == '"') {
			const char *q = ops->string(p + 1, end, &escapes);

			if (!q)
				return -EBADMSG;
			memcpy(out, p, (size_t)(q + 1 - p));
			out += q + 1 - p;
			p = q + 1;
			continue;
		}
		if (!json_is_blank(*p))
			*out++ = *p;
		p++;
	}
	*ret_len = (size_t)(out - dst);
	return 0;
}

/* ---- indented ---- */

struct indenter {
	char *dst; /* NULL: only measure */
	size_t n;
	uint32_t depth;
	bool is_fresh; /* just behind an opening bracket */
};

static void indent_put(struct indenter *in, const char *text, size_t len)
{
	if (in->dst)
		memcpy(in->dst + in->n, text, len);
	in->n += len;
}

static void indent_line(struct indenter *in)
{
	indent_put(in, "\n", 1);
	for (uint32_t i = 0; i < in->depth; i++)
		indent_put(in, "  ", 2);
}

/* A bracket, comma or colon. */
static int indent_mark(struct indenter *in, char c)
{
	bool was_fresh = in->is_fresh;

	if (c == '}' || c == ']') {
		if (!in->depth)
			return -EBADMSG;
		in->depth--;
		in->is_fresh = false;
		if (!was_fresh)
			indent_line(in);
		indent_put(in, &c, 1);
		return 0;
	}
	indent_put(in, &c, 1);
	if (c == ':')
		indent_put(in, " ", 1);
	if (c == ',')
		indent_line(in);
	if (c != '{' && c != '[')
		return 0;
	in->is_fresh = true;
	return ++in->depth > GYR_JSON_MAX_DEPTH ? -EBADMSG : 0;
}

/* A string, number or literal: everything up to the next mark. */
static const char *indent_token(struct indenter *in, const char *p, const char *end)
{
	const char *q = p;
	bool escapes;

	if (in->is_fresh)
		indent_line(in);
	in->is_fresh = false;
	if (*p == '"') {
		q = gyr__json_ops()->string(p + 1, end, &escapes);
		if (!q)
			return NULL;
		q++;
	} else {
		while (q < end && !json_is_blank(*q) && !strchr("{}[],:\"", *q))
			q++;
		if (q == p)
			return NULL; /* a zero byte */
	}
	indent_put(in, p, (size_t)(q - p));
	return q;
}

int gyr_json_indent(const struct gyr_json *v, char *dst, size_t *ret_len)
{
	struct indenter in = {.dst = dst};
	const char *p = v->p, *end = p + v->len;

	if (v->type == GYR_JSON_STRING) {
		p--;
		end++;
	}
	if (v->type == GYR_JSON_ABSENT)
		return -EINVAL;
	for (p = json_blanks(p, end); p < end; p = json_blanks(p, end)) {
		bool opens = *p == '{' || *p == '[';
		int r;

		if (!opens && *p != '}' && *p != ']' && *p != ',' && *p != ':') {
			p = indent_token(&in, p, end);
			if (!p)
				return -EBADMSG;
			continue;
		}
		if (opens && in.is_fresh)
			indent_line(&in);
		r = indent_mark(&in, *p++);
		if (r)
			return r;
	}
	*ret_len = in.n;
	return in.depth ? -EBADMSG : 0;
}

/* ---- numbers ---- */

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

bool gyr__json_is_number(const char *p, size_t len)
{
	const char *end = p + len, *q;

	if (p < end && *p == '-')
		p++;
	q = digits(p, end);
	if (q == p || (*p == '0' && q - p > 1))
		return false;
	if (q < end && *q == '.') {
		p = q + 1;
		q = digits(p, end);
		if (q == p)
			return false;
	}
	if (q < end && (*q | 0x20) == 'e') {
		p = q + 1;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = digits(p, end);
		if (q == p)
			return false;
	}
	return q == end;
}

int gyr_json_u64(const struct gyr_json *v, uint64_t *ret)
{
	const char *p = v->p, *end = p + v->len;
	uint64_t n = 0;
	char text[64];
	double d;

	if (v->type != GYR_JSON_NUMBER)
		return -EINVAL;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	if (p == end) {
		*ret = n;
		return 0;
	}
	if (v->len >= sizeof text)
		return -ERANGE;
	memcpy(text, v->p, v->len);
	text[v->len] = 0;
	d = strtod(text, NULL);
	if (!(d > -1.0 && d < 18446744073709551616.0))
		return -ERANGE;
	*ret = d < 0 ? 0 : (uint64_t)d;
	return 0;
}
