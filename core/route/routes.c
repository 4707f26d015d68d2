/*
 * routes: the routes of each rule as a few steps.
 */
#include "route/routes.h"

#include <errno.h>

#include "filter/eval.h"
#include "filter/parse.h"
#include "filter/typecheck.h"

struct step {
	const struct expr *condition; /* NULL: always */
	route_set outputs;
	bool is_final;
};

struct steps {
	uint32_t n;
	const struct step *steps;
};

struct routes {
	route_set all;
	uint32_t n_routes;
	const struct route *routes; /* for notices */
	struct steps *by_rule;      /* by rule.index */
};

/* A condition that was compiled for each source. */
struct compiled {
	const struct expr **by_source; /* NULL: it does not fit the fields of this one */
	struct err first;              /* why it did not fit */
	bool is_wanted, is_usable;
};

struct planner {
	struct ruleset *rs;
	const struct route_table *table;
	struct arena *arena;
	struct compiled *compiled; /* by route */
	struct err *problem;
};

static void report(void *ctx, enum typecheck_code code, struct ast_place where, struct str subject,
		   const struct err *e)
{
	struct planner *p = ctx;

	(void)where;
	(void)subject;
	if (!typecheck_is_error(code))
		return;
	err_set(p->problem, e->offset, e->len, "%s", e->text);
	if (e->hint[0] && !p->problem->hint[0])
		err_hint(p->problem, "%s", e->hint);
}

static bool selects_any(const struct planner *p, const struct route *r, uint32_t source)
{
	const struct ruleset_source *s = &p->rs->sources[source];

	for (uint32_t i = 0; i < s->n_rules; i++)
		if (selector_fits(&r->match, s->rules[i], s->name))
			return true;
	return false;
}

static int compile_for(struct planner *p, uint32_t source, const struct ast *tree,
		       struct compiled *c)
{
	struct err problem = ERR_NULL;
	struct typecheck_options o = {.fields = p->rs->sources[source].fields,
				      .uses = ruleset_uses(p->rs, source),
				      .arena = p->arena,
				      .report = report,
				      .ctx = p};
	int ret;

	p->problem = &problem;
	ret = typecheck(tree, &o, &c->by_source[source]);
	c->is_usable |= ret == 0;
	if (ret != -EINVAL)
		return ret;
	c->by_source[source] = NULL;
	if (!c->first.is_set)
		c->first = problem;
	return 0;
}

/* The condition of one route, for every source whose rules it selects. */
static int compile_route(struct planner *p, uint32_t at, struct err *err)
{
	const struct route *r = &p->table->routes[at];
	struct compiled *c = &p->compiled[at];
	const struct ast *tree;
	int ret;

	if (!r->condition)
		return 0;
	c->by_source = arena_alloc(p->arena, (p->rs->n_sources + 1) * sizeof(struct expr *));
	if (!c->by_source)
		return -ENOMEM;
	ret = parse_condition(str_from(r->condition), NULL, p->arena, &tree, err);
	for (uint32_t s = 0; s < p->rs->n_sources && ret == 0; s++) {
		if (!selects_any(p, r, s))
			continue;
		c->is_wanted = true;
		ret = compile_for(p, s, tree, c);
	}
	if (ret == 0 && c->is_wanted && !c->is_usable) {
		*err = c->first;
		ret = -EINVAL;
	}
	if (ret == -EINVAL)
		err_context(err, "route %u: condition '%.200s'", at + 1, r->condition);
	return ret;
}

/* Steps behind each other that always count are one. */
static void step_add(struct step *steps, uint32_t *n, struct step s)
{
	struct step *last = *n ? &steps[*n - 1] : NULL;

	if (last && last->is_final && !last->condition)
		return;
	if (last && !last->condition && !s.condition) {
		last->outputs |= s.outputs;
		last->is_final = s.is_final;
		return;
	}
	steps[(*n)++] = s;
}

static int plan_rule(struct planner *p, const struct rule *rule, struct step *scratch,
		     struct steps *ret)
{
	struct str source = p->rs->sources[rule->source].name;
	struct step *steps;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->table->n; i++) {
		const struct route *r = &p->table->routes[i];
		struct step s = {.outputs = r->outputs, .is_final = r->is_final};

		if (!selector_fits(&r->match, rule, source))
			continue;
		if (r->condition) {
			s.condition = p->compiled[i].by_source[rule->source];
			if (!s.condition)
				continue;
		}
		step_add(scratch, &n, s);
	}
	steps = arena_alloc(p->arena, (n + 1) * sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	memcpy(steps, scratch, n * sizeof(*steps));
	*ret = (struct steps){n, steps};
	return 0;
}

/* What notices are judged by: rows of its own, as their texts may go. */
static int copy_routes(struct routes *to, const struct route_table *t, struct arena *arena)
{
	struct route *own = arena_alloc(arena, (t->n + 1) * sizeof(*own));

	if (!own)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		struct selector *m = &own[i].match;

		own[i] = t->routes[i];
		m->tags = NULL;
		m->rule = m->rule ? arena_str(arena, str_from(m->rule)).p : NULL;
		m->source = m->source ? arena_str(arena, str_from(m->source)).p : NULL;
		own[i].condition = own[i].condition ? "" : NULL;
		if (!m->rule != !t->routes[i].match.rule ||
		    !m->source != !t->routes[i].match.source)
			return -ENOMEM;
	}
	to->routes = own;
	to->n_routes = t->n;
	return 0;
}

int routes_plan(struct ruleset *rs, const struct route_table *t, struct arena *arena,
		const struct routes **ret, struct err *err)
{
	struct planner p = {.rs = rs, .table = t, .arena = arena};
	struct routes *routes = arena_alloc(arena, sizeof(*routes));
	struct step *scratch = arena_alloc(arena, (t->n + 1) * sizeof(*scratch));
	int r = 0;

	p.compiled = arena_alloc(arena, (t->n + 1) * sizeof(*p.compiled));
	if (!routes || !scratch || !p.compiled)
		return -ENOMEM;
	routes->all = t->all;
	*ret = routes;
	if (t->n == 0)
		return 0;
	routes->by_rule = arena_alloc(arena, (rs->n_rules + 1) * sizeof(*routes->by_rule));
	if (!routes->by_rule || copy_routes(routes, t, arena) < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n && r == 0; i++)
		r = compile_route(&p, i, err);
	/* the trees lie in memory that may go before the ruleset does */
	for (uint32_t s = 0; s < rs->n_sources; s++)
		use_table_seal(ruleset_uses(rs, s));
	for (uint32_t i = 0; i < rs->n_rules && r == 0; i++)
		if (rs->rules[i]->enabled)
			r = plan_rule(&p, rs->rules[i], scratch, &routes->by_rule[i]);
	return r;
}

route_set routes_of(const struct routes *r, const struct rule *rule, struct eval *e,
		    const struct event *evt, const struct fetch *fetch)
{
	const struct steps *s;
	route_set set = 0;
	bool any = false;

	if (!r->by_rule)
		return r->all;
	s = &r->by_rule[rule->index];
	for (uint32_t i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];

		if (step->condition && !eval_match(e, step->condition, evt, fetch))
			continue;
		any = true;
		set |= step->outputs;
		if (step->is_final)
			break;
	}
	return any ? set : r->all;
}

route_set routes_of_notice(const struct routes *r, struct str rule, struct str source,
			   enum rule_priority priority)
{
	route_set set = 0;
	bool any = false;

	for (uint32_t i = 0; i < r->n_routes; i++) {
		const struct route *route = &r->routes[i];

		if (route->condition ||
		    !selector_fits_notice(&route->match, rule, source, priority))
			continue;
		any = true;
		set |= route->outputs;
		if (route->is_final)
			break;
	}
	return any ? set : r->all;
}
