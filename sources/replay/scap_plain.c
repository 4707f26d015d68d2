#include "scap_plain.h"

#include <string.h>

#include <gyr/events.h>
#include <gyr/params.h>

#include "scap_convert.h"
#include "scap_events.h"

enum {
	BLOCK_HEAD = 8,
	BLOCK_TRAILER = 4,
	CPU = 2,
	FLAGS = 4,
	BODY_MAX = 65536,
	FEW = 8,
	HEAD = sizeof(ss_plugin_event),
	LEAST = BLOCK_HEAD + CPU + FLAGS + HEAD,
};

void scap_plain_init(struct scap_plain *p)
{
	memset(p->n_params, SCAP_CONVERT_NONE, sizeof p->n_params);
	for (uint16_t code = 0; code < gyr_event_count() && code < SCAP_PLAIN_TYPES; code++) {
		if (!scap_event_is_enter(code) && !gyr_event_is_large(code))
			p->n_params[code] = scap_convert_current(code);
	}
}

/* Where the event of the block begins; 0 when the block is of another kind. */
static inline uint32_t offset_of(const uint8_t *block)
{
	switch (gyr__load32(block)) {
	case SCAP_PLAIN_EV:
		return BLOCK_HEAD + CPU;
	case SCAP_PLAIN_EVF:
		return gyr__load32(block + BLOCK_HEAD + CPU) ? 0 : BLOCK_HEAD + CPU + FLAGS;
	default:
		return 0;
	}
}

/* The sum of the first @n of eight 16-bit numbers. Without a loop, whose end would be hard to foresee:
 * events differ in how many parameters they have. */
static inline uint32_t sum_few(const uint8_t *lengths, uint32_t n)
{
	static const uint64_t masks[5] = {0, 0xffff, 0xffffffff, 0xffffffffffff, UINT64_MAX};
	const uint64_t even = 0x0000ffff0000ffff;
	uint64_t low, high, sum;

	memcpy(&low, lengths, sizeof low);
	memcpy(&high, lengths + sizeof low, sizeof high);
	low &= masks[n < 4 ? n : 4];
	high &= masks[n < 4 ? 0 : n - 4];
	sum = (low & even) + (low >> 16 & even) + (high & even) + (high >> 16 & even);
	return (uint32_t)sum + (uint32_t)(sum >> 32);
}

/* Where its last parameter ends, when that is within its length; else 0. */
static inline uint32_t extent(const ss_plugin_event *evt)
{
	const uint8_t *lengths = (const uint8_t *)(evt + 1);
	const uint32_t n = evt->nparams;
	uint32_t sum = HEAD + 2 * n; /* of at most 32,768 lengths below 64 KiB */

	if (n > (evt->len - HEAD) / 2)
		return 0;
	if (n <= FEW && evt->len >= HEAD + 2 * FEW) {
		sum += sum_few(lengths, n);
	} else {
		for (uint32_t i = 0; i < n; i++)
			sum += gyr__load16(lengths + 2 * (size_t)i);
	}
	return sum <= evt->len ? sum : 0;
}

/* The event in the block of @size bytes when it is plain; else NULL, and nothing has changed. */
static inline ss_plugin_event *plain(const struct scap_plain *p, uint8_t *block, uint32_t size)
{
	const uint32_t at = offset_of(block);
	ss_plugin_event *evt = (void *)(block + at);
	uint32_t len;

	if (!at || size < at + HEAD + BLOCK_TRAILER || size > BLOCK_HEAD + BODY_MAX)
		return NULL;
	if (evt->len < HEAD || evt->len > size - at - BLOCK_TRAILER ||
	    evt->type >= SCAP_PLAIN_TYPES)
		return NULL;
	const uint32_t want = p->n_params[evt->type];
	if (want == SCAP_CONVERT_NONE || (want != SCAP_CONVERT_ANY && want != evt->nparams))
		return NULL;
	len = extent(evt);
	if (!len)
		return NULL;
	memcpy((uint8_t *)evt + len, block + BLOCK_HEAD, CPU); /* into the trailer at most */
	evt->len = len + CPU;
	return evt;
}

uint32_t scap_plain_take(struct scap_plain *p, struct scap_window *w, ss_plugin_event **ret_events,
			 uint32_t cap)
{
	uint8_t *block = w->bytes + w->at;
	const uint8_t *end = w->bytes + w->len;
	uint32_t n = 0;

	while (n < cap && end - block >= LEAST) {
		const uint32_t code = gyr__load32(block), size = gyr__load32(block + 4);
		ss_plugin_event *evt;

		if (size > end - block)
			break;
		evt = plain(p, block, size);
		if (!evt)
			break;
		p->n_blocks += code == SCAP_PLAIN_EV;
		p->n_flag_blocks += code == SCAP_PLAIN_EVF;
		ret_events[n++] = evt;
		block += size;
	}
	w->at = (size_t)(block - w->bytes);
	if (n)
		w->is_lent = true;
	return n;
}
