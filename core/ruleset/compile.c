/*
 * Rule by rule: the tree with everything in place, what is doubtful about it, its types, the events
 * it is about, its output. A rule with a mistake is left out; the next one is compiled all the
 * same.
 */
#include "ruleset/compile.h"

#include <errno.h>
#include <stdlib.h>

#include "filter/evttypes.h"
#include "filter/typecheck.h"
#include "ruleset/doubt.h"
#include "ruleset/impl.h"
#include "ruleset/interest.h"
#include "ruleset/problem.h"
#include "ruleset/resolve.h"
#include "ruleset/template.h"
#include "util/mem.h"

enum {
	CHECKS_MAX = 4 << 20,  /* of all rules together, macros in place */
	MANY_EVENTS = 100,     /* a rule about more event types is about all of them */
	EVENT_ASYNC = 402,     /* reaches every rule, whatever its event types */
	RULE_PROBLEMS = 20,    /* mistakes of one condition that are told */
	TAGS_BYTES = 64 << 20, /* of all tags of a rule: no more than a file has */
};

/* What compiling the rules of one source goes by. */
struct source_state {
	struct template_set templates;
	struct evttypes_source events;
};

struct compiler {
	struct rules_loader *l;
	struct ruleset_impl *rs;
	struct arena *arena;    /* the ruleset's */
	struct str *file_names; /* there, by file; .p NULL: not yet */
	struct strmap event_sets, tags, tag_lists;
	struct buf key;
	struct source_state *states; /* by source */
	struct decl_rule *decl;
	const struct rules_source *source;
	uint32_t n_problems;
	uint64_t n_checks;
	bool is_deprecation_told; /* once a rule */
	bool is_skipped;          /* by skip-if-unknown-filter */
	struct strmap told; /* mistakes in macros: told once, not for every rule that uses them */
};

/* --- conditions ------------------------------------------------------------------------------- */

static enum rules_code code_of(struct compiler *c, enum typecheck_code code)
{
	switch (code) {
	case TYPECHECK_UNKNOWN_FIELD:
	case TYPECHECK_UNKNOWN_EVENT:
		return c->decl->skip_if_unknown ? RULES_UNKNOWN_FILTER
						: RULES_ERR_COMPILE_CONDITION;
	case TYPECHECK_UNKNOWN_NAME: /* told when it was looked for */
		return RULES_OK;
	case TYPECHECK_ERROR:
		return RULES_ERR_COMPILE_CONDITION;
	case TYPECHECK_WARN_FIELD_AS_TEXT:
	case TYPECHECK_WARN_REGEX:
		return RULES_COMPILE_CONDITION;
	case TYPECHECK_WARN_DEPRECATED:
		return c->is_deprecation_told ? RULES_OK : RULES_DEPRECATED_ITEM;
	default: /* for <NA> the language has a rule of its own: see doubt.c */
		return RULES_OK;
	}
}

/* Whether this mistake at this place of a macro was told before. */
static bool is_told(struct compiler *c, struct ast_place where, const char *text)
{
	char *key;

	if (!where.origin || where.origin == c->decl->condition)
		return false;
	key = arena_printf(&c->l->store->arena, "%p %u %s", where.origin, where.span.offset, text);
	return key && strmap_add(&c->told, str_from(key), c) == -EEXIST;
}

static void report(void *ctx, enum typecheck_code code, struct ast_place where, struct str subject,
		   const struct err *e)
{
	struct compiler *c = ctx;
	const struct origin *o = where.origin ? where.origin : c->decl->condition;
	enum rules_code to = code_of(c, code);

	(void)subject;
	if (to == RULES_OK || c->n_problems >= RULE_PROBLEMS)
		return;
	if (typecheck_is_error(code) && (c->is_skipped || is_told(c, where, e->text)))
		return;
	c->n_problems++;
	c->is_skipped |= to == RULES_UNKNOWN_FILTER;
	c->is_deprecation_told |= to == RULES_DEPRECATED_ITEM;
	problem_add_err(c->l, to, resolve_where(c->l, c->decl->condition), o, e);
}

static bool is_event(void *ctx, struct str name)
{
	struct compiler *c = ctx;

	return c->source->is_event && c->source->is_event(c->source->ctx, name);
}

/* The one copy of @set in the ruleset: most rules are about the same events as others. */
static const struct evttypes *shared_events(struct compiler *c, const struct evttypes *set)
{
	struct str key = {(const char *)set, sizeof *set};
	struct evttypes *own = strmap_find(&c->event_sets, key);

	if (own)
		return own;
	own = arena_alloc(c->arena, sizeof *own);
	if (!own)
		return NULL;
	*own = *set;
	key.p = (const char *)own;
	return strmap_add(&c->event_sets, key, own) == 0 ? own : NULL;
}

static int find_events(struct compiler *c, struct rule *rule)
{
	const struct origin *condition = c->decl->condition;
	struct evttypes events;
	struct err err = ERR_NULL;
	int r;

	if (!c->source->has_event_types)
		return 0;
	r = evttypes_of(c->decl->tree, &c->states[rule->source].events, &events, &err);
	err.offset = 0;
	if (r == -EINVAL)
		problem_add_err(c->l, RULES_ERR_COMPILE_CONDITION, resolve_where(c->l, condition),
				condition, &err);
	if (r < 0)
		return r;
	if (evttypes_count(&events) == 0)
		problem_add(c->l, RULES_LINT_NEVER, c->decl->where,
			    "no event has all the types that the condition asks for");
	evttypes_add(&events, EVENT_ASYNC);
	if (evttypes_count(&events) > MANY_EVENTS && c->decl->warn_evttypes)
		problem_add(c->l, RULES_NO_EVTTYPE, c->decl->where,
			    "the rule is tried on too many types of events, which costs time: "
			    "restrict it with evt.type");
	rule->events = shared_events(c, &events);
	return rule->events ? 0 : -ENOMEM;
}

static int compile_condition(struct compiler *c, struct rule *rule)
{
	struct decl_rule *d = c->decl;
	struct typecheck_options o = {
		.fields = c->source->fields,
		.uses = c->rs->uses[rule->source],
		.arena = c->arena,
		.report = report,
		.is_event = is_event,
		.ctx = c,
	};
	int r_names = resolve_rule(c->l, c->decl, &d->tree, &d->macros, &d->lists), r;

	if (r_names < 0)
		return r_names;
	c->n_checks += d->tree->size;
	if (c->n_checks > CHECKS_MAX) {
		problem_add(c->l, RULES_ERR_VALIDATE, c->decl->where,
			    "the rules have more than %d checks with all macros in place",
			    CHECKS_MAX);
		return -E2BIG;
	}
	doubt_condition(c->l, c->decl->condition, d->tree);
	r = typecheck(d->tree, &o, &rule->expr);
	if (r || r_names)
		return r ? r : -EINVAL;
	if (c->l->opts.lint && doubt_is_never(d->tree, c->source->fields))
		problem_add(c->l, RULES_LINT_NEVER, c->decl->where,
			    "the condition contradicts itself, so the rule never matches");
	return find_events(c, rule);
}

static void add_interest(struct compiler *c, const struct rule *rule)
{
	static const struct interest_conditions none;
	static const struct evttypes unknown;
	struct interest *i = (struct interest *)c->rs->pub.sources[rule->source].interest;

	if (i)
		interest_add(i, c->decl->tree, rule->events ? rule->events : &unknown,
			     c->source->fields,
			     c->source->conditions ? c->source->conditions : &none);
}

/* --- outputs ---------------------------------------------------------------------------------- */

static int compile_text(struct compiler *c, const struct rule *rule, struct str text,
			const struct template **ret)
{
	const struct origin *o = c->decl->output;
	struct err err = ERR_NULL;
	struct problem_place p;
	enum rules_code code = RULES_ERR_COMPILE_OUTPUT;
	int r;

	r = template_compile(&c->states[rule->source].templates, text, ret, &err);
	if (r == 0 || r == -ENOMEM)
		return r;
	if (r == -ENOENT && c->decl->skip_if_unknown)
		code = RULES_UNKNOWN_FILTER;
	/* What append_output put behind the rule's own text is in no rules file. */
	p = origin_place(c->l, o->where, o, err.offset < o->text.len ? err.offset : 0);
	p.hint = err.hint;
	problem_add_at(c->l, code, &p, "%s%s", err.text,
		       err.offset < o->text.len ? "" : ", in what append_output or -p adds");
	return -EINVAL;
}

static int compile_extra_fields(struct compiler *c, struct rule *rule)
{
	const struct rules_options *o = &c->l->opts;
	struct rule_extra_field *fields;
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->n_append_outputs; i++)
		n += select_fits(&o->append_outputs[i], rule, c->source->name)
			     ? o->append_outputs[i].n_extra_fields
			     : 0;
	fields = arena_alloc(c->arena, n * sizeof *fields);
	if (!fields)
		return -ENOMEM;
	rule->extra_fields = fields;
	for (uint32_t i = 0; i < o->n_append_outputs; i++) {
		const struct rules_append_output *a = &o->append_outputs[i];

		for (uint32_t k = 0; k < a->n_extra_fields; k++) {
			const struct rules_extra_field *f = &a->extra_fields[k];
			struct rule_extra_field *to = &fields[rule->n_extra_fields];
			const char *text = f->value;
			int r;

			if (!select_fits(a, rule, c->source->name))
				break;
			if (!text)
				text = arena_printf(&c->l->store->arena, "%%%s", f->name);
			to->name = arena_str(c->arena, str_from(f->name));
			r = text && to->name.p ? compile_text(c, rule, str_from(text), &to->value)
					       : -ENOMEM;
			if (r)
				return r;
			rule->n_extra_fields++;
		}
	}
	return 0;
}

static int compile_output(struct compiler *c, struct rule *rule)
{
	struct str text = c->decl->output->text;
	int r;

	if (c->l->opts.n_append_outputs)
		text = select_output(&c->l->opts, rule, text, c->source->fields,
				     &c->l->store->arena);
	if (!text.p)
		return -ENOMEM;
	r = compile_text(c, rule, text, &rule->message);
	if (r)
		return r;
	if (template_has_dropped(rule->message))
		problem_add(
			c->l, RULES_DEPRECATED_ITEM, c->decl->where,
			"'%%container.info' is deprecated and stands for nothing: name the fields");
	return compile_extra_fields(c, rule);
}

/* --- one rule --------------------------------------------------------------------------------- */

static int compare_str(const void *x, const void *y)
{
	const struct str *a = x, *b = y;
	int r = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return r ? r : (a->len > b->len) - (a->len < b->len);
}

static void sort_tags(struct decl_rule *d)
{
	uint32_t n = 0;

	if (d->n_tags)
		qsort(d->tags, d->n_tags, sizeof *d->tags, compare_str);
	for (uint32_t i = 0; i < d->n_tags; i++) {
		if (n == 0 || !str_eq(d->tags[n - 1], d->tags[i]))
			d->tags[n++] = d->tags[i];
	}
	d->n_tags = n;
}

static struct str shared_tag(struct compiler *c, struct str tag)
{
	const char *own = strmap_find(&c->tags, tag);
	struct str copy = {own, tag.len};

	if (own)
		return copy;
	copy = arena_str(c->arena, tag);
	if (copy.p && strmap_add(&c->tags, copy, (char *)copy.p) < 0)
		copy.p = NULL;
	return copy;
}

/* The one copy of the sorted tags of the rule at hand; NULL when memory is short. */
static const struct str *shared_tags(struct compiler *c)
{
	const struct decl_rule *d = c->decl;
	struct str *tags, key;

	buf_reset(&c->key);
	for (uint32_t i = 0; i < d->n_tags; i++) {
		buf_add(&c->key, &d->tags[i].len, sizeof d->tags[i].len);
		buf_add_str(&c->key, d->tags[i]);
	}
	tags = strmap_find(&c->tag_lists, buf_str(&c->key));
	if (tags)
		return tags;
	key = arena_str(&c->l->store->arena, buf_str(&c->key));
	tags = arena_alloc(c->arena, d->n_tags * sizeof *tags);
	if (!tags || !key.p || c->key.failed)
		return NULL;
	for (uint32_t i = 0; i < d->n_tags; i++) {
		tags[i] = shared_tag(c, d->tags[i]);
		if (!tags[i].p)
			return NULL;
	}
	return strmap_add(&c->tag_lists, key, tags) == 0 ? tags : NULL;
}

static struct str file_name(struct compiler *c, uint32_t file)
{
	if (!c->file_names[file].p)
		c->file_names[file] = arena_str(c->arena, c->l->results[file]->pub.name);
	return c->file_names[file];
}

static struct rule *new_rule(struct compiler *c)
{
	struct rule *rule = arena_alloc(c->arena, sizeof *rule);
	struct decl_rule *d = c->decl;

	if (!rule)
		return NULL;
	sort_tags(d);
	*rule = (struct rule){
		.index = c->rs->pub.n_rules,
		.source = (uint32_t)(c->source - c->l->opts.sources),
		.name = arena_str(c->arena, d->name),
		.priority = d->priority,
		.n_tags = d->n_tags,
		.tags = shared_tags(c),
		.enabled = d->enabled,
		.capture = d->capture,
		.capture_duration_ms = d->capture_duration_ms,
		.file = file_name(c, d->where->file),
		.at = d->where->at,
	};
	return rule->name.p && rule->file.p && rule->tags ? rule : NULL;
}

/* -EINVAL: the rule is left out. */
static int compile_rule(struct compiler *c, struct decl_rule *d)
{
	struct rule *rule;
	int r, r_output;

	if (d->is_unknown_source || d->priority > c->l->opts.min_priority)
		return 0;
	c->decl = d;
	c->source = strmap_find(&c->l->sources, d->source);
	c->n_problems = 0;
	c->is_skipped = false;
	c->is_deprecation_told = false;
	rule = new_rule(c);
	if (!rule)
		return -ENOMEM;
	r = compile_condition(c, rule);
	if (c->is_skipped)
		return 0;
	r_output = compile_output(c, rule);
	if (r || r_output)
		return r ? r : r_output;
	rule->enabled = select_enabled(&c->l->opts, rule);
	if (rule->enabled)
		add_interest(c, rule);
	c->rs->pub.rules[c->rs->pub.n_rules++] = rule;
	c->rs->pub.n_enabled += rule->enabled;
	r = strmap_add(&c->rs->by_name, rule->name, rule);
	return r;
}

/* --- the ruleset ------------------------------------------------------------------------------ */

/* Hands each source its enabled rules. */
static int fill_sources(struct compiler *c)
{
	struct ruleset *rs = &c->rs->pub;
	struct ruleset_source *sources = (struct ruleset_source *)rs->sources;

	for (uint32_t i = 0; i < rs->n_rules; i++)
		sources[rs->rules[i]->source].n_rules += rs->rules[i]->enabled;
	for (uint32_t s = 0; s < rs->n_sources; s++) {
		sources[s].rules =
			arena_alloc(c->arena, sources[s].n_rules * sizeof(struct rule *));
		if (!sources[s].rules)
			return -ENOMEM;
		sources[s].n_rules = 0;
	}
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		struct ruleset_source *s = &sources[rs->rules[i]->source];

		if (rs->rules[i]->enabled)
			s->rules[s->n_rules++] = rs->rules[i];
	}
	return 0;
}

static int new_source(struct compiler *c, const struct rules_source *from,
		      struct source_state *state, struct ruleset_source *ret)
{
	const struct rules_options *o = &c->l->opts;
	struct interest *interest = arena_alloc(c->arena, sizeof *interest);
	struct use_table *uses = use_table_new();

	c->rs->uses[from - o->sources] = uses;
	state->events = (struct evttypes_source){.fields = from->fields,
						 .is_event = from->is_event,
						 .ctx = from->ctx,
						 .memo = evttypes_memo_new()};
	state->templates =
		(struct template_set){.fields = from->fields, .uses = uses, .arena = c->arena};
	ret->name = arena_str(c->arena, str_from(from->name));
	ret->fields = fieldset_ref(from->fields);
	ret->uses = uses;
	if (!interest || !uses || !state->events.memo || !ret->name.p)
		return -ENOMEM;
	use_table_redact(uses, o->redaction);
	if (o->base64)
		use_table_base64(uses);
	interest_init(interest);
	ret->interest = from->has_event_types ? interest : NULL;
	return 0;
}

static int new_ruleset(struct compiler *c)
{
	const struct rules_options *o = &c->l->opts;
	struct ruleset_impl *rs = mem_new(sizeof *rs);
	struct ruleset_source *sources;

	if (!rs)
		return -ENOMEM;
	c->rs = rs;
	c->arena = &rs->arena;
	c->arena->chunk_max = ARENA_CHUNK_KEPT;
	atomic_init(&rs->refs, 1);
	rs->pub.match_all = o->match_all;
	rs->pub.rules = arena_alloc(c->arena, c->l->store->n_rules * sizeof(struct rule *));
	rs->uses = arena_alloc(c->arena, o->n_sources * sizeof(struct use_table *));
	c->states = arena_alloc(&c->l->store->arena, o->n_sources * sizeof *c->states);
	c->file_names = arena_alloc(&c->l->store->arena, c->l->n_results * sizeof(struct str));
	sources = arena_alloc(c->arena, o->n_sources * sizeof *sources);
	rs->pub.sources = sources;
	if (!c->states || !c->file_names || !rs->pub.rules || !rs->uses || !sources)
		return -ENOMEM;
	while (rs->pub.n_sources < o->n_sources) {
		uint32_t i = rs->pub.n_sources++;
		int r = new_source(c, &o->sources[i], &c->states[i], &sources[i]);

		if (r)
			return r;
	}
	return 0;
}

/* All but the ruleset. */
static void deinit(struct compiler *c)
{
	strmap_deinit(&c->told);
	strmap_deinit(&c->event_sets);
	strmap_deinit(&c->tags);
	strmap_deinit(&c->tag_lists);
	buf_deinit(&c->key);
	for (uint32_t i = 0; c->states && i < c->l->opts.n_sources; i++) {
		template_set_deinit(&c->states[i].templates);
		evttypes_memo_free(c->states[i].events.memo);
	}
}

int compile_ruleset(struct rules_loader *l, struct ruleset **ret)
{
	struct compiler c = {.l = l, .key = {.cap_bytes = TAGS_BYTES}};
	int r = new_ruleset(&c);

	if (r == 0)
		r = resolve_macros(l);
	for (uint32_t i = 0; r == 0 && i < l->store->n_rules; i++) {
		r = compile_rule(&c, l->store->rule[i]);
		/* The first rule too many is told of, those behind it are left out. */
		if (r == -E2BIG)
			break;
		if (r == -EINVAL)
			r = 0;
	}
	if (r == 0 || r == -E2BIG)
		r = fill_sources(&c);
	if (r == 0) {
		resolve_warn_unused(l);
		if (l->opts.lint && !l->opts.match_all)
			doubt_shadows(l, &c.rs->pub);
		r = l->failed;
	}
	deinit(&c);
	if (r < 0) {
		if (c.rs)
			ruleset_unref(&c.rs->pub);
		return r;
	}
	for (uint32_t i = 0; i < c.rs->pub.n_sources; i++)
		use_table_seal(c.rs->uses[i]);
	*ret = &c.rs->pub;
	return 0;
}
