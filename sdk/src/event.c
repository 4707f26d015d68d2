/*
 * event: the view over an event's bytes that callbacks get.
 *
 * The head is certain, everything behind it is checked against `len`: an event may come from a
 * damaged recording.
 */
#include "sdk.h"

#include <string.h>

enum {
	HEAD = sizeof(ss_plugin_event),
	ASYNC_ID = HEAD + 3 * 4,
	ASYNC_NAME = ASYNC_ID + 4,
};

static uint32_t read_u32(const void *raw, size_t at)
{
	uint32_t n;

	memcpy(&n, (const unsigned char *)raw + at, sizeof n);
	return n;
}

static int decode_plugin(const ss_plugin_event *raw, struct gyr_event *e)
{
	if (raw->len < PLUGIN_EVENT_PAYLOAD_OFFSET || raw->nparams != 2 || read_u32(raw, HEAD) != 4)
		return -EBADMSG;

	const uint32_t len = read_u32(raw, HEAD + 4);
	if (len > raw->len - PLUGIN_EVENT_PAYLOAD_OFFSET)
		return -EBADMSG;
	e->plugin_id = read_u32(raw, HEAD + 8);
	e->data = (const unsigned char *)raw + PLUGIN_EVENT_PAYLOAD_OFFSET;
	e->len = len;
	return 0;
}

static int decode_async(const ss_plugin_event *raw, struct gyr_event *e)
{
	if (raw->len < ASYNC_NAME || raw->nparams != 3 || read_u32(raw, HEAD) != 4)
		return -EBADMSG;

	const uint32_t name_len = read_u32(raw, HEAD + 4), len = read_u32(raw, HEAD + 8);
	const uint32_t left = raw->len - ASYNC_NAME;
	if (name_len == 0 || name_len > left || len > left - name_len)
		return -EBADMSG;

	const char *name = (const char *)raw + ASYNC_NAME;
	if (name[name_len - 1] != '\0')
		return -EBADMSG;
	e->plugin_id = read_u32(raw, ASYNC_ID);
	e->name = name;
	e->data = name + name_len;
	e->len = len;
	return 0;
}

int gyr__event_decode_payload(struct gyr_event *e)
{
	return e->type == GYR_EVENT_PLUGIN ? decode_plugin(e->raw, e) : decode_async(e->raw, e);
}

int gyr_event_view(const ss_plugin_event_input *evt, struct gyr_event *ret)
{
	return gyr__event_decode(evt, ret);
}

int gyr_read(const struct gyr_event *evt, void *ret, size_t size)
{
	if (evt->len != size)
		return -EBADMSG;
	memcpy(ret, evt->data, size);
	return 0;
}
