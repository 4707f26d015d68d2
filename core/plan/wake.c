/*
 * wake: covers to what the hot path reads: which switches a class must run, which fields they need,
 * and which rules each hit wakes.
 */
#include "plan/impl.h"

#include <stdlib.h>

#include "util/mem.h"
#include "util/vec.h"

/* "Predicate @pred wakes the rule at @at of class @class." */
struct link {
	uint32_t pred, class, at;
};

struct builder {
	struct plan *p;
	const struct covers *covers;
	struct link *links;
	uint32_t n, cap, class, at;
	bool *drives; /* by switch: in the class at work */
	bool failed;
};

static void add_link(void *ctx, uint32_t pred)
{
	struct builder *b = ctx;

	b->drives[b->p->dag.preds[pred].sw] = true;
	if (!VEC_ROOM(b->links, b->cap, b->n)) {
		b->failed = true;
		return;
	}
	b->links[b->n++] = (struct link){pred, b->class, b->at};
}

static int by_pred(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->pred != y->pred)
		return x->pred < y->pred ? -1 : 1;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Drivers of @c in the order of their cost, and the plain fields they look up. */
static bool drivers_set(struct builder *b, struct plan_class *c)
{
	struct plan *p = b->p;
	uint32_t *drivers = arena_alloc(&p->arena, p->n_switches * sizeof *drivers);
	uint32_t *terms = arena_alloc(&p->arena, p->n_switches * sizeof *terms);
	const struct field_use **uses = arena_alloc(&p->arena, p->n_switches * sizeof *uses);
	bool *seen = mem_new(p->dag.n_terms + 1);
	bool ok = drivers && terms && uses && seen;

	for (uint32_t s = 0; ok && s < p->n_switches; s++) {
		const struct term *t = &p->dag.terms[p->switches[s].term];

		if (!b->drives[s])
			continue;
		drivers[c->n_drivers++] = s;
		if (t->slot == DAG_NONE || seen[p->switches[s].term] ||
		    (t->operand->use->field->flags & FIELD_SLOW))
			continue;
		seen[p->switches[s].term] = true;
		terms[c->n_eager] = p->switches[s].term;
		uses[c->n_eager++] = t->operand->use;
	}
	mem_free(seen);
	c->drivers = drivers;
	c->eager = uses;
	c->eager_terms = terms;
	if (c->n_eager > p->max_eager)
		p->max_eager = c->n_eager;
	return ok;
}

static bool class_links(struct builder *b, struct plan_class *c)
{
	uint32_t *residual = mem_grow(NULL, c->n_rules + 1, sizeof *residual), n = 0;
	bool ok = residual != NULL;

	memset(b->drives, 0, b->p->n_switches);
	for (b->at = 0; ok && b->at < c->n_rules; b->at++) {
		if (covers_has(b->covers, c->rules[b->at].root))
			covers_each(b->covers, b->p, c->rules[b->at].root, add_link, b);
		else
			residual[n++] = b->at;
	}
	ok = ok && !b->failed && gates_build(b->p, c, residual, n) && drivers_set(b, c);
	mem_free(residual);
	return ok;
}

static bool links_freeze(struct builder *b)
{
	struct plan *p = b->p;
	uint32_t *ends = arena_alloc(&p->arena, (p->dag.n_preds + 1) * sizeof *ends);
	struct wake *wakes = arena_alloc(&p->arena, (b->n + 1) * sizeof *wakes);
	uint32_t *woken = arena_alloc(&p->arena, (b->n + 1) * sizeof *woken);
	uint32_t n_wakes = 0, pred = 0;

	if (!ends || !wakes || !woken)
		return false;
	if (b->n)
		qsort(b->links, b->n, sizeof *b->links, by_pred);
	for (uint32_t i = 0; i < b->n; i++) {
		const struct link *l = &b->links[i];

		for (; pred < l->pred; pred++)
			ends[pred] = n_wakes;
		if (i == 0 || l[-1].pred != l->pred || l[-1].class != l->class)
			wakes[n_wakes++] = (struct wake){.class = l->class, .first = i};
		wakes[n_wakes - 1].n++;
		woken[i] = l->at;
	}
	for (; pred < p->dag.n_preds; pred++)
		ends[pred] = n_wakes;
	p->wake_ends = ends;
	p->wakes = wakes;
	p->woken = woken;
	return true;
}

bool wakes_build(struct plan *p, const struct covers *c)
{
	struct builder b = {.p = p, .covers = c};
	bool ok;

	b.drives = mem_new(p->n_switches + 1);
	ok = b.drives != NULL;
	for (b.class = 0; ok && b.class < p->n_classes; b.class ++)
		ok = class_links(&b, &p->classes[b.class]);
	ok = ok && links_freeze(&b);
	mem_free(b.links);
	mem_free(b.drives);
	return ok;
}
