/*
 * An item is told by which of a few keys it has, tried in a fixed order. The first mistake of an
 * item ends its reading; the next item is read all the same.
 */
#include "ruleset/read.h"

#include <ctype.h>
#include <errno.h>

#include "ruleset/collect.h"
#include "ruleset/problem.h"
#include "util/nearest.h"

int read_scalar(struct reader *r, const struct yaml_node *item, const char *key,
		const struct where *w, const struct yaml_node **ret_node)
{
	const struct yaml_node *v = yaml_get(item, key);
	const struct where *value;

	if (!v) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "the key '%s' is missing", key);
		return -EINVAL;
	}
	if (v->kind == YAML_NULL) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "the key '%s' has no value", key);
		return -EINVAL;
	}
	value = where_new(r->l, w, "value for", str_from(key), v);
	if (v->kind != YAML_SCALAR) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, value, "'%s' is %s and not one value",
			    key, yaml_kind_name(v));
		return -EINVAL;
	}
	if (v->text.len == 0) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, value, "'%s' is empty", key);
		return -EINVAL;
	}
	*ret_node = v;
	return 0;
}

int read_bool(struct reader *r, const struct yaml_node *item, const char *key,
	      const struct where *w, bool *ret)
{
	const struct yaml_node *v;
	int result = yaml_get(item, key) ? read_scalar(r, item, key, w, &v) : 1;

	if (result)
		return result > 0 ? 0 : result;
	if (yaml_bool(v, ret) < 0) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE,
			    where_new(r->l, w, "value for", str_from(key), v),
			    "'%s' is neither true nor false: '%.*s'", key, STR_FMT(v->text));
		return -EINVAL;
	}
	return 0;
}

void read_warn_append(struct reader *r, const struct where *w)
{
	problem_add(r->l, RULES_DEPRECATED_ITEM, w,
		    "'append' is deprecated: say what is appended under 'override', as in "
		    "'condition: append'");
}

struct str read_nearest(struct str key, const char *const *known)
{
	struct nearest near;

	nearest_init(&near, key);
	for (; *known; known++)
		nearest_offer(&near, str_from(*known));
	return near.best;
}

static bool is_known(struct str key, const char *const *known)
{
	for (; *known; known++) {
		if (str_is(key, *known))
			return true;
	}
	return false;
}

void read_check_keys(struct reader *r, const struct yaml_node *item, const struct where *w,
		     const char *const *known)
{
	const struct yaml_pair *twice = yaml_duplicate(item);

	for (uint32_t i = 0; i < item->n; i++) {
		const struct yaml_node *key = item->pairs[i].key;
		struct problem_place p = {.where = w, .file = r->file, .at = key->start};

		if (is_known(key->text, known))
			continue;
		p.near = read_nearest(key->text, known);
		problem_add_at(r->l, RULES_UNKNOWN_KEY, &p, "unknown key '%.*s' is ignored",
			       STR_FMT(key->text));
	}
	if (twice) {
		struct problem_place p = {.where = w, .file = r->file, .at = twice->key->start};

		problem_add_at(r->l, RULES_LINT_DUPLICATE_KEY, &p,
			       "the key '%.*s' is given twice, the first one counts",
			       STR_FMT(twice->key->text));
	}
}

static int override_bit(struct reader *r, const struct where *w, const struct yaml_pair *pair,
			const struct override_key *keys)
{
	struct str key = pair->key->text;
	const struct where *at = where_new(r->l, w, "overrides", key, pair->key);
	bool append = pair->value->kind == YAML_SCALAR && str_is(pair->value->text, "append");
	bool replace = pair->value->kind == YAML_SCALAR && str_is(pair->value->text, "replace");

	if (!append && !replace) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, at,
			    "'%.*s' is neither 'append' nor 'replace' for the key '%.*s'",
			    STR_FMT(pair->value->text), STR_FMT(key));
		return -EINVAL;
	}
	for (uint32_t i = 0; keys[i].name; i++) {
		if (!str_is(key, keys[i].name))
			continue;
		if (replace || keys[i].may_append)
			return (int)i;
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, at,
			    "the key '%.*s' cannot be appended to, only replaced", STR_FMT(key));
		return -EINVAL;
	}
	problem_add(r->l, RULES_ERR_YAML_VALIDATE, at, "the key '%.*s' cannot be overridden",
		    STR_FMT(key));
	return -EINVAL;
}

int read_overrides(struct reader *r, const struct yaml_node *item, const struct where *w,
		   const struct override_key *keys, struct overrides *ret)
{
	const struct yaml_node *map = yaml_get(item, "override");
	const struct where *at;

	*ret = (struct overrides){0};
	if (!map || map->kind == YAML_NULL)
		return 0;
	at = where_new(r->l, w, "overrides", STR(""), map);
	if (map->kind != YAML_MAP) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, at, "'override' is %s and not a map",
			    yaml_kind_name(map));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		int bit = override_bit(r, at, &map->pairs[i], keys);

		if (bit < 0)
			return bit;
		if (str_is(map->pairs[i].value->text, "append"))
			ret->append |= 1U << bit;
		else
			ret->replace |= 1U << bit;
	}
	return 0;
}

/* --- lists and macros ------------------------------------------------------------------------- */

/* Whether this list or macro adds to an older one; -EINVAL. */
static int read_append(struct reader *r, const struct yaml_node *item, const struct where *w,
		       const char *key, bool *ret_append)
{
	const struct override_key keys[] = {{.name = key, .may_append = true}, {0}};
	struct overrides o;
	bool append = false;
	int result = read_bool(r, item, "append", w, &append);

	if (result)
		return result;
	if (append)
		read_warn_append(r, w);
	result = read_overrides(r, item, w, keys, &o);
	if (result)
		return result;
	if (append && (o.append || o.replace)) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w,
			    "'append: true' and 'override' do not go together: give '%s: append' "
			    "under 'override' instead",
			    key);
		return -EINVAL;
	}
	*ret_append = append || o.append;
	return 0;
}

static int read_items(struct reader *r, const struct yaml_node *item, struct decl_list *list)
{
	const struct yaml_node *items = yaml_get(item, "items");
	const struct where *w;

	if (!items) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, list->where,
			    "the key 'items' is missing");
		return -EINVAL;
	}
	w = where_new(r->l, list->where, "value for", STR("items"), items);
	if (items->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "'items' is %s and not a list",
			    yaml_kind_name(items));
		return -EINVAL;
	}
	list->items = arena_alloc(&r->l->store->arena, items->n * sizeof *list->items);
	if (!list->items)
		return -ENOMEM;
	list->cap_items = items->n;
	for (uint32_t i = 0; i < items->n; i++) {
		const struct yaml_node *v = items->items[i];

		if (v->kind != YAML_SCALAR) {
			problem_add(r->l, RULES_ERR_YAML_VALIDATE,
				    where_new(r->l, w, "list item", STR(""), v),
				    "an item is %s and not one value", yaml_kind_name(v));
			return -EINVAL;
		}
		list->items[list->n_items++] =
			(struct decl_list_item){.text = v->text, .node = v, .file = r->file};
	}
	return 0;
}

static bool is_list_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (isspace((unsigned char)s.p[i]) || strchr("()\"'=,", s.p[i]))
			return false;
	}
	return s.len > 0;
}

static bool is_macro_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!isalpha((unsigned char)s.p[i]) &&
		    (i == 0 || (!isdigit((unsigned char)s.p[i]) && s.p[i] != '_')))
			return false;
	}
	return s.len > 0;
}

/* A list item with a blank in it, all others having none, is two items where a comma is missing;
 * so is one that was folded from two lines. */
static void lint_items(struct reader *r, const struct decl_list *list)
{
	uint32_t n_blank = 0;

	for (uint32_t i = 0; i < list->n_items; i++)
		n_blank += memchr(list->items[i].text.p, ' ', list->items[i].text.len) != NULL;
	for (uint32_t i = 0; i < list->n_items; i++) {
		const struct yaml_node *v = list->items[i].node;
		struct problem_place p = {.where = list->where, .file = r->file, .at = v->start};

		if (v->style != YAML_PLAIN || !memchr(v->text.p, ' ', v->text.len))
			continue;
		if (v->start.line == v->end.line && (n_blank != 1 || list->n_items < 3))
			continue;
		problem_add_at(r->l, RULES_LINT_LIST_BLANK, &p,
			       "the item '%.*s' has a blank in it: is a comma missing?",
			       STR_FMT(v->text));
	}
}

static int read_list(struct reader *r, const struct yaml_node *item)
{
	static const char *const keys[] = {"list", "items", "append", "override", NULL};
	const struct where *w = where_new(r->l, r->content, "list", STR(""), item);
	struct decl_list *list = arena_alloc(&r->l->store->arena, sizeof *list);
	const struct yaml_node *name;
	bool append;
	int result;

	if (!list)
		return -ENOMEM;
	result = read_scalar(r, item, "list", w, &name);
	if (result)
		return result;
	w = where_new(r->l, r->content, "list", name->text, item);
	read_check_keys(r, item, w, keys);
	if (!is_list_name(name->text))
		problem_add(r->l, RULES_INVALID_LIST_NAME, w,
			    "the name of a list should have no blanks, quotes, parentheses, commas "
			    "or equals signs");
	list->name = name->text;
	list->has_odd_name = memchr(name->text.p, ' ', name->text.len) != NULL;
	list->where = w;
	result = read_items(r, item, list);
	if (result == 0)
		result = read_append(r, item, w, "items", &append);
	if (result)
		return result;
	lint_items(r, list);
	return collect_list(r->l, list, append);
}

static int read_macro_body(struct reader *r, const struct yaml_node *item, struct decl_macro *m)
{
	const struct where *w;
	const struct yaml_node *condition;
	bool append;
	int result = read_scalar(r, item, "condition", m->where, &condition);

	if (result)
		return result;
	w = where_new(r->l, m->where, "macro condition", STR(""), condition);
	m->condition = origin_new(r->l, w, r->file, condition, condition->text);
	if (!m->condition)
		return -ENOMEM;
	result = read_append(r, item, m->where, "condition", &append);
	return result ? result : collect_macro(r->l, m, append);
}

static int read_macro(struct reader *r, const struct yaml_node *item)
{
	static const char *const keys[] = {"macro", "condition", "append", "override", NULL};
	const struct where *w = where_new(r->l, r->content, "macro", STR(""), item);
	struct decl_macro *m = arena_alloc(&r->l->store->arena, sizeof *m);
	const struct yaml_node *name;
	int result;

	if (!m)
		return -ENOMEM;
	result = read_scalar(r, item, "macro", w, &name);
	if (result)
		return result;
	w = where_new(r->l, r->content, "macro", name->text, item);
	read_check_keys(r, item, w, keys);
	if (!is_macro_name(name->text))
		problem_add(
			r->l, RULES_INVALID_MACRO_NAME, w,
			"the name of a macro should be letters, digits and underscores, a letter "
			"first");
	m->name = name->text;
	m->where = w;
	result = read_macro_body(r, item, m);
	if (result == -EINVAL)
		collect_bad_macro(r->l, name->text, w);
	return result;
}

/* --- required versions ------------------------------------------------------------------------ */

static int read_engine_version(struct reader *r, const struct yaml_node *item)
{
	const struct where *w =
		where_new(r->l, r->content, "required_engine_version", STR(""), item);
	uint32_t ours[3] = {0}, want[3] = {0}, *top = r->l->store->engine;
	const struct yaml_node *v;
	uint64_t number;
	int result = read_scalar(r, item, "required_engine_version", w, &v);

	if (result)
		return result;
	/* A bare number N is version 0.N.0. */
	if (yaml_u64(v, &number) == 0 && number <= UINT32_MAX) {
		want[1] = (uint32_t)number;
	} else if (version_parse(v->text, want) < 0) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w,
			    "'%.*s' is no version: a number or x.y.z is expected",
			    STR_FMT(v->text));
		return -EINVAL;
	}
	if (version_parse(STR(RULES_ENGINE_VERSION), ours) < 0 || !version_serves(ours, want)) {
		problem_add(r->l, RULES_ERR_VALIDATE, w,
			    "the rules need version %u.%u.%u of the rules language, this is %s",
			    want[0], want[1], want[2], RULES_ENGINE_VERSION);
		return -EINVAL;
	}
	if (!version_serves(top, want))
		memcpy(top, want, sizeof want);
	return 0;
}

/* One `name` and `version`. */
static int read_plugin(struct reader *r, const struct yaml_node *node, const struct where *w,
		       struct decl_requirement *req)
{
	const struct yaml_node *name, *version;
	uint32_t v[3];
	int result = read_scalar(r, node, "name", w, &name);

	if (result == 0)
		result = read_scalar(r, node, "version", w, &version);
	if (result)
		return result;
	if (version_parse(version->text, v) < 0) {
		problem_add(r->l, RULES_ERR_VALIDATE, w,
			    "'%.*s' is no version of the plugin '%.*s': x.y.z is expected",
			    STR_FMT(version->text), STR_FMT(name->text));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < req->n; i++) {
		if (str_eq(req->any[i].name, name->text)) {
			problem_add(r->l, RULES_ERR_VALIDATE, w,
				    "the plugin '%.*s' is named twice in one requirement",
				    STR_FMT(name->text));
			return -EINVAL;
		}
	}
	req->any[req->n++] =
		(struct decl_plugin_version){.name = name->text, .version = version->text};
	return 0;
}

static int read_requirement(struct reader *r, const struct yaml_node *node,
			    const struct where *parent)
{
	const struct where *w =
		where_new(r->l, parent, "required plugin versions entry", STR(""), node);
	const struct yaml_node *more = yaml_get(node, "alternatives");
	struct store *s = r->l->store;
	struct decl_requirement req = {.where = w};
	int result;

	if (more && more->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "'alternatives' is %s and not a list",
			    yaml_kind_name(more));
		return -EINVAL;
	}
	req.any = arena_alloc(&s->arena, ((more ? more->n : 0) + 1) * sizeof *req.any);
	if (!req.any)
		return -ENOMEM;
	result = read_plugin(r, node, w, &req);
	for (uint32_t i = 0; result == 0 && more && i < more->n; i++)
		result = read_plugin(r, more->items[i],
				     where_new(r->l, w, "required plugin versions alternative",
					       STR(""), more->items[i]),
				     &req);
	if (result)
		return result;
	if (store_grow(s, &s->requirements, s->n_requirements, &s->cap_requirements, sizeof req) <
	    0)
		return -ENOMEM;
	s->requirements[s->n_requirements++] = req;
	return 0;
}

static int read_plugin_versions(struct reader *r, const struct yaml_node *item)
{
	const struct yaml_node *list = yaml_get(item, "required_plugin_versions");
	const struct where *w =
		where_new(r->l, r->content, "required plugin versions", STR(""), list);
	int result = 0;

	if (list->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w,
			    "'required_plugin_versions' is %s and not a list",
			    yaml_kind_name(list));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < list->n && result != -ENOMEM; i++)
		result = read_requirement(r, list->items[i], w);
	return result == -ENOMEM ? result : 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static void unknown_item(struct reader *r, const struct yaml_node *item, const struct where *w)
{
	static const char *const kinds[] = {
		"list", "macro", "rule", "required_engine_version", "required_plugin_versions",
		NULL};
	const struct yaml_node *key = item->n ? item->pairs[0].key : item;
	struct problem_place p = {.where = w,
				  .file = r->file,
				  .at = key->start,
				  .near = read_nearest(key->text, kinds)};

	problem_add_at(r->l, RULES_UNKNOWN_ITEM, &p,
		       "an item that is no list, macro, rule or required version is ignored");
}

static int read_item(struct reader *r, const struct yaml_node *item)
{
	const struct where *w = where_new(r->l, r->content, "rules content item", STR(""), item);

	if (item->kind != YAML_MAP) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "an item is %s and not a map",
			    yaml_kind_name(item));
		return -EINVAL;
	}
	if (yaml_get(item, "required_engine_version"))
		return read_engine_version(r, item);
	if (yaml_get(item, "required_plugin_versions"))
		return read_plugin_versions(r, item);
	if (yaml_get(item, "list"))
		return read_list(r, item);
	if (yaml_get(item, "macro"))
		return read_macro(r, item);
	if (yaml_get(item, "rule"))
		return read_rule(r, item);
	unknown_item(r, item, w);
	return 0;
}

void read_file(struct rules_loader *l, uint32_t file)
{
	const struct yaml_file *f = l->store->files[file];
	struct reader r = {.l = l, .file = file};

	r.content = where_content(l, file);
	for (uint32_t i = 0; i < f->n_docs; i++) {
		const struct yaml_node *doc = f->docs[i];

		if (doc->kind == YAML_NULL)
			continue;
		if (doc->kind != YAML_SEQ) {
			problem_add(l, RULES_ERR_YAML_VALIDATE, r.content,
				    "rules are %s and not a list of items", yaml_kind_name(doc));
			continue;
		}
		for (uint32_t k = 0; k < doc->n; k++) {
			if (read_item(&r, doc->items[k]) == -ENOMEM)
				l->failed = -ENOMEM;
		}
	}
	l->results[file]->has_read_errors = l->results[file]->pub.errors.n > 0;
}
