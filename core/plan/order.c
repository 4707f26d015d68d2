/*
 * order: what asking a node costs, and its kids in the order in which they are best asked: cheap
 * ones that decide often first. For AND that is cost / P(false), for OR cost / P(true), both
 * ascending.
 */
#include "plan/impl.h"

#include <stdlib.h>

#include "util/mem.h"

struct ranked {
	double rank;
	uint32_t node;
};

/* Of the events that ask for a fact, so many find no answer in what is remembered. */
#define FACT_MISSED 0.25

double term_cost_ns(const struct term *t)
{
	const struct field *f = t->slot != DAG_NONE ? t->operand->use->field : NULL;
	double ns = value_kind(t->operand->type) == VALUE_BYTES ? 50 : 30;

	if (t->is_volatile)
		return 1e9; /* asked only when everything else holds */
	if (f && f->flags & FIELD_SLOW)
		return 5000;
	if (f && f->flags & FIELD_ARG_PARAM)
		ns = 300; /* it is made into a text */
	return t->fact ? ns * FACT_MISSED : ns;
}

double look_up_cost_ns(const struct plan *p, const struct field_switch *s)
{
	return switch_cost_ns(s) * (p->dag.terms[s->term].fact ? FACT_MISSED : 1);
}

/* A comparison that is made without a look-up. */
static double test_cost(const struct test *t)
{
	if (t->op == FILTER_OP_REGEX)
		return 300;
	return value_kind(t->left->type) == VALUE_BYTES || t->right ? 40 : 5;
}

static double pred_cost(const struct plan *p, const bool *driven, const struct pred *pred)
{
	const struct term *t = &p->dag.terms[pred->term];
	double ns = driven && driven[pred->term] && !t->fact ? 0 : term_cost_ns(t);

	if (pred->sw == DAG_NONE)
		return ns + test_cost(&pred->test);
	return ns + 5 + look_up_cost_ns(p, &p->switches[pred->sw]) / 4;
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank < y->rank || x->rank > y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* What @n costs with its kids asked in the order that they have in @work. */
static struct estimate cost_of(const struct node *n, const struct estimate *est,
			       const struct ranked *work)
{
	bool is_and = n->kind == NODE_KIND_AND;
	struct estimate out = {0, 1};

	for (uint32_t i = 0; i < n->n; i++) {
		const struct estimate *e = &est[work[i].node];

		out.cost += e->cost * out.p;
		out.p *= is_and ? e->p : 1 - e->p;
	}
	if (!is_and)
		out.p = 1 - out.p;
	return out;
}

/* Leaves the kids of @n in @work, with @sorted in the order in which they are best asked. */
static void rank_kids(const struct plan *p, const struct node *n, const struct estimate *est,
		      bool sorted, struct ranked *work)
{
	for (uint32_t i = 0; i < n->n; i++) {
		const struct estimate *e = &est[p->dag.kids[n->kids + i]];
		double decides = n->kind == NODE_KIND_AND ? 1 - e->p : e->p;

		work[i].node = p->dag.kids[n->kids + i];
		work[i].rank = e->cost / (decides > 0.001 ? decides : 0.001);
	}
	if (sorted)
		qsort(work, n->n, sizeof *work, by_rank);
}

static struct estimate leaf(const struct plan *p, const bool *driven, uint32_t id)
{
	const struct node *n = &p->dag.nodes[id];
	const struct pred *pred = &p->dag.preds[n->kids];

	if (n->kind == NODE_KIND_CONST)
		return (struct estimate){0, id == NODE_TRUE};
	return (struct estimate){pred_cost(p, driven, pred),
				 n->kind == NODE_KIND_PRED ? p->p[n->kids] : 1 - p->p[n->kids]};
}

static void set_kids(struct plan *p, const struct node *n, const struct ranked *work)
{
	for (uint32_t i = 0; i < n->n; i++)
		p->dag.kids[n->kids + i] = work[i].node;
}

struct estimate *nodes_estimate(const struct plan *p, const bool *driven, enum kids_order order,
				struct plan *ordered)
{
	struct estimate *est = mem_new(p->dag.n_nodes * sizeof *est);
	uint32_t widest = 1;
	struct ranked *work;

	for (uint32_t i = 0; i < p->dag.n_nodes; i++)
		if (p->dag.nodes[i].n > widest)
			widest = p->dag.nodes[i].n;
	work = mem_grow(NULL, widest, sizeof *work);
	for (uint32_t i = 0; est && work && i < p->dag.n_nodes; i++) {
		const struct node *n = &p->dag.nodes[i];

		if (n->n == 0) {
			est[i] = leaf(p, driven, i);
			continue;
		}
		rank_kids(p, n, est, order == KIDS_SORTED, work);
		est[i] = cost_of(n, est, work);
		if (ordered)
			set_kids(ordered, n, work);
	}
	mem_free(work);
	return work ? est : mem_free(est);
}
