#include "host/record.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "host/check.h"

enum { NAME_OFFSET = 42 }; /* head 26, three lengths of 4, plugin ID 4 */

static const char prefix[] = "gyr.", hidden[] = "gyr.hidden";

static uint32_t u32_at(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

int record_open(ss_plugin_event *evt, ss_plugin_event **ret_event)
{
	char *bytes = (char *)evt;
	uint32_t name_len, len;
	ss_plugin_event *inner;

	if (evt->type != GYR_EVENT_ASYNC || u32_at(bytes + NAME_OFFSET - 4) != 0)
		return 0;
	name_len = u32_at(bytes + 30);
	if (name_len < sizeof prefix || memcmp(bytes + NAME_OFFSET, prefix, sizeof prefix - 1) != 0)
		return 0;
	if (name_len != sizeof hidden || memcmp(bytes + NAME_OFFSET, hidden, sizeof hidden) != 0)
		return RECORD_E_STATE;
	len = u32_at(bytes + 34);
	inner = (void *)(bytes + NAME_OFFSET + name_len);
	if (len < sizeof *inner || inner->len != len || !check_event(inner))
		return -EBADMSG;
	*ret_event = inner;
	return RECORD_E_HIDDEN;
}
