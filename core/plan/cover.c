/*
 * cover: which predicates wake a rule.
 *
 * The weight of a cover is what its look-ups cost, shared among the rules that use the same switch,
 * and what it costs to look at the rule as often as the cover is hit. An AND takes the best cover
 * of its parts, an OR needs those of all; a negated predicate is none, since it is true when
 * nothing was hit. That is linear in the size of a rule, at any nesting.
 */
#include "plan/impl.h"

#include <math.h>

#include "util/mem.h"

/* Looking at a rule that was woken, about, in ns. */
#define VERIFY_NS 40.0
/* A cover that is hit more often than this saves nothing. */
#define RATE_MAX 0.5

enum {
	ROUNDS = 3, /* of sharing the cost of switches; more change nothing that was measured */
};

bool probabilities_set(struct plan *p, const struct plan_stats *stats)
{
	const struct dag *d = &p->dag;
	double *out = arena_alloc(&p->arena, (d->n_preds + 1) * sizeof *out);

	if (!out)
		return false;
	for (uint32_t i = 0; i < d->n_preds; i++) {
		const struct pred *pred = &d->preds[i];

		if (stats && stats->n_preds == d->n_preds && stats->p[i] >= 0)
			out[i] = stats->p[i];
		else if (pred->sw != DAG_NONE)
			out[i] = switch_prior(&p->switches[pred->sw], pred);
		else
			out[i] = pred->test.op == FILTER_OP_EXISTS ? 0.9 : 0.3;
	}
	p->p = out;
	return true;
}

bool covers_init(struct covers *c, const struct plan *p)
{
	c->cost = mem_grow(NULL, p->dag.n_nodes, sizeof *c->cost);
	c->rate = mem_grow(NULL, p->dag.n_nodes, sizeof *c->rate);
	c->share = mem_grow(NULL, p->n_switches + 1, sizeof *c->share);
	if (!c->cost || !c->rate || !c->share)
		return false;
	for (uint32_t s = 0; s < p->n_switches; s++)
		c->share[s] = switch_cost_ns(p->switches[s].kind) / p->switches[s].n_preds;
	return true;
}

void covers_deinit(struct covers *c)
{
	c->cost = mem_free(c->cost);
	c->rate = mem_free(c->rate);
	c->share = mem_free(c->share);
}

bool covers_has(const struct covers *c, uint32_t root)
{
	return root > NODE_TRUE && isfinite(c->cost[root]) && c->rate[root] < RATE_MAX;
}

static void weigh_pred(struct covers *c, const struct plan *p, uint32_t id)
{
	uint32_t pred = p->dag.nodes[id].kids, sw = p->dag.preds[pred].sw;

	c->rate[id] = p->p[pred];
	c->cost[id] = sw == DAG_NONE ? INFINITY : c->share[sw] + p->p[pred] * VERIFY_NS;
}

/* The kid of an AND whose cover serves it best. */
static uint32_t best_kid(const struct covers *c, const struct plan *p, const struct node *n)
{
	uint32_t best = p->dag.kids[n->kids];

	for (uint32_t i = 1; i < n->n; i++) {
		uint32_t kid = p->dag.kids[n->kids + i];

		if (c->cost[kid] < c->cost[best])
			best = kid;
	}
	return best;
}

static void weigh(struct covers *c, const struct plan *p, uint32_t id)
{
	const struct node *n = &p->dag.nodes[id];
	uint32_t best;

	switch (n->kind) {
	case NODE_KIND_PRED:
		weigh_pred(c, p, id);
		return;
	case NODE_KIND_AND:
		best = best_kid(c, p, n);
		c->cost[id] = c->cost[best];
		c->rate[id] = c->rate[best];
		return;
	case NODE_KIND_OR:
		c->cost[id] = c->rate[id] = 0;
		for (uint32_t i = 0; i < n->n; i++) {
			c->cost[id] += c->cost[p->dag.kids[n->kids + i]];
			c->rate[id] += c->rate[p->dag.kids[n->kids + i]];
		}
		return;
	default:
		c->cost[id] = INFINITY;
		c->rate[id] = 1;
	}
}

void covers_each(const struct covers *c, const struct plan *p, uint32_t node, cover_fn each,
		 void *ctx)
{
	const struct node *n = &p->dag.nodes[node];

	while (n->kind == NODE_KIND_AND)
		n = &p->dag.nodes[best_kid(c, p, n)];
	if (n->kind == NODE_KIND_PRED) {
		each(ctx, n->kids);
		return;
	}
	for (uint32_t i = 0; n->kind == NODE_KIND_OR && i < n->n; i++)
		covers_each(c, p, p->dag.kids[n->kids + i], each, ctx);
}

struct users {
	const struct plan *p;
	uint32_t *n;
};

static void count_user(void *ctx, uint32_t pred)
{
	struct users *u = ctx;

	u->n[u->p->dag.preds[pred].sw]++;
}

void covers_weigh(struct covers *c, const struct plan *p)
{
	struct users u = {.p = p, .n = mem_new((p->n_switches + 1) * sizeof *u.n)};

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (uint32_t i = 0; i < p->dag.n_nodes; i++)
			weigh(c, p, i);
		if (!u.n || round + 1 == ROUNDS)
			break;
		memset(u.n, 0, (p->n_switches + 1) * sizeof *u.n);
		for (uint32_t k = 0; k < p->n_classes; k++)
			for (uint32_t i = 0; i < p->classes[k].n_rules; i++)
				if (covers_has(c, p->classes[k].rules[i].root))
					covers_each(c, p, p->classes[k].rules[i].root, count_user,
						    &u);
		for (uint32_t s = 0; s < p->n_switches; s++)
			c->share[s] = switch_cost_ns(p->switches[s].kind) / (u.n[s] ? u.n[s] : 1);
	}
	mem_free(u.n);
}
