/*
 * run: one event through a plan.
 *
 * Nothing is cleared between events: every remembered answer carries the number of its event
 * (`gen`), and is void when that is not the current one.
 */
#include "plan/run.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "filter/eval.h"
#include "util/mem.h"

enum {
	GEN_MAX = (1U << 30) - 1, /* gen shares a word with the answer */
	USES_MAX = 1 << 16,       /* classes times terms that are counted */
	LAZY_SWITCH_PREDS =
		4, /* an automaton is run for its sake only from this many predicates on */
};

/* What the arrays of a run have an element for. */
enum array_of {
	OF_NODES,
	OF_PREDS,
	OF_SWITCHES,
	OF_TERMS,
	OF_CLASSES,
	OF_CLASS_RULES, /* rules of the largest class */
	OF_EAGER,
	OF_RULES,
	OF_USES,
	N_ARRAY_OF,
};

struct array_row {
	size_t at, size;
	enum array_of of;
	bool has_gen; /* the elements carry the number of an event */
};

#define ARRAY(name, of, has_gen)                                                                   \
	{                                                                                          \
		offsetof(struct plan_run, name), sizeof *((struct plan_run *)0)->name, of, has_gen \
	}

static const struct array_row arrays[] = {
	ARRAY(memo, OF_NODES, true),
	ARRAY(hits.stamp, OF_PREDS, true),
	ARRAY(hits.list, OF_PREDS, false),
	ARRAY(sw_ran, OF_SWITCHES, true),
	ARRAY(sw_failed, OF_SWITCHES, true),
	ARRAY(term_gen, OF_TERMS, true),
	ARRAY(judged, OF_TERMS, true),
	ARRAY(term_values, OF_TERMS, false),
	ARRAY(awake, OF_CLASS_RULES, true),
	ARRAY(woken, OF_CLASS_RULES, false),
	ARRAY(matched, OF_CLASS_RULES, false),
	ARRAY(eager, OF_EAGER, false),
	ARRAY(counts, OF_RULES, false),
	ARRAY(n_extracted, OF_TERMS, false),
	ARRAY(seen, OF_SWITCHES, false),
	ARRAY(held, OF_PREDS, false),
	ARRAY(class_samples, OF_CLASSES, false),
	ARRAY(class_share, OF_CLASSES, false),
	ARRAY(used, OF_USES, false),
};

enum {
	N_ARRAYS = sizeof arrays / sizeof *arrays,
};

static void *array_get(const struct plan_run *r, size_t i)
{
	void *p;

	memcpy(&p, (const char *)r + arrays[i].at, sizeof p);
	return p;
}

struct plan_run *plan_run_free(struct plan_run *r)
{
	if (!r)
		return NULL;
	eval_free(r->eval);
	for (size_t i = 0; i < N_ARRAYS; i++)
		mem_free(array_get(r, i));
	switch_scratch_deinit(&r->scratch);
	atoms_free(r->atoms);
	return mem_free(r);
}

static bool counts_uses(const struct plan *p)
{
	return (uint64_t)p->n_classes * p->dag.n_terms <= USES_MAX;
}

/* Bytes of an array: one element more than asked for, so that none is empty. */
static size_t array_bytes(const struct plan *p, const struct array_row *row)
{
	const size_t n[N_ARRAY_OF] = {
		[OF_NODES] = p->dag.n_nodes,
		[OF_PREDS] = p->dag.n_preds,
		[OF_SWITCHES] = p->n_switches,
		[OF_TERMS] = p->dag.n_terms,
		[OF_CLASSES] = p->n_classes,
		[OF_CLASS_RULES] = p->max_class_rules,
		[OF_EAGER] = p->max_eager,
		[OF_RULES] = p->n_rules,
		[OF_USES] = (size_t)p->n_classes * p->dag.n_terms,
	};

	return (n[row->of] + 1) * row->size;
}

/* false: no memory. */
static bool arrays_init(struct plan_run *r)
{
	for (size_t i = 0; i < N_ARRAYS; i++) {
		void *p;

		if (arrays[i].of == OF_USES && !counts_uses(r->p))
			continue;
		p = mem_new(array_bytes(r->p, &arrays[i]));
		if (!p)
			return false;
		memcpy((char *)r + arrays[i].at, &p, sizeof p);
	}
	return true;
}

/* A cache of what is found by entry, if there is a field that has any. false: no memory. */
static bool atoms_init(struct plan_run *r)
{
	const struct plan *p = r->p;

	for (uint32_t s = 0; s < p->n_switches; s++)
		if (p->dag.terms[p->switches[s].term].fact) {
			r->atoms = atoms_new();
			return r->atoms;
		}
	return true;
}

int plan_run_new(const struct plan *p, struct plan_run **ret_run)
{
	struct plan_run *r = mem_new(sizeof *r);

	if (!r)
		return -ENOMEM;
	r->p = p;
	r->eval = eval_new();
	if (!r->eval || !atoms_init(r) || !arrays_init(r) ||
	    !switch_scratch_init(&r->scratch, p->switches, p->n_switches)) {
		plan_run_free(r);
		return -ENOMEM;
	}
	*ret_run = r;
	return 0;
}

/* The answers of all former events become void; on the rare wrap they are wiped. */
static __attribute__((noinline)) void first_gen(struct plan_run *r)
{
	for (size_t i = 0; i < N_ARRAYS; i++)
		if (arrays[i].has_gen)
			memset(array_get(r, i), 0, array_bytes(r->p, &arrays[i]));
	memset(r->entries, 0, sizeof r->entries);
	r->gen = 1;
}

static const struct values *term_values(struct plan_run *r, uint32_t id)
{
	const struct term *t = &r->p->dag.terms[id];

	r->judged[id] = r->judge_gen;
	if (r->term_gen[id] == r->gen)
		return &r->term_values[id];
	r->n_extracted[id]++;
	if (t->slot != DAG_NONE)
		r->fetch->get(r->fetch->ctx, r->evt, &t->operand->use, 1, &r->term_values[id]);
	else
		r->term_values[id] = eval_operand(r->eval, t->operand, r->evt, r->fetch);
	r->term_gen[id] = r->gen;
	return &r->term_values[id];
}

/* The entry that @field is a fact of; NULL when it is not known. */
static inline const struct gyr_entry *entry_of(struct plan_run *r, const struct field *field)
{
	struct known_entry *k = &r->entries[field->scope];

	if (!r->fetch->entry)
		return NULL;
	if (k->gen != r->gen || k->owner != field->owner) {
		k->gen = r->gen;
		k->owner = field->owner;
		k->is_known = r->fetch->entry(r->fetch->ctx, r->evt, field, &k->e);
	}
	return k->is_known ? &k->e : NULL;
}

/* The look-up itself; by what is remembered of the entry, where the value is a fact of one. */
static bool look_up(struct plan_run *r, uint32_t sw)
{
	const struct field_switch *s = &r->p->switches[sw];
	const struct term *t = &r->p->dag.terms[s->term];
	const struct gyr_entry *e = t->fact ? entry_of(r, t->fact) : NULL;
	uint32_t from = r->hits.n, n;
	const uint32_t *known = e ? atoms_find(r->atoms, sw, e, &n) : NULL;

	if (known) {
		hits_add(&r->hits, known, n);
		return true;
	}
	if (!switch_find(s, term_values(r, s->term), t->operand->type, &r->scratch, &r->hits))
		return false;
	if (e)
		atoms_add(r->atoms, sw, e, r->hits.list + from, r->hits.n - from);
	return true;
}

bool run_switch(struct plan_run *r, uint32_t sw)
{
	if (r->sw_ran[sw] == r->gen)
		return r->sw_failed[sw] != r->gen;
	r->sw_ran[sw] = r->gen;
	if (look_up(r, sw))
		return true;
	r->sw_failed[sw] = r->gen;
	return false;
}

static bool worth_running(const struct plan_run *r, uint32_t sw)
{
	const struct field_switch *s = &r->p->switches[sw];

	if (r->sw_ran[sw] == r->gen || s->kind == SWITCH_HASH)
		return true;
	return s->kind != SWITCH_RANGE && s->n_preds >= LAZY_SWITCH_PREDS;
}

static inline bool pred_true(struct plan_run *r, uint32_t id)
{
	const struct pred *p = &r->p->dag.preds[id];
	const struct values *v;

	if (p->sw != DAG_NONE && worth_running(r, p->sw) && run_switch(r, p->sw))
		return r->hits.stamp[id] == r->gen;
	if (p->is_whole)
		return eval_test(r->eval, &p->test, r->evt, r->fetch);
	v = term_values(r, p->term);
	if (p->is_number && v->is_set && v->n == 1)
		return v->v->u64 == p->test.consts[0]->v.u64;
	return eval_test_values(r->eval, &p->test, v);
}

bool run_pred(struct plan_run *r, uint32_t id)
{
	return pred_true(r, id);
}

static bool node_true(struct plan_run *r, uint32_t id);

/* An AND or OR. Kids that an entry of kind @known decides are true, and not asked; 0: all are. */
static inline bool join_true(struct plan_run *r, const struct node *n, uint8_t known)
{
	const uint32_t *kids = r->p->dag.kids + n->kids;
	const bool is_and = n->kind == NODE_KIND_AND;

	for (uint32_t i = 0; i < n->n; i++) {
		if (known && r->p->facts[kids[i]] == known)
			continue;
		if (node_true(r, kids[i]) != is_and)
			return !is_and;
	}
	return is_and;
}

static bool node_true(struct plan_run *r, uint32_t id)
{
	const struct node *n = &r->p->dag.nodes[id];
	bool answer;

	if (r->memo[id] >> 1 == r->gen)
		return r->memo[id] & 1;
	if (n->kind == NODE_KIND_CONST)
		return id == NODE_TRUE;
	if (n->kind == NODE_KIND_AND || n->kind == NODE_KIND_OR)
		answer = join_true(r, n, 0);
	else
		answer = pred_true(r, n->kids) == (n->kind == NODE_KIND_PRED);
	r->memo[id] = r->gen << 1 | answer;
	return answer;
}

/* Whether the rule with @root holds, of which an entry of kind @known (0: none) leaves possible what it
 * alone decides (is_possible()). */
static inline bool root_true(struct plan_run *r, uint32_t root, uint8_t known)
{
	const struct node *n = &r->p->dag.nodes[root];

	if (known && r->p->facts[root] == known)
		return true;
	return known && n->kind == NODE_KIND_AND ? join_true(r, n, known) : node_true(r, root);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Judges the rule at @at of the class; @known as root_true() has it. */
static void judge(struct plan_run *r, uint32_t at, uint8_t known)
{
	const struct class_rule *rule = &r->class->rules[at];
	struct plan_rule_counts *counts = &r->counts[rule->rule];
	uint64_t start = r->is_timed ? now_ns() : 0;
	bool answer = root_true(r, rule->root, known);

	counts->n_evaluated++;
	if (r->is_timed)
		counts->ns += now_ns() - start;
	if (!answer)
		return;
	counts->n_matched++;
	r->matched[r->n_matched++] = rule->rule;
}

static inline void wake(struct plan_run *r, uint32_t at, uint8_t known)
{
	if (r->awake[at] == r->gen)
		return;
	r->awake[at] = r->gen;
	r->woken[r->n_woken++] = at << KIND_BITS | known;
}

/* Which rules of the class at work predicate @pred wakes: *ret_n positions. */
static const uint32_t *woken_by(const struct plan_run *r, uint32_t pred, uint32_t *ret_n)
{
	const struct plan *p = r->p;
	uint32_t class = (uint32_t)(r->class - p->classes);
	uint32_t lo = pred ? p->wake_ends[pred - 1] : 0, hi = p->wake_ends[pred];

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct wake *w = &p->wakes[mid];

		if (w->class == class) {
			*ret_n = w->n;
			return p->woken + w->first;
		}
		if (w->class < class)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_n = 0;
	return NULL;
}

/* The first @n of the fields of drivers in one question, so that each extractor is called once. */
static void ask_eager(struct plan_run *r, uint32_t n)
{
	const struct plan_class *c = r->class;

	if (n == 0)
		return;
	r->fetch->get(r->fetch->ctx, r->evt, c->eager, n, r->eager);
	for (uint32_t i = 0; i < n; i++) {
		r->term_values[c->eager_terms[i]] = r->eager[i];
		r->term_gen[c->eager_terms[i]] = r->gen;
		r->n_extracted[c->eager_terms[i]]++;
	}
}

/* Runs @n drivers; false when one of them failed. */
static bool run_switches(struct plan_run *r, const uint32_t *drivers, uint32_t n)
{
	bool ok = true;

	for (uint32_t i = 0; i < n; i++)
		ok &= run_switch(r, drivers[i]);
	return ok;
}

/* Wakes what is remembered for the entry of @g; false when nothing is. */
static bool wake_known(struct plan_run *r, const struct driver_group *g)
{
	const struct gyr_entry *e = entry_of(r, g->field);
	uint32_t n;
	const uint32_t *at = e ? atoms_find(r->atoms, r->p->n_switches + g->number, e, &n) : NULL;

	for (uint32_t i = 0; at && i < n; i++)
		wake(r, at[i], g->kind);
	return at;
}

/* Whether the rule at @at may match with the entry as it is: what that alone decides is not false. */
static bool is_possible(struct plan_run *r, uint32_t at, uint8_t kind)
{
	const uint32_t root = r->class->rules[at].root;
	const struct node *n = &r->p->dag.nodes[root];

	if (r->p->facts[root] == kind)
		return node_true(r, root);
	for (uint32_t i = 0; n->kind == NODE_KIND_AND && i < n->n; i++) {
		uint32_t kid = r->p->dag.kids[n->kids + i];

		if (r->p->facts[kid] == kind && !node_true(r, kid))
			return false;
	}
	return true;
}

/* Positions, each once. */
struct few {
	uint32_t n; /* ATOM_MAX + 1: too many */
	uint32_t at[ATOM_MAX];
};

static void few_add(struct few *f, uint32_t at)
{
	for (uint32_t i = 0; i < f->n && i < ATOM_MAX; i++)
		if (f->at[i] == at)
			return;
	if (f->n < ATOM_MAX)
		f->at[f->n] = at;
	if (f->n <= ATOM_MAX)
		f->n++;
}

/* Makes the look-ups of a group of which nothing was remembered, wakes what they hit, and remembers
 * it. */
static __attribute__((noinline)) void wake_group(struct plan_run *r, const struct driver_group *g)
{
	const struct gyr_entry *e = entry_of(r, g->field);
	uint32_t from = r->hits.n, to;
	struct few few = {.n = 0};

	if (!run_switches(r, r->class->drivers + g->first, g->n)) {
		r->wake_all = true;
		return;
	}
	to = r->hits.n;
	for (uint32_t i = from; i < to; i++) {
		uint32_t n;
		const uint32_t *at = woken_by(r, r->hits.list[i], &n);

		for (uint32_t k = 0; k < n; k++) {
			if (e && !is_possible(r, at[k], g->kind))
				continue;
			wake(r, at[k], e ? g->kind : 0);
			few_add(&few, at[k]);
		}
	}
	if (e)
		atoms_add(r->atoms, r->p->n_switches + g->number, e, few.at, few.n);
}

static void wake_hits(struct plan_run *r)
{
	for (uint32_t i = 0, to = r->hits.n; i < to; i++) {
		uint32_t n;
		const uint32_t *at = woken_by(r, r->hits.list[i], &n);

		for (uint32_t k = 0; k < n; k++)
			wake(r, at[k], 0);
	}
}

/* Drivers in no group make their look-ups; those of a group do when nothing is remembered. */
static inline void run_drivers(struct plan_run *r)
{
	const struct plan_class *c = r->class;
	uint32_t missed = 0;

	r->n_woken = 0;
	for (uint32_t i = 0; i < c->n_groups; i++)
		missed |= (uint32_t)!wake_known(r, &c->groups[i]) << i;
	ask_eager(r, missed ? c->n_eager_all : c->n_eager);
	r->wake_all = !run_switches(r, c->drivers, c->n_plain);
	if (r->hits.n)
		wake_hits(r);
	for (uint32_t i = 0; missed; i++, missed >>= 1)
		if (missed & 1)
			wake_group(r, &c->groups[i]);
}

static void run_residual(struct plan_run *r)
{
	const struct plan_class *c = r->class;
	uint32_t i = 0;

	while (i < c->n_gates) {
		const struct gate *g = &c->gates[i];

		if (!node_true(r, g->node)) {
			i = g->skip;
			continue;
		}
		for (uint32_t k = 0; k < g->n; k++)
			judge(r, c->residual[g->first + k], 0);
		i++;
	}
}

/* Judges what is awake, and what always is. */
static __attribute__((noinline)) void judge_all(struct plan_run *r)
{
	r->judge_gen = r->gen;
	if (r->wake_all) {
		for (uint32_t at = 0; at < r->class->n_rules; at++)
			judge(r, at, 0);
		return;
	}
	for (uint32_t i = 0; i < r->n_woken; i++)
		judge(r, r->woken[i] >> KIND_BITS, (uint8_t)r->woken[i]);
	run_residual(r);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_matched(struct plan_run *r)
{
	if (r->n_matched > 16) {
		qsort(r->matched, r->n_matched, sizeof *r->matched, by_number);
		return;
	}
	for (uint32_t i = 1; i < r->n_matched; i++) {
		uint32_t x = r->matched[i], k = i;

		for (; k && r->matched[k - 1] > x; k--)
			r->matched[k] = r->matched[k - 1];
		r->matched[k] = x;
	}
}

/* Whether what the entry of the event wakes is remembered, and is nothing: how most events end. */
static inline bool rests(struct plan_run *r)
{
	const struct driver_group *g = r->class->groups;
	const struct gyr_entry *e =
		r->class->rests && !is_learned_from(r) ? entry_of(r, g->field) : NULL;

	return e && atoms_has_none(r->atoms, r->p->n_switches + g->number, e);
}

/* The rules of the event's class. */
static __attribute__((noinline)) uint32_t match_class(struct plan_run *r, bool first)
{
	r->hits.gen = r->gen;
	r->hits.n = 0;
	eval_reset(r->eval);
	r->judge_gen = 0;
	run_drivers(r);
	if (r->n_woken || r->wake_all || r->class->n_gates)
		judge_all(r);
	if (is_learned_from(r))
		run_sample(r);
	if (r->n_matched > 1)
		sort_matched(r);
	return first && r->n_matched > 1 ? 1 : r->n_matched;
}

bool plan_is_idle(const struct plan_run *r, uint16_t type)
{
	const struct plan *p = r->p;

	return p->classes[p->class_of[type < EVTTYPES_MAX ? type : EVTTYPES_MAX]].n_rules == 0;
}

uint32_t plan_match(struct plan_run *r, const struct event *evt, const struct fetch *fetch,
		    bool first, const uint32_t **ret_rules)
{
	uint32_t code = evt->type < EVTTYPES_MAX ? evt->type : EVTTYPES_MAX, n;

	r->class = &r->p->classes[r->p->class_of[code]];
	r->n_matched = 0;
	*ret_rules = r->matched;
	if (r->class->n_rules == 0)
		return 0;
	if (++r->gen > GEN_MAX)
		first_gen(r);
	r->evt = evt;
	r->fetch = fetch;
	n = rests(r) ? 0 : match_class(r, first);
	r->n_events++;
	return n;
}

void plan_run_time(struct plan_run *r)
{
	r->is_timed = true;
}

void plan_run_inherit(struct plan_run *r, const struct plan_run *from)
{
	/* equal rules make equal terms, in the same order */
	for (uint32_t i = 0; i < r->p->n_rules && i < from->p->n_rules; i++) {
		r->counts[i].n_evaluated += from->counts[i].n_evaluated;
		r->counts[i].n_matched += from->counts[i].n_matched;
		r->counts[i].ns += from->counts[i].ns;
	}
	for (uint32_t i = 0; i < r->p->dag.n_terms && i < from->p->dag.n_terms; i++)
		r->n_extracted[i] += from->n_extracted[i];
	r->is_timed = from->is_timed;
}

struct plan_rule_counts plan_run_counts(const struct plan_run *r, uint32_t rule)
{
	return r->counts[rule];
}

void plan_run_atoms(const struct plan_run *r, uint64_t *ret_saved, uint64_t *ret_made)
{
	*ret_saved = *ret_made = 0;
	if (r->atoms)
		atoms_count(r->atoms, ret_saved, ret_made);
}

uint64_t plan_run_extractions(const struct plan_run *r, uint32_t slot)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->p->dag.n_terms; i++)
		if (r->p->dag.terms[i].slot == slot)
			sum += r->n_extracted[i];
	return sum;
}
