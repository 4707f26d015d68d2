/*
 * replay: a source that plays back a recording of system call events.
 *
 * Everything about the format is in scap.h. This is the way of its events into batches: they stay
 * in the reader's window, which may move on when a new batch begins.
 */
#include <string.h>

#include <gyr/plugin.h>

#include "scap.h"

enum { EVENTS_A_CALL = 128 };

struct replay {
	const char *path;
	struct scap *scap;
};

static int replay_open(struct gyr *p, void *inst, const char *params)
{
	struct replay *x = inst;
	char err[256];
	int r = scap_open(x->path, &x->scap, err, sizeof err);

	(void)params;
	return r ? gyr_fail(p, r, "open: %s", err) : 0;
}

static void replay_close(struct gyr *p, void *inst)
{
	struct replay *x = inst;

	(void)p;
	x->scap = scap_close(x->scap);
}

static void replay_begin(struct gyr *p, void *inst)
{
	struct replay *x = inst;

	(void)p;
	scap_recycle(x->scap);
}

static int replay_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct replay *x = inst;
	ss_plugin_event *events[EVENTS_A_CALL];
	uint32_t n;
	const int r = scap_next_some(x->scap, events, EVENTS_A_CALL, &n);
	const int emitted = gyr_emit_refs(out, events, n);

	if (emitted)
		return emitted;
	if (r == SCAP_E_RECYCLE)
		return GYR_TIMEOUT; /* there are events in hand: the batch is full */
	if (r == SCAP_E_EOF)
		return GYR_EOF;
	return r ? gyr_fail(p, r, "recording '%s': %s", x->path, scap_error(x->scap)) : 0;
}

static uint32_t replay_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	const struct replay *x = inst;

	(void)p;
	(void)out;
	return scap_progress(x->scap);
}

/* Whether there is an event among those that is none about state; the ID of its plugin, 0 for one of the
 * system. */
static bool first_id(ss_plugin_event *const *events, uint32_t n, uint32_t *ret_id)
{
	for (uint32_t i = 0; i < n; i++) {
		if (events[i]->type == GYR_EVENT_ASYNC)
			continue;
		*ret_id = 0;
		if (events[i]->type == GYR_EVENT_PLUGIN)
			memcpy(ret_id,
			       (char *)events[i] + PLUGIN_EVENT_PAYLOAD_OFFSET - sizeof *ret_id,
			       sizeof *ret_id);
		return true;
	}
	return false;
}

/* The plugin whose event comes first: a recording that was made of a plugin's events has no others. */
static uint32_t replay_carries(struct gyr *p, void *inst, uint32_t *ret_ids, uint32_t cap)
{
	const struct replay *x = inst;
	ss_plugin_event *events[EVENTS_A_CALL];
	struct scap *scap = NULL;
	char err[256];
	uint32_t n = 0, id = 0;
	int r = 0;

	(void)p;
	if (!cap || !strcmp(x->path, "-") || scap_open(x->path, &scap, err, sizeof err))
		return 0;
	while ((r == 0 || r == SCAP_E_RECYCLE) && !first_id(events, n, &id)) {
		scap_recycle(scap);
		r = scap_next_some(scap, events, EVENTS_A_CALL, &n);
	}
	if (r < 0 || r == SCAP_E_EOF)
		(void)first_id(events, n, &id);
	(void)scap_close(scap);
	*ret_ids = id;
	return id != 0;
}

PLUGIN(.name = "replay", .version = "0.1.0",
       .description = "Plays back recordings of system call events", .contact = "the Gyr authors");
PLUGIN_SOURCE(.instance_size = sizeof(struct replay),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct replay, path, NULL,
					  "recording to read; - is standard input", .bare = true,
					  .required = true),
			      {0}},
	      .open = replay_open, .close = replay_close, .begin = replay_begin,
	      .next = replay_next, .progress = replay_progress);
PLUGIN_SOURCE_CARRIES(replay_carries);
