#include "ruleset/collect.h"

#include <errno.h>

#include "ruleset/problem.h"

/* --- lists and macros ------------------------------------------------------------------------- */

int collect_list(struct rules_loader *l, struct decl_list *list, bool append)
{
	struct store *s = l->store;
	struct decl_list *old = strmap_find(&s->lists, list->name);

	s->has_odd_names |= list->has_odd_name;
	if (append && !old) {
		problem_add(l, RULES_ERR_VALIDATE, list->where,
			    "there is no list '%.*s' before it to append to", STR_FMT(list->name));
		return -EINVAL;
	}
	if (append) {
		for (uint32_t i = 0; i < list->n_items; i++) {
			if (store_grow(s, &old->items, old->n_items, &old->cap_items,
				       sizeof *old->items) < 0)
				return -ENOMEM;
			old->items[old->n_items++] = list->items[i];
		}
		return 0;
	}
	if (old) {
		list->index = old->index;
		*old = *list;
		return 0;
	}
	list->index = s->next_index++;
	if (store_grow(s, &s->list, s->n_lists, &s->cap_lists, sizeof *s->list) < 0)
		return -ENOMEM;
	s->list[s->n_lists++] = list;
	return strmap_add(&s->lists, list->name, list);
}

static int add_macro(struct store *s, struct decl_macro *macro)
{
	if (store_grow(s, &s->macro, s->n_macros, &s->cap_macros, sizeof *s->macro) < 0)
		return -ENOMEM;
	s->macro[s->n_macros++] = macro;
	return strmap_add(&s->macros, macro->name, macro);
}

int collect_macro(struct rules_loader *l, struct decl_macro *macro, bool append)
{
	struct store *s = l->store;
	struct decl_macro *old = strmap_find(&s->macros, macro->name);

	if (append && !old) {
		problem_add(l, RULES_ERR_VALIDATE, macro->where,
			    "there is no macro '%.*s' before it to append to",
			    STR_FMT(macro->name));
		return -EINVAL;
	}
	macro->visible = s->next_index;
	macro->index = old ? old->index : s->next_index;
	s->next_index++;
	if (append) {
		old->visible = macro->visible;
		old->condition->where = macro->condition->where;
		return old->is_bad ? 0 : origin_append(l, old->condition, macro->condition);
	}
	if (!old)
		return add_macro(s, macro);
	*old = *macro;
	return 0;
}

void collect_bad_macro(struct rules_loader *l, struct str name, const struct where *w)
{
	struct decl_macro *m = strmap_find(&l->store->macros, name);

	if (m) {
		m->is_bad = true;
		return;
	}
	m = arena_alloc(&l->store->arena, sizeof *m);
	if (!m) {
		l->failed = -ENOMEM;
		return;
	}
	*m = (struct decl_macro){.name = name, .where = w, .is_bad = true};
	m->condition = arena_alloc(&l->store->arena, sizeof *m->condition);
	m->index = l->store->next_index++;
	if (!m->condition || add_macro(l->store, m) < 0)
		l->failed = -ENOMEM;
}

/* --- rules ------------------------------------------------------------------------------------ */

static int refuse(struct rules_loader *l, const struct where *w, const char *why)
{
	problem_add(l, RULES_ERR_VALIDATE, w, "%s", why);
	return -EINVAL;
}

static int check_exceptions(struct rules_loader *l, struct str source, struct decl_rule *rule)
{
	int r = 0;

	for (uint32_t i = 0; i < rule->n_exceptions && r == 0; i++) {
		if (!rule->exceptions[i].fields.is_set)
			return refuse(l, rule->exceptions[i].where,
				      "an exception needs 'fields', a list of fields");
		r = exception_check(l, source, &rule->exceptions[i]);
	}
	return r;
}

static void unknown_source(struct rules_loader *l, const struct decl_rule *rule)
{
	struct problem_place p = {.where = rule->where,
				  .file = rule->where->file,
				  .at = rule->where->at,
				  .near = strmap_nearest(&l->sources, rule->source)};

	problem_add_at(l, RULES_UNKNOWN_SOURCE, &p,
		       "no source '%.*s' is known, the rule is skipped", STR_FMT(rule->source));
}

int collect_rule(struct rules_loader *l, struct decl_rule *rule)
{
	struct store *s = l->store;
	struct decl_rule *old = strmap_find(&s->rules, rule->name);
	int r;

	if (old && !str_eq(old->source, rule->source))
		return refuse(l, rule->where, "the rule exists already, with another source");
	if (!strmap_find(&l->sources, rule->source)) {
		rule->is_unknown_source = true;
		unknown_source(l, rule);
	}
	r = check_exceptions(l, rule->source, rule);
	if (r)
		return r;
	if (old) {
		rule->index = old->index;
		*old = *rule;
		return 0;
	}
	if (s->n_rules == RULESET_MAX_RULES)
		return refuse(l, rule->where, "too many rules");
	rule->index = s->n_rules;
	if (store_grow(s, &s->rule, s->n_rules, &s->cap_rules, sizeof *s->rule) < 0)
		return -ENOMEM;
	s->rule[s->n_rules++] = rule;
	return strmap_add(&s->rules, rule->name, rule);
}

static int append_values(struct rules_loader *l, struct decl_exception *old,
			 const struct decl_exception *more)
{
	if (more->fields.is_set)
		return refuse(l, more->where,
			      "an existing exception takes no other 'fields', only more values");
	if (more->comps.is_set)
		return refuse(l, more->where,
			      "an existing exception takes no other 'comps', only more values");
	for (uint32_t i = 0; i < more->n_values; i++) {
		if (store_grow(l->store, &old->values, old->n_values, &old->cap_values,
			       sizeof *old->values) < 0)
			return -ENOMEM;
		old->values[old->n_values++] = more->values[i];
	}
	old->has_values |= more->has_values;
	return 0;
}

static int append_exception(struct rules_loader *l, struct decl_rule *rule,
			    const struct decl_exception *e)
{
	struct decl_exception added = *e;
	int r;

	for (uint32_t i = 0; i < rule->n_exceptions; i++) {
		if (!str_eq(rule->exceptions[i].name, e->name))
			continue;
		r = append_values(l, &rule->exceptions[i], e);
		return r ? r : exception_check(l, rule->source, &rule->exceptions[i]);
	}
	if (!e->fields.is_set)
		return refuse(l, e->where, "an exception needs 'fields', a list of fields");
	if (!e->n_values)
		return refuse(l, e->where, "an appended exception needs 'values'");
	r = exception_check(l, rule->source, &added);
	if (r)
		return r;
	if (store_grow(l->store, &rule->exceptions, rule->n_exceptions, &rule->cap_exceptions,
		       sizeof added) < 0)
		return -ENOMEM;
	rule->exceptions[rule->n_exceptions++] = added;
	return 0;
}

static int append_tags(struct rules_loader *l, struct decl_rule *rule,
		       const struct decl_rule *change)
{
	for (uint32_t i = 0; i < change->n_tags; i++) {
		if (store_grow(l->store, &rule->tags, rule->n_tags, &rule->cap_tags,
			       sizeof *rule->tags) < 0)
			return -ENOMEM;
		rule->tags[rule->n_tags++] = change->tags[i];
	}
	return 0;
}

static int append_desc(struct rules_loader *l, struct decl_rule *rule, struct str more)
{
	char *text =
		arena_printf(&l->store->arena, "%.*s %.*s", STR_FMT(rule->desc), STR_FMT(more));

	if (!text)
		return -ENOMEM;
	rule->desc = str_from(text);
	return 0;
}

static int append_texts(struct rules_loader *l, struct decl_rule *old,
			const struct decl_rule *change)
{
	int r = 0;

	if (change->has_condition) {
		r = origin_append(l, old->condition, change->condition);
		old->condition->where = change->condition->where;
	}
	if (r == 0 && change->has_output)
		r = origin_append(l, old->output, change->output);
	if (r == 0 && change->has_desc)
		r = append_desc(l, old, change->desc);
	return r;
}

int collect_rule_append(struct rules_loader *l, const struct decl_rule *change)
{
	struct decl_rule *old = strmap_find(&l->store->rules, change->name);
	int r;

	if (!old)
		return refuse(l, change->where,
			      "there is no rule of this name before it to append to");
	if (change->has_source && !str_eq(change->source, old->source))
		return refuse(l, change->where, "the rule exists already, with another source");
	if (!change->has_condition && !change->n_exceptions && !change->has_output &&
	    !change->has_desc && !change->n_tags)
		return refuse(l, change->where,
			      "appending to a rule needs a condition or exceptions");
	r = append_texts(l, old, change);
	if (r == 0)
		r = append_tags(l, old, change);
	for (uint32_t i = 0; i < change->n_exceptions && r == 0; i++)
		r = append_exception(l, old, &change->exceptions[i]);
	return r;
}

static void replace_texts(struct decl_rule *old, const struct decl_rule *change)
{
	if (change->has_condition)
		old->condition = change->condition;
	if (change->has_output)
		old->output = change->output;
	if (change->has_desc)
		old->desc = change->desc;
	if (change->has_tags) {
		old->tags = change->tags;
		old->n_tags = change->n_tags;
		old->cap_tags = change->cap_tags;
	}
}

static void replace_settings(struct decl_rule *old, const struct decl_rule *change)
{
	if (change->has_priority)
		old->priority = change->priority;
	if (change->has_enabled)
		old->enabled = change->enabled;
	if (change->has_warn_evttypes)
		old->warn_evttypes = change->warn_evttypes;
	if (change->has_skip)
		old->skip_if_unknown = change->skip_if_unknown;
	if (change->has_capture)
		old->capture = change->capture;
	if (change->has_duration)
		old->capture_duration_ms = change->capture_duration_ms;
}

/* Whether @change says nothing that @old does not say already. */
static bool is_same(const struct decl_rule *old, const struct decl_rule *change)
{
	struct decl_rule now = *old;

	if (change->has_exceptions || change->has_tags)
		return false;
	replace_texts(&now, change);
	replace_settings(&now, change);
	return str_eq(now.condition->text, old->condition->text) &&
	       str_eq(now.output->text, old->output->text) && str_eq(now.desc, old->desc) &&
	       now.priority == old->priority && now.enabled == old->enabled &&
	       now.warn_evttypes == old->warn_evttypes &&
	       now.skip_if_unknown == old->skip_if_unknown && now.capture == old->capture &&
	       now.capture_duration_ms == old->capture_duration_ms;
}

int collect_rule_replace(struct rules_loader *l, const struct decl_rule *change)
{
	struct decl_rule *old = strmap_find(&l->store->rules, change->name), checked = *change;
	int r = 0;

	if (!old)
		return refuse(l, change->where,
			      "there is no rule of this name before it to override");
	if (change->has_source && !str_eq(change->source, old->source))
		return refuse(l, change->where, "the rule exists already, with another source");
	if (change->has_exceptions)
		r = check_exceptions(l, old->source, &checked);
	if (r)
		return r;
	if (is_same(old, change))
		problem_add(l, RULES_LINT_NO_CHANGE, change->where,
			    "what is replaced has this value already");
	replace_texts(old, change);
	replace_settings(old, change);
	if (change->has_exceptions) {
		old->exceptions = checked.exceptions;
		old->n_exceptions = checked.n_exceptions;
		old->cap_exceptions = checked.cap_exceptions;
	}
	return 0;
}

int collect_rule_enable(struct rules_loader *l, const struct decl_rule *change)
{
	struct decl_rule *old = strmap_find(&l->store->rules, change->name);

	if (!old)
		return refuse(l, change->where,
			      "'enabled' is all this item has, but there is no rule of its name");
	if (old->enabled == change->enabled)
		problem_add(l, RULES_LINT_NO_CHANGE, change->where, "the rule is already %s",
			    old->enabled ? "enabled" : "disabled");
	old->enabled = change->enabled;
	return 0;
}
