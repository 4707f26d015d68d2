/*
 * params: the parameters of one event, read with every length checked.
 *
 *	struct gyr_params params;
 *
 *	if (gyr_params_read(evt, &params))
 *		return;                       // the lengths of the event do not fit together
 *	int64_t fd = gyr_param_i64(&params, 0, -1);
 *	const char *name = gyr_param_str(&params, 1, NULL);
 *
 * A parameter that the event does not have, or that is empty, reads as the value given for that
 * case. An event may have fewer parameters than its schema says, and more, which are not read.
 *
 * Lifetime: a view; valid as long as the event. Threads: any.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gyr/abi.h>
#include <gyr/events.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gyr_param {
	const uint8_t *data;
	uint32_t len;
};

struct gyr_params {
	struct gyr_param at[GYR_PARAMS_MAX];
	uint32_t n;           /* valid rows of at[] */
	const uint8_t *after; /* the first byte behind the last parameter */
};

/* Whether lengths of parameters are 4 bytes wide, rather than 2. */
static inline bool gyr_event_is_large(uint16_t type)
{
	return type == 322 || type == 324 || type == 402;
}

/* Numbers as they lie in an event, at any address. Little endian: a copy of known size is one load. */
static inline uint32_t gyr__load16(const uint8_t *at)
{
	uint16_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

static inline uint32_t gyr__load32(const uint8_t *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

static inline uint32_t gyr__length(const uint8_t *lengths, uint32_t width, uint32_t i)
{
	return width == 2 ? gyr__load16(lengths + 2 * (size_t)i)
			  : gyr__load32(lengths + 4 * (size_t)i);
}

/* Parameter @i begins at @at; where it ends. */
static inline uintptr_t gyr__params_set(const uint8_t *lengths, uint32_t width, uint32_t i,
					uintptr_t at, struct gyr_params *ret)
{
	ret->at[i].data = (const uint8_t *)at;
	ret->at[i].len = gyr__length(lengths, width, i);
	return at + ret->at[i].len;
}

enum { GYR__FEW = 8 };

/* Most events have few parameters, but not the same number as the one before, so that the end of a
 * loop over them is hard to foresee. This sets four or eight whatever @n is: what lies beyond @n is
 * never looked at, and its lengths are bytes of the event, which the caller has checked. */
static inline uintptr_t gyr__params_few(const uint8_t *lengths, uintptr_t at, uint32_t n,
					struct gyr_params *ret)
{
	const uintptr_t begin = at;

	at = gyr__params_set(lengths, 2, 0, at, ret);
	at = gyr__params_set(lengths, 2, 1, at, ret);
	at = gyr__params_set(lengths, 2, 2, at, ret);
	at = gyr__params_set(lengths, 2, 3, at, ret);
	if (n > 4) {
		at = gyr__params_set(lengths, 2, 4, at, ret);
		at = gyr__params_set(lengths, 2, 5, at, ret);
		at = gyr__params_set(lengths, 2, 6, at, ret);
		at = gyr__params_set(lengths, 2, 7, at, ret);
	}
	return n ? (uintptr_t)ret->at[n - 1].data + ret->at[n - 1].len : begin;
}

/* gyr_params_read() for lengths that are @width bytes wide. Inlined, so that each use has a width that
 * is known: then a length is one load, and no number has to be divided. Whether all of them fit is
 * looked at once, behind the last: no byte of a parameter is touched here. */
static inline __attribute__((always_inline)) int
gyr__params_walk(const ss_plugin_event *evt, uint32_t width, struct gyr_params *ret)
{
	const uint8_t *lengths = (const uint8_t *)(evt + 1);
	const uint32_t n = evt->nparams, most = GYR_PARAMS_MAX, kept = n < most ? n : most;
	const uintptr_t begin = (uintptr_t)evt, end = begin + evt->len;
	uintptr_t at = begin + sizeof *evt + (uintptr_t)n * width;
	uint32_t i;

	ret->n = 0;
	ret->after = lengths;
	if (evt->len < sizeof *evt || n > (evt->len - sizeof *evt) / width)
		return -EBADMSG;
	if (width == 2 && n <= GYR__FEW && evt->len >= sizeof *evt + 2 * (size_t)GYR__FEW) {
		at = gyr__params_few(lengths, at, n, ret);
		i = n;
	} else {
		for (i = 0; i < kept; i++)
			at = gyr__params_set(lengths, width, i, at, ret);
	}
	for (; i < n; i++)
		at += gyr__length(lengths, width, i);
	ret->n = kept;
	ret->after = (const uint8_t *)at;
	if (at <= end)
		return 0;
	while (ret->n && (uintptr_t)ret->at[ret->n - 1].data + ret->at[ret->n - 1].len > end)
		ret->n--;
	ret->after = lengths;
	return -EBADMSG;
}

/* Finds all parameters. -EBADMSG when they do not fit into the event: then those before the first that
 * does not are found. */
static inline int gyr_params_read(const ss_plugin_event *evt, struct gyr_params *ret)
{
	if (gyr_event_is_large(evt->type))
		return gyr__params_walk(evt, 4, ret);
	return gyr__params_walk(evt, 2, ret);
}

/*
 * The CPU on which the event was seen: two bytes behind the last parameter, inside the event's
 * length, where sources of system call events put it. -1 when it is not told.
 */
static inline int gyr_params_cpu(const ss_plugin_event *evt, const struct gyr_params *params)
{
	uint16_t cpu;

	if ((const uint8_t *)evt + evt->len - params->after != 2)
		return -1;
	memcpy(&cpu, params->after, sizeof cpu);
	return cpu;
}

/* Parameter @i, which has at least one byte; NULL otherwise. */
static inline const struct gyr_param *gyr_param(const struct gyr_params *params, uint32_t i)
{
	return i < params->n && params->at[i].len ? &params->at[i] : NULL;
}

/* Reads @p, whose length is that of an integer. False when it is not. */
static inline bool gyr__load(const struct gyr_param *p, uint64_t *ret)
{
	switch (p->len) {
	case 8:
		memcpy(ret, p->data, 8);
		return true;
	case 4:
		*ret = gyr__load32(p->data);
		return true;
	case 2:
		*ret = gyr__load16(p->data);
		return true;
	case 1:
		*ret = *p->data;
		return true;
	default:
		return false;
	}
}

/* An unsigned integer of 1, 2, 4 or 8 bytes; @absent when there is none or it has another size. */
static inline uint64_t gyr_param_u64(const struct gyr_params *params, uint32_t i, uint64_t absent)
{
	uint64_t n;

	return i < params->n && gyr__load(&params->at[i], &n) ? n : absent;
}

/* A signed integer; the rest as above. */
static inline int64_t gyr_param_i64(const struct gyr_params *params, uint32_t i, int64_t absent)
{
	uint64_t n, sign;

	if (i >= params->n || !gyr__load(&params->at[i], &n))
		return absent;
	sign = 1ULL << (params->at[i].len * 8 - 1);
	return (int64_t)((n ^ sign) - sign);
}

/* A text; @absent when there is none or its NUL is not exactly at its end. */
static inline const char *gyr_param_str(const struct gyr_params *params, uint32_t i,
					const char *absent)
{
	const struct gyr_param *p = gyr_param(params, i);

	if (!p || memchr(p->data, 0, p->len) != p->data + p->len - 1)
		return absent;
	return (const char *)p->data;
}

#ifdef __cplusplus
}
#endif
