#include "ruleset/ruletest.h"

#include <ctype.h>
#include <errno.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/mem.h"

enum {
	EVENT_MAX_BYTES = 16 << 20,
	TEXTS_DEPTH = 4, /* texts in texts */
};

struct impl {
	struct ruletests pub;
	struct yaml_file *file;
	struct arena arena;
};

struct reader {
	struct impl *t;
	const struct yaml_node *base;
	struct buf json;
	struct err *err;
};

static int wrong(const struct reader *r, const struct yaml_node *at, const char *what)
{
	err_set(r->err, at->start.offset, 1, "%s:%u:%u: %s", r->t->pub.file.p, at->start.line + 1,
		at->start.column + 1, what);
	return -EINVAL;
}

/* Whether plain text is a number as JSON writes them. */
static bool is_number(struct str s)
{
	size_t i = s.len && s.p[0] == '-', digits = i;

	while (i < s.len && isdigit((unsigned char)s.p[i]))
		i++;
	if (i == digits || (i - digits > 1 && s.p[digits] == '0'))
		return false;
	if (i < s.len && s.p[i] == '.') {
		digits = ++i;
		while (i < s.len && isdigit((unsigned char)s.p[i]))
			i++;
		if (i == digits)
			return false;
	}
	return i == s.len;
}

static void put_scalar(struct buf *b, const struct yaml_node *n)
{
	bool plain = n->style == YAML_PLAIN;

	if (plain && (str_is(n->text, "true") || str_is(n->text, "false") || is_number(n->text))) {
		buf_add_str(b, n->text);
		return;
	}
	buf_add_char(b, '"');
	buf_add_json(b, n->text);
	buf_add_char(b, '"');
}

static void put_key(struct buf *b, const struct yaml_node *key, bool *first)
{
	if (!*first)
		buf_add_char(b, ',');
	*first = false;
	buf_add_char(b, '"');
	buf_add_json(b, key->text);
	buf_add_cstr(b, "\":");
}

static const struct yaml_node *member(const struct yaml_node *map, struct str key)
{
	for (uint32_t i = 0; i < map->n; i++)
		if (str_eq(map->pairs[i].key->text, key))
			return map->pairs[i].value;
	return NULL;
}

static void put_merged(struct buf *b, const struct yaml_node *base, const struct yaml_node *over);

static void put_seq(struct buf *b, const struct yaml_node *n)
{
	buf_add_char(b, '[');
	for (uint32_t i = 0; i < n->n; i++) {
		buf_add_cstr(b, i ? "," : "");
		put_merged(b, NULL, n->items[i]);
	}
	buf_add_char(b, ']');
}

/* The members of @base (a map, or NULL) as @over has them, then those that only @over has. null takes
 * a member of @base out. */
static void put_map(struct buf *b, const struct yaml_node *base, const struct yaml_node *over)
{
	bool first = true;

	buf_add_char(b, '{');
	for (uint32_t i = 0; base && i < base->n; i++) {
		const struct yaml_node *key = base->pairs[i].key;
		const struct yaml_node *laid = member(over, key->text);

		if (laid && laid->kind == YAML_NULL)
			continue;
		put_key(b, key, &first);
		put_merged(b, base->pairs[i].value, laid);
	}
	for (uint32_t i = 0; i < over->n; i++) {
		const struct yaml_pair *p = &over->pairs[i];

		if (base && (member(base, p->key->text) || p->value->kind == YAML_NULL))
			continue;
		put_key(b, p->key, &first);
		put_merged(b, NULL, p->value);
	}
	buf_add_char(b, '}');
}

/* @over laid over @base; either may be NULL. The YAML bounds on depth hold here too. */
static void put_merged(struct buf *b, const struct yaml_node *base, const struct yaml_node *over)
{
	const struct yaml_node *n = over ? over : base;

	if (n->kind == YAML_NULL)
		buf_add_cstr(b, "null");
	else if (n->kind == YAML_SCALAR)
		put_scalar(b, n);
	else if (n->kind == YAML_SEQ)
		put_seq(b, n);
	else
		put_map(b, base && over && base->kind == YAML_MAP ? base : NULL, n);
}

/* {capture: FILE, number: N} */
static int read_capture(struct reader *r, const struct yaml_node *n, struct ruletest_event *ret)
{
	const struct yaml_node *file = yaml_get(n, "capture"), *number = yaml_get(n, "number");
	const char *slash = strrchr(r->t->pub.file.p, '/');
	size_t folder = slash ? (size_t)(slash - r->t->pub.file.p) + 1 : 0;
	char *path;

	if (file->kind != YAML_SCALAR || file->text.len == 0 || n->n != 1 + (number != NULL))
		return wrong(r, n, "an event of a recording has 'capture: FILE' and 'number: N'");
	if (number && (yaml_u64(number, &ret->number) < 0 || ret->number == 0))
		return wrong(r, number, "events are numbered from 1");
	if (!r->t->pub.reader.len)
		return wrong(r, n, "the file says which plugin reads recordings: 'reader: NAME'");
	path = arena_printf(&r->t->arena, "%.*s%.*s", file->text.p[0] == '/' ? 0 : (int)folder,
			    r->t->pub.file.p, STR_FMT(file->text));
	ret->capture = str_from(path);
	return path ? 0 : -ENOMEM;
}

static int read_event(struct reader *r, const struct yaml_node *n, struct ruletest_event *ret,
		      unsigned depth)
{
	struct yaml_file *inner;
	struct err e = ERR_NULL;
	int res;

	if (n->kind == YAML_SCALAR && depth < TEXTS_DEPTH) {
		res = yaml_parse("event", n->text, &inner, NULL, &e);
		if (res < 0)
			return wrong(r, n, "this event is not JSON");
		res = inner->n_docs == 1 ? read_event(r, inner->docs[0], ret, depth + 1)
					 : wrong(r, n, "one event is wanted here");
		yaml_close(inner);
		return res;
	}
	if (n->kind != YAML_MAP)
		return wrong(r, n, "an event is a map, or a text that holds one");
	if (yaml_get(n, "capture"))
		return read_capture(r, n, ret);
	buf_reset(&r->json);
	put_merged(&r->json, r->base, n);
	ret->json = arena_str(&r->t->arena, buf_str(&r->json));
	return r->json.failed || !ret->json.p ? -ENOMEM : 0;
}

static int read_events(struct reader *r, const struct yaml_node *list, bool fires,
		       struct ruletest *t, struct ruletest_event *events)
{
	if (!list || list->kind == YAML_NULL)
		return 0;
	if (list->kind != YAML_SEQ)
		return wrong(r, list, "want a list of events");
	for (uint32_t i = 0; i < list->n; i++) {
		struct ruletest_event *e = &events[t->n_events];
		int res = read_event(r, list->items[i], e, 0);

		if (res < 0)
			return res;
		e->fires = fires;
		e->at = list->items[i]->start;
		t->n_events++;
		t->n_firing += fires;
	}
	return 0;
}

static uint32_t count(const struct yaml_node *list)
{
	return list && list->kind == YAML_SEQ ? list->n : 0;
}

static int read_test(struct reader *r, const struct yaml_node *n, struct ruletest *t)
{
	const struct yaml_node *rule = yaml_get(n, "rule"), *fires = yaml_get(n, "fires"),
			       *silent = yaml_get(n, "silent");
	struct ruletest_event *events;
	int res;

	if (!rule || rule->kind != YAML_SCALAR)
		return wrong(r, n, "a test names its rule: 'rule: NAME'");
	for (uint32_t i = 0; i < n->n; i++)
		if (n->pairs[i].value != rule && n->pairs[i].value != fires &&
		    n->pairs[i].value != silent)
			return wrong(r, n->pairs[i].key, "a test has 'rule', 'fires' and 'silent'");
	events = arena_alloc(&r->t->arena, (count(fires) + count(silent)) * sizeof *events);
	if (!events)
		return -ENOMEM;
	*t = (struct ruletest){.rule = rule->text, .at = n->start, .events = events};
	res = read_events(r, fires, true, t, events);
	return res < 0 ? res : read_events(r, silent, false, t, events);
}

static int read_file(struct reader *r, const struct yaml_node *doc)
{
	const struct yaml_node *source = yaml_get(doc, "source"), *tests = yaml_get(doc, "tests");
	const struct yaml_node *reader = yaml_get(doc, "reader");
	struct ruletest *items;
	int res = 0;

	r->base = yaml_get(doc, "event");
	if (r->base && r->base->kind != YAML_MAP)
		return wrong(r, r->base, "'event' is a map");
	if (!source || source->kind != YAML_SCALAR)
		return wrong(r, doc, "the file says whose events these are: 'source: NAME'");
	if (!tests || tests->kind != YAML_SEQ)
		return wrong(r, doc, "the file has a list of 'tests'");
	if (reader)
		r->t->pub.reader = arena_str(&r->t->arena, reader->text);
	items = arena_alloc(&r->t->arena, tests->n * sizeof *items);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < tests->n && res == 0; i++)
		res = read_test(r, tests->items[i], &items[i]);
	r->t->pub.source = source->text;
	r->t->pub.items = items;
	r->t->pub.n = tests->n;
	return res;
}

int ruletests_load(const char *path, struct ruletests **ret_tests, struct err *err)
{
	struct reader r = {.t = mem_new(sizeof *r.t), .err = err};
	struct yaml_mark at;
	struct err e = ERR_NULL;
	int res;

	if (!r.t)
		return -ENOMEM;
	buf_init(&r.json, EVENT_MAX_BYTES);
	r.t->pub.file = arena_str(&r.t->arena, str_from(path));
	res = r.t->pub.file.p ? yaml_load(path, &r.t->file, &at, &e) : -ENOMEM;
	if (res == -EINVAL)
		err_set(err, 0, 0, "%s:%u:%u: %s", path, at.line + 1, at.column + 1, e.text);
	else if (res < 0)
		err_set(err, 0, 0, "%s", e.text);
	else if (r.t->file->n_docs != 1)
		res = wrong(&r, r.t->file->docs[0], "want one document");
	else
		res = read_file(&r, r.t->file->docs[0]);
	buf_deinit(&r.json);
	if (res < 0)
		ruletests_free(&r.t->pub);
	else
		*ret_tests = &r.t->pub;
	return res;
}

struct ruletests *ruletests_free(struct ruletests *t)
{
	struct impl *in = (struct impl *)t;

	if (!in)
		return NULL;
	if (in->file)
		yaml_close(in->file);
	arena_deinit(&in->arena);
	return mem_free(in);
}
