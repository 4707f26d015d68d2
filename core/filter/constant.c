#include "filter/constant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

#include "util/ascii.h"

bool constant_number(struct str text, bool *ret_negative, uint64_t *ret_magnitude)
{
	size_t i = text.len && (text.p[0] == '-' || text.p[0] == '+');
	uint64_t n = 0;

	if (i == text.len)
		return false;
	for (; i < text.len; i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');

		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*ret_negative = text.p[0] == '-';
	*ret_magnitude = n;
	return true;
}

static int bad(struct err *err, struct str text, const char *what)
{
	err_set(err, 0, 0, "'%.*s' is not %s", (int)(text.len > 200 ? 200 : text.len), text.p,
		what);
	return -EINVAL;
}

static bool is_decimal(struct str text)
{
	size_t i = text.len && (text.p[0] == '-' || text.p[0] == '+');

	if (i == text.len)
		return false;
	for (; i < text.len; i++)
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
	return true;
}

/* Bits of an unsigned type, to which negative text wraps. */
static unsigned width(enum field_type t)
{
	switch (t) {
	case FT_UINT8:
	case FT_FLAGS8:
	case FT_ENUMFLAGS8:
	case FT_SIGTYPE:
	case FT_L4PROTO:
	case FT_SOCKFAMILY:
		return 8;
	case FT_UINT16:
	case FT_FLAGS16:
	case FT_ENUMFLAGS16:
	case FT_SYSCALLID:
		return 16;
	case FT_UINT32:
	case FT_FLAGS32:
	case FT_ENUMFLAGS32:
	case FT_MODE:
		return 32;
	default:
		return 64;
	}
}

/* A number too large for a narrow type is kept as it is, so that it equals no value of the field.
 */
static int to_number(enum field_type type, struct constant *c, struct err *err)
{
	bool is_signed = value_kind(type) == VALUE_I64, negative;
	uint64_t n;

	if (!constant_number(c->text, &negative, &n) ||
	    (is_signed && n > (uint64_t)INT64_MAX + negative))
		return bad(err, c->text,
			   is_decimal(c->text) ? "a number of 64 bits" : "a decimal number");
	c->v.u64 = negative ? 0 - n : n;
	if (negative && !is_signed && width(type) < 64)
		c->v.u64 &= (1ULL << width(type)) - 1;
	return 0;
}

static int to_port(struct constant *c, struct err *err)
{
	struct servent entry, *found = NULL;
	char names[2048];
	uint64_t port = 0;
	size_t i = 0;

	for (; i < c->text.len && c->text.p[i] >= '0' && c->text.p[i] <= '9'; i++)
		port = (port * 10 + (uint64_t)(c->text.p[i] - '0')) % 65536;
	if (i == c->text.len) {
		c->v.u64 = port;
		return 0;
	}
	if (getservbyname_r(c->text.p, NULL, &entry, names, sizeof names, &found) || !found)
		return bad(err, c->text, "a port number or the name of a service");
	c->v.u64 = ntohs((uint16_t)found->s_port);
	return 0;
}

static int to_bool(struct constant *c, struct err *err)
{
	if (!str_is(c->text, "true") && !str_is(c->text, "false"))
		return bad(err, c->text, "'true' or 'false'");
	c->v.u64 = c->text.p[0] == 't';
	return 0;
}

static int to_double(struct constant *c, struct err *err)
{
	bool negative;
	uint64_t n;

	if (!constant_number(c->text, &negative, &n) || n > (uint64_t)INT32_MAX + negative)
		return bad(err, c->text, "a whole number of 32 bits");
	c->v.dbl = negative ? -(double)n : (double)n;
	return 0;
}

static int to_address(struct arena *a, struct str text, struct constant *c)
{
	bool is_v4 = memchr(text.p, '.', text.len) != NULL;
	unsigned char addr[16];
	char copy[64];

	if (text.len >= sizeof copy || memchr(text.p, '\0', text.len))
		return -EINVAL;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	if (inet_pton(is_v4 ? AF_INET : AF_INET6, copy, addr) != 1)
		return -EINVAL;
	c->v.bytes = arena_str(a, (struct str){(const char *)addr, is_v4 ? 4 : 16});
	return c->v.bytes.p ? 0 : -ENOMEM;
}

static void mask(char *addr, size_t len, unsigned prefix)
{
	for (size_t i = 0; i < len; i++) {
		unsigned bits = prefix > i * 8 ? prefix - (unsigned)(i * 8) : 0;

		if (bits < 8)
			addr[i] = (char)(addr[i] & (0xff00 >> bits));
	}
}

static int to_network(struct arena *a, struct constant *c, struct err *err)
{
	static const char what[] = "a network, written address/bits";
	const char *slash = memchr(c->text.p, '/', c->text.len);
	struct str addr = {c->text.p, slash ? (size_t)(slash - c->text.p) : 0}, bits;
	bool negative;
	uint64_t n;
	int r;

	if (!slash)
		return bad(err, c->text, what);
	bits = str_from_at(c->text, addr.len + 1);
	r = to_address(a, addr, c);
	if (r == -EINVAL || !constant_number(bits, &negative, &n) || bits.p[0] < '0')
		return bad(err, c->text, what);
	if (r)
		return r;
	if (n > c->v.bytes.len * 8 || (n == 0 && c->v.bytes.len == 16))
		return bad(err, c->text, "a network: too many or too few bits");
	c->prefix = (uint8_t)n;
	mask((char *)c->v.bytes.p, c->v.bytes.len, c->prefix); /* ours, in the arena */
	return 0;
}

static int to_hex(struct arena *a, struct constant *c, struct err *err)
{
	size_t n = c->text.len / 2;
	char *p = arena_alloc(a, n + 1);

	if (!p)
		return -ENOMEM;
	if (c->text.len % 2 || n == 0)
		return bad(err, c->text, "an even number of hexadecimal digits");
	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex(c->text.p[2 * i]), low = ascii_hex(c->text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return bad(err, c->text, "an even number of hexadecimal digits");
		p[i] = (char)(high << 4 | low);
	}
	c->v.bytes = (struct str){p, n};
	return 0;
}

static int to_bytes(enum field_type type, enum filter_op op, struct arena *a, struct constant *c,
		    struct err *err)
{
	if (op == FILTER_OP_BCONTAINS || op == FILTER_OP_BSTARTSWITH)
		return to_hex(a, c, err);
	if (type != FT_BYTEBUF && memchr(c->text.p, '\0', c->text.len)) {
		err_set(err, 0, 0, "a text cannot hold a NUL byte (\\x00)");
		return -EINVAL;
	}
	c->v.bytes = c->text;
	return 0;
}

int constant_convert(enum field_type type, enum filter_op op, struct arena *a, struct constant *ret,
		     struct err *err)
{
	int r;

	if (ret->text.len > CONSTANT_MAX) {
		err_set(err, 0, 0, "constant of %zu bytes is longer than %d", ret->text.len,
			CONSTANT_MAX);
		return -EINVAL;
	}
	switch (filter_types_of(type)) {
	case FILTER_TYPES_STRING:
	case FILTER_TYPES_BUFFER:
		return to_bytes(type, op, a, ret, err);
	case FILTER_TYPES_BOOL:
		return to_bool(ret, err);
	case FILTER_TYPES_NET:
		if (type == FT_IPNET || type == FT_IPV4NET || type == FT_IPV6NET)
			return to_network(a, ret, err);
		r = to_address(a, ret->text, ret);
		return r == -EINVAL ? bad(err, ret->text, "an address") : r;
	case FILTER_TYPES_NUMBER:
		if (type == FT_PORT)
			return to_port(ret, err);
		return type == FT_DOUBLE ? to_double(ret, err) : to_number(type, ret, err);
	default:
		err_set(err, 0, 0, "values of type %s cannot be compared", field_type_name(type));
		return -EINVAL;
	}
}
