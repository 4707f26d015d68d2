/*
 * tally: how often each rule raised an alert, over all source threads and all rulesets of a run.
 *
 * Lifetime: rows live until tally_deinit(), so that a reload keeps the counts of its rules.
 * Threads: rows are added on [main]; counted by any.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/str.h"
#include "util/strmap.h"

struct tally_row {
	struct str rule;
	uint32_t priority;
	_Atomic uint64_t n_alerts;
	_Atomic uint64_t n_suppressed; /* of them, not sent: too many of the same */
	_Atomic uint64_t n_unrouted;   /* of them, not sent: their routes have no output */
	/* Suppressed since the last summary; under the lock of suppress.h. */
	uint64_t n_untold, untold_first_ts, untold_last_ts;
	struct tally_row *next_untold;
	struct tally_row *next; /* in the order added */
};

struct tally {
	struct arena arena;
	struct strmap rows;
	struct tally_row *first, *last;
};

void tally_init(struct tally *t);
void tally_deinit(struct tally *t);

/* The row of @rule; NULL when there is none. */
const struct tally_row *tally_find(const struct tally *t, struct str rule);

/* The row of @rule, made if it is new; its priority is the latest told. NULL: memory is short. */
struct tally_row *tally_row(struct tally *t, struct str rule, uint32_t priority);
