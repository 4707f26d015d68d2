/*
 * eval: does an event satisfy an expression?
 *
 * The plain evaluator: walks the tree, left to right, short circuit, asks for each field when it
 * gets there. It shares nothing between rules and has no plan; whatever is faster must answer as it
 * does.
 *
 * Absent values: every comparison with one is false, "!=" too; only "not" turns that around.
 *
 * Lifetime: one struct eval per thread; values it hands out live until eval_reset(). Memory grows
 * to what the largest event needs and is then reused.
 */
#pragma once

#include <stdbool.h>

#include "event/event.h"
#include "event/fetch.h"
#include "filter/typecheck.h"

struct eval;

enum {
	EVAL_SCRATCH_MAX = 64 * 1024 * 1024, /* bytes of scratch for one event */
};

struct eval *eval_new(void);
struct eval *eval_free(struct eval *e);

/* Forgets the scratch of the last event. Called once per event, before the first question. */
void eval_reset(struct eval *e);

/* Whether @evt satisfies @x. A value that does not fit the scratch is absent, and counted. */
bool eval_match(struct eval *e, const struct expr *x, const struct event *evt,
		const struct fetch *fetch);

/* Whether one comparison holds. */
bool eval_test(struct eval *e, const struct test *t, const struct event *evt,
	       const struct fetch *fetch);

/* The values of @o: of a field, or what a call makes of its arguments. */
struct values eval_operand(struct eval *e, const struct operand *o, const struct event *evt,
			   const struct fetch *fetch);

/* Whether @t holds for @left, already asked for: what a plan calls for a single test. @t->right
 * must be NULL. */
bool eval_test_values(struct eval *e, const struct test *t, const struct values *left);

/* Values dropped because the scratch was full. */
uint64_t eval_dropped(const struct eval *e);
