#include "filter/compare.h"

#include "filter/glob.h"
#include "filter/pmatch.h"

static bool ordered(enum filter_op op, int cmp)
{
	switch (op) {
	case FILTER_OP_EQ:
	case FILTER_OP_EQ2:
	case FILTER_OP_IN:
	case FILTER_OP_INTERSECTS:
		return cmp == 0;
	case FILTER_OP_NE:
		return cmp != 0;
	case FILTER_OP_LT:
		return cmp < 0;
	case FILTER_OP_LE:
		return cmp <= 0;
	case FILTER_OP_GT:
		return cmp > 0;
	case FILTER_OP_GE:
		return cmp >= 0;
	default:
		return false;
	}
}

static int order_bytes(struct str x, struct str y)
{
	size_t n = x.len < y.len ? x.len : y.len;
	int cmp = n ? memcmp(x.p, y.p, n) : 0;

	return cmp ? cmp : (x.len > y.len) - (x.len < y.len);
}

static bool contains(struct str s, struct str part)
{
	return part.len == 0 || (s.len >= part.len && memmem(s.p, s.len, part.p, part.len));
}

static bool ends(struct str s, struct str tail)
{
	return s.len >= tail.len &&
	       (tail.len == 0 || memcmp(s.p + s.len - tail.len, tail.p, tail.len) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_folded(const char *s, struct str part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (lower(s[i]) != lower(part.p[i]))
			return false;
	}
	return true;
}

static bool contains_folded(struct str s, struct str part)
{
	for (size_t i = 0; i + part.len <= s.len; i++) {
		if (starts_folded(s.p + i, part))
			return true;
	}
	return false;
}

static bool compare_bytes(enum filter_op op, struct str s, const struct constant *c)
{
	struct str want = c->v.bytes;

	switch (op) {
	case FILTER_OP_CONTAINS:
	case FILTER_OP_BCONTAINS:
		return contains(s, want);
	case FILTER_OP_ICONTAINS:
		return contains_folded(s, want);
	case FILTER_OP_STARTSWITH:
	case FILTER_OP_BSTARTSWITH:
		return str_starts(s, want);
	case FILTER_OP_ENDSWITH:
		return ends(s, want);
	case FILTER_OP_GLOB:
	case FILTER_OP_IGLOB:
		return glob_match(want, s, op == FILTER_OP_IGLOB);
	case FILTER_OP_PMATCH:
		return pmatch(want, s);
	case FILTER_OP_REGEX:
		return c->regex && regex_match(c->regex, s);
	case FILTER_OP_EQ:
	case FILTER_OP_IN:
	case FILTER_OP_INTERSECTS:
		return str_eq(s, want);
	default:
		return ordered(op, order_bytes(s, want));
	}
}

static bool inside(struct str addr, const struct constant *c)
{
	struct str net = c->v.bytes;
	size_t whole = c->prefix / 8;
	unsigned bits = c->prefix % 8;

	if (addr.len != net.len || (whole && memcmp(addr.p, net.p, whole) != 0))
		return false;
	return bits == 0 || !(((unsigned char)addr.p[whole] ^ (unsigned char)net.p[whole]) &
			      (0xff00 >> bits) & 0xff);
}

bool compare_values(enum filter_op op, enum field_type type, const union value *v,
		    const struct constant *c)
{
	switch (value_kind(type)) {
	case VALUE_U64:
		return ordered(op, (v->u64 > c->v.u64) - (v->u64 < c->v.u64));
	case VALUE_I64:
		return ordered(op, (v->i64 > c->v.i64) - (v->i64 < c->v.i64));
	case VALUE_DBL:
		if (v->dbl != v->dbl)
			return op == FILTER_OP_NE;
		return ordered(op, (v->dbl > c->v.dbl) - (v->dbl < c->v.dbl));
	default:
		if (type == FT_IPNET || type == FT_IPV4NET || type == FT_IPV6NET)
			return inside(v->bytes, c) == (op != FILTER_OP_NE);
		return compare_bytes(op, v->bytes, c);
	}
}
