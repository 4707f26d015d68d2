/*
 * gate: residual rules hang in a tree of the conjuncts they share, most shared first, so that one
 * false conjunct dismisses all rules behind it.
 *
 * Each rule goes behind the one of its conjuncts that most of the rules beside it have too; the
 * groups are then divided again by what is left, a few levels deep. What hangs at a gate is still
 * judged by its whole root: conjuncts already passed are remembered answers.
 */
#include "plan/impl.h"

#include <stdlib.h>

#include "util/mem.h"
#include "util/vec.h"

enum {
	LEVELS = 4,
};

struct member {
	uint32_t conjunct; /* NODE_TRUE: none that is shared */
	uint32_t at;       /* position in plan_class.rules */
};

struct builder {
	const struct plan *p;
	const struct plan_class *c;
	struct gate *gates;
	uint32_t *rules;
	uint32_t n_gates, cap_gates, n_rules;
	uint32_t *count;       /* by node; zero between uses */
	uint32_t used[LEVELS]; /* conjuncts passed on the way here */
};

static bool is_used(const struct builder *b, uint32_t node, uint32_t level)
{
	for (uint32_t i = 0; i < level; i++)
		if (b->used[i] == node)
			return true;
	return false;
}

static uint32_t conjuncts(const struct builder *b, uint32_t at, const uint32_t **ret)
{
	uint32_t root = b->c->rules[at].root;
	const struct node *n = &b->p->dag.nodes[root];

	if (n->kind != NODE_KIND_AND)
		return 0;
	*ret = b->p->dag.kids + n->kids;
	return n->n;
}

static void count_all(struct builder *b, const struct member *m, uint32_t n, int clear)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *kids = NULL;
		uint32_t n_kids = conjuncts(b, m[i].at, &kids);

		for (uint32_t k = 0; k < n_kids; k++)
			b->count[kids[k]] = clear ? 0 : b->count[kids[k]] + 1;
	}
}

/* The conjunct of @at that most of its neighbours share; NODE_TRUE when none does. */
static uint32_t most_shared(const struct builder *b, uint32_t at, uint32_t level)
{
	const uint32_t *kids = NULL;
	uint32_t n = conjuncts(b, at, &kids), best = NODE_TRUE, most = 1;

	for (uint32_t k = 0; k < n; k++) {
		if (b->count[kids[k]] <= most || is_used(b, kids[k], level))
			continue;
		most = b->count[kids[k]];
		best = kids[k];
	}
	return best;
}

static int by_conjunct(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->conjunct != y->conjunct)
		return x->conjunct < y->conjunct ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool divide(struct builder *b, struct member *m, uint32_t n, uint32_t level);

/* One gate and what is behind it. */
static bool add_gate(struct builder *b, struct member *m, uint32_t n, uint32_t level)
{
	uint32_t at = b->n_gates, conjunct = m[0].conjunct;

	if (!VEC_ROOM(b->gates, b->cap_gates, b->n_gates))
		return false;
	b->gates[b->n_gates++] = (struct gate){.node = conjunct, .first = b->n_rules};
	if (conjunct != NODE_TRUE && level < LEVELS) {
		b->used[level] = conjunct;
		if (!divide(b, m, n, level + 1))
			return false;
	} else {
		for (uint32_t i = 0; i < n; i++)
			b->rules[b->n_rules++] = m[i].at;
		b->gates[at].n = n;
	}
	b->gates[at].skip = b->n_gates;
	return true;
}

static bool divide(struct builder *b, struct member *m, uint32_t n, uint32_t level)
{
	bool ok = true;

	count_all(b, m, n, 0);
	for (uint32_t i = 0; i < n; i++)
		m[i].conjunct = level < LEVELS ? most_shared(b, m[i].at, level) : NODE_TRUE;
	count_all(b, m, n, 1);
	if (n)
		qsort(m, n, sizeof *m, by_conjunct);
	for (uint32_t from = 0, to; ok && from < n; from = to) {
		for (to = from + 1; to < n && m[to].conjunct == m[from].conjunct; to++)
			;
		ok = add_gate(b, m + from, to - from, level);
	}
	return ok;
}

bool gates_build(struct plan *p, struct plan_class *c, const uint32_t *residual, uint32_t n)
{
	struct builder b = {.p = p, .c = c};
	struct member *m = mem_grow(NULL, n + 1, sizeof *m);
	struct gate *gates;
	bool ok;

	b.rules = arena_alloc(&p->arena, n * sizeof *b.rules);
	b.count = mem_new(p->dag.n_nodes * sizeof *b.count);
	ok = m && b.rules && b.count;
	for (uint32_t i = 0; ok && i < n; i++)
		m[i] = (struct member){NODE_TRUE, residual[i]};
	ok = ok && divide(&b, m, n, 0);
	gates = ok ? arena_alloc(&p->arena, b.n_gates * sizeof *gates) : NULL;
	if (gates && b.n_gates)
		memcpy(gates, b.gates, b.n_gates * sizeof *gates);
	c->gates = gates;
	c->n_gates = b.n_gates;
	c->residual = b.rules;
	c->n_residual = n;
	mem_free(b.gates);
	mem_free(b.count);
	mem_free(m);
	return gates;
}
