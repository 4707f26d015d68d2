#include "plan/plan.h"

#include <errno.h>

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

static bool covers_build(struct plan *p)
{
	struct covers c;
	bool ok = covers_init(&c, p) && covers_weigh(&c, p) && wakes_build(p, &c);

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
	return switches_build(&p->dag, &p->arena, &p->switches, &p->n_switches) &&
	       probabilities_set(p, stats) && covers_build(p) && kids_order(p);
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
	if (s)
		mem_free(s->p);
	return mem_free(s);
}

struct weighing {
	const struct plan_stats *stats;
	double sum;
};

static double learned(const struct plan_stats *s, const struct plan *p, uint32_t pred)
{
	return s->p[pred] >= 0 ? s->p[pred] : p->p[pred];
}

/* Rules woken per event, over all classes alike, by the covers of @p when hits are as in @s. */
static double woken_now(const struct plan *p, const struct plan_stats *s)
{
	double sum = 0;

	for (uint32_t pred = 0; pred < p->dag.n_preds; pred++)
		for (uint32_t i = pred ? p->wake_ends[pred - 1] : 0; i < p->wake_ends[pred]; i++)
			sum += learned(s, p, pred) * p->wakes[i].n;
	for (uint32_t c = 0; c < p->n_classes; c++)
		sum += p->classes[c].n_residual;
	return sum;
}

static void add_rate(void *ctx, uint32_t pred)
{
	struct weighing *w = ctx;

	w->sum += w->stats->p[pred] >= 0 ? w->stats->p[pred] : 0.1;
}

double plan_gain(const struct plan *p, const struct plan_stats *s)
{
	struct plan other = *p;
	struct covers c = {NULL, NULL, NULL};
	struct weighing w = {.stats = s};
	double now = woken_now(p, s);

	other.arena = (struct arena)ARENA_NULL;
	if (now > 0 && probabilities_set(&other, s) && covers_init(&c, &other) &&
	    covers_weigh(&c, &other)) {
		for (uint32_t k = 0; k < p->n_classes; k++)
			for (uint32_t i = 0; i < p->classes[k].n_rules; i++) {
				uint32_t root = p->classes[k].rules[i].root;

				if (covers_has(&c, root))
					covers_each(&c, &other, root, add_rate, &w);
				else
					w.sum += 1;
			}
	} else {
		w.sum = now;
	}
	covers_deinit(&c);
	arena_deinit(&other.arena);
	return now > 0 ? 1 - w.sum / now : 0;
}
