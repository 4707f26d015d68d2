/*
 * mockrules: fields, events and random conditions for tests and benchmarks of rule evaluation.
 *
 * A mock event is a row of values, one for each field; a random condition draws its constants from
 * the same small pools, so that comparisons are true often enough to matter.
 */
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/fetch.h"
#include "filter/eval.h"
#include "filter/parse.h"
#include "filter/typecheck.h"
#include "gyr/events.h"
#include "util/mem.h"

enum { MOCK_FIELDS = 16, MOCK_LIST_MAX = 4 };

struct mock_field {
	const char *name;
	enum field_type type;
	uint32_t flags;
	enum field_role role;
	uint32_t scope;
};

static const struct mock_field mock_fields[MOCK_FIELDS] = {
	{"s.a", FT_CHARBUF, 0, FIELD_ROLE_NONE, 1},
	{"s.b", FT_CHARBUF, 0, FIELD_ROLE_NONE, 2},
	{"s.path", FT_FSPATH, 0, FIELD_ROLE_NONE, 1},
	{"s.cmd", FT_CHARBUF, 0, FIELD_ROLE_NONE, 0},
	{"n.u", FT_UINT64, 0, FIELD_ROLE_NONE, 0},
	{"n.i", FT_INT64, 0, FIELD_ROLE_NONE, 0},
	{"n.port", FT_PORT, 0, FIELD_ROLE_NONE, 0},
	{"n.flag", FT_BOOL, 0, FIELD_ROLE_NONE, 0},
	{"l.s", FT_CHARBUF, FIELD_LIST, FIELD_ROLE_NONE, 1},
	{"l.n", FT_UINT64, FIELD_LIST, FIELD_ROLE_NONE, 0},
	{"ip.a", FT_IPADDR, 0, FIELD_ROLE_NONE, 0},
	{"ip.net", FT_IPNET, 0, FIELD_ROLE_NONE, 0},
	{"b.data", FT_BYTEBUF, 0, FIELD_ROLE_NONE, 0},
	{"any.port", FT_PORT, FIELD_ANY | FIELD_NOT_ANY, FIELD_ROLE_NONE, 0},
	{"any.name", FT_CHARBUF, FIELD_ANY, FIELD_ROLE_NONE, 0},
	{"evt.type", FT_CHARBUF, 0, FIELD_ROLE_EVENT_TYPE, 0},
};

/* xorshift64*: the same numbers on every machine. */
struct mock_random {
	uint64_t state;
};

static inline uint32_t mock_next(struct mock_random *r, uint32_t below)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return (uint32_t)((r->state * 0x2545f4914f6cdd1dU) >> 33) % below;
}

static const char *const mock_words[] = {
	"bash", "sh", "nginx", "/etc/passwd", "/etc/shadow", "/usr/bin",  "/usr/binx", "cron",
	"root", "a",  "ab",    "abc",         "B",           "Bash -c x", "x/y"};
static const char *const mock_types[] = {"open", "openat", "execve", "close", "connect"};
static const uint16_t mock_codes[] = {3, 307, 293, 5, 23, 0, 1, 322, 402, 510};
static const char *const mock_ips[] = {"10.0.0.1", "10.0.1.7", "192.168.1.5", "::1", "fe80::1"};
static const char *const mock_nets[] = {"10.0.0.0/8", "10.0.0.0/24", "192.168.0.0/16", "::/1",
					"fe80::/10"};

#define MOCK_PICK(r, a) ((a)[mock_next(r, sizeof(a) / sizeof *(a))])

struct mock_event {
	struct event evt;
	struct values values[MOCK_FIELDS];
	union value room[MOCK_FIELDS][MOCK_LIST_MAX];
	char ip[2][16];
	bool has_entry[GYR_SCOPES];
	struct gyr_entry entry[GYR_SCOPES];
};

static inline union value mock_text(const char *s)
{
	return (union value){.bytes = str_from(s)};
}

static inline union value mock_ip(struct mock_random *r, char out[16])
{
	const char *text = MOCK_PICK(r, mock_ips);
	int v6 = strchr(text, ':') != NULL;

	(void)inet_pton(v6 ? AF_INET6 : AF_INET, text, out);
	return (union value){.bytes = {out, v6 ? 16 : 4}};
}

static inline union value mock_value(struct mock_random *r, struct mock_event *e, uint32_t field)
{
	const struct gyr_event_info *info;

	switch (mock_fields[field].type) {
	case FT_UINT64:
		return (union value){.u64 = mock_next(r, 8)};
	case FT_INT64:
		return (union value){.i64 = (int64_t)mock_next(r, 8) - 4};
	case FT_PORT:
		return (union value){.u64 = mock_next(r, 2) ? 80 : 443};
	case FT_BOOL:
		return (union value){.u64 = mock_next(r, 2)};
	case FT_IPADDR:
		return mock_ip(r, e->ip[0]);
	case FT_IPNET:
		return mock_ip(r, e->ip[1]);
	default:
		info = gyr_event(e->evt.type);
		if (mock_fields[field].role == FIELD_ROLE_EVENT_TYPE && e->evt.type > 1 && info)
			return (union value){.bytes = {info->name, info->name_len}};
		return mock_text(MOCK_PICK(r, mock_words));
	}
}

/* Fills @e with random values, a fifth of them absent. */
static inline void mock_event_fill(struct mock_event *e, struct mock_random *r, uint64_t num)
{
	*e = (struct mock_event){.evt = {.num = num, .type = MOCK_PICK(r, mock_codes)}};
	for (uint32_t f = 0; f < MOCK_FIELDS; f++) {
		bool many = mock_fields[f].flags & (FIELD_LIST | FIELD_ANY);
		struct values *v = &e->values[f];

		v->is_set = mock_next(r, 5) != 0;
		if (mock_fields[f].role == FIELD_ROLE_EVENT_TYPE)
			v->is_set = true;
		v->n = !v->is_set                          ? 0
		       : mock_fields[f].flags & FIELD_LIST ? mock_next(r, MOCK_LIST_MAX)
		       : many                              ? 1 + mock_next(r, MOCK_LIST_MAX - 1)
							   : 1;
		v->v = e->room[f];
		for (uint32_t i = 0; i < v->n; i++)
			e->room[f][i] = mock_value(r, e, f);
	}
}

/* What an extractor keeps: entries that change now and then, and whose facts fields with a scope are. */
enum { MOCK_ENTRIES = 6, MOCK_SCOPES = 3 };

struct mock_state {
	struct gyr_entry entry[MOCK_SCOPES][MOCK_ENTRIES];
	struct mock_event facts[MOCK_SCOPES][MOCK_ENTRIES];
	uint64_t last_id;
};

/* Makes the fields of @e that have a scope facts of some entry, which is new, changed or as it was;
 * sometimes of none that is known. */
static inline void mock_event_attach(struct mock_event *e, struct mock_state *s,
				     struct mock_random *r)
{
	for (uint32_t scope = 1; scope < MOCK_SCOPES; scope++) {
		uint32_t i = mock_next(r, MOCK_ENTRIES), what = mock_next(r, 12);
		struct gyr_entry *entry = &s->entry[scope][i];
		struct mock_event *facts = &s->facts[scope][i];

		if (what == 0)
			continue;
		if (what == 1 || entry->id == 0)
			*entry = (struct gyr_entry){.id = ++s->last_id};
		else if (what == 2)
			entry->version++;
		if (what <= 2 || facts->evt.num == 0)
			mock_event_fill(facts, r, 1);
		e->has_entry[scope] = true;
		e->entry[scope] = *entry;
		for (uint32_t f = 0; f < MOCK_FIELDS; f++)
			if (mock_fields[f].scope == scope)
				e->values[f] = facts->values[f];
	}
}

static inline bool mock_entry(void *ctx, const struct event *evt, const struct field *field,
			      struct gyr_entry *ret_entry)
{
	const struct mock_event *e = (const struct mock_event *)(const void *)evt;

	(void)ctx;
	if (e->has_entry[field->scope])
		*ret_entry = e->entry[field->scope];
	return e->has_entry[field->scope];
}

static inline void mock_get(void *ctx, const struct event *evt, const struct field_use *const *uses,
			    uint32_t n, struct values *ret)
{
	const struct mock_event *e = (const struct mock_event *)(const void *)evt;

	(void)ctx;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = e->values[uses[i]->field->id];
}

static inline struct fieldset *mock_fieldset(void)
{
	struct fieldset *fs = fieldset_new();

	for (uint32_t i = 0; fs && i < MOCK_FIELDS; i++) {
		struct field f = {.name = str_from(mock_fields[i].name),
				  .desc = STR("mock"),
				  .type = mock_fields[i].type,
				  .flags = mock_fields[i].flags,
				  .role = mock_fields[i].role,
				  .scope = mock_fields[i].scope,
				  .id = i};
		const struct field *other;

		if (fieldset_add(fs, &f, &other) < 0)
			return fieldset_unref(fs);
	}
	return fs;
}

/* --- random conditions --------------------------------------------------------------------------
 */

static inline void mock_constant(struct buf *b, struct mock_random *r, enum field_type t)
{
	if (t == FT_UINT64)
		buf_add_u64(b, mock_next(r, 8));
	else if (t == FT_INT64)
		buf_add_i64(b, (int64_t)mock_next(r, 8) - 4);
	else if (t == FT_PORT)
		buf_add_cstr(b, mock_next(r, 2) ? "80" : "443");
	else if (t == FT_BOOL)
		buf_add_cstr(b, mock_next(r, 2) ? "true" : "false");
	else if (t == FT_IPADDR)
		buf_add_cstr(b, MOCK_PICK(r, mock_ips));
	else if (t == FT_IPNET)
		buf_add_cstr(b, MOCK_PICK(r, mock_nets));
	else
		buf_printf(b, "\"%s\"", MOCK_PICK(r, mock_words));
}

static inline void mock_list(struct buf *b, struct mock_random *r, enum field_type t)
{
	uint32_t n = mock_next(r, 4);

	buf_add_char(b, '(');
	for (uint32_t i = 0; i < n; i++) {
		buf_add_cstr(b, i ? ", " : "");
		mock_constant(b, r, t);
	}
	buf_add_char(b, ')');
}

static inline void mock_pattern(struct buf *b, struct mock_random *r, bool is_regex)
{
	static const char *const globs[] = {"*sh", "/etc/*", "*as*",      "b?sh", "[ab]*",
					    "*",   "bash",   "*etc*sha*", "a*c",  "*[x/]*"};
	static const char *const regexes[] = {
		"ba.*", ".*etc.*", "(ba)?sh",    "a[bc]*", "/etc/(passwd|shadow)",
		".*",   "b|sh",    "/usr/bin.?", "cro+n"};

	buf_printf(b, "\"%s\"", is_regex ? MOCK_PICK(r, regexes) : MOCK_PICK(r, globs));
}

static inline void mock_text_test(struct buf *b, struct mock_random *r, enum field_type t)
{
	static const char *const ops[] = {"=",        "!=",   "contains", "icontains", "startswith",
					  "endswith", "glob", "iglob",    "regex"};
	static const char *const mods[] = {"oneof", "anyof", "allof"};
	const char *op = MOCK_PICK(r, ops);
	bool pattern = strstr(op, "glob") || !strcmp(op, "regex");

	buf_printf(b, " %s ", op);
	if (pattern)
		mock_pattern(b, r, !strcmp(op, "regex"));
	else if (mock_next(r, 4) == 0) {
		buf_printf(b, "%s ", MOCK_PICK(r, mods));
		mock_list(b, r, t);
	} else
		mock_constant(b, r, t);
}

static inline void mock_test(struct buf *b, struct mock_random *r)
{
	static const char *const orders[] = {"=", "!=", "<", "<=", ">", ">="};
	uint32_t f = mock_next(r, MOCK_FIELDS);
	const struct mock_field *field = &mock_fields[f];
	enum field_type t = field->type;
	bool text = t == FT_CHARBUF || t == FT_FSPATH, list = field->flags & FIELD_LIST;

	if (field->role == FIELD_ROLE_EVENT_TYPE) {
		buf_printf(b, mock_next(r, 2) ? "evt.type = %s" : "evt.type in (%s, close)",
			   MOCK_PICK(r, mock_types));
		return;
	}
	if (text && !list && mock_next(r, 6) == 0)
		buf_printf(b, "tolower(%s)", field->name);
	else
		buf_add_cstr(b, field->name);
	if (mock_next(r, 10) == 0) {
		buf_add_cstr(b, " exists");
	} else if (list || mock_next(r, 4) == 0) {
		buf_add_cstr(b, mock_next(r, 2) ? " in " : " intersects ");
		mock_list(b, r, t);
	} else if (text && mock_next(r, 6) == 0) {
		buf_add_cstr(b, " pmatch ");
		mock_list(b, r, t);
	} else if (text) {
		mock_text_test(b, r, t);
	} else {
		buf_printf(b, " %s ",
			   t == FT_UINT64 || t == FT_INT64 || t == FT_PORT ? MOCK_PICK(r, orders)
			   : mock_next(r, 2)                               ? "="
									   : "!=");
		mock_constant(b, r, t);
	}
}

/* A condition nested at most @depth deep. */
static inline void mock_condition(struct buf *b, struct mock_random *r, uint32_t depth)
{
	uint32_t n = 2 + mock_next(r, 3);
	const char *op = mock_next(r, 2) ? " and " : " or ";

	if (depth == 0 || mock_next(r, 4) == 0) {
		mock_test(b, r);
		return;
	}
	if (mock_next(r, 4) == 0) {
		buf_add_cstr(b, "not (");
		mock_condition(b, r, depth - 1);
		buf_add_char(b, ')');
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_add_cstr(b, i ? op : "");
		buf_add_char(b, '(');
		mock_condition(b, r, depth - 1);
		buf_add_char(b, ')');
	}
}

static inline void mock_report(void *ctx, enum typecheck_code code, struct ast_place where,
			       struct str subject, const struct err *e)
{
	(void)where;
	(void)subject;
	if (typecheck_is_error(code))
		fprintf(stderr, "%s: %s\n", (const char *)ctx, e->text);
}

/* The typed expression of @text, in @a; NULL when it is refused. @text is copied. */
static inline const struct expr *mock_compile(const struct fieldset *fs, struct use_table *uses,
					      struct arena *a, struct str text)
{
	struct str copy = arena_str(a, text);
	struct typecheck_options o = {.fields = fs,
				      .uses = uses,
				      .arena = a,
				      .report = mock_report,
				      .ctx = (void *)(uintptr_t)copy.p};
	const struct parse_options parse = {.max_depth = AST_DEPTH_RULES};
	const struct ast *tree;
	const struct expr *x;
	struct err e = ERR_NULL;

	if (parse_condition(copy, &parse, a, &tree, &e) < 0) {
		fprintf(stderr, "%s: %s\n", copy.p, e.text);
		return NULL;
	}
	return typecheck(tree, &o, &x) < 0 ? NULL : x;
}
