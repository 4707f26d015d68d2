/*
 * scap_events: checks of lengths; events of version 1 are moved 4 bytes towards the head of their
 * block, which has been read, to make room for the number of parameters they lack.
 */
#include "scap_events.h"

#include <errno.h>
#include <string.h>

#include <gyr/params.h>

enum {
	BLOCK_HEAD = 8,
	BLOCK_TRAILER = 4,
	HEAD = sizeof(ss_plugin_event),
	HEAD_V1 = HEAD - 4,
	TYPE_OFFSET = 20,
	BODY_MAX = 65536, /* of a block that is not a large one, without its type */
	CODE_NOTIFICATION = 280,
	CODE_INFRASTRUCTURE = 286,
};

static uint32_t offset_of(const struct scap_event_block *b)
{
	return BLOCK_HEAD + 2 + (b->has_flags ? 4 : 0);
}

uint16_t scap_event_code(const struct scap_event_block *b)
{
	const uint32_t at = offset_of(b) + TYPE_OFFSET;
	uint16_t code;

	if (b->size < at + sizeof code + BLOCK_TRAILER)
		return UINT16_MAX;
	memcpy(&code, b->bytes + at, sizeof code);
	return code;
}

/* How many parameters an event of version 1 has: as many of its type's as make up its length. -1
 * when no number does. */
static int count_params(const uint8_t *event, uint32_t len, uint16_t code)
{
	uint32_t n;

	(void)gyr_event_params(code, &n);
	for (; (int)n >= 0; n--) {
		uint32_t sum = HEAD_V1 + 2 * n;

		if (sum > len)
			continue;
		for (uint32_t i = 0; i < n; i++) {
			uint16_t one;

			memcpy(&one, event + HEAD_V1 + 2 * i, sizeof one);
			sum += one;
		}
		if (sum == len)
			return (int)n;
		if (sum < len)
			return -1;
		if (n == 0)
			break;
	}
	return -1;
}

/* @at: where the event is, with at least 4 bytes before it. */
static int read_v1(uint8_t *at, uint32_t room, ss_plugin_event **ret_evt, const char **ret_error)
{
	uint32_t len, n_params;
	uint16_t code;
	int n;

	memcpy(&len, at + 16, sizeof len);
	memcpy(&code, at + TYPE_OFFSET, sizeof code);
	if (code == CODE_NOTIFICATION || code == CODE_INFRASTRUCTURE)
		len -= 3; /* writers of that time counted 3 too many */
	if (len < HEAD_V1 || len > room) {
		*ret_error = "the length of an event does not fit its block";
		return -EBADMSG;
	}
	n = gyr_event_is_large(code) ? -1 : count_params(at, len, code);
	if (n < 0) {
		*ret_error = "the lengths of an event's parameters do not add up";
		return -EBADMSG;
	}
	memmove(at - 4, at, HEAD_V1);
	len += 4;
	n_params = (uint32_t)n;
	memcpy(at - 4 + 16, &len, sizeof len);
	memcpy(at - 4 + HEAD_V1, &n_params, sizeof n_params);
	*ret_evt = (ss_plugin_event *)(void *)(at - 4);
	return 0;
}

/* Where the last parameter of @evt ends, as its lengths say; 0 when they do not fit into it. */
static uint32_t extent(const ss_plugin_event *evt)
{
	const uint8_t *lengths = (const uint8_t *)(evt + 1);
	const uint32_t width = gyr_event_is_large(evt->type) ? 4 : 2;
	uint64_t sum = HEAD;

	if (evt->nparams > (evt->len - HEAD) / width)
		return 0;
	sum += (uint64_t)evt->nparams * width;
	for (uint32_t i = 0; i < evt->nparams; i++) {
		uint32_t len = 0;

		if (width == 2) /* a copy of known size is one load */
			memcpy(&len, lengths + 2 * i, 2);
		else
			memcpy(&len, lengths + 4 * i, 4);
		sum += len;
	}
	return sum <= evt->len ? (uint32_t)sum : 0;
}

static int read_v2(uint8_t *at, uint32_t room, ss_plugin_event **ret_evt, const char **ret_error)
{
	ss_plugin_event *evt = (void *)at;
	uint32_t len;

	if (evt->len < HEAD || evt->len > room) {
		*ret_error = "the length of an event does not fit its block";
		return -EBADMSG;
	}
	len = extent(evt);
	if (!len) {
		*ret_error = "the parameters of an event do not fit into it";
		return -EBADMSG;
	}
	evt->len = len;
	*ret_evt = evt;
	return 0;
}

int scap_event_read(const struct scap_event_block *b, struct scap_event *ret_event,
		    const char **ret_error)
{
	const uint32_t at = offset_of(b), head = b->version == 1 ? HEAD_V1 : HEAD;
	uint32_t room;

	if (b->size < at + head + BLOCK_TRAILER) {
		*ret_error = "the block is too short for an event";
		return -EBADMSG;
	}
	if (!b->is_large && b->size - BLOCK_HEAD > BODY_MAX) {
		*ret_error = "the block is too long for its kind";
		return -EBADMSG;
	}
	if (scap_event_code(b) >= gyr_event_count())
		return SCAP_EVENT_E_UNKNOWN;
	room = b->size - at - BLOCK_TRAILER;
	memcpy(&ret_event->cpu, b->bytes + BLOCK_HEAD, sizeof ret_event->cpu);
	ret_event->flags = 0;
	if (b->has_flags)
		memcpy(&ret_event->flags, b->bytes + BLOCK_HEAD + 2, sizeof ret_event->flags);
	return b->version == 1 ? read_v1(b->bytes + at, room, &ret_event->evt, ret_error)
			       : read_v2(b->bytes + at, room, &ret_event->evt, ret_error);
}

void scap_event_put_cpu(ss_plugin_event *evt, uint16_t cpu)
{
	if (evt->type == GYR_EVENT_PLUGIN || evt->type == GYR_EVENT_ASYNC)
		return; /* their lengths must add up */
	memcpy((uint8_t *)evt + evt->len, &cpu, sizeof cpu);
	evt->len += (uint32_t)sizeof cpu;
}

bool scap_event_is_enter(uint16_t code)
{
	enum { CATEGORY_SYSCALL = 0x200 };

	return !(code & 1) && gyr_event(code)->category & CATEGORY_SYSCALL;
}
