/*
 * impl: what the files of this folder share about a plan.
 */
#pragma once

#include "plan/dag.h"
#include "plan/plan.h"
#include "plan/switch.h"

/* A rule as one class of events sees it: comparisons of the event's type are decided. */
struct class_rule {
	uint32_t rule, root;
};

/* A shared conjunct of residual rules. Gates stand in preorder: when @node is false, everything up
 * to @skip is. */
struct gate {
	uint32_t node, skip;
	uint32_t first, n; /* rules that hang here: positions in plan_class.residual */
};

/* Drivers of a class that look up facts of one kind of entry: which rules they wake is remembered by
 * entry. */
struct driver_group {
	const struct field *field; /* of one of them: for it the entry is asked for */
	uint32_t first, n;         /* plan_class.drivers */
	uint32_t number;           /* among the groups of all classes */
	uint8_t kind;              /* as plan.term_kinds has it */
};

/* Event types that all rules treat alike. */
struct plan_class {
	uint32_t n_rules; /* in order of their numbers */
	const struct class_rule *rules;
	/* Switches that every event of the class goes through: first those in no group, then group
	 * by group. */
	uint32_t n_drivers, n_plain;
	const uint32_t *drivers;
	uint32_t n_groups;
	const struct driver_group *groups;
	bool rests; /* there is one group, and nothing to be done for an entry that wakes nothing */
	/* Plain fields that are asked for in one batch: by every event, and, behind them, when a
	 * group has to be looked up. */
	uint32_t n_eager, n_eager_all;
	const struct field_use *const *eager;
	const uint32_t *eager_terms;
	uint32_t n_gates, n_residual;
	const struct gate *gates;
	const uint32_t *residual; /* positions in rules */
};

/* What a true predicate wakes in one class. */
struct wake {
	uint32_t class;
	uint32_t first, n; /* plan.woken: positions in plan_class.rules */
};

struct plan {
	struct arena arena;
	struct dag dag;
	const struct plan_rule *rules;
	uint32_t n_rules, n_slots, max_class_rules, max_eager;
	struct field_switch *switches;
	uint32_t n_switches;
	struct plan_class *classes;
	uint32_t n_classes, n_groups;
	/* By class, a bit a predicate: whether a rule of the class holds it. Only such events tell how
	 * often it is true where that matters. */
	const uint64_t *held_by;
	/* The same for switches: those of predicates that a rule of the class holds. */
	const uint64_t *looked_up_by;
	/* Predicates without a switch that are cheaply asked: how often they are true is learned too, since
	 * they are what is best asked first. */
	uint32_t n_plain_preds;
	const uint32_t *plain_preds;
	const uint8_t *term_kinds; /* by term: the kind of entry it is a fact of, from 1; 0: none */
	const uint8_t *facts; /* by node: the kind of entry that alone decides it; 0: none does */
	uint16_t class_of[EVTTYPES_MAX + 1]; /* the last one: codes that the table does not know */
	const uint32_t *wake_ends;           /* by predicate: end of its run in wakes */
	const struct wake *wakes;
	const uint32_t *woken;
	bool is_learned; /* from traffic rather than priors */
	const float *p;  /* by predicate: how likely it is true */
};

struct plan_stats {
	uint32_t n_preds, n_classes, n_terms;
	double *p;     /* by predicate: how often it was true; < 0: nothing known */
	double *share; /* by class: of the events that rules are tried on */
	/* By class and term: how often judging asked for it. NULL: not counted, or by a plan that
	 * wakes rules by priors, which says nothing about one that was learned. */
	float *used;
};

static inline size_t preds_words(const struct plan *p)
{
	return p->dag.n_preds / 64 + 1;
}

static inline bool class_holds(const struct plan *p, uint32_t class, uint32_t pred)
{
	return p->held_by[class * preds_words(p) + pred / 64] >> (pred % 64) & 1;
}

static inline size_t switch_words(const struct plan *p)
{
	return p->n_switches / 64 + 1;
}

static inline bool class_looks_up(const struct plan *p, uint32_t class, uint32_t sw)
{
	return p->looked_up_by[class * switch_words(p) + sw / 64] >> (sw % 64) & 1;
}

/* Whether @s, which may be NULL, was learned from a plan of the same rules: they make equal graphs. */
bool plan_stats_fit(const struct plan_stats *s, const struct plan *p);

/* classes.c: sets classes, class_of, the rules of each and held_by. false: no memory. */
bool classes_build(struct plan *p, const uint32_t *roots);

/* classes.c: what there is to learn of the events of each class: sets looked_up_by and plain_preds. The
 * switches are there. false: no memory. */
bool lessons_build(struct plan *p);

/*
 * cover.c: for every node the cheapest cover, by a model that starts from priors or from what was
 * learned.
 */
struct covers {
	double *cost;                   /* by node; infinite: it has none */
	double *rate;                   /* by node: how often the cover is hit, at most */
	double *share;                  /* by switch: what its look-up costs each of its users */
	const struct estimate *judge;   /* by node: what judging it costs */
	const struct plan_stats *stats; /* NULL: nothing was learned */
	bool *driven;                   /* by term: drivers ask for it anyway */
	double modelled;                /* ns of an event, with what is chosen */
};

/* @stats is borrowed. */
bool covers_init(struct covers *c, const struct plan *p, const struct plan_stats *stats);
void covers_deinit(struct covers *c);

/* Weighs every node, sharing the cost of switches among those that end up using them; with @judge,
 * what judging costs, which is borrowed. Sets driven and modelled. false: no memory. */
bool covers_weigh(struct covers *c, const struct plan *p, const struct estimate *judge);

/* Modelled ns of an event with the covers that @p was built with, by p->p, @judge and the shares of classes in
 * @stats. Infinite when memory is short. */
double plan_modelled(const struct plan *p, const struct plan_stats *stats,
		     const struct estimate *judge);

/* Whether @root is woken by a cover rather than looked at for every event. */
bool covers_has(const struct covers *c, uint32_t root);

/* Calls @each for the predicates of the cover of @node. */
typedef void (*cover_fn)(void *ctx, uint32_t pred);
void covers_each(const struct covers *c, const struct plan *p, uint32_t node, cover_fn each,
		 void *ctx);

/* Sets p->p from @stats and priors. false: no memory. */
bool probabilities_set(struct plan *p, const struct plan_stats *stats);

/* What asking for @t costs an event, about, in ns; most events find a fact in what is remembered. */
double term_cost_ns(const struct term *t);

/* The same for a look-up of @s, once its value is there. */
double look_up_cost_ns(const struct plan *p, const struct field_switch *s);

/* A field that is needed more often than this is asked for with those of the drivers: one question
 * costs less than two, and an answer more than was needed less than a question. */
#define EAGER_MIN 0.5F

/* Whether @term is asked for with the drivers of @c. */
bool plan_is_eager(const struct plan_class *c, uint32_t term);

/* Fields whose value may be asked for before it is known to be needed. */
bool may_be_eager(const struct term *t);

/* wake.c: turns covers into wakes, drivers and gates. false: no memory. */
bool wakes_build(struct plan *p, const struct covers *c);

enum {
	GROUPS_MAX = 8, /* of one class; drivers of further kinds of entries are in none */
};

/* group.c: sets facts and term_kinds. false: no memory. */
bool facts_build(struct plan *p);

/* Puts the drivers of @c, now at @drivers, which is used up, in order, and sets its groups. false: no
 * memory. */
bool groups_build(struct plan *p, struct plan_class *c, uint32_t *drivers);

/* gate.c: the tree of shared conjuncts of @n residual rules (positions in @c->rules). */
bool gates_build(struct plan *p, struct plan_class *c, const uint32_t *residual, uint32_t n);

/* order.c: what asking a node costs in ns, and how likely it is true. */
struct estimate {
	double cost, p;
};

enum kids_order {
	KIDS_SORTED, /* as they are best asked */
	KIDS_AS_IS,
};

/* For every node of @p, to be freed with mem_free(); NULL when memory is short. Terms in @driven
 * (may be NULL) cost nothing to ask for. With @ordered (@p itself, or NULL) the kids of every node
 * are put in that order. */
struct estimate *nodes_estimate(const struct plan *p, const bool *driven, enum kids_order order,
				struct plan *ordered);
