/*
 * described: a source of system call events that are written down in JSON, one object a line, rather
 * than recorded. Tests of rules are written with it.
 *
 * A line with a `process` is a world of its own: everything known before is forgotten, the process
 * and its ancestors are told, what happened `before` is told without being shown to rules, and then
 * comes the event. A line without goes on in the world of the line before it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/plugin.h>
#include <gyr/scapmetawrite.h>
#include <json-c/json.h>

#include "bytes.h"
#include "happening.h"
#include "process.h"

enum {
	LINE_MAX_BYTES = 4 << 20,
	DEPTH_MAX = 64,
	STEP_MS = 1000, /* between events, and before one, where it is not said */
};

static const uint64_t FIRST_TS = 1715677200000000000; /* 2024-05-14 09:00:00 UTC */

struct described {
	const char *path;
	FILE *file;
	char *line;
	size_t line_cap;
	uint64_t n_lines, ts;
	json_object *process; /* of the world in hand; NULL: none yet */
	json_tokener *tokener;
	struct bytes event;
};

static int described_open(struct gyr *p, void *inst, const char *params)
{
	struct described *d = inst;

	(void)params;
	d->ts = FIRST_TS;
	d->tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!d->tokener)
		return gyr_fail(p, -ENOMEM, "open: out of memory");
	d->file = strcmp(d->path, "-") != 0 ? fopen(d->path, "re") : stdin;
	if (!d->file)
		return gyr_fail(p, -errno, "open: '%s': %s", d->path, strerror(errno));
	return 0;
}

static void described_close(struct gyr *p, void *inst)
{
	struct described *d = inst;

	(void)p;
	if (d->file && d->file != stdin)
		(void)fclose(d->file);
	json_object_put(d->process);
	if (d->tokener)
		json_tokener_free(d->tokener);
	bytes_deinit(&d->event);
	free(d->line);
}

static int tell_users(json_object *users, struct gyr_batch *out)
{
	const struct gyr_meta_text none = {.p = "", .len = 0};
	struct gyr_meta_user root = {.name = {"root", 4}, .home = {"/root", 5}, .shell = none};
	int r = record_emit(GYR_META_SHAPE(GYR_META_USER, root, name), out);

	if (!json_object_is_type(users, json_type_object))
		return r;
	json_object_object_foreach(users, key, value)
	{
		const char *name = json_object_get_string(value);
		struct gyr_meta_user user = {
			.uid = (uint32_t)strtoul(key, NULL, 10), .home = none, .shell = none};

		user.gid = user.uid;
		user.name = (struct gyr_meta_text){.p = name ? name : "",
						   .len = name ? strlen(name) : 0};
		r = r ? r : record_emit(GYR_META_SHAPE(GYR_META_USER, user, name), out);
	}
	return r;
}

static int check_keys(json_object *json, const char *const *keys, struct fault *f)
{
	if (!json_object_is_type(json, json_type_object))
		return fault_set(f, "an event is an object");
	json_object_object_foreach(json, key, value)
	{
		size_t i = 0;

		(void)value;
		while (keys[i] && strcmp(keys[i], key) != 0)
			i++;
		if (!keys[i])
			return fault_set(f, "an event has no '%.40s'", key);
	}
	return 0;
}

/* The world as it was when the event of @json began. */
static int tell_world(struct described *d, json_object *json, struct gyr_batch *out,
		      struct fault *f)
{
	json_object *users = NULL;
	int r = record_emit(GYR_META_MARK(GYR_META_SECTION), out);

	(void)json_object_object_get_ex(json, "users", &users);
	r = r ? r : process_tell(d->process, out, f);
	r = r ? r : record_emit(GYR_META_MARK(GYR_META_LINK), out);
	r = r ? r : tell_users(users, out);
	return r ? r : record_emit(GYR_META_MARK(GYR_META_READY), out);
}

/* Makes the event of @json at @ts, which happens to @process, in d->event. */
static int make_event(struct described *d, json_object *json, json_object *process, uint64_t ts,
		      struct fault *f)
{
	struct process p;
	int r = process_read(process, 0, &p, f);

	bytes_reset(&d->event);
	if (r == 0)
		r = happening_put(json, &p, ts, &d->event, f);
	process_deinit(&p);
	return r;
}

/* Events that change the world, and that rules do not see. */
static int emit_before(struct described *d, json_object *list, struct gyr_batch *out,
		       struct fault *f)
{
	static const char *const keys[] = {"type", "args", "process", "ago_ms", "cpu", NULL};
	json_object *one, *ago, *process;
	int r = 0;

	if (!json_object_is_type(list, json_type_array))
		return fault_set(f, "'before' is a list of events");
	for (size_t i = 0; i < json_object_array_length(list) && r == 0; i++) {
		uint64_t ms = STEP_MS;

		one = json_object_array_get_idx(list, i);
		r = check_keys(one, keys, f);
		if (r == 0 && json_object_object_get_ex(one, "ago_ms", &ago))
			ms = (uint64_t)json_object_get_int64(ago);
		if (r == 0 && !json_object_object_get_ex(one, "process", &process))
			process = d->process;
		r = r ? r : make_event(d, one, process, d->ts - ms * 1000000, f);
		r = r ? r : record_emit(GYR_META_HIDE((ss_plugin_event *)(void *)d->event.p), out);
	}
	return r;
}

static int emit_line(struct described *d, json_object *json, struct gyr_batch *out, struct fault *f)
{
	static const char *const keys[] = {"type",   "args", "process", "users",
					   "before", "time", "cpu",     NULL};
	json_object *process = NULL, *before, *time;
	int r = check_keys(json, keys, f);

	if (r)
		return r;
	d->ts += STEP_MS * 1000000ULL;
	if (json_object_object_get_ex(json, "time", &time))
		d->ts = (uint64_t)json_object_get_int64(time);
	if (json_object_object_get_ex(json, "process", &process) || !d->process) {
		json_object_put(d->process);
		d->process = process ? json_object_get(process) : json_object_new_object();
		r = tell_world(d, json, out, f);
	}
	if (r == 0 && json_object_object_get_ex(json, "before", &before))
		r = emit_before(d, before, out, f);
	r = r ? r : make_event(d, json, d->process, d->ts, f);
	return r ? r : gyr_emit_raw(out, d->event.p, d->event.len);
}

/* Reads on to the next line that is not blank: its length, 0 at the end; negative errno. */
static ssize_t next_line(struct gyr *p, struct described *d)
{
	ssize_t len;

	do {
		len = getline(&d->line, &d->line_cap, d->file);
		d->n_lines++;
	} while (len > 0 && strspn(d->line, " \t\r\n") == (size_t)len);
	if (len < 0)
		return ferror(d->file) ? gyr_fail(p, -EIO, "'%s': %s", d->path, strerror(errno))
				       : 0;
	if (len > LINE_MAX_BYTES)
		return gyr_fail(p, -EMSGSIZE, "'%s', line %llu: longer than %d bytes", d->path,
				(unsigned long long)d->n_lines, LINE_MAX_BYTES);
	return len;
}

static int described_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct described *d = inst;
	struct fault f = {.text = "out of memory"};
	json_object *json;
	ssize_t len = next_line(p, d);
	int r;

	if (len <= 0)
		return len ? (int)len : GYR_EOF;
	json_tokener_reset(d->tokener);
	json = json_tokener_parse_ex(d->tokener, d->line, (int)len);
	if (!json_object_is_type(json, json_type_object))
		r = fault_set(&f, "no JSON object: %s",
			      json_tokener_error_desc(json_tokener_get_error(d->tokener)));
	else
		r = emit_line(d, json, out, &f);
	json_object_put(json);
	if (r < 0)
		return gyr_fail(p, r, "'%s', line %llu: %s", d->path,
				(unsigned long long)d->n_lines, f.text);
	return 0;
}

PLUGIN(.name = "described", .version = "0.1.0",
       .description = "System call events as described in JSON, for tests of rules",
       .contact = "the Gyr authors");
PLUGIN_SOURCE(.instance_size = sizeof(struct described),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(
				      struct described, path, NULL,
				      "file of events, one JSON object a line; - is standard input",
				      .bare = true, .required = true),
			      {0}},
	      .open = described_open, .close = described_close, .next = described_next);
