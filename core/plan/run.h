/*
 * run: what a thread works with while it runs a plan, shared by running (run.c) and learning (learn.c).
 */
#pragma once

#include <stdatomic.h>

#include "plan/atom.h"
#include "plan/impl.h"

enum {
	SAMPLES_FIRST = 4, /* of each class, before those that are taken by number */
	KIND_BITS = 8,
};

_Static_assert(PLAN_MAX_RULES <= 1 << (32 - KIND_BITS), "a position and a kind fit a word");

struct plan_run {
	const struct plan *p;
	struct eval *eval;
	uint32_t gen;
	uint32_t *memo;      /* by node: gen << 1 | answer */
	struct hits hits;    /* stamps by predicate */
	uint32_t *sw_ran;    /* by switch: gen when its look-up was made */
	uint32_t *sw_failed; /* by switch: gen when it could not be */
	uint32_t *term_gen;  /* by term */
	uint32_t *judged;    /* by term: gen when judging asked for it */
	uint32_t judge_gen;  /* gen while rules are judged, else 0 */
	struct values *term_values;
	uint32_t *awake;   /* by position in the class: gen */
	uint32_t *woken;   /* position << KIND_BITS | kind of entry, as judge() has it */
	uint32_t *matched; /* rule numbers */
	uint32_t n_woken, n_matched;
	struct values *eager;
	struct switch_scratch scratch;
	struct atoms *atoms; /* NULL: no field has entries */
	struct known_entry {
		uint32_t gen; /* of the event it was asked for */
		bool is_known;
		struct gyr_entry e;
		uint32_t owner;
	} entries[GYR_SCOPES];
	/* The event at work. */
	const struct plan_class *class;
	const struct event *evt;
	const struct fetch *fetch;
	bool wake_all, is_timed;
	/* Counters; those of samples are read by other threads. */
	struct plan_rule_counts *counts;
	uint64_t *n_extracted; /* by term */
	uint64_t n_events;
	atomic_uint n_samples;
	atomic_uint *seen; /* by switch: samples in which it was run */
	atomic_uint *held; /* by predicate: of them, those in which it was true */
	atomic_uint *class_samples;
	atomic_uint *class_share; /* of them, those taken by number: they say how frequent it is */
	atomic_uint *used; /* by class and term: samples in which judging asked; NULL: too many */
};

/* Makes the look-up of switch @sw, once an event; false when it could not be made. */
bool run_switch(struct plan_run *r, uint32_t sw);

/* Whether predicate @id is true for the event at work. */
bool run_pred(struct plan_run *r, uint32_t id);

static inline bool is_sample(uint64_t n)
{
	_Static_assert((PLAN_SAMPLE_FIRST & (PLAN_SAMPLE_FIRST - 1)) == 0 &&
			       (PLAN_SAMPLE_EVERY & (PLAN_SAMPLE_EVERY - 1)) == 0,
		       "powers of two");
	return (n & (n < PLAN_FIRST ? PLAN_SAMPLE_FIRST - 1 : PLAN_SAMPLE_EVERY - 1)) == 0;
}

/* Whether the event is looked at to learn from: one in many, and the first of each class, so that something
 * is known of rare ones. */
static inline bool is_learned_from(const struct plan_run *r)
{
	if (is_sample(r->n_events))
		return true;
	return r->n_events < PLAN_FIRST &&
	       atomic_load_explicit(&r->class_samples[r->class - r->p->classes],
				    memory_order_relaxed) < SAMPLES_FIRST;
}

/* Learns from the event at work: learn.c. */
void run_sample(struct plan_run *r);
