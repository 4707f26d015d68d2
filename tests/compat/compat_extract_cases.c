/*
 * compat_extract_cases: field values of JSON events, as the Falco plugins give them.
 *
 *	compat_extract_cases [-v] DIR        DIR holds extract_cases.json
 *
 * Loads the built extractors by dlopen and speaks to them through the plugin ABI alone. Each case
 *is asked twice: all fields in one call, as our core asks, then one field a call, as Falco asks;
 *both answers must be the expected ones. "Set with no values" and "not set" are the same for a
 *host. Cases whose difference is a known defect of the original stand in known.txt with the reason.
 * Prints one line; exit status 1 when a case fails that is not listed, 2 for wrong usage.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gyr/abi.h"

enum { MAX_REQUESTS = 1024, MAX_KNOWN = 512 };

struct plugin {
	const char *family, *file, *source;
	void *lib;
	ss_plugin_t *state;
	struct json_object *fields; /* plugin_get_fields() */
	ss_plugin_rc (*extract)(ss_plugin_t *, const ss_plugin_event_input *,
				const ss_plugin_field_extract_input *);
};

static struct plugin plugins[] = {
	{.family = "extract.cloudtrail", .file = "cloudtrail_fields", .source = "aws_cloudtrail"},
	{.family = "extract.k8saudit", .file = "k8saudit_fields", .source = "k8s_audit"},
	{.family = "extract.json", .file = "json", .source = "any"},
};

struct request {
	char name[256], key[256];
	const char *asked;            /* as the case writes it */
	struct json_object *expected; /* NULL: absent */
};

struct run {
	bool is_verbose;
	char *known[MAX_KNOWN];
	uint32_t n_known, n_passed, n_failed, n_skipped, n_listed;
	struct request requests[MAX_REQUESTS];
	ss_plugin_extract_field fields[MAX_REQUESTS];
	uint32_t n;
	uint64_t evtnum;
};

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "compat_extract_cases: %s: %s\n", what, why);
	exit(2);
}

/* ---- plugins ---- */

static void *symbol(const struct plugin *p, const char *name)
{
	void *s = dlsym(p->lib, name);

	if (!s)
		die(p->file, dlerror());
	return s;
}

/* Opens and initialises it. */
static void plugin_open_library(struct plugin *p)
{
	char path[4096];
	ss_plugin_rc rc = SS_PLUGIN_SUCCESS;
	ss_plugin_init_input in = {.config = ""};
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);

	(void)snprintf(path, sizeof path, "%s/plugins/%s.so", BINARY_DIR, p->file);
	p->lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p->lib)
		die(path, dlerror());
	*(void **)&init = symbol(p, "plugin_init");
	p->state = init(&in, &rc);
	if (rc != SS_PLUGIN_SUCCESS)
		die(p->file, "plugin_init failed");
}

static void plugin_load(struct plugin *p)
{
	const char *(*get_fields)(void);

	plugin_open_library(p);
	*(void **)&get_fields = symbol(p, "plugin_get_fields");
	*(void **)&p->extract = symbol(p, "plugin_extract_fields");
	p->fields = json_tokener_parse(get_fields());
	if (!json_object_is_type(p->fields, json_type_array))
		die(p->file, "plugin_get_fields: not a JSON array");
}

static void plugin_unload(struct plugin *p)
{
	void (*destroy)(ss_plugin_t *);

	*(void **)&destroy = symbol(p, "plugin_destroy");
	destroy(p->state);
	(void)json_object_put(p->fields); /* NULL is fine */
	(void)dlclose(p->lib);
}

static const char *member(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static bool flag(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) && json_object_get_boolean(v);
}

/* Fills a request of the ABI for "name[key]"; false when the plugin has no such field. */
static bool request_resolve(const struct plugin *p, const struct request *q,
			    ss_plugin_extract_field *f)
{
	size_t n = json_object_array_length(p->fields);
	bool has_arg = strchr(q->asked, '[') != NULL;

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(p->fields, i), *arg = NULL;
		char *end = NULL;

		if (strcmp(member(row, "name"), q->name) != 0)
			continue;
		*f = (ss_plugin_extract_field){.field_id = (uint32_t)i,
					       .field = q->name,
					       .arg_index = UINT64_MAX,
					       .arg_present = has_arg,
					       .flist = flag(row, "isList"),
					       .ftype = FTYPE_STRING};
		if (!strcmp(member(row, "type"), "uint64"))
			f->ftype = FTYPE_UINT64;
		(void)json_object_object_get_ex(row, "arg", &arg);
		if (has_arg && !arg)
			return false;
		if (!has_arg)
			return !flag(arg, "isRequired");
		f->arg_key = q->key;
		if (flag(arg, "isIndex"))
			f->arg_index = strtoull(q->key, &end, 10);
		return !end || !*end || flag(arg, "isKey");
	}
	return false;
}

/* ---- one case ---- */

static void request_add(struct run *run, const char *asked, struct json_object *expected)
{
	struct request *q = run->requests + run->n;
	const char *bracket = strchr(asked, '[');
	size_t n = bracket ? (size_t)(bracket - asked) : strlen(asked);
	size_t n_key = bracket ? strlen(bracket) - 2 : 0;

	if (run->n == MAX_REQUESTS || n >= sizeof q->name || n_key >= sizeof q->key)
		die(asked, "too long, or too many fields");
	memcpy(q->name, asked, n);
	q->name[n] = 0;
	if (bracket)
		memcpy(q->key, bracket + 1, n_key);
	q->key[n_key] = 0;
	q->asked = asked;
	q->expected = expected;
	run->n++;
}

/* What the plugin answered, as JSON; NULL for absent. */
static struct json_object *answer(const ss_plugin_extract_field *f)
{
	struct json_object *list;

	if (!f->res_len)
		return NULL;
	if (f->ftype == FTYPE_UINT64)
		return json_object_new_uint64(f->res.u64[0]);
	if (!f->flist)
		return json_object_new_string(f->res.str[0]);
	list = json_object_new_array();
	for (uint64_t i = 0; i < f->res_len; i++)
		json_object_array_add(list, json_object_new_string(f->res.str[i]));
	return list;
}

static bool is_absent(struct json_object *v)
{
	return !v || (json_object_is_type(v, json_type_array) && !json_object_array_length(v));
}

/* Compares one answer; says the difference under -v. */
static bool check_one(const struct run *run, const char *id, uint32_t i, const char *how)
{
	struct json_object *got = answer(run->fields + i), *want = run->requests[i].expected;
	bool same = is_absent(want) ? is_absent(got) : got && json_object_equal(got, want);

	if (!same && run->is_verbose)
		printf("%s: %s (%s):\n  expected %s\n  actual   %s\n", id, run->requests[i].asked,
		       how, want ? json_object_to_json_string(want) : "absent",
		       got ? json_object_to_json_string(got) : "absent");
	json_object_put(got);
	return same;
}

static ss_plugin_event *event_new(const char *data, size_t len)
{
	uint32_t lens[2] = {4, (uint32_t)len}, plugin_id = 1;
	size_t total = PLUGIN_EVENT_PAYLOAD_OFFSET + len;
	ss_plugin_event *e = malloc(total);
	char *p = (char *)e;

	if (!e)
		die("event", "out of memory");
	*e = (ss_plugin_event){
		.ts = 1, .tid = UINT64_MAX, .len = (uint32_t)total, .type = 322, .nparams = 2};
	memcpy(p + 26, lens, sizeof lens);
	memcpy(p + 34, &plugin_id, sizeof plugin_id);
	memcpy(p + PLUGIN_EVENT_PAYLOAD_OFFSET, data, len);
	return e;
}

static bool case_ask(struct run *run, const struct plugin *p, const char *id, const char *data)
{
	ss_plugin_event *e = event_new(data, strlen(data));
	ss_plugin_event_input in = {.evt = e, .evtnum = ++run->evtnum, .evtsrc = p->source};
	ss_plugin_field_extract_input x = {.num_fields = run->n, .fields = run->fields};
	bool ok = p->extract(p->state, &in, &x) == SS_PLUGIN_SUCCESS;

	if (!ok && run->is_verbose)
		printf("%s: plugin_extract_fields failed\n", id);
	for (uint32_t i = 0; i < run->n; i++)
		ok = check_one(run, id, i, "together") && ok;
	for (uint32_t i = 0; i < run->n; i++) {
		run->fields[i].res_len = 0;
		x = (ss_plugin_field_extract_input){.num_fields = 1, .fields = run->fields + i};
		(void)p->extract(p->state, &in, &x);
		ok = check_one(run, id, i, "alone") && ok;
	}
	free(e);
	return ok;
}

static bool case_run(struct run *run, const struct plugin *p, struct json_object *c)
{
	const char *id = member(c, "id");
	struct json_object *fields = NULL, *absent = NULL;
	bool ok = true;

	run->n = 0;
	(void)json_object_object_get_ex(c, "fields", &fields);
	(void)json_object_object_get_ex(c, "null_fields", &absent);
	json_object_object_foreach(fields, name, value) request_add(run, name, value);
	for (size_t i = 0; absent && i < json_object_array_length(absent); i++)
		request_add(run, json_object_get_string(json_object_array_get_idx(absent, i)),
			    NULL);
	for (uint32_t i = 0; i < run->n; i++) {
		if (request_resolve(p, run->requests + i, run->fields + i))
			continue;
		if (run->is_verbose)
			printf("%s: %s: the plugin has no such field\n", id,
			       run->requests[i].asked);
		ok = false;
		run->fields[i] = run->fields[--run->n];
		run->requests[i--] = run->requests[run->n];
	}
	return case_ask(run, p, id, member(c, "event")) && ok;
}

/* ---- all ---- */

static void known_load(struct run *run)
{
	FILE *f = fopen(SOURCE_DIR "/tests/compat/known.txt", "re");
	char line[1024];

	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, " \t\r\n")] = 0;
		if (*line && *line != '#' && run->n_known < MAX_KNOWN)
			run->known[run->n_known++] = strdup(line);
	}
	if (f)
		(void)fclose(f);
}

static bool is_known(const struct run *run, const char *id)
{
	for (uint32_t i = 0; i < run->n_known; i++)
		if (!strcmp(run->known[i], id))
			return true;
	return false;
}

/* ---- the source that takes files apart ---- */

struct splitter {
	struct plugin plugin;
	ss_instance_t *(*open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	ss_plugin_rc (*next)(ss_plugin_t *, ss_instance_t *, uint32_t *, ss_plugin_event ***);
	void (*close)(ss_plugin_t *, ss_instance_t *);
};

static struct splitter splitter = {.plugin = {.file = "cloudtrail"}};

static void splitter_load(void)
{
	plugin_open_library(&splitter.plugin);
	*(void **)&splitter.open = symbol(&splitter.plugin, "plugin_open");
	*(void **)&splitter.next = symbol(&splitter.plugin, "plugin_next_batch");
	*(void **)&splitter.close = symbol(&splitter.plugin, "plugin_close");
}

/* Whether the source gives the records of @c from the file at @path, in order and nothing else. */
static bool split_file(const char *path, struct json_object *records)
{
	ss_plugin_rc rc = SS_PLUGIN_SUCCESS;
	ss_instance_t *inst = splitter.open(splitter.plugin.state, path, &rc);
	size_t want = json_object_array_length(records), got = 0;
	bool ok = rc == SS_PLUGIN_SUCCESS;

	while (ok) {
		ss_plugin_event **events = NULL;
		uint32_t n = 0;

		rc = splitter.next(splitter.plugin.state, inst, &n, &events);
		for (uint32_t i = 0; ok && i < n; i++, got++) {
			struct json_object *r =
				got < want ? json_object_array_get_idx(records, got) : NULL;
			size_t len = events[i]->len - PLUGIN_EVENT_PAYLOAD_OFFSET;
			const char *data = (const char *)events[i] + PLUGIN_EVENT_PAYLOAD_OFFSET;

			ok = r && len == (size_t)json_object_get_string_len(r) &&
			     memcmp(data, json_object_get_string(r), len) == 0;
		}
		if (rc != SS_PLUGIN_SUCCESS && rc != SS_PLUGIN_TIMEOUT)
			break;
	}
	splitter.close(splitter.plugin.state, inst);
	return ok && rc == SS_PLUGIN_EOF && got == want;
}

static bool case_split(struct json_object *c)
{
	char path[] = "/tmp/compat-XXXXXX.json";
	struct json_object *payload = NULL, *records = NULL;
	int fd = mkstemps(path, 5);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool ok;

	if (!f || !json_object_object_get_ex(c, "payload", &payload) ||
	    !json_object_object_get_ex(c, "expected_records", &records))
		die(path, "cannot be written, or the case has no payload");
	ok = fputs(json_object_get_string(payload), f) >= 0;
	ok = fclose(f) == 0 && ok && split_file(path, records);
	(void)unlink(path);
	return ok;
}

static void case_judged(struct run *run, const char *id, bool ok)
{
	if (ok) {
		run->n_passed++;
		return;
	}
	run->n_failed++;
	run->n_listed += is_known(run, id);
	if (run->is_verbose)
		printf("%s: FAILED%s\n", id, is_known(run, id) ? " (known)" : "");
}

static void case_count(struct run *run, struct json_object *c)
{
	const char *id = member(c, "id"), *family = member(c, "family");

	for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++) {
		if (strcmp(plugins[i].family, family) != 0)
			continue;
		case_judged(run, id, case_run(run, plugins + i, c));
		return;
	}
	if (strcmp(family, "extract.cloudtrail_split") == 0)
		case_judged(run, id, case_split(c));
	else
		run->n_skipped++;
}

int main(int argc, char **argv)
{
	static struct run run;
	struct json_object *file, *cases = NULL;
	char path[4096];

	run.is_verbose = argc > 2 && !strcmp(argv[1], "-v");
	if (argc != (run.is_verbose ? 3 : 2))
		die("usage", "compat_extract_cases [-v] DIR");
	(void)snprintf(path, sizeof path, "%s/extract_cases.json", argv[argc - 1]);
	file = json_object_from_file(path);
	if (!json_object_object_get_ex(file, "cases", &cases))
		die(path, "no cases to read");
	known_load(&run);
	for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++)
		plugin_load(plugins + i);
	splitter_load();
	for (size_t i = 0; i < json_object_array_length(cases); i++)
		case_count(&run, json_object_array_get_idx(cases, i));
	for (size_t i = 0; i < sizeof plugins / sizeof *plugins; i++)
		plugin_unload(plugins + i);
	plugin_unload(&splitter.plugin);
	json_object_put(file);
	for (uint32_t i = 0; i < run.n_known; i++)
		free(run.known[i]);
	printf("extract_cases.json: %u passed, %u failed, %u skipped\n", run.n_passed, run.n_failed,
	       run.n_skipped);
	return run.n_failed > run.n_listed;
}
