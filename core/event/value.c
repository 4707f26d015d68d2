#include "event/value.h"

#include <arpa/inet.h>
#include <math.h>

/* Of types that are not VALUE_U64. */
static const uint8_t kinds[] = {
	[FT_INT8] = VALUE_I64,        [FT_INT16] = VALUE_I64,     [FT_INT32] = VALUE_I64,
	[FT_INT64] = VALUE_I64,       [FT_ERRNO] = VALUE_I64,     [FT_FD] = VALUE_I64,
	[FT_PID] = VALUE_I64,         [FT_DOUBLE] = VALUE_DBL,    [FT_NONE] = VALUE_BYTES,
	[FT_CHARBUF] = VALUE_BYTES,   [FT_BYTEBUF] = VALUE_BYTES, [FT_SOCKADDR] = VALUE_BYTES,
	[FT_SOCKTUPLE] = VALUE_BYTES, [FT_FDLIST] = VALUE_BYTES,  [FT_FSPATH] = VALUE_BYTES,
	[FT_FSRELPATH] = VALUE_BYTES, [FT_DYN] = VALUE_BYTES,     [FT_IPV4ADDR] = VALUE_BYTES,
	[FT_IPV6ADDR] = VALUE_BYTES,  [FT_IPADDR] = VALUE_BYTES,  [FT_IPV4NET] = VALUE_BYTES,
	[FT_IPV6NET] = VALUE_BYTES,   [FT_IPNET] = VALUE_BYTES,
};

enum value_kind value_kind(enum field_type t)
{
	return (size_t)t < sizeof kinds ? (enum value_kind)kinds[t] : VALUE_U64;
}

static bool is_address(enum field_type t)
{
	return t == FT_IPV4ADDR || t == FT_IPV6ADDR || t == FT_IPADDR || t == FT_IPV4NET ||
	       t == FT_IPV6NET || t == FT_IPNET;
}

static void print_address(struct buf *b, struct str s)
{
	char text[INET6_ADDRSTRLEN];

	if (s.len == 4 && inet_ntop(AF_INET, s.p, text, sizeof text))
		buf_add_cstr(b, text);
	else if (s.len == 16 && inet_ntop(AF_INET6, s.p, text, sizeof text))
		buf_add_cstr(b, text);
	else
		buf_add_cstr(b, "<NA>");
}

/* Raw bytes are shown as text, what cannot be shown as a dot. */
static void print_bytes(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		buf_add_char(b, s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '.');
}

static void print_base64(struct buf *b, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.len; i += 3) {
		size_t n = s.len - i < 3 ? s.len - i : 3;
		uint32_t three = 0;

		for (size_t k = 0; k < 3; k++)
			three = three << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			buf_add_char(b, k <= n ? digits[three >> (18 - 6 * k) & 63] : '=');
	}
}

static void print_one(struct buf *b, enum field_type t, const union value *v)
{
	if (t == FT_BOOL)
		buf_add_cstr(b, v->u64 ? "true" : "false");
	else if (value_kind(t) == VALUE_I64)
		buf_add_i64(b, v->i64);
	else if (value_kind(t) == VALUE_U64)
		buf_add_u64(b, v->u64);
	else if (value_kind(t) == VALUE_DBL)
		buf_printf(b, "%.3f", v->dbl);
	else if (is_address(t))
		print_address(b, v->bytes);
	else if (t == FT_BYTEBUF)
		print_bytes(b, v->bytes);
	else
		buf_add_str(b, v->bytes);
}

static bool is_list(const struct field *f)
{
	return (f->flags & FIELD_LIST) != 0;
}

/* How a field's flags want a number written; other values as their type wants. */
static void print_formatted(struct buf *b, const struct field *f, const union value *v)
{
	const bool is_number = value_kind(f->type) == VALUE_U64 || value_kind(f->type) == VALUE_I64;

	if (is_number && (f->flags & FIELD_PADDED))
		buf_printf(b, "%09llu", (unsigned long long)v->u64);
	else if (is_number && (f->flags & FIELD_HEX))
		buf_printf(b, "%llX", (unsigned long long)v->u64);
	else if (f->type == FT_BYTEBUF && (f->flags & FIELD_BASE64))
		print_base64(b, v->bytes);
	else
		print_one(b, f->type, v);
}

/* A field that is no list but has several values is shown as one text, blanks between them. */
void value_print(struct buf *b, const struct field *f, const struct values *v)
{
	if (!v->is_set || (v->n == 0 && !is_list(f))) {
		buf_add_cstr(b, "<NA>");
		return;
	}
	if (is_list(f))
		buf_add_char(b, '(');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_add_char(b, is_list(f) ? ',' : ' ');
		print_formatted(b, f, &v->v[i]);
	}
	if (is_list(f))
		buf_add_char(b, ')');
}

static bool is_bare_json(enum field_type t, const union value *v)
{
	return t == FT_BOOL || value_kind(t) == VALUE_I64 || value_kind(t) == VALUE_U64 ||
	       (value_kind(t) == VALUE_DBL && isfinite(v->dbl));
}

/* A text that is a decimal number as JSON writes one. */
static bool is_number_text(struct str s)
{
	size_t i = s.len && s.p[0] == '-';

	if (s.len == i || s.len > 19 || (s.p[i] == '0' && s.len > i + 1))
		return false;
	for (; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

static bool prints_bare(const struct field *f, const union value *v)
{
	if (is_bare_json(f->type, v))
		return true;
	return (f->flags & FIELD_NUMERIC_STR) && value_kind(f->type) == VALUE_BYTES &&
	       is_number_text(v->bytes);
}

/* @v as the inside of a JSON string. */
static void print_escaped(struct buf *b, const struct field *f, const union value *v)
{
	const enum field_type t = f->type;
	struct buf text;

	if (value_kind(t) == VALUE_BYTES && !is_address(t) && t != FT_BYTEBUF) {
		buf_add_json(b, v->bytes);
		return;
	}
	if (t == FT_BYTEBUF && (f->flags & FIELD_BASE64)) {
		print_base64(b, v->bytes);
		return;
	}
	buf_init(&text, b->cap_bytes);
	print_one(&text, t, v);
	buf_add_json(b, buf_str(&text));
	b->failed |= text.failed;
	buf_deinit(&text);
}

static void print_one_json(struct buf *b, const struct field *f, const union value *v)
{
	if (prints_bare(f, v)) {
		print_one(b, f->type, v);
	} else if (value_kind(f->type) == VALUE_DBL) {
		buf_add_cstr(b, "null");
	} else {
		buf_add_char(b, '"');
		print_escaped(b, f, v);
		buf_add_char(b, '"');
	}
}

void value_print_json(struct buf *b, const struct field *f, const struct values *v)
{
	bool is_text = !is_list(f) && v->n > 1; /* as it is shown */

	if (!v->is_set || (v->n == 0 && !is_list(f))) {
		buf_add_cstr(b, "null");
		return;
	}
	if (is_list(f) || is_text)
		buf_add_char(b, is_text ? '"' : '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_add_char(b, is_text ? ' ' : ',');
		if (is_text)
			print_escaped(b, f, &v->v[i]);
		else
			print_one_json(b, f, &v->v[i]);
	}
	if (is_list(f) || is_text)
		buf_add_char(b, is_text ? '"' : ']');
}
