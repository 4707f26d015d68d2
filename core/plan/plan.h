/*
 * plan: all rules of one source as one shared structure, so that an event costs the rules it
 * concerns and not the rules there are.
 *
 * The idea in five steps, a file each:
 *
 *   dag      Every comparison of every rule is interned once as a *predicate*; "and" and "or" over
 *            them are interned as *nodes* of one graph. Negation is pushed down to predicates,
 *            operators are lowered to few ("!=" to "exists and not =", a glob "abc*" to a prefix).
 *   switch   All predicates over one field that one look-up can answer form a *switch*: a hash for
 *            equality, radix trees for prefixes, suffixes and paths, a bit trie for networks, an
 *            automaton for substrings. One look-up says which of them are true for this value.
 *   cover    A *cover* of a rule is a set of switched predicates of which at least one is true
 *            whenever the rule is. A rule is looked at only when its cover was hit. Rules without
 *            one are *residual*: they stand in a tree of shared conjuncts that is pruned as a
 *            whole.
 *   plan     For each class of event types: the switches that must run, the fields they need (asked
 *            for in one batch), what each hit wakes, the residual tree. Comparisons of the event's
 *            type are decided here and disappear.
 *   run      The switches, the candidates, their nodes with answers remembered for this event.
 *
 * The plan never changes an answer: eval_match() on each rule in turn is what it has to equal, and
 * property tests hold it to that. What it learns from traffic only moves work around.
 *
 * Why not count satisfied conjuncts, or a normal form: rules nest deep and carry allow-lists;
 * normal forms explode, counting touches every posting; a cover is linear in the size of the rule
 * and needs one predicate to be selective.
 *
 * Lifetime: a plan borrows the expressions and field uses, which must outlive it. Threads: a plan
 * is immutable and shared; a plan_run belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "event/fetch.h"
#include "filter/evttypes.h"
#include "filter/typecheck.h"
#include "util/buf.h"

enum {
	PLAN_MAX_RULES = 1 << 20,
	PLAN_SAMPLE_EVERY = 1024, /* events between two that are used to learn from */
	PLAN_FIRST = 4096, /* of the first events more are, so that something is learned soon */
	PLAN_SAMPLE_FIRST = 64,
};

struct plan;
struct plan_run;
struct plan_stats;

struct plan_rule {
	const struct expr *expr;
	const struct evttypes *types; /* events it is tried on; NULL for every event */
};

/* Plans @rules; their order is the order of matches. @stats (may be NULL) is what was learned from
 * a plan of the same rules. -ENOMEM; -E2BIG for more than PLAN_MAX_RULES. */
int plan_new(const struct plan_rule *rules, uint32_t n_rules, const struct plan_stats *stats,
	     struct plan **ret_plan);
struct plan *plan_free(struct plan *p);

/* Bytes the plan takes. */
size_t plan_size(const struct plan *p);

/* The working memory of one thread for @p, and what it counts. -ENOMEM. */
int plan_run_new(const struct plan *p, struct plan_run **ret_run);
struct plan_run *plan_run_free(struct plan_run *r);

/* Whether no rule is about events of this type: plan_match() has nothing to do for them. */
bool plan_is_idle(const struct plan_run *r, uint16_t type);

/* Judges one event: how many rules match, *ret_rules pointing at their numbers in order, valid
 * until the next call. With @first only the first of them. Allocates nothing once the largest event
 * was seen. */
uint32_t plan_match(struct plan_run *r, const struct event *evt, const struct fetch *fetch,
		    bool first, const uint32_t **ret_rules);

/* What one rule cost and did so far; for profiles. */
struct plan_rule_counts {
	uint64_t n_evaluated, n_matched;
	uint64_t ns; /* spent judging it; 0 unless timed */
};
struct plan_rule_counts plan_run_counts(const struct plan_run *r, uint32_t rule);

/* From now on the clock is read around each judgement; off by default, since it costs as much. */
void plan_run_time(struct plan_run *r);

/* Goes on counting where @from stopped: a run of another plan of the same rules. */
void plan_run_inherit(struct plan_run *r, const struct plan_run *from);

/* Look-ups that were known by the entry of the state whose fact they are about, and those of them that
 * had to be made. */
void plan_run_atoms(const struct plan_run *r, uint64_t *ret_saved, uint64_t *ret_made);

/* How often the value of a field was needed, by slot of its use. */
uint64_t plan_run_extractions(const struct plan_run *r, uint32_t slot);

/* What was learned since the run began; to be freed with plan_stats_free(). [any thread] NULL when
 * memory is short or nothing was learned yet. */
struct plan_stats *plan_run_learned(const struct plan_run *r);
struct plan_stats *plan_stats_free(struct plan_stats *s);

/* How much a new plan made with @s would save, by the model: 0.2 is a fifth. */
double plan_gain(const struct plan *p, const struct plan_stats *s);

/* Explains rule @rule (number in the array given to plan_new): the classes of events it runs on,
 * its cover or why it has none, the fields it needs. */
void plan_explain_rule(struct buf *b, const struct plan *p, uint32_t rule);

/* Explains the whole: classes, switches and their sizes, residual rules. @name gives the name of a
 * rule. */
void plan_explain(struct buf *b, const struct plan *p,
		  const char *(*name)(void *ctx, uint32_t rule), void *ctx);
