/*
 * compat_config_cases: files, environment, key paths and options, as Falco's own assertions have
 *them.
 *
 *	compat_config_cases [-v] DIR        DIR holds config_cases.json
 *
 * Prints one line; exit status 1 when a case fails that known.txt does not list, 2 for wrong usage.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_rules.h"

enum { MAX_OPTIONS = 32, MAX_KNOWN = 512 };

struct run {
	bool is_verbose;
	const char *dir;
	char scratch[64];
	char *known[MAX_KNOWN];
	uint32_t n_known, n_passed, n_failed, n_skipped;
	char why[512];
};

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	return o && json_object_object_get_ex(o, key, &v) ? v : NULL;
}

static const char *text(struct json_object *o, const char *key)
{
	struct json_object *v = get(o, key);

	return v ? json_object_get_string(v) : NULL;
}

static bool fail(struct run *run, const char *what, const char *detail)
{
	(void)snprintf(run->why, sizeof(run->why), "%.90s: %.400s", what, detail);
	return false;
}

/* The value at a key path compared with what JSON says, read as its type. */
static bool value_is(struct run *run, const struct config *c, const char *key,
		     struct json_object *want)
{
	const struct config_node *n = NULL;
	struct err err = ERR_NULL;
	uint64_t u = 0;
	bool b = false, ok;

	if (config_node_find(c->root, str_from(key), &n, &err) < 0)
		return fail(run, key, err.text);
	if (!n)
		return fail(run, key, "is not there");
	if (json_object_is_type(want, json_type_boolean))
		ok = config_node_bool(n, &b) == 0 && b == (bool)json_object_get_boolean(want);
	else if (json_object_is_type(want, json_type_int))
		ok = config_node_u64(n, &u) == 0 && u == (uint64_t)json_object_get_int64(want);
	else
		ok = str_is(n->text, json_object_get_string(want));
	return ok ? true : fail(run, key, n->text.p ? n->text.p : "(not a scalar)");
}

static bool sequence_is(struct run *run, const struct config *c, struct json_object *want)
{
	const char *key = text(want, "key");
	const struct config_node *n = config_at(c, key);
	struct json_object *list = get(want, "equals");
	const struct config_node *e = n ? n->first : NULL;

	for (size_t i = 0; i < json_object_array_length(list); i++, e = e->next)
		if (!e ||
		    !str_is(e->text, json_object_get_string(json_object_array_get_idx(list, i))))
			return fail(run, key, "the list differs");
	return e ? fail(run, key, "the list is longer") : true;
}

static bool tree_is(struct run *run, const struct config *c, struct json_object *want)
{
	struct json_object *list;

	list = get(want, "files_loaded");
	if (list && (uint32_t)json_object_get_int(list) != c->n_files)
		return fail(run, "files_loaded", "differs");
	list = get(want, "defined");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (!config_at(c, json_object_get_string(json_object_array_get_idx(list, i))))
			return fail(run, "defined", "a key is missing");
	list = get(want, "undefined");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (config_at(c, json_object_get_string(json_object_array_get_idx(list, i))))
			return fail(run, "undefined", "a key is there");
	list = get(want, "values");
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *v = json_object_array_get_idx(list, i);

		if (!value_is(run, c, text(v, "key"), get(v, "value")))
			return false;
	}
	list = get(want, "sequences");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (!sequence_is(run, c, json_object_array_get_idx(list, i)))
			return false;
	return true;
}

/* The schema check: what it found are notes. */
static bool schema_is(struct run *run, const struct config *c, struct json_object *want)
{
	const char *schema = text(want, "schema");
	bool failed = c->n_notes > 0;

	if (schema && failed != (strcmp(schema, "failed") == 0))
		return fail(run, "schema", failed ? c->notes[0] : "found nothing");
	if (get(want, "main_schema_not_ok") && !failed)
		return fail(run, "main_schema_not_ok", "found nothing");
	return true;
}

static bool plugin_is(struct run *run, const struct config *c, struct json_object *want)
{
	const struct config_node *init = config_at(c, "plugins[0].init_config");
	struct json_object *json = get(want, "plugin0_init_config_json"), *got;
	const char *path = text(want, "plugin0_library_path");
	struct buf b;
	bool ok = true;

	if (path && !value_is(run, c, "plugins[0].library_path", get(want, "plugin0_library_path")))
		return false;
	if (get(want, "plugin0_init_config") && init && init->text.len)
		return fail(run, "plugin0_init_config", init->text.p);
	if (!json)
		return true;
	buf_init(&b, 1 << 20);
	if (init && init->kind == CONFIG_SCALAR)
		buf_add_str(&b, init->text);
	else
		config_node_json(&b, init);
	got = json_tokener_parse(b.p);
	ok = got && json_object_equal(got, json);
	json_object_put(got);
	buf_deinit(&b);
	return ok ? true : fail(run, "plugin0_init_config_json", "differs");
}

static bool selections_are(struct run *run, struct config *c, struct json_object *want)
{
	struct json_object *list = get(want, "rules");
	const struct rules_selection *s;
	struct err err = ERR_NULL;
	uint32_t n;

	if (!list)
		return true;
	if (config_selections(c, &s, &n, &err) < 0)
		return fail(run, "rules", err.text);
	if (n != json_object_array_length(list))
		return fail(run, "rules", "count differs");
	for (uint32_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		const char *op = json_object_get_string(json_object_array_get_idx(row, 0));
		const char *kind = json_object_get_string(json_object_array_get_idx(row, 1));
		const char *name = json_object_get_string(json_object_array_get_idx(row, 2));
		const char *got = strcmp(kind, "tag") == 0 ? s[i].tag : s[i].rule;

		if (s[i].enable != (strcmp(op, "enable") == 0) || !got || strcmp(got, name) != 0)
			return fail(run, "rules", name);
	}
	return true;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool has_tag(const struct rules_append_output *a, const char *tag)
{
	for (uint32_t i = 0; i < a->n_tags; i++)
		if (same(a->tags[i], tag))
			return true;
	return false;
}

static bool fields_are(const struct rules_append_output *a, struct json_object *want)
{
	struct json_object *map = get(want, "fields"), *raw = get(want, "raw_fields");
	size_t n = map ? (size_t)json_object_object_length(map) : 0;

	n += raw ? json_object_array_length(raw) : 0;
	for (uint32_t i = 0; i < a->n_extra_fields; i++)
		if (a->extra_fields[i].value &&
		    !same(text(map, a->extra_fields[i].name), a->extra_fields[i].value))
			return false;
	return n == a->n_extra_fields;
}

static bool appends_are(struct run *run, struct config *c, struct json_object *want)
{
	struct json_object *list = get(want, "append_output");
	const struct rules_append_output *a;
	struct err err = ERR_NULL;
	uint32_t n;

	if (!list)
		return true;
	if (config_append_outputs(c, &a, &n, &err) < 0)
		return fail(run, "append_output", err.text);
	if (n != json_object_array_length(list))
		return fail(run, "append_output", "count differs");
	for (uint32_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(list, i);
		struct json_object *tags = get(row, "tags");

		if (!same(a[i].source, text(row, "source")) || !same(a[i].rule, text(row, "rule")))
			return fail(run, "append_output", "match differs");
		if (text(row, "format") && !same(a[i].extra_output, text(row, "format")))
			return fail(run, "append_output", "format differs");
		for (size_t t = 0; tags && t < json_object_array_length(tags); t++)
			if (!has_tag(&a[i],
				     json_object_get_string(json_object_array_get_idx(tags, t))))
				return fail(run, "append_output", "tags differ");
		if (!fields_are(&a[i], row))
			return fail(run, "append_output", "fields differ");
	}
	return true;
}

static bool expected(struct run *run, struct config *c, struct json_object *kase, int r,
		     const struct err *err)
{
	struct json_object *want = get(kase, "expect");
	const char *key = text(kase, "key");
	const struct config_node *n;
	struct err path_err = ERR_NULL;

	if (get(want, "throws") && json_object_get_boolean(get(want, "throws"))) {
		bool bad_path = key && r == 0 &&
				config_node_find(c->root, str_from(key), &n, &path_err) < 0;

		return r < 0 || bad_path ? true : fail(run, "throws", "it was accepted");
	}
	if (r < 0)
		return fail(run, "refused", err->text);
	if (key && !value_is(run, c, key, get(want, "value")))
		return false;
	return tree_is(run, c, want) && schema_is(run, c, want) && plugin_is(run, c, want) &&
	       selections_are(run, c, want) && appends_are(run, c, want);
}

/* ${TMP} and ${CWD} in the files of a case stand for the folder they are run in. */
static int enter(struct run *run, struct json_object *kase)
{
	char path[4096], cwd[4096];
	const char *dir = text(kase, "dir");

	(void)snprintf(path, sizeof(path), "%s/%s", run->dir, dir ? dir : ".");
	if (chdir(path) < 0 || !getcwd(cwd, sizeof(cwd)))
		return -errno;
	(void)setenv("TMP", cwd, 1);
	(void)setenv("CWD", cwd, 1);
	return 0;
}

static bool run_case(struct run *run, struct json_object *kase)
{
	struct json_object *options = get(kase, "cmdline_options"), *env = get(kase, "env");
	const char *argv[MAX_OPTIONS] = {0}, *main = text(kase, "main"), *yaml = text(kase, "yaml");
	uint32_t n = 0;
	struct config c;
	struct err err = ERR_NULL;
	bool ok;
	int r;

	for (; options && n < json_object_array_length(options) && n < MAX_OPTIONS; n++)
		argv[n] = json_object_get_string(json_object_array_get_idx(options, n));
	if (env) {
		json_object_object_foreach(env, name, value)(void)
			setenv(name, json_object_get_string(value), 1);
	}
	if (enter(run, kase) < 0)
		return fail(run, "chdir", strerror(errno));
	const struct config_settings settings = {n, argv};
	config_init(&c);
	if (yaml)
		r = config_load_text(&c, "case.yaml", str_from(yaml), &settings, &err);
	else
		r = config_load(&c, main, &settings, &err);
	ok = expected(run, &c, kase, r, &err);
	config_deinit(&c);
	return ok;
}

static void load_known(struct run *run)
{
	FILE *f = fopen(SOURCE_DIR "/tests/compat/known.txt", "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f) && run->n_known < MAX_KNOWN) {
		line[strcspn(line, " \n")] = '\0';
		if (line[0] && line[0] != '#')
			run->known[run->n_known++] = strdup(line);
	}
	if (f)
		(void)fclose(f);
}

static bool is_known(const struct run *run, const char *id)
{
	for (uint32_t i = 0; i < run->n_known; i++)
		if (strcmp(run->known[i], id) == 0)
			return true;
	return false;
}

static void judge(struct run *run, struct json_object *kase)
{
	const char *id = text(kase, "id");

	if (run_case(run, kase)) {
		run->n_passed++;
		return;
	}
	if (is_known(run, id)) {
		run->n_skipped++;
		(void)printf("skipped %s: listed as known\n", id);
		return;
	}
	run->n_failed++;
	if (run->is_verbose)
		(void)printf("FAILED %s: %s\n", id, run->why);
}

int main(int argc, char **argv)
{
	struct run run = {.is_verbose = argc > 2 && strcmp(argv[1], "-v") == 0};
	struct json_object *file, *cases;
	char path[4096], dir[4096];

	if (argc < 2 || !realpath(argv[argc - 1], dir)) {
		(void)fprintf(stderr, "usage: compat_config_cases [-v] DIR\n");
		return 2;
	}
	run.dir = dir;
	(void)snprintf(path, sizeof(path), "%.4000s/config_cases.json", dir);
	file = json_object_from_file(path);
	cases = get(file, "cases");
	if (!cases) {
		(void)fprintf(stderr, "compat_config_cases: cannot read '%s'\n", path);
		return 2;
	}
	load_known(&run);
	for (size_t i = 0; i < json_object_array_length(cases); i++)
		judge(&run, json_object_array_get_idx(cases, i));
	(void)printf("config_cases.json: %u passed, %u failed, %u skipped\n", run.n_passed,
		     run.n_failed, run.n_skipped);
	json_object_put(file);
	for (uint32_t i = 0; i < run.n_known; i++)
		free(run.known[i]);
	return run.n_failed ? 1 : 0;
}
