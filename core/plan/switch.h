/*
 * switch: the look-ups over the left sides of a graph, and which predicate each of them answers.
 *
 * A term has at most one switch of a kind. A predicate is given to a switch only where the look-up
 * provably answers as eval_test() does; all others are asked directly.
 *
 * Lifetime: that of the arena and the graph. Threads: one while building; then read by any.
 */
#pragma once

#include "plan/dag.h"
#include "plan/index.h"
#include "plan/multi.h"
#include "plan/sieve.h"

enum switch_kind {
	SWITCH_HASH,      /* =, in; intersects on lists */
	SWITCH_PREFIX,    /* startswith */
	SWITCH_SUFFIX,    /* endswith */
	SWITCH_PATH,      /* pmatch without wildcards */
	SWITCH_CONTAINS,  /* contains */
	SWITCH_ICONTAINS, /* icontains */
	SWITCH_NET,       /* = and in on networks */
	SWITCH_RANGE,     /* < <= > >= */
	SWITCH_KINDS,
};

struct field_switch {
	enum switch_kind kind;
	uint32_t term;
	uint32_t number; /* among the switches */
	uint32_t n_preds, n_keys;
	struct multi *multi; /* in place of the automaton, which then is not there */
	struct sieve sieve;  /* before either of them */
	union {
		struct hash_index hash;
		struct radix_index radix;
		struct ac_index ac;
		struct net_index net;
		struct range_index range;
	} index;
};

const char *switch_kind_name(enum switch_kind k);

/* What one look-up costs, about, in ns: a prior for choosing covers, not a promise. */
double switch_cost_ns(const struct field_switch *s);

/* Whether values pass a sieve before they are looked up. */
bool switch_has_sieve(const struct field_switch *s);

/* How likely one predicate of it is true, before anything was learned. */
double switch_prior(const struct field_switch *s, const struct pred *p);

/* Makes the switches of @d and sets pred.sw. false: memory is short. */
bool switches_build(struct dag *d, struct arena *a, struct field_switch **ret_switches,
		    uint32_t *ret_n);

void switches_free(struct field_switch *switches, uint32_t n);

/* What a thread needs for looking up. */
struct switch_scratch {
	char *text; /* SWITCH_SCRATCH bytes */
	void *multi;
	struct sieve_use *sieves; /* by switch */
};

/* Room for all of @switches; false when memory is short. switch_scratch_deinit() is due either way. */
bool switch_scratch_init(struct switch_scratch *s, const struct field_switch *switches, uint32_t n);
void switch_scratch_deinit(struct switch_scratch *s);

enum { SWITCH_SCRATCH = 8192 }; /* longest value that is folded or normalised for a look-up */

/* Stamps the predicates of @s that are true for @v, values of @type. @scratch has SWITCH_SCRATCH
 * bytes. false when the value is too long to be prepared: its predicates must then be asked
 * directly. */
bool switch_find(const struct field_switch *s, const struct values *v, enum field_type type,
		 const struct switch_scratch *scratch, struct hits *h);
