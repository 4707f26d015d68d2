/*
 * replay: a source that plays back what was recorded: system call events, events of other plugins,
 * audit records in lines of JSON.
 *
 * Everything about the formats is in scap.h and jsonl.h; which of the two a file is, its first byte
 * says. This is the way of their events into batches: those of a capture stay in the reader's window,
 * which may move on when a new batch begins.
 */
#include <errno.h>
#include <string.h>

#include <gyr/json.h>
#include <gyr/plugin.h>

#include "jsonl.h"
#include "scap.h"

enum {
	EVENTS_A_CALL = 128,
	MAX_NOTES = 20, /* lines in the log about what is skipped */
};

struct replay_state {
	struct jsonl_stats stats;
};

struct replay {
	const char *path, *source;
	uint64_t max_line;
	struct gyr *p;
	struct scap *scap;   /* a capture, or: */
	struct jsonl *jsonl; /* lines of JSON */
	unsigned n_notes;
};

/* What is skipped of lines. */
static void note(void *arg, uint64_t line, const char *why)
{
	struct replay *x = arg;

	if (x->n_notes == MAX_NOTES)
		return;
	x->n_notes++;
	gyr_log(x->p, GYR_WARN, "'%s': line %llu: %s", x->path, (unsigned long long)line, why);
	if (x->n_notes == MAX_NOTES)
		gyr_log(x->p, GYR_WARN,
			"more of the recording is skipped; from here on it is only counted");
}

static bool is_json(const struct replay *x, struct scap_stream *stream)
{
	const int first = scap_stream_peek(stream);

	return *x->source || first == '{' || first == '[';
}

static int replay_open(struct gyr *p, void *inst, const char *params)
{
	struct replay *x = inst;
	struct replay_state *s = gyr_state(p);
	struct scap_stream *stream;
	int r = scap_stream_open(x->path, &stream);

	(void)params;
	x->p = p;
	if (r == 0 && is_json(x, stream))
		r = jsonl_open(stream,
			       &(struct jsonl_setup){.source = x->source,
						     .max_line = x->max_line,
						     .note = note,
						     .arg = x,
						     .stats = &s->stats},
			       &x->jsonl);
	else if (r == 0)
		r = scap_open_stream(stream, &x->scap);
	if (r == -EINVAL && *x->source)
		return gyr_fail(
			p, r,
			"open: '%s' is no source whose records can be played back from JSON; "
			"'%s' and '%s' are",
			x->source, jsonl_kind_at(0)->source, jsonl_kind_at(1)->source);
	return r ? gyr_fail(p, r, "open: recording '%s': %s", x->path, strerror(-r)) : 0;
}

static void replay_close(struct gyr *p, void *inst)
{
	struct replay *x = inst;

	(void)p;
	x->scap = scap_close(x->scap);
	x->jsonl = jsonl_close(x->jsonl);
}

static void replay_begin(struct gyr *p, void *inst)
{
	struct replay *x = inst;

	(void)p;
	if (x->scap)
		scap_recycle(x->scap);
}

/* An event of the plugin that makes such events of such records. */
static int emit(const struct jsonl_record *rec, struct gyr_batch *out)
{
	const struct gyr_json *v = &rec->value;
	char *data = gyr_emit_begin(out, (size_t)v->len + 2);
	size_t len = v->len;
	int r;

	if (!data)
		return -ENOMEM;
	if (!rec->kind->is_compact || gyr_json_compact(v, data, &len)) {
		memcpy(data, v->p, v->len);
		len = v->len;
	}
	r = gyr_emit_end(out, rec->ts, len);
	/* The ID stands in front of the data. */
	if (r == 0)
		memcpy(data - sizeof rec->kind->id, &rec->kind->id, sizeof rec->kind->id);
	return r;
}

static int next_line(struct gyr *p, struct replay *x, struct gyr_batch *out)
{
	struct jsonl_record rec;
	int r = jsonl_next(x->jsonl, &rec);

	if (r == 0)
		r = emit(&rec, out);
	if (r == JSONL_E_EOF)
		return GYR_EOF;
	if (r == JSONL_E_STRETCH)
		return GYR_TIMEOUT;
	return r < 0 ? gyr_fail(p, r, "recording '%s': line %llu: %s", x->path,
				(unsigned long long)jsonl_line(x->jsonl),
				*jsonl_error(x->jsonl) ? jsonl_error(x->jsonl) : strerror(-r))
		     : 0;
}

static int replay_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct replay *x = inst;
	ss_plugin_event *events[EVENTS_A_CALL];
	uint32_t n;
	int r, emitted;

	if (x->jsonl)
		return next_line(p, x, out);
	r = scap_next_some(x->scap, events, EVENTS_A_CALL, &n);
	emitted = gyr_emit_refs(out, events, n);
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
	if (!x->jsonl)
		return scap_progress(x->scap);
	gyr_text_addf(out, "line %llu", (unsigned long long)jsonl_line(x->jsonl));
	return jsonl_progress(x->jsonl);
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

/* The plugin whose event comes first: a capture that was made of a plugin's events has no others. */
static uint32_t carried_by_capture(struct scap_stream *stream, uint32_t *ret_id)
{
	ss_plugin_event *events[EVENTS_A_CALL];
	struct scap *scap = NULL;
	uint32_t n = 0;
	int r = 0;

	*ret_id = 0;
	if (scap_open_stream(stream, &scap))
		return 0;
	while ((r == 0 || r == SCAP_E_RECYCLE) && !first_id(events, n, ret_id)) {
		scap_recycle(scap);
		r = scap_next_some(scap, events, EVENTS_A_CALL, &n);
	}
	if (r < 0 || r == SCAP_E_EOF)
		(void)first_id(events, n, ret_id);
	(void)scap_close(scap);
	return *ret_id != 0;
}

/* Lines of JSON may be of any kind that is known, unless one is named. */
static uint32_t carried_by_lines(const struct replay *x, uint32_t *ret_ids, uint32_t cap)
{
	const struct jsonl_kind *k;
	uint32_t n = 0;

	for (unsigned i = 0; (k = jsonl_kind_at(i)) && n < cap; i++)
		if (!*x->source || k == jsonl_kind_of(x->source))
			ret_ids[n++] = k->id;
	return n;
}

static uint32_t replay_carries(struct gyr *p, void *inst, uint32_t *ret_ids, uint32_t cap)
{
	const struct replay *x = inst;
	struct scap_stream *stream;

	(void)p;
	if (!cap)
		return 0;
	if (*x->source)
		return carried_by_lines(x, ret_ids, cap);
	/* Of standard input there is one reading. */
	if (!strcmp(x->path, "-") || scap_stream_open(x->path, &stream))
		return 0;
	if (!is_json(x, stream))
		return carried_by_capture(stream, ret_ids);
	(void)scap_stream_close(stream);
	return carried_by_lines(x, ret_ids, cap);
}

static uint32_t replay_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct jsonl_stats *s = &((struct replay_state *)gyr_state(p))->stats;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
#define X(name) {#name, s->name},
		JSONL_COUNTERS(X)
#undef X
	};
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows && n < cap; i++) {
		if (!rows[i].value)
			continue;
		ret[n++] = (ss_plugin_metric){.name = rows[i].name,
					      .type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
					      .value.u64 = rows[i].value,
					      .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
	}
	return n;
}

PLUGIN(.name = "replay", .version = "0.1.0",
       .description = "Plays back recordings of system call events, plugin events and audit logs",
       .contact = "the Gyr authors", .state_size = sizeof(struct replay_state),
       .metrics = replay_metrics);
PLUGIN_SOURCE(.instance_size = sizeof(struct replay),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct replay, path, NULL,
					  "recording to read; - is standard input", .bare = true,
					  .required = true),
			      GYR_OPT_STR(
				      struct replay, source, "",
				      "the file is JSON lines, all of this event source; empty: "
				      "what it is and whose, its content says"),
			      GYR_OPT_U64(struct replay, max_line, "16777216",
					  "bytes of a line of JSON; longer ones are skipped and "
					  "counted",
					  .min = 1024, .max = 1 << 30),
			      {0}},
	      .open = replay_open, .close = replay_close, .begin = replay_begin,
	      .next = replay_next, .progress = replay_progress);
PLUGIN_SOURCE_CARRIES(replay_carries);
