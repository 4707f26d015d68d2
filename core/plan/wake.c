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
	bool *asked;  /* by term: the drivers of the class at work look it up */
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

/* How likely judging an event of the class at work asks for @term. */
static float use_of(const struct builder *b, uint32_t term)
{
	const struct plan_stats *s = b->covers->stats;

	return s && s->used ? s->used[(size_t)b->class * s->n_terms + term] : 0;
}

bool may_be_eager(const struct term *t)
{
	return t->slot != DAG_NONE && !t->is_volatile &&
	       !(t->operand->use->field->flags & FIELD_SLOW);
}

/* Adds the fields that every event of @c asks for, or those that only looking up a group does. */
static void add_eager(struct builder *b, struct plan_class *c, bool by_group,
		      const struct field_use **uses, uint32_t *terms)
{
	for (uint32_t t = 0; t < b->p->dag.n_terms; t++) {
		const struct term *term = &b->p->dag.terms[t];
		bool always = (b->asked[t] && !term->fact) || use_of(b, t) > EAGER_MIN;

		if (!may_be_eager(term) || !(by_group ? b->asked[t] && !always : always))
			continue;
		terms[c->n_eager_all] = t;
		uses[c->n_eager_all++] = term->operand->use;
	}
	if (!by_group)
		c->n_eager = c->n_eager_all;
}

/* Drivers of @c, and the plain fields that are asked for in one question: those that drivers look
 * up, and those that were mostly needed in the end. */
static bool drivers_set(struct builder *b, struct plan_class *c)
{
	struct plan *p = b->p;
	uint32_t *drivers = arena_alloc(&p->arena, p->n_switches * sizeof *drivers);
	uint32_t *terms = mem_grow(NULL, p->dag.n_terms + 1, sizeof *terms), *kept;
	const struct field_use **uses = mem_grow(NULL, p->dag.n_terms + 1, sizeof *uses);
	const struct field_use **kept_uses;
	bool ok = drivers && terms && uses;

	memset(b->asked, 0, p->dag.n_terms + 1);
	for (uint32_t s = 0; ok && s < p->n_switches; s++) {
		if (!b->drives[s])
			continue;
		drivers[c->n_drivers++] = s;
		b->asked[p->switches[s].term] = true;
	}
	for (unsigned by_group = 0; ok && c->n_rules && by_group < 2; by_group++)
		add_eager(b, c, by_group, uses, terms);
	kept = arena_alloc(&p->arena, c->n_eager_all * sizeof *kept);
	kept_uses = arena_alloc(&p->arena, c->n_eager_all * sizeof(struct field_use *));
	ok = ok && kept && kept_uses && groups_build(p, c, drivers);
	if (ok && c->n_eager_all) {
		memcpy(kept, terms, c->n_eager_all * sizeof *kept);
		memcpy(kept_uses, uses, c->n_eager_all * sizeof(struct field_use *));
	}
	mem_free(terms);
	mem_free(uses);
	c->eager = kept_uses;
	c->eager_terms = kept;
	if (c->n_eager_all > p->max_eager)
		p->max_eager = c->n_eager_all;
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
	c->rests = c->n_groups == 1 && !c->n_plain && !c->n_eager && !c->n_gates;
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
	b.asked = mem_new(p->dag.n_terms + 1);
	ok = b.drives && b.asked && facts_build(p);
	for (b.class = 0; ok && b.class < p->n_classes; b.class ++)
		ok = class_links(&b, &p->classes[b.class]);
	ok = ok && links_freeze(&b);
	mem_free(b.links);
	mem_free(b.drives);
	mem_free(b.asked);
	return ok;
}
