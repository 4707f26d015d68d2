/*
 * atom: what was found out about entries of an extractor's state, so that it is not looked for again
 * while an entry is as it was.
 *
 * A value that is a fact of a thread or a file (field.h, scope) is the same for most events of it. What
 * follows from it is remembered as a few numbers: for a switch the predicates that are true, for a group
 * of drivers the rules they wake. A version that changed finds nothing. Slots are as many as they are;
 * one that is taken is taken over, since whoever comes last is likeliest to come again. What does not
 * fit a slot is not remembered.
 *
 * Lifetime: one cache per run of a plan, so that another ruleset starts with none. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gyr/abi.h"

enum {
	ATOM_SLOTS = 4096, /* a power of two */
	ATOM_MAX = 9,      /* numbers that one slot has room for */
	ATOM_ASKED_MAX = UINT32_MAX >> 4,
};

struct atoms;

struct atoms *atoms_new(void);
struct atoms *atoms_free(struct atoms *a);

/* What is remembered of @e for the question @asked: *ret_n numbers, valid until the next call; NULL when
 * nothing is. */
const uint32_t *atoms_find(struct atoms *a, uint32_t asked, const struct gyr_entry *e,
			   uint32_t *ret_n);

/* Whether it is remembered that the answer is no number at all. */
bool atoms_has_none(struct atoms *a, uint32_t asked, const struct gyr_entry *e);

/* Remembers @n numbers, unless they are too many. */
void atoms_add(struct atoms *a, uint32_t asked, const struct gyr_entry *e, const uint32_t *numbers,
	       uint32_t n);

/* Questions that were answered, and that were not. */
void atoms_count(const struct atoms *a, uint64_t *ret_found, uint64_t *ret_missed);
