/*
 * metabuild: events of system calls for tests of parsers: records as gyr/scapmeta.h has them, and
 * events with parameters.
 *
 * Lifetime: the bytes belong to the struct. Threads: one.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/abi.h>
#include <gyr/scapmeta.h>

struct metabuild {
	uint8_t bytes[8192];
	size_t len;
};

static inline void mb_put(struct metabuild *b, const void *p, size_t len)
{
	if (len > sizeof b->bytes - b->len)
		abort();
	if (len)
		memcpy(b->bytes + b->len, p, len);
	b->len += len;
}

/* An event; @lens has @n lengths of @width bytes, @data all parameters. */
static inline const ss_plugin_event *mb_event(struct metabuild *b, uint16_t type, uint64_t tid,
					      const uint32_t *lens, uint32_t n)
{
	const size_t width = type == 402 || type == 324 ? 4 : 2;
	ss_plugin_event head = {.ts = 1, .tid = tid, .type = type, .nparams = n};

	b->len = 0;
	head.len = (uint32_t)(sizeof head + width * n);
	for (uint32_t i = 0; i < n; i++)
		head.len += lens[i];
	mb_put(b, &head, sizeof head);
	for (uint32_t i = 0; i < n; i++)
		mb_put(b, &lens[i], width); /* little endian */
	return (const ss_plugin_event *)(void *)b->bytes;
}

/* A record; numbers and texts are those of @record, a struct of gyr/scapmeta.h. */
static inline const ss_plugin_event *mb_record(struct metabuild *b, const char *name,
					       const void *record, size_t numbers, size_t size)
{
	const struct gyr_meta_text *text = (const void *)((const char *)record + numbers);
	const uint16_t n_numbers = (uint16_t)numbers;
	const uint16_t n = (uint16_t)((size - numbers) / sizeof *text);
	const uint32_t id = 0, name_len = (uint32_t)strlen(name) + 1;
	uint32_t lens[] = {4, name_len, record ? (uint32_t)(4 + numbers) : 0};

	for (uint16_t i = 0; record && i < n; i++)
		lens[2] += 4 + (uint32_t)text[i].len + 1;
	const ss_plugin_event *e = mb_event(b, 402, UINT64_MAX, lens, 3);
	mb_put(b, &id, 4);
	mb_put(b, name, name_len);
	if (!record)
		return e;
	mb_put(b, &n_numbers, 2);
	mb_put(b, record, numbers);
	mb_put(b, &n, 2);
	for (uint16_t i = 0; i < n; i++) {
		const uint32_t len = (uint32_t)text[i].len;

		mb_put(b, &len, 4);
		mb_put(b, text[i].p ? text[i].p : "", len);
		mb_put(b, "", 1);
	}
	return e;
}

#define MB_RECORD(b, name, r, first) \
	mb_record(b, name, r, (size_t)((char *)&(r)->first - (char *)(r)), sizeof *(r))

#define MB_TEXT(s)                             \
	{                                      \
		.p = (s), .len = sizeof(s) - 1 \
	}
