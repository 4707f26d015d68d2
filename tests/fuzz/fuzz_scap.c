/* scap: any bytes as a recording; every event that comes out must be well-formed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/params.h>
#include <gyr/scapmeta.h>

#include "scap.h"

enum { EVENTS_MAX = 100000, RECYCLE_EVERY = 7 };

static void check(const ss_plugin_event *evt)
{
	struct gyr_params params;
	struct gyr_meta_proc proc;

	if (gyr_params_read(evt, &params))
		abort();
	if (evt->type != GYR_EVENT_ASYNC || params.n != 3)
		return;
	if (strcmp(gyr_param_str(&params, 1, ""), GYR_META_PROC) == 0 &&
	    !gyr_param_u64(&params, 0, 0))
		(void)GYR_META_READ(params.at[2].data, params.at[2].len, &proc, comm);
	if (strcmp(gyr_param_str(&params, 1, ""), GYR_META_HIDDEN) == 0 && params.at[2].len >= 26)
		(void)gyr_params_read((const void *)params.at[2].data, &params);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scap *s;
	ss_plugin_event *evt;
	int r = 0;

	if (scap_open_memory(data, size, &s))
		return 0;
	for (int i = 0; i < EVENTS_MAX && (r == 0 || r == SCAP_E_RECYCLE); i++) {
		r = scap_next(s, &evt);
		if (r == 0)
			check(evt);
		if (r == SCAP_E_RECYCLE || i % RECYCLE_EVERY == 0)
			scap_recycle(s);
	}
	if (r < 0 && !*scap_error(s))
		abort();
	(void)scap_close(s);
	return 0;
}
