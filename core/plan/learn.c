/*
 * learn: how often predicates are true, and what judging asks for, from a sample of the events.
 */
#include "plan/run.h"

#include "util/mem.h"

static void sample_plain(struct plan_run *r, uint32_t class)
{
	for (uint32_t i = 0; i < r->p->n_plain_preds; i++) {
		uint32_t pred = r->p->plain_preds[i];

		if (class_holds(r->p, class, pred) && run_pred(r, pred))
			atomic_fetch_add_explicit(&r->held[pred], 1, memory_order_relaxed);
	}
}

/* One event in many tells how often predicates are true: all switches that rules of its class may ask are
 * run, needed or not. Costs what the switches cost and what they hit, not what predicates there are. [owner thread writes,
 * any reads] */
void run_sample(struct plan_run *r)
{
	const struct dag *d = &r->p->dag;
	uint32_t class = (uint32_t)(r->class - r->p->classes);

	atomic_fetch_add_explicit(&r->class_samples[class], 1, memory_order_relaxed);
	if (is_sample(r->n_events))
		atomic_fetch_add_explicit(&r->class_share[class], 1, memory_order_relaxed);
	for (uint32_t t = 0; r->used && t < d->n_terms; t++)
		if (r->judged[t] == r->gen)
			atomic_fetch_add_explicit(&r->used[class * d->n_terms + t], 1,
						  memory_order_relaxed);

	for (uint32_t s = 0; s < r->p->n_switches; s++) {
		const struct term *t = &d->terms[r->p->switches[s].term];

		if (!class_looks_up(r->p, class, s) ||
		    (t->slot != DAG_NONE && (t->operand->use->field->flags & FIELD_SLOW)))
			continue;
		if (run_switch(r, s))
			atomic_fetch_add_explicit(&r->seen[s], 1, memory_order_relaxed);
	}
	sample_plain(r, class);
	for (uint32_t i = 0; i < r->hits.n; i++)
		if (class_holds(r->p, class, r->hits.list[i]))
			atomic_fetch_add_explicit(&r->held[r->hits.list[i]], 1,
						  memory_order_relaxed);
	atomic_fetch_add_explicit(&r->n_samples, 1, memory_order_relaxed);
}

/* How often each class was seen, and what judging asked for in it. */
static void learned_uses(const struct plan_run *r, struct plan_stats *s)
{
	double n_samples = 0;

	for (uint32_t c = 0; c < s->n_classes; c++) {
		s->share[c] = atomic_load_explicit(&r->class_share[c], memory_order_relaxed) + 0.01;
		n_samples += s->share[c];
	}
	for (uint32_t c = 0; c < s->n_classes; c++) {
		double seen =
			atomic_load_explicit(&r->class_samples[c], memory_order_relaxed) + 0.01;

		for (uint32_t t = 0; s->used && t < s->n_terms; t++) {
			size_t at = (size_t)c * s->n_terms + t;
			uint32_t n = atomic_load_explicit(&r->used[at], memory_order_relaxed);

			s->used[at] = (float)(n / seen);
		}
		s->share[c] /= n_samples;
	}
}

static bool is_plain_pred(const struct plan *p, uint32_t pred)
{
	for (uint32_t i = 0; i < p->n_plain_preds; i++)
		if (p->plain_preds[i] == pred)
			return true;
	return false;
}

/* Samples that tell about predicate @pred: of events whose rules hold it. */
static uint32_t samples_of(const struct plan_run *r, uint32_t pred)
{
	uint32_t sw = r->p->dag.preds[pred].sw, n = 0;

	if (sw == DAG_NONE ? !is_plain_pred(r->p, pred)
			   : atomic_load_explicit(&r->seen[sw], memory_order_relaxed) == 0)
		return 0;
	for (uint32_t c = 0; c < r->p->n_classes; c++)
		if (class_holds(r->p, c, pred))
			n += atomic_load_explicit(&r->class_samples[c], memory_order_relaxed);
	return n;
}

struct plan_stats *plan_run_learned(const struct plan_run *r)
{
	const struct dag *d = &r->p->dag;
	uint32_t n = d->n_preds, n_classes = r->p->n_classes;
	struct plan_stats *s = atomic_load(&r->n_samples) ? mem_new(sizeof *s) : NULL;

	if (!s)
		return NULL;
	*s = (struct plan_stats){.n_preds = n, .n_classes = n_classes, .n_terms = d->n_terms};
	s->p = mem_grow(NULL, n + 1, sizeof *s->p);
	s->share = mem_grow(NULL, n_classes + 1, sizeof *s->share);
	if (r->used && r->p->is_learned)
		s->used = mem_grow(NULL, (size_t)n_classes * d->n_terms + 1, sizeof *s->used);
	if (!s->p || !s->share || (r->used && r->p->is_learned && !s->used))
		return plan_stats_free(s);
	learned_uses(r, s);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t seen = samples_of(r, i);
		uint32_t held = atomic_load_explicit(&r->held[i], memory_order_relaxed);

		/* one more of each kind: nothing is ever or never true after few samples */
		s->p[i] = seen ? (held + 0.01) / (seen + 0.02) : -1;
	}
	return s;
}
