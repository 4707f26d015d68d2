/* scap: any bytes as a recording; every event that comes out must be well-formed, and the same whether
 * events are taken one by one or many at once. */
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

/* What came out of one reading. */
struct sum {
	uint64_t hash, n;
	int end;
	char error[256];
};

static void add(struct sum *sum, const ss_plugin_event *evt)
{
	const uint8_t *bytes = (const uint8_t *)evt;

	check(evt);
	for (uint32_t i = 0; i < evt->len; i++)
		sum->hash = (sum->hash ^ bytes[i]) * 0x100000001b3ULL;
	sum->n++;
}

static struct sum read_all(const uint8_t *data, size_t size, uint32_t at_once)
{
	struct sum sum = {0};
	ss_plugin_event *events[64];
	struct scap *s;
	int r = 0;

	if (scap_open_memory(data, size, &s))
		return sum;
	for (uint32_t i = 0; sum.n < EVENTS_MAX && (r == 0 || r == SCAP_E_RECYCLE); i++) {
		uint32_t n = 0;

		if (at_once > 1)
			r = scap_next_some(s, events, at_once, &n);
		else
			n = (r = scap_next(s, &events[0])) == 0;
		for (uint32_t k = 0; k < n; k++)
			add(&sum, events[k]);
		if (r == SCAP_E_RECYCLE || i % RECYCLE_EVERY == 0)
			scap_recycle(s);
	}
	if (r < 0 && !*scap_error(s))
		abort();
	sum.end = r;
	memcpy(sum.error, scap_error(s), strlen(scap_error(s)));
	(void)scap_close(s);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sum one = read_all(data, size, 1), many = read_all(data, size, 64);

	if (one.n < EVENTS_MAX && memcmp(&one, &many, sizeof one) != 0)
		abort();
	return 0;
}
