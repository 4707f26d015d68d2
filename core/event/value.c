#include "event/value.h"

#include <arpa/inet.h>
#include <math.h>

enum value_kind value_kind(enum field_type t)
{
	switch (t) {
	case FT_INT8:
	case FT_INT16:
	case FT_INT32:
	case FT_INT64:
	case FT_ERRNO:
	case FT_FD:
	case FT_PID:
		return VALUE_I64;
	case FT_DOUBLE:
		return VALUE_DBL;
	case FT_NONE:
	case FT_CHARBUF:
	case FT_BYTEBUF:
	case FT_SOCKADDR:
	case FT_SOCKTUPLE:
	case FT_FDLIST:
	case FT_FSPATH:
	case FT_FSRELPATH:
	case FT_DYN:
	case FT_IPV4ADDR:
	case FT_IPV6ADDR:
	case FT_IPADDR:
	case FT_IPV4NET:
	case FT_IPV6NET:
	case FT_IPNET:
		return VALUE_BYTES;
	default:
		return VALUE_U64;
	}
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

/* Fields with several values are shown as a list only if they are declared as one. */
static bool is_many(const struct field *f, const struct values *v)
{
	return (f->flags & FIELD_LIST) || v->n != 1;
}

void value_print(struct buf *b, const struct field *f, const struct values *v)
{
	if (!v->is_set) {
		buf_add_cstr(b, "<NA>");
		return;
	}
	if (is_many(f, v))
		buf_add_char(b, '(');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_add_char(b, ',');
		print_one(b, f->type, &v->v[i]);
	}
	if (is_many(f, v))
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

static void print_one_json(struct buf *b, const struct field *f, const union value *v)
{
	struct buf text;

	if (is_bare_json(f->type, v) ||
	    ((f->flags & FIELD_NUMERIC_STR) && value_kind(f->type) == VALUE_BYTES &&
	     is_number_text(v->bytes))) {
		print_one(b, f->type, v);
		return;
	}
	if (value_kind(f->type) == VALUE_DBL) {
		buf_add_cstr(b, "null");
		return;
	}
	buf_add_char(b, '"');
	if (is_address(f->type)) {
		print_address(b, v->bytes);
	} else if (f->type == FT_BYTEBUF) {
		buf_init(&text, b->cap_bytes);
		print_bytes(&text, v->bytes);
		buf_add_json(b, buf_str(&text));
		buf_deinit(&text);
	} else {
		buf_add_json(b, v->bytes);
	}
	buf_add_char(b, '"');
}

void value_print_json(struct buf *b, const struct field *f, const struct values *v)
{
	if (!v->is_set) {
		buf_add_cstr(b, "null");
		return;
	}
	if (is_many(f, v))
		buf_add_char(b, '[');
	for (uint32_t i = 0; i < v->n; i++) {
		if (i)
			buf_add_char(b, ',');
		print_one_json(b, f, &v->v[i]);
	}
	if (is_many(f, v))
		buf_add_char(b, ']');
}
