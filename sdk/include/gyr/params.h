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

/* Finds all parameters. -EBADMSG when they do not fit into the event: then those before the first that
 * does not are found. */
static inline int gyr_params_read(const ss_plugin_event *evt, struct gyr_params *ret)
{
	const uint8_t *bytes = (const uint8_t *)evt;
	const uint32_t width = gyr_event_is_large(evt->type) ? 4 : 2;
	const uint8_t *lengths = bytes + sizeof *evt;
	uint64_t at;

	ret->n = 0;
	ret->after = bytes + sizeof *evt;
	if (evt->len < sizeof *evt || evt->nparams > (evt->len - sizeof *evt) / width)
		return -EBADMSG;
	at = sizeof *evt + (uint64_t)evt->nparams * width;
	for (uint32_t i = 0; i < evt->nparams; i++, lengths += width) {
		uint32_t len = 0;

		if (width == 2) /* little endian; a copy of known size is one load */
			memcpy(&len, lengths, 2);
		else
			memcpy(&len, lengths, 4);
		if (at + len > evt->len)
			return -EBADMSG;
		if (i < GYR_PARAMS_MAX) {
			ret->at[i].data = bytes + at;
			ret->at[i].len = len;
			ret->n = i + 1;
		}
		at += len;
	}
	ret->after = bytes + at;
	return 0;
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

/* An unsigned integer of 1, 2, 4 or 8 bytes; @absent when there is none or it has another size. */
static inline uint64_t gyr_param_u64(const struct gyr_params *params, uint32_t i, uint64_t absent)
{
	const struct gyr_param *p = gyr_param(params, i);
	uint64_t n = 0;

	if (!p || (p->len != 1 && p->len != 2 && p->len != 4 && p->len != 8))
		return absent;
	memcpy(&n, p->data, p->len);
	return n;
}

/* A signed integer; the rest as above. */
static inline int64_t gyr_param_i64(const struct gyr_params *params, uint32_t i, int64_t absent)
{
	const struct gyr_param *p = gyr_param(params, i);
	uint64_t n = 0, sign;

	if (!p || (p->len != 1 && p->len != 2 && p->len != 4 && p->len != 8))
		return absent;
	memcpy(&n, p->data, p->len);
	sign = 1ULL << (p->len * 8 - 1);
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
