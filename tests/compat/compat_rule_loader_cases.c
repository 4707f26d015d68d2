/*
 * compat_rule_loader_cases: what rules files load to.
 *
 *	compat_rule_loader_cases [-v] DIR        DIR holds rule_loader_cases.json
 *
 * Compared are success, the code and the items of the first error (we tell of all, the original
 * stops at the first), the codes and items of all warnings, which rules are enabled, and the
 * description of what was loaded. Texts are our own. Lines and columns are compared where they are
 * those of an item; for conditions we point into the text itself.
 * Prints one line; exit status 1 when a case fails that known.txt does not list.
 */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fieldcsv.h"
#include "known.h"
#include "ruleset/loader.h"
#include "ruleset/report.h"
#include "util/text.h"

enum { MAX_EXTRA = 16, MAX_SELECTIONS = 64, MAX_TAGS = 16 };

struct test {
	struct json_object *c; /* the case */
	const char *dir;
	struct fieldset *fields;
	struct rules_source source;
	struct rules_options opts;
	struct rules_append_output extra[MAX_EXTRA];
	struct rules_selection selections[MAX_SELECTIONS];
	struct rules_plugin plugins[MAX_EXTRA];
	const char *tags[MAX_EXTRA][MAX_TAGS];
	struct rules_loader *loader;
	struct ruleset *rs;
	struct json_object *described;
	char why[1024];
};

static struct json_object *get(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	(void)json_object_object_get_ex(o, key, &v);
	return v;
}

static const char *text(struct json_object *o, const char *key)
{
	const char *s = json_object_get_string(get(o, key));

	return s ? s : "";
}

static size_t length(struct json_object *o)
{
	return json_object_is_type(o, json_type_array) ? json_object_array_length(o) : 0;
}

static bool fail(struct test *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct test *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(t->why, sizeof t->why, fmt, ap);
	va_end(ap);
	return false;
}

/* --- loading ---------------------------------------------------------------------------------- */

static void unload(struct test *t)
{
	t->rs = ruleset_unref(t->rs);
	t->loader = rules_loader_free(t->loader);
}

static bool load(struct test *t, const char *path, const char *name, struct str given)
{
	char full[1024];
	struct buf b;
	FILE *f;
	int c, r = 0;

	unload(t);
	buf_init(&b, 64 << 20);
	buf_add_str(&b, given);
	if (path) {
		(void)snprintf(full, sizeof full, "%s/%s", t->dir, path);
		f = fopen(full, "re");
		if (!f)
			return fail(t, "no file %s", full);
		while ((c = fgetc(f)) != EOF)
			buf_add_char(&b, (char)c);
		(void)fclose(f);
	}
	r = rules_loader_new(&t->opts, &t->loader);
	if (r == 0)
		r = rules_loader_add_text(t->loader, name, buf_str(&b));
	if (r == 0)
		r = rules_loader_compile(t->loader, &t->rs);
	buf_deinit(&b);
	return r == 0 || fail(t, "loading: %s", strerror(-r));
}

/* ["add_extra_output_format", text, {"rule": .., "tags": [..]}] */
static void set_up(struct test *t)
{
	struct json_object *setup = get(t->c, "setup");

	for (size_t i = 0; i < length(setup) && i < MAX_EXTRA; i++) {
		struct json_object *row = json_object_array_get_idx(setup, i);
		struct json_object *to = json_object_array_get_idx(row, 2);
		struct rules_append_output *a = &t->extra[t->opts.n_append_outputs++];

		a->extra_output = json_object_get_string(json_object_array_get_idx(row, 1));
		a->rule = json_object_get_string(get(to, "rule"));
		a->source = json_object_get_string(get(to, "source"));
		for (size_t k = 0; k < length(get(to, "tags")) && k < MAX_TAGS; k++)
			t->tags[i][a->n_tags++] = json_object_get_string(
				json_object_array_get_idx(get(to, "tags"), k));
		a->tags = t->tags[i];
	}
	t->opts.append_outputs = t->extra;
}

/* --- problems --------------------------------------------------------------------------------- */

static bool same_problem(const struct rules_problem *p, struct json_object *want)
{
	struct json_object *chain = get(want, "locations");
	const struct rules_location *last;

	if (strcmp(rules_code_name(p->code), text(want, "code")) != 0)
		return false;
	if (length(chain) != p->n_locations)
		return false;
	for (uint32_t i = 0; i < p->n_locations; i++) {
		struct json_object *row = json_object_array_get_idx(chain, i);

		if (strcmp(json_object_get_string(json_object_array_get_idx(row, 0)),
			   p->locations[i].item_type) != 0 ||
		    !str_is(p->locations[i].item_name,
			    json_object_get_string(json_object_array_get_idx(row, 1))))
			return false;
	}
	last = &p->locations[p->n_locations - 1];
	if (strcmp(last->item_type, "condition expression") == 0)
		return true;
	return (int)last->at.line == json_object_get_int(get(want, "line")) &&
	       (int)last->at.column == json_object_get_int(get(want, "column"));
}

static void name_problem(struct test *t, const char *what, const struct rules_problem *p)
{
	const struct rules_location *last = p ? &p->locations[p->n_locations - 1] : NULL;

	if (p)
		(void)fail(t, "%s: %s %s '%.*s' %u:%u: %.*s", what, rules_code_name(p->code),
			   last->item_type, STR_FMT(last->item_name), last->at.line,
			   last->at.column, STR_FMT(p->message));
	else
		(void)fail(t, "%s", what);
}

static bool check_errors(struct test *t, const struct rules_result *r, struct json_object *want)
{
	if (length(want) == 0)
		return true;
	if (r->errors.n && same_problem(&r->errors.items[0], json_object_array_get_idx(want, 0)))
		return true;
	name_problem(t, "another first error", r->errors.n ? &r->errors.items[0] : NULL);
	return false;
}

static bool check_warnings(struct test *t, const struct rules_result *r, struct json_object *want)
{
	bool *taken = calloc(r->warnings.n + 1, 1);
	bool ok = taken != NULL;

	for (size_t i = 0; ok && i < length(want); i++) {
		struct json_object *w = json_object_array_get_idx(want, i);
		uint32_t k = 0;

		while (k < r->warnings.n && (taken[k] || !same_problem(&r->warnings.items[k], w)))
			k++;
		if (k == r->warnings.n)
			ok = fail(t, "no warning %s", json_object_to_json_string(w));
		else
			taken[k] = true;
	}
	for (uint32_t k = 0; ok && k < r->warnings.n; k++) {
		if (!taken[k]) {
			name_problem(t, "one warning more", &r->warnings.items[k]);
			ok = false;
		}
	}
	free(taken);
	return ok;
}

/* --- description ------------------------------------------------------------------------------ */

static bool has_text(struct json_object *list, const char *s)
{
	for (size_t i = 0; i < length(list); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), s) == 0)
			return true;
	}
	return false;
}

/* Lists compare as sets, but for items of lists. */
static bool same_value(struct json_object *want, struct json_object *got, bool ordered)
{
	if (!json_object_is_type(want, json_type_array) || ordered)
		return json_object_equal(want, got);
	if (length(want) != length(got))
		return false;
	for (size_t i = 0; i < length(want); i++) {
		if (!has_text(got, json_object_get_string(json_object_array_get_idx(want, i))))
			return false;
	}
	return true;
}

static bool check_item(struct test *t, struct json_object *want, struct json_object *got)
{
	struct json_object *info = get(got, "info"), *details = get(got, "details");

	json_object_object_foreach(want, key, value)
	{
		struct json_object *v = get(info, key);
		bool ordered = strncmp(key, "items", 5) == 0;

		if (strcmp(key, "n_events") == 0) {
			if ((int)length(get(details, "events")) != json_object_get_int(value))
				return fail(t, "'%s' has %zu events and not %d", text(want, "name"),
					    length(get(details, "events")),
					    json_object_get_int(value));
			continue;
		}
		if (!v)
			v = get(details, key);
		if (!same_value(value, v, ordered))
			return fail(t, "%s of '%s' is %s and not %s", key, text(want, "name"),
				    json_object_to_json_string(v),
				    json_object_to_json_string(value));
	}
	return true;
}

static bool check_items(struct test *t, struct json_object *want, const char *kind)
{
	struct json_object *wanted = get(want, kind), *got = get(t->described, kind);

	if (length(wanted) != length(got))
		return fail(t, "%zu %s and not %zu", length(got), kind, length(wanted));
	for (size_t i = 0; i < length(wanted); i++) {
		struct json_object *w = json_object_array_get_idx(wanted, i), *g = NULL;

		for (size_t k = 0; k < length(got); k++) {
			g = json_object_array_get_idx(got, k);
			if (strcmp(text(get(g, "info"), "name"), text(w, "name")) == 0)
				break;
		}
		if (!check_item(t, w, g))
			return false;
	}
	return true;
}

static bool check_description(struct test *t, struct json_object *want)
{
	struct buf b;
	bool ok = true;

	if (!want)
		return true;
	buf_init(&b, 64 << 20);
	(void)rules_describe_json(&b, t->loader, t->rs, NULL);
	t->described = json_tokener_parse(buf_str(&b).p);
	buf_deinit(&b);
	if (!t->described)
		return fail(t, "the description is no JSON");
	if (strcmp(text(want, "required_engine_version"),
		   text(t->described, "required_engine_version")) != 0)
		ok = fail(t, "required_engine_version is %s",
			  text(t->described, "required_engine_version"));
	ok = ok && check_items(t, want, "lists") && check_items(t, want, "macros") &&
	     check_items(t, want, "rules");
	json_object_put(t->described);
	return ok;
}

/* --- families --------------------------------------------------------------------------------- */

static bool run_load(struct test *t)
{
	struct json_object *want = get(t->c, "expect");
	const struct rules_result *r;
	int n_all, n_default;

	set_up(t);
	if (!load(t, text(t->c, "rules"), text(t->c, "filename"), STR("")))
		return false;
	r = rules_loader_result(t->loader, 0);
	if (r->successful != json_object_get_boolean(get(want, "successful"))) {
		name_problem(t, r->successful ? "loads" : "does not load",
			     r->errors.n ? &r->errors.items[0] : NULL);
		return false;
	}
	if (!check_errors(t, r, get(want, "errors")) ||
	    !check_warnings(t, r, get(want, "warnings")))
		return false;
	if (!r->successful)
		return true;
	n_all = json_object_get_int(get(want, "enabled_rules_when_all_enabled"));
	n_default = json_object_get_int(get(want, "enabled_rules_default"));
	if ((int)t->rs->n_rules != n_all || (int)t->rs->n_enabled != n_default)
		return fail(t, "%u rules, %u enabled, and not %d, %d", t->rs->n_rules,
			    t->rs->n_enabled, n_all, n_default);
	return check_description(t, get(want, "describe"));
}

static bool run_plugins(struct test *t)
{
	struct json_object *list = get(t->c, "plugins");
	bool want = json_object_get_boolean(get(get(t->c, "expect"), "satisfied"));

	for (size_t i = 0; i < length(list) && i < MAX_EXTRA; i++) {
		struct json_object *p = json_object_array_get_idx(list, i);

		t->plugins[t->opts.n_plugins++] = (struct rules_plugin){
			.name = text(p, "name"), .version = text(p, "version")};
	}
	t->opts.plugins = t->plugins;
	if (!load(t, text(t->c, "rules"), "rules.yaml", STR("")))
		return false;
	if (rules_loader_ok(t->loader) == want)
		return true;
	name_problem(t, want ? "not satisfied" : "satisfied",
		     want ? &rules_loader_result(t->loader, 0)->errors.items[0] : NULL);
	return false;
}

static bool run_warning(struct test *t)
{
	bool want = json_object_get_boolean(get(get(t->c, "expect"), "warns")), got = false;
	const struct rules_problems *w;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_cstr(&b, "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: \"");
	buf_add_json(&b, str_from(text(t->c, "condition")));
	buf_add_cstr(&b, "\"\n");
	if (!load(t, NULL, "rules.yaml", buf_str(&b)))
		return false;
	buf_deinit(&b);
	w = &rules_loader_result(t->loader, 0)->warnings;
	for (uint32_t i = 0; i < w->n; i++)
		got |= w->items[i].code == RULES_UNSAFE_NA_CHECK ||
		       w->items[i].code == RULES_DEPRECATED_ITEM;
	return got == want || fail(t, got ? "warns" : "does not warn");
}

/* Turns "enable substring x" and the like into a selection. */
static void add_selection(struct test *t, struct json_object *op, char *room, size_t size)
{
	struct rules_selection *s = &t->selections[t->opts.n_selections++];
	const char *match = text(op, "match"), *arg = text(op, "arg");

	*s = (struct rules_selection){.enable = strcmp(text(op, "op"), "enable") == 0};
	if (strcmp(match, "tags") == 0) {
		s->tag = json_object_get_string(json_object_array_get_idx(get(op, "arg"), 0));
		return;
	}
	(void)snprintf(room, size, strcmp(match, "substring") == 0 || !*arg ? "*%s*" : "%s", arg);
	s->rule = room;
}

static bool run_sequence(struct test *t)
{
	struct json_object *ops = get(t->c, "ops");

	for (size_t i = 0; i < length(ops); i++) {
		struct json_object *op = json_object_array_get_idx(ops, i);
		const char *name = text(op, "ruleset");
		char rooms[MAX_SELECTIONS][128];

		if (get(op, "op"))
			continue;
		t->opts.n_selections = 0;
		t->opts.selections = t->selections;
		if (strcmp(name, "default_ruleset") != 0)
			t->selections[t->opts.n_selections++] =
				(struct rules_selection){.rule = "*"};
		for (size_t k = 0; k < i && k < MAX_SELECTIONS - 1; k++) {
			struct json_object *before = json_object_array_get_idx(ops, k);

			if (get(before, "op") && strcmp(text(before, "ruleset"), name) == 0)
				add_selection(t, before, rooms[k], sizeof rooms[k]);
		}
		if (!load(t, text(t->c, "rules"), "rules.yaml", STR("")))
			return false;
		if ((int)t->rs->n_enabled != json_object_get_int(get(op, "expect_enabled")))
			return fail(t, "step %zu: %u rules are enabled", i, t->rs->n_enabled);
	}
	return true;
}

static bool run_utils(struct test *t)
{
	const char *op = text(t->c, "op");
	struct json_object *in = get(t->c, "input"), *want = get(t->c, "expect");
	struct str s = str_from(json_object_get_string(in));
	struct buf b;
	bool ok;

	if (strcmp(op, "parse_prometheus_interval_ms") == 0)
		return text_interval_ms(s) == json_object_get_uint64(want) ||
		       fail(t, "%llu", (unsigned long long)text_interval_ms(s));
	if (strcmp(op, "matches_wildcard") == 0)
		return text_wildcard(
			       str_from(json_object_get_string(json_object_array_get_idx(in, 0))),
			       str_from(json_object_get_string(json_object_array_get_idx(
				       in, 1)))) == json_object_get_boolean(want) ||
		       fail(t, "the other way");
	buf_init(&b, 1 << 16);
	text_metric_name(&b, s);
	ok = str_is(buf_str(&b), json_object_get_string(want)) || fail(t, "'%s'", buf_str(&b).p);
	buf_deinit(&b);
	return ok;
}

static bool run(struct test *t)
{
	static const struct {
		const char *family;
		bool (*run)(struct test *t);
	} families[] = {
		{"rule_loader.utils", run_utils},
		{"rule_loader.plugin_requirements", run_plugins},
		{"rule_loader.condition_warning", run_warning},
		{"rule_loader.enable_sequence", run_sequence},
	};

	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		if (strcmp(text(t->c, "family"), families[i].family) == 0)
			return families[i].run(t);
	}
	return run_load(t);
}

int main(int argc, char **argv)
{
	bool verbose = argc == 3 && strcmp(argv[1], "-v") == 0;
	struct test base = {.dir = argc > 1 ? argv[argc - 1] : NULL};
	unsigned int n_passed = 0, n_failed = 0, n_new = 0;
	struct json_object *file, *cases;
	char path[1024];

	if (argc < 2 || argc > 3)
		return 2;
	(void)snprintf(path, sizeof path, "%s/rule_loader_cases.json", base.dir);
	file = json_object_from_file(path);
	base.fields = fieldset_new();
	if (!file || !base.fields ||
	    fieldcsv_load(base.fields, SOURCE_DIR "/extractors/syscall/fields.csv") < 0)
		return 2;
	base.source = (struct rules_source){
		.name = "syscall", .fields = base.fields, .has_event_types = true};
	base.opts =
		(struct rules_options){.n_sources = 1, .min_priority = RULE_DEBUG, .lint = true};
	cases = get(file, "cases");
	for (size_t i = 0; i < length(cases); i++) {
		struct test *t = malloc(sizeof *t);

		*t = base;
		t->c = json_object_array_get_idx(cases, i);
		t->opts.sources = &t->source;
		if (run(t)) {
			n_passed++;
		} else {
			n_failed++;
			n_new += !known_has(text(t->c, "id"));
			if (verbose)
				(void)printf("%s%s: %s\n", text(t->c, "id"),
					     known_has(text(t->c, "id")) ? " (known)" : "", t->why);
		}
		unload(t);
		free(t);
	}
	(void)printf("rule_loader_cases.json: %u passed, %u failed, 0 skipped\n", n_passed,
		     n_failed);
	json_object_put(file);
	fieldset_unref(base.fields);
	return n_new ? 1 : 0;
}
