/*
 * auditbody on any body in any chunks: what comes into the queue does not depend on where the chunks
 * end, and all of it is JSON within the bounds. The first byte is the size of the chunks, the second
 * says whether a cluster is named.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/json.h>

#include "auditbody.h"

enum {
	MAX_EVENT = 300,
	QUEUE = 4096,
};

struct digest {
	uint64_t hash, n;
	enum auditbody_outcome outcome;
	uint64_t last;
};

static void on_note(void *ctx, uint64_t offset, const char *why)
{
	(void)ctx;
	(void)offset;
	(void)why;
}

static void feed(struct auditbody *b, const uint8_t *data, size_t n)
{
	char *chunk = malloc(n);

	if (!chunk)
		abort();
	memcpy(chunk, data, n);
	auditbody_feed(b, chunk, n);
	free(chunk);
}

static void drain(struct eventq *q, struct digest *d)
{
	ss_plugin_event *e;

	while ((e = eventq_take(q, 0)) != NULL) {
		const char *p = (const char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET;
		const size_t len = e->len - PLUGIN_EVENT_PAYLOAD_OFFSET;
		struct gyr_json v;

		if (len > MAX_EVENT + AUDITEDIT_MORE || gyr_json_value(p, len, &v) ||
		    v.type != GYR_JSON_OBJECT)
			abort();
		for (size_t i = 0; i < len; i++)
			d->hash = (d->hash ^ (unsigned char)p[i]) * 0x100000001b3U;
		d->n++;
	}
	eventq_release(q);
}

static struct digest run(const uint8_t *data, size_t len, size_t chunk, const char *cluster)
{
	struct webhook_stats stats = {0};
	struct auditintake in = {.max_event = MAX_EVENT,
				 .max_held = 1 << 20,
				 .seen = seen_new(4),
				 .stats = &stats,
				 .note = on_note};
	struct digest d = {0};
	struct auditbody b;

	if (!in.seen || eventq_new(QUEUE, 1, &in.queue) < 0 || auditintake_init(&in) < 0)
		abort();
	auditbody_init(&b, &in);
	auditbody_begin(&b, cluster);
	for (size_t at = 0; at < len; at += chunk)
		feed(&b, data + at, len - at < chunk ? len - at : chunk);
	auditbody_end(&b, true);
	drain(in.queue, &d);
	d.outcome = b.outcome;
	d.last = b.last_number;
	auditbody_deinit(&b);
	if (in.held)
		abort();
	auditintake_deinit(&in);
	in.queue = eventq_free(in.queue);
	in.seen = seen_free(in.seen);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct digest whole, parts;
	const char *cluster;

	if (len < 3)
		return 0;
	cluster = data[1] & 1 ? "prod-1" : NULL;
	whole = run(data + 2, len - 2, len, cluster);
	parts = run(data + 2, len - 2, (size_t)data[0] % 16 + 1, cluster);
	if (whole.hash != parts.hash || whole.n != parts.n || whole.outcome != parts.outcome ||
	    whole.last != parts.last)
		abort();
	return 0;
}
