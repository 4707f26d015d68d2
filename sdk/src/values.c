/*
 * values: setters that put an answer where the host looks for it.
 *
 * What counts is the type in the request, not in the row: a host that knows only the seven plain
 * types asks for the plain type that the field list announced. A single value lies in the request's
 * own slot, so two requests for one field never share memory; several lie in the scratch.
 */
#include "sdk.h"

#include <stdio.h>
#include <string.h>

enum value_as { AS_NONE, AS_U64, AS_BOOL, AS_DOUBLE, AS_STR, AS_BUF };

enum { MULTI = GYR_LIST | GYR_ANY | GYR_NOT_ANY };

static enum value_as value_as(uint32_t type)
{
	static const uint8_t as[] = {
		[GYR_I8] = AS_U64,          [GYR_I16] = AS_U64,         [GYR_I32] = AS_U64,
		[GYR_I64] = AS_U64,         [GYR_U8] = AS_U64,          [GYR_U16] = AS_U64,
		[GYR_U32] = AS_U64,         [GYR_U64] = AS_U64,         [GYR_STRING] = AS_STR,
		[GYR_BYTES] = AS_BUF,       [GYR_ERRNO] = AS_U64,       [GYR_SOCKADDR] = AS_BUF,
		[GYR_SOCKTUPLE] = AS_BUF,   [GYR_FD] = AS_U64,          [GYR_PID] = AS_U64,
		[GYR_FDLIST] = AS_BUF,      [GYR_FSPATH] = AS_STR,      [GYR_SYSCALLID] = AS_U64,
		[GYR_SIGTYPE] = AS_U64,     [GYR_RELTIME] = AS_U64,     [GYR_ABSTIME] = AS_U64,
		[GYR_PORT] = AS_U64,        [GYR_L4PROTO] = AS_U64,     [GYR_SOCKFAMILY] = AS_U64,
		[GYR_BOOL] = AS_BOOL,       [GYR_IPV4ADDR] = AS_BUF,    [GYR_DYN] = AS_BUF,
		[GYR_FLAGS8] = AS_U64,      [GYR_FLAGS16] = AS_U64,     [GYR_FLAGS32] = AS_U64,
		[GYR_UID] = AS_U64,         [GYR_GID] = AS_U64,         [GYR_DOUBLE] = AS_DOUBLE,
		[GYR_SIGSET] = AS_U64,      [GYR_IPV4NET] = AS_BUF,     [GYR_IPV6ADDR] = AS_BUF,
		[GYR_IPV6NET] = AS_BUF,     [GYR_IPADDR] = AS_BUF,      [GYR_IPNET] = AS_BUF,
		[GYR_MODE] = AS_U64,        [GYR_FSRELPATH] = AS_STR,   [GYR_ENUMFLAGS8] = AS_U64,
		[GYR_ENUMFLAGS16] = AS_U64, [GYR_ENUMFLAGS32] = AS_U64,
	};

	return type < sizeof as ? (enum value_as)as[type] : AS_NONE;
}

/* Room for one more value of a field that may have several, of @size bytes each. */
static int value_grow(struct gyr_value *v, size_t size)
{
	const uint32_t cap = v->cap ? v->cap * 2 : 8;
	void *bigger;

	if (v->n < v->cap)
		return 0;
	bigger = gyr__scratch_alloc(&v->p->scratch, cap * size);
	if (!bigger)
		return gyr_fail(v->p, -ENOMEM, "%s: too many values", v->field->name);
	if (v->n)
		memcpy(bigger, v->req->res.u64, v->n * size);
	v->req->res.u64 = bigger;
	v->cap = cap;
	return 0;
}

/* Puts one value of @size bytes (4, 8 or 16) into the answer. Inlined: each use knows the size. */
static inline __attribute__((always_inline)) int value_put(struct gyr_value *v, const void *value,
							   size_t size)
{
	if (!(v->field->flags & MULTI)) {
		memcpy(v->slot, value, size);
		v->req->res.u64 = v->slot;
		v->req->res_len = v->n = 1;
		return 0;
	}

	const int r = value_grow(v, size);
	if (r)
		return r;
	memcpy((unsigned char *)v->req->res.u64 + v->n * size, value, size);
	v->req->res_len = ++v->n;
	return 0;
}

static int value_misfit(struct gyr_value *v, const char *what)
{
	v->req->res_len = v->n = 0;
	return gyr_fail(v->p, -EINVAL, "%s: %s was set on a field of type %u", v->field->name, what,
			v->req->ftype);
}

int gyr_set_u64(struct gyr_value *v, uint64_t n)
{
	if (value_as(v->req->ftype) != AS_U64)
		return value_misfit(v, "a number");
	return value_put(v, &n, sizeof n);
}

int gyr_set_i64(struct gyr_value *v, int64_t n)
{
	return gyr_set_u64(v, (uint64_t)n);
}

int gyr_set_bool(struct gyr_value *v, bool b)
{
	const ss_plugin_bool wide = b;

	if (value_as(v->req->ftype) != AS_BOOL)
		return value_misfit(v, "a bool");
	return value_put(v, &wide, sizeof wide);
}

int gyr_set_double(struct gyr_value *v, double d)
{
	if (value_as(v->req->ftype) == AS_STR)
		return gyr_set_fmt(v, "%.17g", d);
	if (value_as(v->req->ftype) != AS_DOUBLE)
		return value_misfit(v, "a floating-point number");
	return value_put(v, &d, sizeof d);
}

int gyr_set_bytes(struct gyr_value *v, const void *data, size_t len)
{
	if (value_as(v->req->ftype) == AS_STR)
		return gyr_set_strn(v, data, len);
	if (value_as(v->req->ftype) != AS_BUF || len > UINT32_MAX)
		return value_misfit(v, "a run of bytes");

	const ss_plugin_byte_buffer buf = {.len = (uint32_t)len, .ptr = data};
	return value_put(v, &buf, sizeof buf);
}

int gyr_set_str(struct gyr_value *v, const char *text)
{
	if (value_as(v->req->ftype) == AS_BUF)
		return gyr_set_bytes(v, text, strlen(text));
	if (value_as(v->req->ftype) != AS_STR)
		return value_misfit(v, "a string");
	return value_put(v, &text, sizeof text);
}

int gyr_set_strn(struct gyr_value *v, const char *text, size_t len)
{
	const char *copy = gyr__scratch_dup(&v->p->scratch, text, len);

	if (!copy)
		return gyr_fail(v->p, -ENOMEM, "%s: no memory for %zu bytes", v->field->name, len);
	if (value_as(v->req->ftype) == AS_BUF)
		return gyr_set_bytes(v, copy, len);
	return gyr_set_str(v, copy);
}

int gyr_set_fmt(struct gyr_value *v, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	const int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	char *text = len < 0 ? NULL : gyr__scratch_alloc(&v->p->scratch, (size_t)len + 1);
	if (text)
		(void)vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	if (!text)
		return gyr_fail(v->p, -ENOMEM, "%s: no memory", v->field->name);
	return gyr_set_str(v, text);
}

int gyr_set_ip(struct gyr_value *v, const void *addr, size_t len)
{
	if (value_as(v->req->ftype) != AS_BUF || (len != 4 && len != 16))
		return value_misfit(v, "an address");

	void *copy = gyr__scratch_alloc(&v->p->scratch, len);
	if (!copy)
		return gyr_fail(v->p, -ENOMEM, "%s: no memory", v->field->name);
	memcpy(copy, addr, len);
	return gyr_set_bytes(v, copy, len);
}
