/*
 * classes: event types that no rule tells apart are one class and have one plan.
 *
 * Two types are alike when they are in the same rules' sets and every comparison of the event's
 * type answers the same for both. Within a class those comparisons are constants; putting them into
 * the graph removes the check and with it whole branches. Not for types whose name the code alone
 * does not tell (system calls without an event of their own, plugin and asynchronous events): there
 * the comparison stays.
 */
#include "plan/impl.h"

#include "gyr/events.h"
#include "util/mem.h"
#include "util/vec.h"

enum {
	N_CODES = EVTTYPES_MAX + 1,
	PLAIN_PREDS_MAX = 64, /* so that a sample takes little */
};

struct specialiser {
	struct plan *p;
	const uint32_t *roots;
	const struct evttypes **sets; /* distinct sets of rules */
	uint32_t n_sets, cap_sets;
	uint32_t *set_of; /* by rule; DAG_NONE: every event */
	uint32_t *memo;   /* by node: its number in the class at work; valid when stamped */
	uint32_t *stamp;
	uint16_t code; /* an event of the class at work */
};

/* The name that the code alone decides; NULL when it does not. */
static const struct gyr_event_info *named(uint32_t code)
{
	const struct gyr_event_info *e;

	if (code <= 1 || code == GYR_EVENT_CODE_PLUGIN || code == GYR_EVENT_CODE_ASYNC ||
	    code >= EVTTYPES_MAX)
		return NULL;
	e = gyr_event((uint16_t)code);
	return e && e->name ? e : NULL;
}

/* What a comparison of the type says for @code: 0, 1, or 2 when it has to be asked. */
static unsigned answer(const struct pred *p, uint32_t code)
{
	const struct gyr_event_info *e = named(code);

	if (!e)
		return 2;
	for (uint32_t i = 0; i < p->test.n; i++)
		if (str_eq(p->test.consts[i]->v.bytes, (struct str){e->name, e->name_len}))
			return 1;
	return 0;
}

static bool sets_gather(struct specialiser *s)
{
	struct plan *p = s->p;

	for (uint32_t r = 0; r < p->n_rules; r++) {
		const struct evttypes *t = p->rules[r].types;
		uint32_t i;

		s->set_of[r] = DAG_NONE;
		if (!t || evttypes_count(t) == 0)
			continue;
		/* rules share few sets; most recent first */
		for (i = s->n_sets; i > 0; i--)
			if (memcmp(s->sets[i - 1], t, sizeof *t) == 0)
				break;
		if (i == 0) {
			if (!VEC_ROOM(s->sets, s->cap_sets, s->n_sets))
				return false;
			s->sets[s->n_sets++] = t;
			i = s->n_sets;
		}
		s->set_of[r] = i - 1;
	}
	return true;
}

/* What all rules together see of @code, as bytes in the graph's key buffer. */
static void signature(struct specialiser *s, uint32_t code)
{
	struct dag *d = &s->p->dag;

	buf_reset(&d->key);
	for (uint32_t i = 0; i < s->n_sets; i++)
		buf_add_char(&d->key, (char)evttypes_has(s->sets[i], (uint16_t)code));
	for (uint32_t i = 0; i < d->n_preds; i++)
		if (d->preds[i].is_type)
			buf_add_char(&d->key, (char)(2 + answer(&d->preds[i], code)));
}

static uint32_t specialise(struct specialiser *s, uint32_t id)
{
	struct dag *d = &s->p->dag;
	struct node n = d->nodes[id];
	uint32_t *kids, out;
	unsigned a;

	if (!n.has_type || d->failed)
		return id;
	if (s->stamp[id] == (uint32_t)s->code + 1)
		return s->memo[id];
	if (n.kind == NODE_KIND_PRED || n.kind == NODE_KIND_NOT_PRED) {
		a = answer(&d->preds[n.kids], s->code);
		out = a == 2 ? id : (a == 1) == (n.kind == NODE_KIND_PRED) ? NODE_TRUE : NODE_FALSE;
	} else {
		kids = mem_grow(NULL, n.n, sizeof *kids);
		if (!kids) {
			d->failed = true;
			return NODE_FALSE;
		}
		for (uint32_t i = 0; i < n.n; i++)
			kids[i] = specialise(s, d->kids[n.kids + i]);
		out = dag_join(d, n.kind, kids, n.n);
		mem_free(kids);
	}
	s->memo[id] = out;
	s->stamp[id] = (uint32_t)s->code + 1;
	return out;
}

static bool class_fill(struct specialiser *s, struct plan_class *c, uint32_t code)
{
	struct plan *p = s->p;
	struct class_rule *rules = mem_grow(NULL, p->n_rules + 1, sizeof *rules), *kept;

	if (!rules)
		return false;
	s->code = (uint16_t)code;
	for (uint32_t r = 0; r < p->n_rules; r++) {
		uint32_t set = s->set_of[r], root;

		if (set != DAG_NONE && !evttypes_has(s->sets[set], (uint16_t)code))
			continue;
		root = specialise(s, s->roots[r]);
		if (root != NODE_FALSE)
			rules[c->n_rules++] = (struct class_rule){r, root};
	}
	kept = arena_alloc(&p->arena, c->n_rules * sizeof *kept);
	if (kept && c->n_rules)
		memcpy(kept, rules, c->n_rules * sizeof *kept);
	mem_free(rules);
	c->rules = kept;
	if (c->n_rules > p->max_class_rules)
		p->max_class_rules = c->n_rules;
	return kept && !p->dag.failed;
}

static bool classes_assign(struct specialiser *s, struct strmap *seen)
{
	struct plan *p = s->p;
	struct dag *d = &p->dag;
	uint32_t cap = 0;

	for (uint32_t code = 0; code < N_CODES; code++) {
		uintptr_t id;
		struct str key;

		signature(s, code);
		id = (uintptr_t)strmap_find(seen, buf_str(&d->key));
		if (!id) {
			key = arena_str(&d->keys, buf_str(&d->key));
			if (!key.p || d->key.failed || !VEC_ROOM(p->classes, cap, p->n_classes))
				return false;
			p->classes[p->n_classes] = (struct plan_class){.n_rules = 0};
			if (!class_fill(s, &p->classes[p->n_classes], code))
				return false;
			id = ++p->n_classes;
			if (strmap_add(seen, key, (void *)id) < 0)
				return false;
		}
		p->class_of[code] = (uint16_t)(id - 1);
	}
	return true;
}

/* Marks the predicates below @node in @bits; @last is the class that a node was last reached for, plus
 * one. */
static void mark_preds(const struct plan *p, uint32_t node, uint32_t class, uint32_t *last,
		       uint64_t *bits)
{
	const struct node *n = &p->dag.nodes[node];

	if (last[node] == class + 1)
		return;
	last[node] = class + 1;
	if (n->kind == NODE_KIND_PRED || n->kind == NODE_KIND_NOT_PRED)
		bits[n->kids / 64] |= 1ULL << (n->kids % 64);
	for (uint32_t i = 0; i < n->n; i++)
		mark_preds(p, p->dag.kids[n->kids + i], class, last, bits);
}

static bool held_by_build(struct plan *p)
{
	size_t words = preds_words(p);
	uint64_t *bits = arena_alloc(&p->arena, p->n_classes * words * sizeof *bits);
	uint32_t *last = mem_new((p->dag.n_nodes + 1) * sizeof *last);
	bool ok = bits && last;

	for (uint32_t c = 0; ok && c < p->n_classes; c++)
		for (uint32_t i = 0; i < p->classes[c].n_rules; i++)
			mark_preds(p, p->classes[c].rules[i].root, c, last, bits + c * words);
	mem_free(last);
	p->held_by = bits;
	return ok;
}

bool classes_build(struct plan *p, const uint32_t *roots)
{
	struct specialiser s = {.p = p, .roots = roots};
	uint32_t n_nodes = p->dag.n_nodes; /* specialising adds some that are not asked for */
	struct strmap seen = STRMAP_NULL;
	bool ok;

	s.set_of = mem_grow(NULL, p->n_rules + 1, sizeof *s.set_of);
	s.memo = mem_new(n_nodes * sizeof *s.memo);
	s.stamp = mem_new(n_nodes * sizeof *s.stamp);
	ok = s.set_of && s.memo && s.stamp && sets_gather(&s) && classes_assign(&s, &seen) &&
	     held_by_build(p);
	strmap_deinit(&seen);
	mem_free(s.sets);
	mem_free(s.set_of);
	mem_free(s.memo);
	mem_free(s.stamp);
	return ok;
}

/* Whether asking @pred directly costs so little that it is done for a sample of events. */
static bool is_plain_pred(const struct plan *p, const struct pred *pred)
{
	return pred->sw == DAG_NONE && !pred->is_type && !pred->test.right &&
	       may_be_eager(&p->dag.terms[pred->term]) &&
	       value_kind(pred->test.left->type) != VALUE_BYTES;
}

bool lessons_build(struct plan *p)
{
	const struct dag *d = &p->dag;
	size_t words = switch_words(p);
	uint64_t *bits = arena_alloc(&p->arena, p->n_classes * words * sizeof *bits);
	uint32_t *plain = arena_alloc(&p->arena, PLAIN_PREDS_MAX * sizeof *plain);

	if (!bits || !plain)
		return false;
	for (uint32_t i = 0; i < d->n_preds; i++) {
		uint32_t sw = d->preds[i].sw;

		if (p->n_plain_preds < PLAIN_PREDS_MAX && is_plain_pred(p, &d->preds[i]))
			plain[p->n_plain_preds++] = i;
		for (uint32_t c = 0; sw != DAG_NONE && c < p->n_classes; c++)
			if (class_holds(p, c, i))
				bits[c * words + sw / 64] |= 1ULL << (sw % 64);
	}
	p->looked_up_by = bits;
	p->plain_preds = plain;
	return true;
}
