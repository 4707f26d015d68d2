#include "plan/plan.h"

#include <errno.h>
#include <math.h>

#include "plan/impl.h"
#include "util/mem.h"

struct plan *plan_free(struct plan *p)
{
	if (!p)
		return NULL;
	switches_free(p->switches, p->n_switches);
	mem_free(p->classes);
	dag_deinit(&p->dag);
	arena_deinit(&p->arena);
	return mem_free(p);
}

size_t plan_size(const struct plan *p)
{
	const struct dag *d = &p->dag;

	return sizeof *p + p->arena.used + d->arena.used + d->n_terms * sizeof *d->terms +
	       d->n_preds * sizeof *d->preds + d->n_nodes * sizeof *d->nodes +
	       d->n_kids * sizeof *d->kids + p->n_switches * sizeof *p->switches +
	       p->n_classes * sizeof *p->classes;
}

/* Covers by what judging costs; to be ended with covers_deinit(). */
static bool covers_choose(struct covers *c, const struct plan *p, const struct plan_stats *stats)
{
	struct estimate *judge = nodes_estimate(p, NULL, KIDS_SORTED, NULL);
	bool ok = judge && covers_init(c, p, stats) && covers_weigh(c, p, judge);

	mem_free(judge);
	return ok;
}

/* The kids of all nodes in their order, now that it is known what drivers have asked already. */
static bool kids_order(struct plan *p, const struct covers *c)
{
	struct estimate *judge = nodes_estimate(p, c->driven, KIDS_SORTED, p);
	bool ok = judge;

	mem_free(judge);
	return ok;
}

static bool covers_build(struct plan *p, const struct plan_stats *stats)
{
	struct covers c = {.cost = NULL};
	bool ok = covers_choose(&c, p, stats) && kids_order(p, &c) && wakes_build(p, &c);

	covers_deinit(&c);
	return ok;
}

static bool build(struct plan *p, const struct plan_stats *stats)
{
	uint32_t *roots = mem_grow(NULL, p->n_rules + 1, sizeof *roots);
	bool ok = roots && dag_init(&p->dag) == 0;

	for (uint32_t i = 0; ok && i < p->n_rules; i++)
		roots[i] = dag_add(&p->dag, p->rules[i].expr, false);
	ok = ok && !p->dag.failed && classes_build(p, roots);
	mem_free(roots);
	if (!ok)
		return false;
	dag_seal(&p->dag);
	p->is_learned = plan_stats_fit(stats, p);
	return switches_build(&p->dag, &p->arena, &p->switches, &p->n_switches) &&
	       lessons_build(p) && probabilities_set(p, stats) && covers_build(p, stats);
}

int plan_new(const struct plan_rule *rules, uint32_t n_rules, const struct plan_stats *stats,
	     struct plan **ret_plan)
{
	struct plan_rule *copy;
	struct plan *p;

	if (n_rules > PLAN_MAX_RULES)
		return -E2BIG;
	p = mem_new(sizeof *p);
	if (!p)
		return -ENOMEM;
	p->arena.chunk_max = ARENA_CHUNK_KEPT;
	copy = arena_alloc(&p->arena, n_rules * sizeof *copy);
	if (copy && n_rules)
		memcpy(copy, rules, n_rules * sizeof *copy);
	p->rules = copy;
	p->n_rules = n_rules;
	if (!copy || !build(p, stats)) {
		plan_free(p);
		return -ENOMEM;
	}
	*ret_plan = p;
	return 0;
}

struct plan_stats *plan_stats_free(struct plan_stats *s)
{
	if (s) {
		mem_free(s->p);
		mem_free(s->share);
		mem_free(s->used);
	}
	return mem_free(s);
}

bool plan_stats_fit(const struct plan_stats *s, const struct plan *p)
{
	return s && s->n_preds == p->dag.n_preds && s->n_classes == p->n_classes &&
	       s->n_terms == p->dag.n_terms;
}

bool plan_is_eager(const struct plan_class *c, uint32_t term)
{
	for (uint32_t i = 0; i < c->n_eager; i++)
		if (c->eager_terms[i] == term)
			return true;
	return false;
}

/* The share of events for which a field is asked for late that was to be expected. */
static double asked_late(const struct plan *p, const struct plan_stats *s)
{
	double sum = 0;

	for (uint32_t c = 0; s->used && c < p->n_classes; c++)
		for (uint32_t t = 0; t < p->dag.n_terms; t++)
			if (s->used[(size_t)c * s->n_terms + t] > EAGER_MIN &&
			    may_be_eager(&p->dag.terms[t]) && !plan_is_eager(&p->classes[c], t)) {
				sum += s->share[c];
				break;
			}
	return sum;
}

double plan_gain(const struct plan *p, const struct plan_stats *s)
{
	struct plan other = *p;
	struct covers c = {.cost = NULL};
	struct estimate *judge;
	double now = 0, then = 0;

	other.arena = (struct arena)ARENA_NULL;
	judge = probabilities_set(&other, s) ? nodes_estimate(&other, NULL, KIDS_AS_IS, NULL)
					     : NULL;
	if (judge && covers_choose(&c, &other, s)) {
		now = plan_modelled(&other, s, judge);
		then = c.modelled;
	}
	mem_free(judge);
	covers_deinit(&c);
	arena_deinit(&other.arena);
	return (now > 0 && isfinite(now) ? 1 - then / now : 0) + asked_late(p, s);
}
