/*
 * What a ruleset holds, for people (-L, -l) and for programs.
 *
 * "compiled" texts show the condition with macros, lists and exceptions in place.
 */
#include "filter/evttypes.h"
#include "filter/print.h"
#include "filter/typecheck.h"
#include "gyr/events.h"
#include "ruleset/decl.h"
#include "ruleset/jsontext.h"
#include "ruleset/report.h"
#include "ruleset/template.h"

struct describer {
	struct buf *b;
	const struct store *store;
	const struct rules_options *opts;
	const struct ruleset *rs;
	struct arena arena;
	struct buf scratch;
};

/* --- what a condition uses -------------------------------------------------------------------- */

struct uses {
	struct describer *d;
	struct names fields, operators;
};

static void note(struct describer *d, struct names *n, struct str name)
{
	struct str *more;

	for (uint32_t i = 0; i < n->n; i++) {
		if (str_eq(n->items[i], name))
			return;
	}
	if (n->n == n->cap) {
		more = arena_alloc(&d->arena, (n->cap * 2 + 8) * sizeof *more);
		if (!more)
			return;
		if (n->n)
			memcpy(more, n->items, n->n * sizeof *more);
		n->items = more;
		n->cap = n->cap * 2 + 8;
	}
	n->items[n->n++] = name;
}

static void note_term(struct uses *u, const struct ast_term *t)
{
	if (!t)
		return;
	if (t->kind == AST_TERM_FIELD)
		note(u->d, &u->fields, t->text);
	for (uint32_t i = 0; i < t->n; i++)
		note_term(u, t->args[i]);
}

static void note_tree(struct uses *u, const struct ast *t)
{
	struct str name;

	if (t->kind != AST_CHECK) {
		for (uint32_t i = 0; i < t->n; i++)
			note_tree(u, t->kids[i]);
		return;
	}
	name = filter_operator(t->op)->name;
	if (t->modifier != FILTER_MOD_NONE)
		name = str_from(arena_printf(&u->d->arena, "%.*s %s", STR_FMT(name),
					     filter_modifier_name(t->modifier)));
	note(u->d, &u->operators, name);
	note_term(u, t->left);
	note_term(u, t->right);
}

static void add_uses(struct describer *d, const struct ast *tree)
{
	struct uses u = {.d = d};

	if (tree)
		note_tree(&u, tree);
	json_strings(d->b, "condition_operators", u.operators.items, u.operators.n);
	buf_add_cstr(d->b, ", ");
	json_strings(d->b, "condition_fields", u.fields.items, u.fields.n);
}

static const struct rules_plugin *owner_of(const struct describer *d, const struct field *f)
{
	for (uint32_t i = 0; i < d->opts->n_plugins && !f->fixed; i++)
		if (d->opts->plugins[i].owner == f->owner)
			return &d->opts->plugins[i];
	return NULL;
}

static void note_owner(struct describer *d, struct names *plugins, const struct field *f)
{
	const struct rules_plugin *p = owner_of(d, f);

	if (p)
		note(d, plugins, str_from(p->name));
}

/* Who answers for the fields of @t among @fields. */
static void note_term_owners(struct describer *d, struct names *plugins,
			     const struct fieldset *fields, const struct ast_term *t)
{
	struct field_use use;

	if (!t)
		return;
	if (t->kind == AST_TERM_FIELD &&
	    fieldset_resolve_parts(fields, ast_term_parts(t), &d->arena, &use, NULL) == 0)
		note_owner(d, plugins, use.field);
	for (uint32_t i = 0; i < t->n; i++)
		note_term_owners(d, plugins, fields, t->args[i]);
}

static void note_owners(struct describer *d, struct names *plugins, const struct fieldset *fields,
			const struct ast *t)
{
	if (t->kind == AST_CHECK) {
		note_term_owners(d, plugins, fields, t->left);
		note_term_owners(d, plugins, fields, t->right);
		return;
	}
	for (uint32_t i = 0; i < t->n; i++)
		note_owners(d, plugins, fields, t->kids[i]);
}

static void note_template_owners(struct describer *d, struct names *plugins,
				 const struct template *t)
{
	for (uint32_t i = 0; i < template_n_fields(t); i++)
		note_owner(d, plugins, template_field(t, i)->field);
}

/* Who gives the events of a rule, and who answers for the fields of its condition and its output. */
static void add_rule_plugins(struct describer *d, const struct rule *r, const struct ast *tree)
{
	const struct ruleset_source *source = &d->rs->sources[r->source];
	struct names names = {0};

	for (uint32_t i = 0; i < d->opts->n_plugins; i++)
		if (d->opts->plugins[i].source && str_is(source->name, d->opts->plugins[i].source))
			note(d, &names, str_from(d->opts->plugins[i].name));
	if (tree)
		note_owners(d, &names, source->fields, tree);
	note_template_owners(d, &names, r->message);
	for (uint32_t i = 0; i < r->n_extra_fields; i++)
		note_template_owners(d, &names, r->extra_fields[i].value);
	json_strings(d->b, "plugins", names.items, names.n);
}

/* A macro may be used by rules of any source: who answers for its fields in one of them. */
static void add_macro_plugins(struct describer *d, const struct ast *tree)
{
	struct names names = {0};

	for (uint32_t i = 0; tree && i < d->rs->n_sources; i++)
		note_owners(d, &names, d->rs->sources[i].fields, tree);
	json_strings(d->b, "plugins", names.items, names.n);
}

static void add_compiled(struct describer *d, const struct ast *tree)
{
	buf_reset(&d->scratch);
	if (tree)
		ast_print(&d->scratch, tree);
	json_member(d->b, "condition_compiled", buf_str(&d->scratch));
}

/* Names of the events in @events (NULL: all): calls without an event of their own share two. */
static void add_events(struct describer *d, const struct evttypes *events)
{
	struct names names = {0};
	uint16_t n_calls = gyr_syscall_count();

	for (uint16_t code = 0; code < gyr_event_count(); code++) {
		const struct gyr_event_info *e = gyr_event(code);

		if (!e || (events && !evttypes_has(events, code)))
			continue;
		if (code >= 2)
			note(d, &names, (struct str){e->name, e->name_len});
		for (uint16_t call = 0; code < 2 && call < n_calls; call++) {
			const struct gyr_syscall_info *c = gyr_syscall(call);

			if (c && gyr_event_records(code, call))
				note(d, &names, (struct str){c->name, c->name_len});
		}
	}
	json_strings(d->b, "events", names.items, names.n);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void add_rule_info(struct describer *d, const struct rule *r, const struct decl_rule *decl)
{
	struct buf *b = d->b;

	buf_add_cstr(b, "{\"info\": {");
	json_member(b, "name", r->name);
	buf_add_cstr(b, ", ");
	json_member(b, "condition", decl->condition->text);
	buf_add_cstr(b, ", ");
	json_member(b, "priority", str_from(rule_priority_name(r->priority)));
	buf_add_cstr(b, ", ");
	json_member(b, "output", decl->output->text);
	buf_add_cstr(b, ", ");
	json_member(b, "description", decl->desc);
	buf_printf(b, ", \"enabled\": %s, ", decl->enabled ? "true" : "false");
	json_member(b, "source", d->rs->sources[r->source].name);
	buf_printf(b, ", \"capture\": %s, \"capture_duration\": %u, ",
		   r->capture ? "true" : "false", r->capture_duration_ms);
	json_strings(b, "tags", r->tags, r->n_tags);
	buf_add_char(b, '}');
}

/* @s with one blank where it has several, and none at its ends. */
static struct str words(struct describer *d, struct str s)
{
	char *text = (char *)arena_str(&d->arena, s).p;
	size_t n = 0;

	for (size_t i = 0; text && i < s.len; i++) {
		bool is_blank = strchr(" \t\n", s.p[i]) != NULL;

		if (!is_blank)
			text[n++] = s.p[i];
		else if (n && text[n - 1] != ' ')
			text[n++] = ' ';
	}
	if (n && text[n - 1] == ' ')
		n--;
	return text ? (struct str){text, n} : s;
}

static void note_all(struct describer *d, struct names *n, const struct decl_value *v,
		     struct str (*form)(struct describer *, struct str))
{
	if (v->is_set && !v->is_list)
		note(d, n, form(d, v->text));
	for (uint32_t i = 0; v->is_list && i < v->n; i++)
		note(d, n, form(d, v->items[i].text));
}

static struct str as_written(struct describer *d, struct str s)
{
	(void)d;
	return s;
}

static void add_exceptions(struct describer *d, const struct decl_rule *decl)
{
	struct names names = {0}, fields = {0}, operators = {0};

	for (uint32_t i = 0; i < decl->n_exceptions; i++) {
		const struct decl_exception *e = &decl->exceptions[i];

		note(d, &names, e->name);
		note_all(d, &fields, &e->fields, as_written);
		note_all(d, &operators, &e->comps, words);
	}
	json_strings(d->b, "exception_names", names.items, names.n);
	buf_add_cstr(d->b, ", ");
	json_strings(d->b, "exception_fields", fields.items, fields.n);
	buf_add_cstr(d->b, ", ");
	json_strings(d->b, "exception_operators", operators.items, operators.n);
}

static void add_output(struct describer *d, const struct rule *r)
{
	struct names fields = {0};
	struct buf *b = d->b;

	for (uint32_t i = 0; i < template_n_fields(r->message); i++)
		note(d, &fields, template_field_text(r->message, i));
	json_member(b, "output_compiled", template_text(r->message, &d->arena));
	buf_add_cstr(b, ", ");
	json_strings(b, "output_fields", fields.items, fields.n);
	buf_add_cstr(b, ", \"extra_output_formatted_fields\": {");
	for (uint32_t i = 0; i < r->n_extra_fields; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		json_string(b, r->extra_fields[i].name);
		buf_add_cstr(b, ": ");
		json_string(b, template_text(r->extra_fields[i].value, &d->arena));
	}
	buf_add_char(b, '}');
}

static void add_rule(struct describer *d, const struct rule *r)
{
	const struct decl_rule *decl = strmap_find(&d->store->rules, r->name);
	struct buf *b = d->b;

	add_rule_info(d, r, decl);
	buf_add_cstr(b, ", \"details\": {");
	json_strings(b, "macros", decl->macros.items, decl->macros.n);
	buf_add_cstr(b, ", ");
	json_strings(b, "lists", decl->lists.items, decl->lists.n);
	buf_add_cstr(b, ", ");
	add_uses(d, decl->tree);
	buf_add_cstr(b, ", ");
	add_output(d, r);
	buf_add_cstr(b, ", ");
	add_exceptions(d, decl);
	buf_add_cstr(b, ", ");
	add_events(d, r->events);
	buf_add_cstr(b, ", ");
	add_compiled(d, decl->tree);
	buf_add_cstr(b, ", ");
	add_rule_plugins(d, r, decl->tree);
	buf_add_cstr(b, "}}");
}

/* --- macros and lists ------------------------------------------------------------------------- */

/* The events that a rule about nothing but @tree would be about, in a source whose events have types. */
static void add_macro_events(struct describer *d, const struct ast *tree)
{
	struct err ignored = ERR_NULL;
	struct evttypes events;
	uint32_t i = 0;

	while (i < d->opts->n_sources && !d->opts->sources[i].has_event_types)
		i++;
	if (tree && i < d->opts->n_sources) {
		const struct rules_source *s = &d->opts->sources[i];
		const struct evttypes_source from = {
			.fields = s->fields, .is_event = s->is_event, .ctx = s->ctx};

		if (evttypes_of(tree, &from, &events, &ignored) == 0) {
			add_events(d, &events);
			return;
		}
	}
	add_events(d, NULL);
}

static void add_macro(struct describer *d, const struct decl_macro *m)
{
	struct buf *b = d->b;

	buf_add_cstr(b, "{\"info\": {");
	json_member(b, "name", m->name);
	buf_add_cstr(b, ", ");
	json_member(b, "condition", m->condition->text);
	buf_printf(b, "}, \"details\": {\"used\": %s, ", m->is_used ? "true" : "false");
	json_strings(b, "macros", m->macros.items, m->macros.n);
	buf_add_cstr(b, ", ");
	json_strings(b, "lists", m->lists.items, m->lists.n);
	buf_add_cstr(b, ", ");
	add_uses(d, m->expanded);
	buf_add_cstr(b, ", ");
	add_macro_events(d, m->expanded);
	buf_add_cstr(b, ", ");
	add_compiled(d, m->expanded);
	buf_add_cstr(b, ", ");
	add_macro_plugins(d, m->expanded);
	buf_add_cstr(b, "}}");
}

static void add_list(struct describer *d, const struct decl_list *list)
{
	struct buf *b = d->b;

	buf_add_cstr(b, "{\"info\": {");
	json_member(b, "name", list->name);
	buf_add_cstr(b, ", \"items\": [");
	for (uint32_t i = 0; i < list->n_items; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		json_string(b, list->items[i].text);
	}
	buf_printf(b, "]}, \"details\": {\"used\": %s, ", list->is_used ? "true" : "false");
	json_strings(b, "lists", list->lists.items, list->lists.n);
	buf_add_cstr(b, ", \"items_compiled\": [");
	for (uint32_t i = 0; list->expanded && i < list->expanded->n; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		json_string(b, list->expanded->args[i]->text);
	}
	buf_add_cstr(b, "], \"plugins\": []}}");
}

static void add_requirements(struct describer *d)
{
	const struct store *s = d->store;
	struct buf *b = d->b;

	buf_printf(b, "\"required_engine_version\": \"%u.%u.%u\", \"required_plugin_versions\": [",
		   s->engine[0], s->engine[1], s->engine[2]);
	for (uint32_t i = 0; i < s->n_requirements; i++) {
		const struct decl_requirement *q = &s->requirements[i];

		buf_add_cstr(b, i ? ", {" : "{");
		json_member(b, "name", q->any[0].name);
		buf_add_cstr(b, ", ");
		json_member(b, "version", q->any[0].version);
		buf_add_cstr(b, ", \"alternatives\": [");
		for (uint32_t k = 1; k < q->n; k++) {
			buf_add_cstr(b, k > 1 ? ", {" : "{");
			json_member(b, "name", q->any[k].name);
			buf_add_cstr(b, ", ");
			json_member(b, "version", q->any[k].version);
			buf_add_char(b, '}');
		}
		buf_add_cstr(b, "]}");
	}
	buf_add_char(b, ']');
}

static void describe_all(struct describer *d)
{
	const struct store *s = d->store;
	struct buf *b = d->b;

	buf_add_char(b, '{');
	add_requirements(d);
	buf_add_cstr(b, ", \"rules\": [");
	for (uint32_t i = 0; i < d->rs->n_rules; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		add_rule(d, d->rs->rules[i]);
	}
	buf_add_cstr(b, "], \"macros\": [");
	for (uint32_t i = 0; i < s->n_macros; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		add_macro(d, s->macro[i]);
	}
	buf_add_cstr(b, "], \"lists\": [");
	for (uint32_t i = 0; i < s->n_lists; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		add_list(d, s->list[i]);
	}
	buf_add_cstr(b, "]}");
}

bool rules_describe_json(struct buf *b, const struct rules_loader *l, const struct ruleset *rs,
			 const char *name)
{
	struct describer d = {.b = b, .store = l->store, .opts = &l->opts, .rs = rs};
	const struct rule *one = name ? ruleset_rule_find(rs, str_from(name)) : NULL;

	if (name && !one)
		return false;
	buf_init(&d.scratch, 64 << 20);
	if (one) {
		buf_add_cstr(b, "{\"rules\": [");
		add_rule(&d, one);
		buf_add_cstr(b, "]}");
	} else {
		describe_all(&d);
	}
	buf_deinit(&d.scratch);
	arena_deinit(&d.arena);
	return true;
}

/* --- text ------------------------------------------------------------------------------------- */

enum {
	NAME_COLUMN = 50,
	TEXT_COLUMN = 100,
};

/* @text in lines up to TEXT_COLUMN, each but the first behind NAME_COLUMN blanks. */
static void add_wrapped(struct buf *b, struct str text)
{
	size_t column = NAME_COLUMN;
	bool is_first = true;

	for (size_t i = 0; i < text.len;) {
		size_t end = i;

		while (end < text.len && !strchr(" \t\r\n", text.p[end]))
			end++;
		if (end > i) {
			if (!is_first && column + 1 + (end - i) > TEXT_COLUMN) {
				buf_printf(b, "\n%*s", NAME_COLUMN, "");
				column = NAME_COLUMN;
			} else if (!is_first) {
				buf_add_char(b, ' ');
				column++;
			}
			buf_add(b, text.p + i, end - i);
			column += end - i;
			is_first = false;
		}
		i = end + 1;
	}
}

static void add_line(struct buf *b, const struct rules_loader *l, const struct rule *r)
{
	const struct decl_rule *decl = strmap_find(&l->store->rules, r->name);

	buf_add_str(b, r->name);
	if (r->name.len >= NAME_COLUMN)
		buf_printf(b, "\n%*s", NAME_COLUMN, "");
	else
		buf_printf(b, "%*s", (int)(NAME_COLUMN - r->name.len), "");
	add_wrapped(b, decl->desc);
	buf_add_char(b, '\n');
}

bool rules_describe_text(struct buf *b, const struct rules_loader *l, const struct ruleset *rs,
			 const char *name)
{
	const struct rule *one = name ? ruleset_rule_find(rs, str_from(name)) : NULL;

	if (name && !one)
		return false;
	buf_printf(b, "%-*s%s\n%-*s%s\n", NAME_COLUMN, "Rule", "Description", NAME_COLUMN, "----",
		   "-----------");
	if (one)
		add_line(b, l, one);
	for (uint32_t i = 0; !one && i < rs->n_rules; i++)
		add_line(b, l, rs->rules[i]);
	return true;
}

void rules_condition_print(struct buf *b, const struct rules_loader *l, const struct rule *rule)
{
	const struct decl_rule *decl = strmap_find(&l->store->rules, rule->name);

	if (decl->tree)
		ast_write(b, decl->tree);
}
