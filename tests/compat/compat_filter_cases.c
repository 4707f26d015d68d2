/*
 * Runs filter_cases.json: grammar, type check, evaluation, analysis of event types, transformers,
 * escapes. Evaluation cases were recorded on captures; they run here on the values that the case
 * says its fields had, and are skipped when it does not say enough.
 */
#include <json-c/json.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "fieldcsv.h"
#include "filter/constant.h"
#include "filter/eval.h"
#include "filter/evttypes.h"
#include "filter/parse.h"
#include "filter/print.h"
#include "gyr/events.h"
#include "known.h"
#include "ruleset/template.h"

enum outcome { PASS, FAIL, SKIP };

enum {
	N_FAMILIES = 16,
	TEXT_MAX = 1 << 20,
};

struct suite {
	struct fieldset *fields;
	struct arena arena; /* one case */
	struct use_table *uses;
	struct json_object *c; /* the case */
	struct str expr;
	char why[512];
};

static struct json_object *member(struct suite *s, const char *name)
{
	struct json_object *v = NULL;

	(void)json_object_object_get_ex(s->c, name, &v);
	return v;
}

static const char *text_of(struct suite *s, const char *name)
{
	const char *t = json_object_get_string(member(s, name));

	return t ? t : "";
}

static enum outcome fail(struct suite *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static enum outcome fail(struct suite *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(s->why, sizeof s->why, fmt, ap);
	va_end(ap);
	return FAIL;
}

static enum outcome skip(struct suite *s, const char *why)
{
	(void)snprintf(s->why, sizeof s->why, "%s", why);
	return SKIP;
}

/* A JSON string, or {"hex": "..."}. */
static struct str bytes_of(struct suite *s, struct json_object *o)
{
	struct json_object *hex = NULL;
	const char *h;
	char *p;
	size_t n;

	if (!o)
		return STR("");
	if (!json_object_is_type(o, json_type_object))
		return arena_str(&s->arena, (struct str){json_object_get_string(o),
							 (size_t)json_object_get_string_len(o)});
	(void)json_object_object_get_ex(o, "hex", &hex);
	h = json_object_get_string(hex);
	n = strlen(h) / 2;
	p = arena_alloc(&s->arena, n + 1);
	for (size_t i = 0; i < n; i++) {
		char two[3] = {h[2 * i], h[2 * i + 1], '\0'};

		p[i] = (char)strtoul(two, NULL, 16);
	}
	return (struct str){p, n};
}

static struct str expr_of(struct suite *s)
{
	struct json_object *repeat = member(s, "expr_repeat");
	const char *part;
	size_t len, n;
	char *p;

	if (!repeat)
		return bytes_of(s, member(s, "expr"));
	part = json_object_get_string(json_object_array_get_idx(repeat, 0));
	n = (size_t)json_object_get_int64(json_object_array_get_idx(repeat, 1));
	len = strlen(part);
	p = arena_alloc(&s->arena, len * n + 1);
	for (size_t i = 0; i < n; i++)
		memcpy(p + i * len, part, len);
	return (struct str){p, len * n};
}

static int parse(struct suite *s, struct str text, const struct ast **ret, struct err *err)
{
	return parse_condition(text, NULL, &s->arena, ret, err);
}

static bool parses_to(struct suite *s, struct str text, const struct ast *tree)
{
	struct err err = ERR_NULL;
	const struct ast *again;

	return parse(s, text, &again, &err) == 0 && (!tree || ast_equal(again, tree));
}

/* The text with every blank replaced by @blank and two of them around it. */
static struct str with_blanks(struct suite *s, struct str text, char blank)
{
	char *p = arena_alloc(&s->arena, text.len + 4);

	p[0] = p[1] = p[text.len + 2] = p[text.len + 3] = blank;
	for (size_t i = 0; i < text.len; i++)
		p[i + 2] = text.p[i] == ' ' ? blank : text.p[i];
	return (struct str){p, text.len + 4};
}

static bool round_trips(struct suite *s, const struct ast *tree)
{
	struct buf b;
	bool ok;

	buf_init(&b, TEXT_MAX);
	ast_write(&b, tree);
	ok = parses_to(s, arena_str(&s->arena, buf_str(&b)), tree);
	buf_deinit(&b);
	return ok;
}

static enum outcome check_tree(struct suite *s, const struct ast *tree)
{
	struct json_object *want = member(s, "ast");
	struct buf b;
	struct str got;

	buf_init(&b, TEXT_MAX);
	ast_print(&b, tree);
	got = arena_str(&s->arena, buf_str(&b));
	buf_deinit(&b);
	if (want && !str_eq(got, bytes_of(s, want)))
		return fail(s, "printed as %.*s", STR_FMT(got));
	if (member(s, "roundtrip") && !parses_to(s, got, tree))
		return fail(s, "canonical text does not round trip: %.*s", STR_FMT(got));
	return round_trips(s, tree) ? PASS : fail(s, "exact text does not round trip");
}

static enum outcome run_parse(struct suite *s)
{
	struct err err = ERR_NULL;
	const struct ast *tree;
	int r = parse(s, s->expr, &tree, &err);

	if (strcmp(text_of(s, "expect"), "parse_fail") == 0)
		return r ? PASS : fail(s, "was accepted");
	if (r)
		return fail(s, "was refused: %s", err.text);
	if (member(s, "ws_variants")) {
		for (const char *blank = " \n\t\r"; *blank; blank++) {
			if (!parses_to(s, with_blanks(s, s->expr, *blank), NULL))
				return fail(s, "refused with other blanks (%d)", *blank);
		}
	}
	return check_tree(s, tree);
}

struct count {
	int errors, warnings;
	char first[256];
};

static void count_report(void *ctx, enum typecheck_code code, struct ast_place where,
			 struct str subject, const struct err *e)
{
	struct count *n = ctx;

	(void)where;
	(void)subject;
	if (typecheck_is_error(code)) {
		if (n->errors++ == 0)
			(void)snprintf(n->first, sizeof n->first, "%.200s", e->text);
	} else if (code == TYPECHECK_WARN_FIELD_AS_TEXT || code == TYPECHECK_WARN_REGEX) {
		n->warnings++;
	}
}

/* Parses and checks the case's condition. */
static int compile(struct suite *s, const struct ast **ret_tree, const struct expr **ret,
		   struct count *n)
{
	struct typecheck_options o = {.fields = s->fields,
				      .uses = s->uses,
				      .arena = &s->arena,
				      .report = count_report,
				      .ctx = n};
	struct err err = ERR_NULL;
	int r = parse(s, s->expr, ret_tree, &err);

	*n = (struct count){0};
	if (r) {
		(void)snprintf(n->first, sizeof n->first, "%.200s", err.text);
		return r;
	}
	r = typecheck(*ret_tree, &o, ret);
	if (!r && !round_trips(s, *ret_tree))
		(void)snprintf(n->first, sizeof n->first, "does not round trip");
	return r;
}

static enum outcome run_compile(struct suite *s)
{
	const struct ast *tree;
	const struct expr *x;
	struct count n;
	int r = compile(s, &tree, &x, &n);
	struct json_object *warnings = member(s, "warnings");

	if (strcmp(text_of(s, "expect"), "compile_fail") == 0)
		return r ? PASS : fail(s, "was accepted");
	if (r || n.first[0])
		return fail(s, "%s", n.first);
	if (warnings && json_object_get_int(warnings) != n.warnings)
		return fail(s, "%d warnings", n.warnings);
	return PASS;
}

/* What the fields of a case answer: by slot. */
struct answers {
	struct values *v;
};

static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	const struct answers *a = ctx;

	(void)evt;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = a->v[uses[i]->slot];
}

/* The member of `given` (or, for outputs, of `field_values`) for a field, written in one of its forms; found is false when there is
 * none. */
static struct json_object *given_for(struct suite *s, const struct field_use *u, bool *ret_found)
{
	static const char *const forms[] = {"%.*s", "%.*s.%.*s", "%.*s[%.*s]", "%.*s[\"%.*s\"]"};
	struct json_object *given = member(s, "given"), *v = NULL;
	char key[512];

	*ret_found = false;
	for (int i = u->has_arg ? 1 : 0; i < (u->has_arg ? 4 : 1) && !*ret_found; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		(void)snprintf(key, sizeof key, forms[i], STR_FMT(u->field->name), STR_FMT(u->arg));
#pragma GCC diagnostic pop
		*ret_found = json_object_object_get_ex(given, key, &v) ||
			     json_object_object_get_ex(member(s, "field_values"), key, &v);
	}
	return v;
}

/* Turns the shown text of a value into the value; false when the text does not say it all. */
static bool set_value(struct suite *s, const struct field_use *u, struct json_object *shown,
		      struct values *ret)
{
	struct str text = bytes_of(s, shown);
	struct constant *c = arena_alloc(&s->arena, sizeof *c);
	struct err err = ERR_NULL;
	union value *v = arena_alloc(&s->arena, sizeof *v);

	if (!shown) {
		*ret = (struct values){.is_set = false};
		return true;
	}
	if ((u->field->flags & FIELD_LIST) || memmem(text.p, text.len, "\xef\xbf\xbd", 3) ||
	    (u->field->type == FT_BYTEBUF && memchr(text.p, '.', text.len)))
		return false;
	c->text = text;
	if (constant_convert(u->field->type, FILTER_OP_EQ, &s->arena, c, &err))
		return false;
	*v = c->v;
	*ret = (struct values){.is_set = true, .n = 1, .v = v};
	return true;
}

/* Gives every use of a field in the suite its value. */
static enum outcome give_values(struct suite *s, struct answers *a)
{
	bool found;

	a->v = arena_alloc(&s->arena, (use_table_count(s->uses) + 1) * sizeof *a->v);
	for (uint32_t i = 0; i < use_table_count(s->uses); i++) {
		const struct field_use *u = use_table_at(s->uses, i);
		struct json_object *shown = given_for(s, u, &found);

		if (!found)
			return skip(s, "the value of a field is not given");
		if (!set_value(s, u, shown, &a->v[i]))
			return skip(s, "the text of a value does not say its bytes");
	}
	return PASS;
}

static enum outcome run_eval(struct suite *s)
{
	struct answers a;
	struct fetch fetch = {.get = answer, .ctx = &a};
	struct event evt = {.num = 1};
	const struct ast *tree;
	const struct expr *x;
	struct eval *e;
	struct count n;
	enum outcome o;
	bool got;

	if (compile(s, &tree, &x, &n) || n.first[0])
		return fail(s, "%s", n.first);
	o = give_values(s, &a);
	if (o != PASS)
		return o;
	e = eval_new();
	got = eval_match(e, x, &evt, &fetch);
	eval_free(e);
	return got == (strcmp(text_of(s, "expect"), "eval_true") == 0)
		       ? PASS
		       : fail(s, "answered %s", got ? "true" : "false");
}

/* The mock fields always or never match; the conditions compare them with 1. */
static enum outcome run_eval_mock(struct suite *s)
{
	struct json_object *given = member(s, "given");

	json_object_object_add(given, "c.true", json_object_new_string("1"));
	json_object_object_add(given, "c.false", NULL);
	json_object_object_add(given, "c.buffer", NULL);
	return run_eval(s);
}

static bool has_name(struct json_object *list, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			return true;
	}
	return false;
}

/* The system calls that events of @set record, or (with @events) the names of its events, generic
 * events standing for the names of the calls they record. */
static struct json_object *names_of(const struct evttypes *set, bool events)
{
	struct json_object *list = json_object_new_array();

	for (uint16_t i = 0; i < gyr_event_count(); i++) {
		if (!evttypes_has(set, i))
			continue;
		if (events && i > 1 && !has_name(list, gyr_event(i)->name))
			json_object_array_add(list, json_object_new_string(gyr_event(i)->name));
		for (uint16_t c = 0; (!events || i < 2) && c < gyr_syscall_count(); c++) {
			if (gyr_event_records(i, c) && !has_name(list, gyr_syscall(c)->name))
				json_object_array_add(list,
						      json_object_new_string(gyr_syscall(c)->name));
		}
	}
	return list;
}

static enum outcome check_names(struct suite *s, const struct evttypes *set, bool events)
{
	struct json_object *want = member(s, events ? "event_names" : "sc_names");
	struct json_object *count = member(s, events ? "n_event_names" : "n_sc");
	struct json_object *got = names_of(set, events);
	size_t n = json_object_array_length(got);
	enum outcome o = PASS;

	if (count && (size_t)json_object_get_int(count) != n)
		o = fail(s, "%zu names", n);
	for (size_t i = 0; o == PASS && want && i < json_object_array_length(want); i++) {
		if (!has_name(got, json_object_get_string(json_object_array_get_idx(want, i))))
			o = fail(s, "not the same names");
	}
	json_object_put(got);
	return o;
}

static enum outcome run_evttypes(struct suite *s)
{
	struct evttypes set, all;
	struct err err = ERR_NULL;
	const struct ast *tree;
	bool is_all;

	if (parse(s, s->expr, &tree, &err) ||
	    evttypes_of(tree, &(struct evttypes_source){.fields = s->fields}, &set, &err))
		return fail(s, "%s", err.text);
	evttypes_all(&all);
	is_all = memcmp(&all, &set, sizeof set) == 0;
	if (is_all != json_object_get_boolean(member(s, "all_events")))
		return fail(s, "%u events", evttypes_count(&set));
	return is_all ? PASS : check_names(s, &set, strstr(text_of(s, "what"), "event") != NULL);
}

static enum outcome run_escaping(struct suite *s)
{
	bool escapes = strcmp(text_of(s, "op"), "escape_str") == 0;
	bool wants_error = strcmp(text_of(s, "expect"), "error") == 0;
	struct err err = ERR_NULL;
	struct buf b;
	struct str got;
	int r = 0;

	buf_init(&b, TEXT_MAX);
	if (escapes)
		filter_escape(&b, bytes_of(s, member(s, "input")));
	else
		r = filter_unescape(&b, bytes_of(s, member(s, "input")), &err);
	got = arena_str(&s->arena, buf_str(&b));
	buf_deinit(&b);
	if (wants_error)
		return r ? PASS : fail(s, "gave %.*s", STR_FMT(got));
	if (r)
		return fail(s, "%s", err.text);
	return str_eq(got, bytes_of(s, member(s, "output"))) ? PASS
							     : fail(s, "gave %.*s", STR_FMT(got));
}

static void set_array(struct suite *s, struct json_object *list, enum field_type type,
		      struct values *ret)
{
	uint32_t n = (uint32_t)json_object_array_length(list);
	union value *v = arena_alloc(&s->arena, (n + 1) * sizeof *v);

	for (uint32_t i = 0; i < n; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);

		if (value_kind(type) == VALUE_BYTES)
			v[i].bytes = bytes_of(s, item);
		else
			v[i].u64 = (uint64_t)json_object_get_int64(item);
	}
	*ret = (struct values){.is_set = true, .n = n, .v = v};
}

static enum field_type type_of(struct suite *s, const char *name)
{
	char lower[32] = "";
	const char *t = text_of(s, name);

	if (strcmp(t, "CHARBUF") == 0)
		return FT_CHARBUF;
	for (size_t i = 0; t[i] && i < sizeof lower - 1; i++)
		lower[i] = (char)(t[i] >= 'A' && t[i] <= 'Z' ? t[i] - 'A' + 'a' : t[i]);
	return field_type_parse(str_from(lower));
}

static bool same_values(enum field_type type, const struct values *x, const struct values *y)
{
	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		if (value_kind(type) == VALUE_BYTES ? !str_eq(x->v[i].bytes, y->v[i].bytes)
						    : x->v[i].u64 != y->v[i].u64)
			return false;
	}
	return true;
}

static enum outcome run_transformer(struct suite *s)
{
	struct field field = {.name = STR("x.x"), .type = type_of(s, "input_type")};
	struct field_use use = {.field = &field};
	struct operand arg = {.kind = OPERAND_FIELD,
			      .type = field.type,
			      .use = &use,
			      .is_list = json_object_get_boolean(member(s, "is_list"))};
	const struct operand *args[] = {&arg};
	struct operand call = {.kind = OPERAND_CALL,
			       .call = filter_transformer_find(str_from(text_of(s, "transformer"))),
			       .n = 1,
			       .args = args};
	struct values in, want, got;
	struct answers a = {.v = &in};
	struct fetch fetch = {.get = answer, .ctx = &a};
	struct event evt = {.num = 1};
	enum field_type out = type_of(s, "expected_type");
	struct eval *e = eval_new();
	enum outcome o = PASS;

	set_array(s, member(s, "input"), field.type, &in);
	set_array(s, member(s, "expected"), out, &want);
	got = eval_operand(e, &call, &evt, &fetch);
	if (!got.is_set || !same_values(out, &got, &want))
		o = fail(s, "other values");
	eval_free(e);
	return o;
}

static const struct family {
	const char *name;
	enum outcome (*run)(struct suite *s);
} families[] = {
	{"filter.parse", run_parse},         {"filter.compile", run_compile},
	{"filter.eval_mock", run_eval_mock}, {"filter.evttypes", run_evttypes},
	{"filter.escaping", run_escaping},   {"filter.transformer", run_transformer},
};

enum {
	FAMILIES = sizeof families / sizeof families[0],
};

/* Those are judged by the whole program (recorded_filters.py). */
static bool is_about_recording(struct suite *s)
{
	const char *family = text_of(s, "family");

	return !strcmp(family, "filter.eval_scap") || !strcmp(family, "format.scap");
}

static int family_of(struct suite *s)
{
	for (int i = 0; i < FAMILIES; i++) {
		if (strcmp(families[i].name, text_of(s, "family")) == 0)
			return i;
	}
	return -1;
}

static enum outcome run_case(struct suite *s, int family)
{
	enum outcome o;

	arena_reset(&s->arena);
	s->uses = use_table_new();
	s->expr = expr_of(s);
	s->why[0] = '\0';
	o = family < 0 ? skip(s, "unknown family") : families[family].run(s);
	s->uses = use_table_free(s->uses);
	return o;
}

static int load_fields(struct fieldset *set)
{
	static const char *const mock[] = {"c.true", "c.false", "c.doublequote", "c.singlequote",
					   "c.buffer"};

	for (size_t i = 0; i < sizeof mock / sizeof mock[0]; i++) {
		struct field f = {.name = str_from(mock[i]),
				  .type = i == 4 ? FT_BYTEBUF : FT_CHARBUF};

		if (fieldset_add(set, &f, NULL))
			return -1;
	}
	return fieldcsv_load(set, SOURCE_DIR "/extractors/syscall/fields.csv");
}

static int run_all(struct suite *s, struct json_object *cases, bool verbose)
{
	int count[FAMILIES + 1][3] = {{0}}, total[3] = {0}, unlisted = 0;

	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		enum outcome o;
		int family;

		s->c = json_object_array_get_idx(cases, i);
		if (is_about_recording(s))
			continue;
		family = family_of(s);
		o = run_case(s, family);
		count[family < 0 ? FAMILIES : family][o]++;
		total[o]++;
		if (o == FAIL && !known_has(text_of(s, "id")))
			unlisted++;
		if (verbose && o != PASS)
			printf("%s %s: %s: %.120s\n", o == FAIL ? "FAIL" : "skip", text_of(s, "id"),
			       s->why, text_of(s, "expr"));
	}
	for (int f = 0; verbose && f < FAMILIES; f++)
		printf("%-20s %4d passed, %3d failed, %3d skipped\n", families[f].name,
		       count[f][PASS], count[f][FAIL], count[f][SKIP]);
	printf("filter_cases.json: %d passed, %d failed, %d skipped\n", total[PASS], total[FAIL],
	       total[SKIP]);
	return unlisted ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	const char *dir = argc > 1 + verbose ? argv[1 + verbose] : SOURCE_DIR "/../shared/cases";
	struct suite s = {.fields = fieldset_new()};
	struct json_object *file, *cases = NULL;
	char path[4096];
	int r = 2;

	(void)snprintf(path, sizeof path, "%s/filter_cases.json", dir);
	file = json_object_from_file(path);
	if (!file || !json_object_object_get_ex(file, "cases", &cases))
		(void)fprintf(stderr, "%s: cannot be read\n", path);
	else if (load_fields(s.fields) < 0)
		(void)fprintf(stderr, "the table of fields cannot be read\n");
	else
		r = run_all(&s, cases, verbose);
	json_object_put(file);
	arena_deinit(&s.arena);
	fieldset_unref(s.fields);
	return r;
}
