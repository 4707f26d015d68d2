/*
 * group: which kind of entry of an extractor's state decides what.
 *
 * A comparison of a fact of one entry (field.h, scope) with constants says the same for every event of
 * that entry, and so does whatever is joined of such comparisons alone. So for a class of events and an
 * entry it needs to be found out only once which rules the entry leaves possible.
 */
#include "plan/impl.h"

#include <string.h>

enum {
	KINDS = 255, /* of entries that are told apart */
};

/* By term: the kind of the entry it is a fact of, from 1; 0: of none. */
static uint8_t *term_kinds_new(struct plan *p)
{
	const struct dag *d = &p->dag;
	uint8_t *out = arena_alloc(&p->arena, d->n_terms);
	const struct field *kinds[KINDS];
	uint32_t n = 0;

	for (uint32_t t = 0; out && t < d->n_terms; t++) {
		const struct field *f = d->terms[t].fact;
		uint32_t i = 0;

		while (f && i < n && (kinds[i]->owner != f->owner || kinds[i]->scope != f->scope))
			i++;
		if (f && i == n && n < KINDS)
			kinds[n++] = f;
		out[t] = f && i < n ? (uint8_t)(i + 1) : 0;
	}
	return out;
}

/* Kids have smaller numbers than what they are joined to. */
static uint8_t decided_by(const struct plan *p, const uint8_t *facts, const struct node *n)
{
	const struct dag *d = &p->dag;
	uint8_t kind;

	if (n->kind == NODE_KIND_CONST)
		return 0;
	if (n->kind == NODE_KIND_PRED || n->kind == NODE_KIND_NOT_PRED) {
		const struct pred *pred = &d->preds[n->kids];

		return pred->test.right ? 0 : p->term_kinds[pred->term];
	}
	kind = facts[d->kids[n->kids]];
	for (uint32_t i = 1; i < n->n; i++)
		if (facts[d->kids[n->kids + i]] != kind)
			return 0;
	return kind;
}

bool facts_build(struct plan *p)
{
	const struct dag *d = &p->dag;
	uint8_t *facts = arena_alloc(&p->arena, d->n_nodes);

	p->term_kinds = term_kinds_new(p);
	for (uint32_t i = 0; facts && p->term_kinds && i < d->n_nodes; i++)
		facts[i] = decided_by(p, facts, &d->nodes[i]);
	p->facts = facts;
	return facts && p->term_kinds;
}

/* The kinds of the drivers of @c, each once. */
static uint32_t kinds_used(const struct plan *p, const struct plan_class *c,
			   const uint32_t *drivers, uint8_t kinds[GROUPS_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_drivers; i++) {
		uint8_t kind = p->term_kinds[p->switches[drivers[i]].term];

		if (kind && n < GROUPS_MAX && !memchr(kinds, kind, n))
			kinds[n++] = kind;
	}
	return n;
}

/* Moves the drivers of @kind, or with 0 all that are left, from @drivers to @order; how many. */
static uint32_t take_drivers(const struct plan *p, const struct plan_class *c, uint32_t *drivers,
			     uint8_t kind, uint32_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n_drivers; i++) {
		if (drivers[i] == DAG_NONE ||
		    (kind && p->term_kinds[p->switches[drivers[i]].term] != kind))
			continue;
		order[n++] = drivers[i];
		drivers[i] = DAG_NONE;
	}
	return n;
}

bool groups_build(struct plan *p, struct plan_class *c, uint32_t *drivers)
{
	uint8_t kinds[GROUPS_MAX];
	uint32_t n = kinds_used(p, c, drivers, kinds), at;
	uint32_t *order = arena_alloc(&p->arena, c->n_drivers * sizeof *order);
	struct driver_group *groups = arena_alloc(&p->arena, n * sizeof *groups);

	if (!order || !groups)
		return false;
	c->n_plain = c->n_drivers;
	for (uint32_t i = 0; i < c->n_drivers; i++)
		if (memchr(kinds, p->term_kinds[p->switches[drivers[i]].term], n))
			c->n_plain--;
	at = c->n_plain;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t taken = take_drivers(p, c, drivers, kinds[k], order + at);

		groups[k] = (struct driver_group){
			.field = p->dag.terms[p->switches[order[at]].term].fact,
			.first = at,
			.n = taken,
			.number = p->n_groups++,
			.kind = kinds[k],
		};
		at += taken;
	}
	(void)take_drivers(p, c, drivers, 0, order);
	c->drivers = order;
	c->groups = groups;
	c->n_groups = n;
	return true;
}
