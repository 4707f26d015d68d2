#include "host/eventtext.h"

#include <stdio.h>

#include "host/symbols.h"

enum { SHOWN = 50 };

static uint32_t read_u32(const char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof n);
	return n;
}

uint32_t eventtext_plugin_id(const ss_plugin_event *evt)
{
	const char *p = (const char *)evt;
	size_t at = sizeof *evt + (evt->type == GYR_EVENT_ASYNC ? 12 : 8);

	return evt->len < at + 4 ? 0 : read_u32(p + at);
}

/* The data of the event: its last parameter. */
static struct str payload(const ss_plugin_event *evt)
{
	const char *p = (const char *)evt;
	size_t at = PLUGIN_EVENT_PAYLOAD_OFFSET;

	if (evt->type == GYR_EVENT_ASYNC && evt->len >= 42)
		at = (size_t)42 + read_u32(p + 30);
	return at > evt->len ? (struct str){p, 0} : (struct str){p + at, evt->len - at};
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return true;
}

const char *eventtext_get(struct instance *i, const ss_plugin_event_input *in, char *line,
			  size_t size)
{
	const plugin_api *a = &i->module->symbols->api;
	const char *text = a->event_to_string && i->module->id && i->state
				   ? a->event_to_string(i->state, in)
				   : NULL;
	struct str data = payload(in->evt), head = data;

	if (text && *text)
		return text;
	if (head.len > SHOWN)
		head.len = SHOWN;
	if (is_printable(head))
		(void)snprintf(line, size, "datalen=%zu data=%.*s%s", data.len, STR_FMT(head),
			       data.len > SHOWN ? "..." : "");
	else
		(void)snprintf(line, size, "datalen=%zu data=<binary>", data.len);
	return line;
}
