/*
 * Rule items come in four forms: a definition, one that switches an older rule on or off, one that
 * appends to it (`append: true`), and one that overrides it key by key.
 */
#include <errno.h>

#include "ruleset/collect.h"
#include "ruleset/problem.h"
#include "ruleset/read.h"

enum rule_key {
	KEY_CONDITION,
	KEY_OUTPUT,
	KEY_DESC,
	KEY_TAGS,
	KEY_EXCEPTIONS,
	KEY_PRIORITY,
	KEY_ENABLED,
	KEY_WARN_EVTTYPES,
	KEY_SKIP,
	KEY_CAPTURE,
	KEY_CAPTURE_DURATION,
	N_RULE_KEYS,
};

static const struct override_key rule_keys[N_RULE_KEYS + 1] = {
	[KEY_CONDITION] = {"condition", true},
	[KEY_OUTPUT] = {"output", true},
	[KEY_DESC] = {"desc", true},
	[KEY_TAGS] = {"tags", true},
	[KEY_EXCEPTIONS] = {"exceptions", true},
	[KEY_PRIORITY] = {"priority", false},
	[KEY_ENABLED] = {"enabled", false},
	[KEY_WARN_EVTTYPES] = {"warn_evttypes", false},
	[KEY_SKIP] = {"skip-if-unknown-filter", false},
	[KEY_CAPTURE] = {"capture", false},
	[KEY_CAPTURE_DURATION] = {"capture_duration", false},
};

static const char *const known_keys[] = {
	"rule",       "condition", "output",        "desc",    "priority",
	"source",     "enabled",   "warn_evttypes", "tags",    "skip-if-unknown-filter",
	"exceptions", "append",    "override",      "capture", "capture_duration",
	NULL,
};

static struct str trimmed(struct str s)
{
	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	while (s.len && strchr(" \t\r\n", s.p[0]))
		s = str_from_at(s, 1);
	return s;
}

/* --- single keys ------------------------------------------------------------------------------ */

static int read_origin(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
		       enum rule_key key, struct origin **ret)
{
	const char *type = key == KEY_OUTPUT ? "rule output" : "rule condition";
	const struct yaml_node *v;
	int result = read_scalar(r, item, rule_keys[key].name, rule->where, &v);

	if (result)
		return result;
	*ret = origin_new(r->l, where_new(r->l, rule->where, type, STR(""), v), r->file, v,
			  v->text);
	return *ret ? 0 : -ENOMEM;
}

static void wrong_priority(struct reader *r, const struct yaml_node *v,
			   const struct decl_rule *rule)
{
	static const char *const names[] = {"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING",
					    "NOTICE",    "INFO",  "DEBUG",    NULL};
	struct problem_place p = {.where =
					  where_new(r->l, rule->where, "rule priority", STR(""), v),
				  .file = r->file,
				  .at = v->start,
				  .near = read_nearest(v->text, names)};

	problem_add_at(r->l, RULES_ERR_YAML_VALIDATE, &p,
		       "'%.*s' is no priority (emergency to debug)", STR_FMT(v->text));
}

static int read_priority(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	const struct yaml_node *v;
	int result = read_scalar(r, item, "priority", rule->where, &v);

	if (result)
		return result;
	if (rule_priority_parse(v->text, &rule->priority) < 0) {
		wrong_priority(r, v, rule);
		return -EINVAL;
	}
	return 0;
}

static int read_tags(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	const struct yaml_node *tags = yaml_get(item, "tags");
	const struct where *w;

	if (!tags || tags->kind == YAML_NULL)
		return 0;
	w = where_new(r->l, rule->where, "value for", STR("tags"), tags);
	if (tags->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "'tags' is %s and not a list",
			    yaml_kind_name(tags));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < tags->n; i++) {
		const struct yaml_node *v = tags->items[i];

		if (v->kind != YAML_SCALAR) {
			problem_add(r->l, RULES_ERR_YAML_VALIDATE,
				    where_new(r->l, w, "list item", STR(""), v),
				    "a tag is %s and not one value", yaml_kind_name(v));
			return -EINVAL;
		}
		if (store_grow(r->l->store, &rule->tags, rule->n_tags, &rule->cap_tags,
			       sizeof *rule->tags) < 0)
			return -ENOMEM;
		rule->tags[rule->n_tags++] = v->text;
	}
	return 0;
}

static int read_duration(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	const struct yaml_node *v;
	uint64_t ms;
	int result;

	if (!yaml_get(item, "capture_duration"))
		return 0;
	result = read_scalar(r, item, "capture_duration", rule->where, &v);
	if (result)
		return result;
	if (yaml_u64(v, &ms) < 0 || ms > UINT32_MAX) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE,
			    where_new(r->l, rule->where, "value for", STR("capture_duration"), v),
			    "'%.*s' is no number of milliseconds", STR_FMT(v->text));
		return -EINVAL;
	}
	rule->capture_duration_ms = (uint32_t)ms;
	return 0;
}

static int read_desc(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	const struct yaml_node *v;
	int result = read_scalar(r, item, "desc", rule->where, &v);

	if (result == 0)
		rule->desc = v->text;
	return result;
}

static int read_key(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
		    enum rule_key key, bool append)
{
	switch (key) {
	case KEY_CONDITION:
		rule->has_condition = true;
		return read_origin(r, item, rule, key, &rule->condition);
	case KEY_OUTPUT:
		rule->has_output = true;
		return read_origin(r, item, rule, key, &rule->output);
	case KEY_DESC:
		rule->has_desc = true;
		return read_desc(r, item, rule);
	case KEY_TAGS:
		rule->has_tags = true;
		return read_tags(r, item, rule);
	case KEY_EXCEPTIONS:
		rule->has_exceptions = true;
		return read_exceptions(r, item, rule, append);
	case KEY_PRIORITY:
		rule->has_priority = true;
		return read_priority(r, item, rule);
	case KEY_ENABLED:
		rule->has_enabled = true;
		return read_bool(r, item, "enabled", rule->where, &rule->enabled);
	case KEY_WARN_EVTTYPES:
		rule->has_warn_evttypes = true;
		return read_bool(r, item, "warn_evttypes", rule->where, &rule->warn_evttypes);
	case KEY_SKIP:
		rule->has_skip = true;
		return read_bool(r, item, "skip-if-unknown-filter", rule->where,
				 &rule->skip_if_unknown);
	case KEY_CAPTURE:
		rule->has_capture = true;
		return read_bool(r, item, "capture", rule->where, &rule->capture);
	case KEY_CAPTURE_DURATION:
		rule->has_duration = true;
		return read_duration(r, item, rule);
	default:
		return 0;
	}
}

/* --- exceptions ------------------------------------------------------------------------------- */

/* A scalar or a list of such; nothing but those. */
static int read_value(struct reader *r, const struct yaml_node *v, const struct where *w,
		      struct decl_value *ret)
{
	*ret = (struct decl_value){.is_set = true, .node = v, .file = r->file, .text = v->text};
	if (v->kind == YAML_SCALAR)
		return 0;
	if (v->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w,
			    "%s where a value or a list of values belongs", yaml_kind_name(v));
		return -EINVAL;
	}
	ret->is_list = true;
	ret->items = arena_alloc(&r->l->store->arena, v->n * sizeof *ret->items);
	if (!ret->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->n; i++) {
		int result = read_value(r, v->items[i], w, &ret->items[ret->n++]);

		if (result)
			return result;
	}
	return 0;
}

static int read_fields(struct reader *r, const struct yaml_node *node, struct decl_exception *e,
		       int optional)
{
	const struct yaml_node *fields = yaml_get(node, "fields"), *comps = yaml_get(node, "comps");
	int result = 0;

	if (!fields && !optional) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, e->where, "the key 'fields' is missing");
		return -EINVAL;
	}
	if (fields)
		result = read_value(r, fields, e->where, &e->fields);
	if (result == 0 && comps)
		result = read_value(r, comps, e->where, &e->comps);
	return result;
}

static int read_values(struct reader *r, const struct yaml_node *node, struct decl_exception *e)
{
	const struct yaml_node *values = yaml_get(node, "values");
	const struct where *w;

	if (!values || values->kind == YAML_NULL)
		return 0;
	w = where_new(r->l, e->where, "exception values", STR(""), values);
	if (values->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "'values' is %s and not a list",
			    yaml_kind_name(values));
		return -EINVAL;
	}
	e->has_values = true;
	e->values = arena_alloc(&r->l->store->arena, values->n * sizeof *e->values);
	if (!e->values)
		return -ENOMEM;
	e->cap_values = values->n;
	for (uint32_t i = 0; i < values->n; i++) {
		const struct yaml_node *v = values->items[i];
		int result = read_value(r, v, where_new(r->l, w, "exception value", STR(""), v),
					&e->values[e->n_values++]);

		if (result)
			return result;
	}
	return 0;
}

static bool is_taken(const struct decl_rule *rule, struct str name)
{
	for (uint32_t i = 0; i < rule->n_exceptions; i++) {
		if (str_eq(rule->exceptions[i].name, name))
			return true;
	}
	return false;
}

static int read_exception(struct reader *r, const struct yaml_node *node, struct decl_rule *rule,
			  bool append, struct decl_exception *e)
{
	static const char *const keys[] = {"name", "fields", "comps", "values", NULL};
	const struct where *w = where_new(r->l, rule->where, "exception", STR(""), node);
	const struct yaml_node *name;
	int result;

	if (node->kind != YAML_MAP) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, w, "an exception is %s and not a map",
			    yaml_kind_name(node));
		return -EINVAL;
	}
	result = read_scalar(r, node, "name", w, &name);
	if (result)
		return result;
	e->name = name->text;
	e->where = where_new(r->l, rule->where, "exception", e->name, node);
	read_check_keys(r, node, e->where, keys);
	if (is_taken(rule, e->name))
		problem_add(r->l, RULES_EXCEPTION_NAME_NOT_UNIQUE, e->where,
			    "the rule has several exceptions called '%.*s'", STR_FMT(e->name));
	result = read_fields(r, node, e, append);
	if (result == 0)
		result = read_values(r, node, e);
	if (result == 0 && append && !e->n_values)
		problem_add(r->l, RULES_APPEND_NO_VALUES, e->where,
			    "the exception '%.*s' is appended to without any values",
			    STR_FMT(e->name));
	return result;
}

int read_exceptions(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
		    bool append)
{
	const struct yaml_node *list = yaml_get(item, "exceptions");

	if (!list || list->kind == YAML_NULL)
		return 0;
	if (list->kind != YAML_SEQ) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE,
			    where_new(r->l, rule->where, "exceptions", STR(""), list),
			    "'exceptions' is %s and not a list", yaml_kind_name(list));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		struct decl_exception e = {0};
		int result = read_exception(r, list->items[i], rule, append, &e);

		if (result)
			return result;
		if (store_grow(r->l->store, &rule->exceptions, rule->n_exceptions,
			       &rule->cap_exceptions, sizeof e) < 0)
			return -ENOMEM;
		rule->exceptions[rule->n_exceptions++] = e;
	}
	return 0;
}

/* --- the four forms --------------------------------------------------------------------------- */

/* Given but empty is as good as not given. */
static void read_source(const struct yaml_node *item, struct decl_rule *rule)
{
	const struct yaml_node *v = yaml_get(item, "source");

	if (v && v->kind == YAML_SCALAR && v->text.len) {
		rule->source = v->text;
		rule->has_source = true;
	}
}

static int read_definition(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	static const enum rule_key order[] = {
		KEY_CONDITION,        KEY_OUTPUT,        KEY_DESC,       KEY_PRIORITY,
		KEY_ENABLED,          KEY_WARN_EVTTYPES, KEY_SKIP,       KEY_CAPTURE,
		KEY_CAPTURE_DURATION, KEY_TAGS,          KEY_EXCEPTIONS,
	};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		int result = read_key(r, item, rule, order[i], false);

		if (result)
			return result;
	}
	if (!rule->has_source)
		rule->source = STR(RULES_DEFAULT_SOURCE);
	rule->output->text = trimmed(rule->output->text);
	return collect_rule(r->l, rule);
}

static int read_enable(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	int result = 0;

	if (!yaml_get(item, "enabled")) {
		problem_add(r->l, RULES_ERR_YAML_VALIDATE, rule->where,
			    "the key 'condition' is missing");
		return -EINVAL;
	}
	result = read_key(r, item, rule, KEY_ENABLED, false);
	if (result)
		return result;
	problem_add(r->l, RULES_DEPRECATED_ITEM, rule->where,
		    "'enabled' on its own is deprecated: give 'enabled: replace' under 'override' "
		    "too");
	return collect_rule_enable(r->l, rule);
}

static int read_appending(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	int result = 0;

	if (yaml_get(item, "condition"))
		result = read_key(r, item, rule, KEY_CONDITION, true);
	if (result == 0)
		result = read_key(r, item, rule, KEY_EXCEPTIONS, true);
	return result ? result : collect_rule_append(r->l, rule);
}

/* Reads the keys in @bits into a fresh change of the rule. */
static int read_change(struct reader *r, const struct yaml_node *item, struct decl_rule *change,
		       uint32_t bits, bool append)
{
	for (int key = 0; key < N_RULE_KEYS; key++) {
		const char *name = rule_keys[key].name;
		int result;

		if (!(bits & 1U << key))
			continue;
		if (!yaml_get(item, name)) {
			problem_add(r->l, RULES_ERR_YAML_VALIDATE, change->where,
				    "'override' says to %s '%s', which the item does not have",
				    append ? "append" : "replace", name);
			return -EINVAL;
		}
		result = read_key(r, item, change, (enum rule_key)key, append);
		if (result)
			return result;
	}
	return append ? collect_rule_append(r->l, change) : collect_rule_replace(r->l, change);
}

static int read_overriding(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
			   const struct overrides *o)
{
	struct decl_rule change = *rule;
	int result = 0;

	if (o->append)
		result = read_change(r, item, &change, o->append, true);
	change = *rule;
	if (result == 0 && o->replace)
		result = read_change(r, item, &change, o->replace, false);
	if (result)
		return result;
	for (int key = 0; key < N_RULE_KEYS; key++) {
		const struct yaml_node *v = yaml_get(item, rule_keys[key].name);
		struct str name = str_from(rule_keys[key].name);

		if (!v || (o->append | o->replace) & 1U << key)
			continue;
		problem_add(r->l, RULES_ERR_YAML_VALIDATE,
			    where_new(r->l, rule->where, "overrides", name, v),
			    "the key '%s' has no entry under 'override'", name.p);
		result = -EINVAL;
	}
	return result;
}

/* Which form the item has, and on to it. */
static int read_form(struct reader *r, const struct yaml_node *item, struct decl_rule *rule)
{
	struct overrides o;
	bool append = false;
	int result = read_bool(r, item, "append", rule->where, &append);

	if (result)
		return result;
	if (append)
		read_warn_append(r, rule->where);
	result = read_overrides(r, item, rule->where, rule_keys, &o);
	if (result)
		return result;
	if (append && (o.append || o.replace)) {
		problem_add(
			r->l, RULES_ERR_YAML_VALIDATE, rule->where,
			"'append: true' and 'override' do not go together: give '<key>: append' "
			"under 'override' instead");
		return -EINVAL;
	}
	read_source(item, rule);
	if (o.append || o.replace)
		return read_overriding(r, item, rule, &o);
	if (append)
		return read_appending(r, item, rule);
	if (!yaml_get(item, "condition") && !yaml_get(item, "output") && !yaml_get(item, "desc") &&
	    !yaml_get(item, "priority"))
		return read_enable(r, item, rule);
	return read_definition(r, item, rule);
}

int read_rule(struct reader *r, const struct yaml_node *item)
{
	const struct where *w = where_new(r->l, r->content, "rule", STR(""), item);
	struct decl_rule *rule = arena_alloc(&r->l->store->arena, sizeof *rule);
	const struct yaml_node *name;
	int result;

	if (!rule)
		return -ENOMEM;
	result = read_scalar(r, item, "rule", w, &name);
	if (result)
		return result;
	*rule = (struct decl_rule){
		.name = name->text,
		.where = where_new(r->l, r->content, "rule", name->text, item),
		.enabled = true,
		.warn_evttypes = true,
	};
	read_check_keys(r, item, rule->where, known_keys);
	return read_form(r, item, rule);
}
