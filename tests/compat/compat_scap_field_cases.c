/*
 * compat_scap_field_cases: values of fields on events of small recordings.
 *
 *	compat_scap_field_cases [-v] DIR        DIR holds scap_field_cases.json and tree/scap_ut
 *
 * Loads the built replay source and the extractors by dlopen and speaks to them through the plugin ABI
 * alone, as the program does: every event of the recording is parsed; the event of the case, known by
 * its number, time and thread, is asked for the field. Prints one line; exit status 1 when a case fails
 * that known.txt does not list, 2 for wrong usage.
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/field.h"
#include "event/value.h"
#include "gyr/abi.h"
#include "gyr/events.h"
#include "known.h"

enum { N_EXTRACTORS = 2 };

struct plugin {
	const char *file;
	void *lib;
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);
	void (*destroy)(ss_plugin_t *);
	const char *(*last_error)(ss_plugin_t *);
	/* extractor */
	struct json_object *fields;
	ss_plugin_rc (*extract)(ss_plugin_t *, const ss_plugin_event_input *,
				const ss_plugin_field_extract_input *);
	ss_plugin_rc (*parse)(ss_plugin_t *, const ss_plugin_event_input *,
			      const ss_plugin_event_parse_input *);
	/* source */
	ss_instance_t *(*open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	void (*close)(ss_plugin_t *, ss_instance_t *);
	ss_plugin_rc (*next)(ss_plugin_t *, ss_instance_t *, uint32_t *, ss_plugin_event ***);
	ss_plugin_t *state; /* of the recording at hand */
};

static struct plugin source = {.file = "replay"};
static struct plugin extractors[N_EXTRACTORS] = {{.file = "syscall_fields"}, {.file = "evt"}};
static bool is_verbose;
static uint32_t n_passed, n_failed, n_skipped, n_listed;

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "compat_scap_field_cases: %s: %s\n", what, why);
	exit(2);
}

/* ---- plugins ---- */

static void plugin_load(struct plugin *p)
{
	const char *(*get_fields)(void);
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/plugins/%s.so", BINARY_DIR, p->file);
	p->lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!p->lib)
		die(path, dlerror());
	*(void **)&p->init = dlsym(p->lib, "plugin_init");
	*(void **)&p->destroy = dlsym(p->lib, "plugin_destroy");
	*(void **)&p->last_error = dlsym(p->lib, "plugin_get_last_error");
	*(void **)&p->extract = dlsym(p->lib, "plugin_extract_fields");
	*(void **)&p->parse = dlsym(p->lib, "plugin_parse_event");
	*(void **)&p->open = dlsym(p->lib, "plugin_open");
	*(void **)&p->close = dlsym(p->lib, "plugin_close");
	*(void **)&p->next = dlsym(p->lib, "plugin_next_batch");
	*(void **)&get_fields = dlsym(p->lib, "plugin_get_fields");
	if (get_fields)
		p->fields = json_tokener_parse(get_fields());
}

static void plugin_start(struct plugin *p, const char *config)
{
	ss_plugin_init_input in = {.config = config};
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;

	p->state = p->init(&in, &rc);
	if (rc != SS_PLUGIN_SUCCESS)
		die(p->file, p->state ? p->last_error(p->state) : "plugin_init failed");
}

static void plugin_stop(struct plugin *p)
{
	p->destroy(p->state);
	p->state = NULL;
}

/* ---- cases ---- */

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_string(v) : "";
}

static uint64_t number_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_uint64(v) : 0;
}

/* A field with its argument, resolved. */
struct asked {
	struct plugin *p;
	char arg[256];
	struct field field;
	ss_plugin_extract_field req;
};

static uint32_t list_flags(struct json_object *row)
{
	struct json_object *gyr = NULL, *flags = NULL, *list = NULL;
	uint32_t n = 0;

	if (json_object_object_get_ex(row, "isList", &list) && json_object_get_boolean(list))
		n |= FIELD_LIST;
	(void)json_object_object_get_ex(row, "gyr", &gyr);
	(void)json_object_object_get_ex(gyr, "flags", &flags);
	for (size_t i = 0; flags && i < json_object_array_length(flags); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(flags, i)), "any"))
			n |= FIELD_ANY;
	return n;
}

/* Takes the argument out of what follows the name: "[arg]" or ".arg". */
static bool arg_take(struct asked *a, const char *rest)
{
	size_t n = strlen(rest);

	if (n == 0)
		return true;
	n -= *rest == '[' ? 2 : 1;
	if (n >= sizeof a->arg)
		return false;
	memcpy(a->arg, rest + 1, n);
	a->arg[n] = '\0';
	return true;
}

static void asked_fill(struct asked *a, struct json_object *row, uint32_t id, const char *rest)
{
	struct json_object *gyr = NULL;
	const char *type;
	char *end = NULL;

	(void)json_object_object_get_ex(row, "gyr", &gyr);
	type = text_of(gyr, "type");
	a->field.type = field_type_parse((struct str){.p = type, .len = strlen(type)});
	if (a->field.type == FT_DYN)
		a->field.type = (enum field_type)gyr_param_type(a->arg, strlen(a->arg));
	a->field.flags = list_flags(row);
	a->req = (ss_plugin_extract_field){.field_id = id,
					   .field = text_of(row, "name"),
					   .arg_index = UINT64_MAX,
					   .arg_present = *rest != '\0',
					   .arg_key = *rest ? a->arg : NULL,
					   .ftype = (uint32_t)a->field.type,
					   .flist = (a->field.flags & FIELD_LIST) != 0};
	if (*a->arg) {
		const uint64_t n = strtoull(a->arg, &end, 10);

		a->req.arg_index = *end ? UINT64_MAX : n;
	}
}

/* The longest name that the text starts with. */
static bool asked_resolve(struct asked *a, const char *text)
{
	size_t best = 0;

	for (size_t k = 0; k < N_EXTRACTORS; k++) {
		struct plugin *p = &extractors[k];
		const size_t n = json_object_array_length(p->fields);

		for (size_t i = 0; i < n; i++) {
			struct json_object *row = json_object_array_get_idx(p->fields, i);
			const char *name = text_of(row, "name");
			const size_t len = strlen(name);

			if (len <= best || strncmp(text, name, len) != 0 ||
			    !strchr(".[", text[len]) || !arg_take(a, text + len))
				continue;
			best = len;
			a->p = p;
			asked_fill(a, row, (uint32_t)i, text + len);
		}
	}
	return best > 0;
}

/* ---- answers ---- */

static union value answer_at(const struct asked *a, uint64_t i)
{
	const ss_plugin_extract_field *q = &a->req;
	union value v = {0};

	switch (value_kind(a->field.type)) {
	case VALUE_U64:
	case VALUE_I64:
		v.u64 = q->ftype == FT_BOOL ? q->res.boolean[i] != 0 : q->res.u64[i];
		break;
	case VALUE_DBL:
		memcpy(&v.dbl, &q->res.u64[i], sizeof v.dbl);
		break;
	case VALUE_BYTES:
		if (q->ftype == FT_CHARBUF || q->ftype == FT_FSPATH || q->ftype == FT_FSRELPATH)
			v.bytes = (struct str){.p = q->res.str[i], .len = strlen(q->res.str[i])};
		else
			v.bytes = (struct str){.p = q->res.buf[i].ptr, .len = q->res.buf[i].len};
		break;
	}
	return v;
}

static bool check(struct json_object *c, const struct asked *a)
{
	struct json_object *want = NULL;
	union value values[256];
	struct values v = {.is_set = a->req.res_len > 0, .v = values};
	struct buf text;
	bool ok;

	(void)json_object_object_get_ex(c, "expect", &want);
	if (!strcmp(text_of(c, "family"), "scap.has_value")) {
		ok = json_object_get_boolean(want) == v.is_set;
	} else {
		ok = !want == !v.is_set;
	}
	buf_init(&text, 1 << 20);
	for (uint64_t i = 0; i < a->req.res_len && i < 256; i++)
		values[v.n++] = answer_at(a, i);
	value_print(&text, &a->field, &v);
	if (want && json_object_is_type(want, json_type_string) && v.is_set)
		ok = (size_t)json_object_get_string_len(want) == text.len &&
		     !memcmp(json_object_get_string(want), text.p, text.len);
	if (!ok && is_verbose)
		printf("%s: %s on %s:\n  expected %s\n  actual   %.*s%s\n", text_of(c, "id"),
		       text_of(c, "field"), a->req.field,
		       want ? json_object_to_json_string(want) : "absent", (int)text.len,
		       text.p ? (const char *)text.p : "", v.is_set ? "" : " (absent)");
	buf_deinit(&text);
	return ok;
}

static void count(struct json_object *c, bool ok)
{
	if (ok) {
		n_passed++;
		return;
	}
	n_failed++;
	n_listed += known_has(text_of(c, "id"));
}

static void case_ask(struct json_object *c, const ss_plugin_event_input *in)
{
	struct asked a = {.p = NULL};

	if (!asked_resolve(&a, text_of(c, "field"))) {
		if (is_verbose)
			printf("%s: no field '%s'\n", text_of(c, "id"), text_of(c, "field"));
		count(c, false);
		return;
	}
	const ss_plugin_field_extract_input x = {.num_fields = 1, .fields = &a.req};
	if (a.p->extract(a.p->state, in, &x) != SS_PLUGIN_SUCCESS)
		a.req.res_len = 0;
	count(c, check(c, &a));
}

/* ---- recordings ---- */

struct recording {
	struct json_object *cases; /* all of the file */
	bool *done;
	const char *scap;
	uint64_t num;
};

static void ask_all(struct recording *r, const ss_plugin_event_input *in)
{
	const size_t n = json_object_array_length(r->cases);

	for (size_t i = 0; i < n; i++) {
		struct json_object *c = json_object_array_get_idx(r->cases, i), *evt = NULL;

		(void)json_object_object_get_ex(c, "evt", &evt);
		if (r->done[i] || strcmp(text_of(c, "scap"), r->scap) != 0 ||
		    number_of(evt, "evt_num_on_replay") != in->evtnum ||
		    number_of(evt, "ts") != in->evt->ts)
			continue;
		r->done[i] = true;
		case_ask(c, in);
	}
}

/* A record beside the events has no number; an event hidden in one has. */
static void see(struct recording *r, const ss_plugin_event *e)
{
	ss_plugin_event_input in = {.evt = e, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input none = {0};
	const char *name = (const char *)e + 42;
	bool is_meta = e->type == GYR_EVENT_ASYNC && !strncmp(name, "gyr.", 4);
	const bool is_hidden = is_meta && !strcmp(name, "gyr.hidden");

	if (is_hidden) {
		in.evt = (const ss_plugin_event *)(const void *)(name + strlen(name) + 1);
		is_meta = false;
	}
	in.evtnum = is_meta ? 0 : ++r->num;
	for (size_t k = 0; k < N_EXTRACTORS; k++)
		if (extractors[k].parse && (!is_meta || k == 0))
			(void)extractors[k].parse(extractors[k].state, &in, &none);
	if (!is_meta && !is_hidden)
		ask_all(r, &in);
}

static void play(struct recording *r, const char *dir)
{
	ss_plugin_rc rc = SS_PLUGIN_SUCCESS;
	ss_plugin_event **events = NULL;
	char path[4096];
	uint32_t n = 0;

	(void)snprintf(path, sizeof path, "%s/%s", dir, r->scap);
	plugin_start(&source, "");
	for (size_t k = 0; k < N_EXTRACTORS; k++)
		plugin_start(&extractors[k], "");
	ss_instance_t *h = source.open(source.state, path, &rc);
	while (rc == SS_PLUGIN_SUCCESS || rc == SS_PLUGIN_TIMEOUT) {
		n = 0;
		rc = source.next(source.state, h, &n, &events);
		for (uint32_t i = 0; i < n; i++)
			see(r, events[i]);
	}
	if (rc != SS_PLUGIN_EOF && is_verbose)
		printf("%s: %s\n", path, source.last_error(source.state));
	source.close(source.state, h);
	plugin_stop(&source);
	for (size_t k = 0; k < N_EXTRACTORS; k++)
		plugin_stop(&extractors[k]);
}

static void run(struct json_object *cases, const char *dir)
{
	const size_t n = json_object_array_length(cases);
	bool *done = calloc(n, sizeof *done);

	if (!done)
		die("cases", "no memory");
	for (size_t i = 0; i < n; i++) {
		struct json_object *c = json_object_array_get_idx(cases, i);
		struct recording r = {.cases = cases, .done = done, .scap = text_of(c, "scap")};

		if (done[i])
			continue;
		play(&r, dir);
		for (size_t k = i; k < n; k++) {
			struct json_object *left = json_object_array_get_idx(cases, k);

			if (done[k] || strcmp(text_of(left, "scap"), r.scap) != 0)
				continue;
			done[k] = true;
			if (is_verbose)
				printf("%s: its event was not seen\n", text_of(left, "id"));
			count(left, false);
		}
	}
	free(done);
}

int main(int argc, char **argv)
{
	struct json_object *file, *cases = NULL;
	char path[4096];

	is_verbose = argc > 2 && !strcmp(argv[1], "-v");
	if (argc != (is_verbose ? 3 : 2))
		die("usage", "compat_scap_field_cases [-v] DIR");
	(void)snprintf(path, sizeof path, "%s/scap_field_cases.json", argv[argc - 1]);
	file = json_object_from_file(path);
	if (!json_object_object_get_ex(file, "cases", &cases))
		die(path, "no cases to read");
	plugin_load(&source);
	for (size_t k = 0; k < N_EXTRACTORS; k++)
		plugin_load(&extractors[k]);
	run(cases, argv[argc - 1]);
	for (size_t k = 0; k < N_EXTRACTORS; k++)
		json_object_put(extractors[k].fields);
	json_object_put(file);
	printf("scap_field_cases.json: %u passed, %u failed, %u skipped\n", n_passed, n_failed,
	       n_skipped);
	return n_failed > n_listed;
}
