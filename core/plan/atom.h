/*
 * atom: what look-ups found for entries of an extractor's state, so that they are not made again while
 * an entry is as it was.
 *
 * A value that is a fact of a thread or a descriptor (field.h, scope) is the same for most events of
 * it. The predicates that a switch found true for it are remembered by switch, entry and version; a
 * version that changed finds nothing. Slots are as many as they are; one that is taken is taken
 * over, since whoever comes last is likeliest to come again. What does not fit a slot is not
 * remembered.
 *
 * Lifetime: one cache per run of a plan, so that another ruleset starts with none. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gyr/abi.h"
#include "plan/index.h"

enum {
	ATOM_SLOTS = 4096, /* a power of two */
	ATOM_HITS = 9,     /* true predicates that one slot has room for */
};

struct atoms;

struct atoms *atoms_new(void);
struct atoms *atoms_free(struct atoms *a);

/* Adds to @h what is remembered for switch @sw and @e; false when nothing is. */
bool atoms_find(struct atoms *a, uint32_t sw, const struct gyr_entry *e, struct hits *h);

/* Remembers what was added to @h from number @from on. */
void atoms_add(struct atoms *a, uint32_t sw, const struct gyr_entry *e, const struct hits *h,
	       uint32_t from);

/* Look-ups that were saved, and made. */
void atoms_count(const struct atoms *a, uint64_t *ret_found, uint64_t *ret_missed);
