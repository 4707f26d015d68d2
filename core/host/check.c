#include "host/check.h"

#include <string.h>

static uint64_t length_at(const ss_plugin_event *evt, uint32_t i)
{
	uint32_t n;

	memcpy(&n, (const char *)(evt + 1) + (size_t)i * 4, sizeof n);
	return n;
}

static bool check_known(const ss_plugin_event *evt, uint32_t nparams)
{
	uint64_t total = sizeof *evt + 4ULL * nparams;
	const char *name;

	if (evt->nparams != nparams || evt->len < total)
		return false;
	for (uint32_t i = 0; i < nparams; i++)
		total += length_at(evt, i);
	if (total != evt->len || length_at(evt, 0) != 4)
		return false;
	if (nparams == 2)
		return true;
	name = (const char *)(evt + 1) + 16;
	return length_at(evt, 1) > 0 &&
	       memchr(name, 0, (size_t)length_at(evt, 1)) == name + length_at(evt, 1) - 1;
}

bool check_event(const ss_plugin_event *evt)
{
	if (evt->type == GYR_EVENT_PLUGIN)
		return check_known(evt, 2);
	if (evt->type == GYR_EVENT_ASYNC)
		return check_known(evt, 3);
	return check_head(evt);
}
