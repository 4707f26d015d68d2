/*
 * flight: a file from a match to a deadline.
 */
#include "run/flight.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/dump.h"
#include "route/notice.h"
#include "run/recorder.h"

#define RULE_LIMIT "Falco internal: capture size limit reached"

enum { NS_PER_MS = 1000000, BLOCK_BYTES = 32 /* around an event in the file, about */ };

int flight_configure(const struct config *c, struct flight_setup *ret, struct err *err)
{
	*ret = (struct flight_setup){
		.is_on = config_bool(c, "capture.enabled"),
		.is_for_all = strcmp(config_str(c, "capture.mode"), "all_rules") == 0,
		.prefix = config_str(c, "capture.path_prefix"),
		.duration_ms = config_u64(c, "capture.default_duration"),
		.max_mb = config_u64(c, "capture.max_file_size_mb"),
	};
	if (strlen(ret->prefix) + 64 <= FLIGHT_PATH_MAX)
		return 0;
	err_set(err, 0, 0, "capture.path_prefix is longer than %d bytes", FLIGHT_PATH_MAX - 64);
	return -EINVAL;
}

static uint64_t size_of(const ss_plugin_event *evt)
{
	return evt->len + BLOCK_BYTES;
}

static bool has_room(const struct flight *f, uint64_t len)
{
	return !f->setup.max_mb || f->bytes + len <= f->setup.max_mb * 1000000;
}

/* What does not fit is left out: the event after it does not either, and ends the file. */
static void flight_head(void *ctx, const ss_plugin_event *evt)
{
	struct flight *f = ctx;

	if (has_room(f, size_of(evt)))
		recorder_head(f->recorder, evt);
	f->bytes += size_of(evt);
}

/* The names sort as the events came: both numbers have twenty digits. */
static void flight_open(struct flight *f, const struct event *evt)
{
	struct err err = ERR_NULL;

	(void)snprintf(f->path, sizeof(f->path), "%s_%020" PRIu64 "_%020" PRIu64 ".scap",
		       f->setup.prefix, evt->ts, evt->num);
	f->bytes = 0;
	if (recorder_new(f->path, &f->recorder, &err) == 0) {
		dump_state(f->instances, f->n_instances, flight_head, f);
		return;
	}
	f->recorder = NULL;
	if (!f->has_failed)
		log_error(f->log, "capture: %s", err.text);
	f->has_failed = true;
}

void flight_match(struct flight *f, const struct rule *rule, const struct event *evt)
{
	uint64_t ms = rule->capture_duration_ms ? rule->capture_duration_ms : f->setup.duration_ms;
	uint64_t until = evt->ts + ms * NS_PER_MS;

	if (!f->setup.is_on || !(f->setup.is_for_all || rule->capture))
		return;
	if (!f->recorder) {
		flight_open(f, evt);
		f->until_ts = until;
	}
	if (until > f->until_ts)
		f->until_ts = until;
}

void flight_close(struct flight *f)
{
	struct err err = ERR_NULL;

	if (recorder_close(f->recorder, &err) < 0)
		log_error(f->log, "capture: %s", err.text);
	f->recorder = NULL;
}

static void tell_limit(struct flight *f)
{
	char text[160], limit[24], bytes[24];
	struct notice_field fields[] = {
		{STR("max_file_size_mb"), {limit, 0}, false},
		{STR("written_bytes"), {bytes, 0}, false},
	};
	struct notice n = {.rule = RULE_LIMIT,
			   .priority = RULE_INFORMATIONAL,
			   .ts = notice_now(),
			   .n_fields = 2,
			   .fields = fields};

	n.text.p = text;
	n.text.len =
		(size_t)snprintf(text, sizeof(text),
				 RULE_LIMIT ". Configured limit: %" PRIu64 " MB.", f->setup.max_mb);
	fields[0].value.len = (size_t)snprintf(limit, sizeof(limit), "%" PRIu64, f->setup.max_mb);
	fields[1].value.len = (size_t)snprintf(bytes, sizeof(bytes), "%" PRIu64, f->bytes);
	pipeline_notice(f->pipeline, &n);
}

void flight_event(struct flight *f, const struct event *evt)
{
	const uint64_t len = size_of(evt->raw);

	if (!f->recorder)
		return;
	if (evt->ts > f->until_ts) {
		flight_close(f);
		return;
	}
	if (!has_room(f, len)) {
		flight_close(f);
		tell_limit(f);
		return;
	}
	recorder_event(f->recorder, evt);
	f->bytes += len;
}
