/*
 * ledger: which events of one source are finished, so that the source can be told.
 *
 * An event is finished when it raised no alert, or when every output that must have its alerts has
 * them. Only events with such alerts get a line in the ledger; all others cost nothing. Lines stand
 * in a ring in the order of the events; the oldest line that is still held is the low watermark:
 * everything before it is finished.
 *
 * A line is held once by whoever still hands its alert out and once by each output that must have
 * it. The last to let go finishes it, from any thread, with one atomic step.
 *
 * Threads: ledger_*() on the source thread, or by anyone after it has ended; line_*() from any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_LINES = 1 << 16 }; /* alerts of one source on their way at most, before it waits */

struct line {
	atomic_uint n_holders;
	uint64_t num; /* of the event */
};

struct ledger;

/* @n_lines: a power of two. NULL when memory is short. */
struct ledger *ledger_new(uint32_t n_lines);
struct ledger *ledger_free(struct ledger *l);

/* A line for an alert of event @num, held once, by the caller. Numbers do not fall. NULL: the ring
 * is full, and the oldest line is still held. */
struct line *ledger_add(struct ledger *l, uint64_t num);

/* The number up to which all events are finished, when @last is the last one that was judged. */
uint64_t ledger_mark(struct ledger *l, uint64_t last);

/* An alert of event @num goes nowhere although it must: the mark never passes it. */
void ledger_break(struct ledger *l, uint64_t num);

/* How many lines there are from the oldest held one on. */
uint32_t ledger_depth(struct ledger *l);

/* NULL is fine. */
void line_hold(struct line *l);
void line_done(struct line *l);
