/*
 * ledger: which events of one source are finished, so that the source can be told.
 *
 * An event is finished when it raised no alert, or when every output that must have its alerts has
 * them. Only events with such alerts get a line in the ledger; all others cost nothing. Lines stand
 * in a ring in the order of the events; the oldest line that is still held is the low watermark:
 * everything before it is finished.
 *
 * A line is held once by whoever still hands its alert out and once by each output that must have
 * it. The last to let go finishes it, from any thread, with one atomic step. To settle is to tell the
 * source how far the watermark has come. Outputs do so after each batch that was answered and before
 * the next is offered, so that at no time more than one batch is delivered that the source has not
 * heard of.
 *
 * Threads: ledger_add() to ledger_break() on the source thread; settling and line_*() from any; ledger_free() when nobody uses its lines any more.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_LINES = 1 << 16 }; /* alerts of one source on their way at most, before it waits */

struct ledger;

struct line {
	atomic_uint n_holders;
	uint64_t num; /* of the event */
	struct ledger *ledger;
};

/* Told of numbers that only grow, by one thread at a time. */
typedef void (*ledger_tell_fn)(void *ctx, uint64_t num);

/* @n_lines: a power of two. NULL when memory is short. */
struct ledger *ledger_new(uint32_t n_lines, ledger_tell_fn tell, void *ctx);
struct ledger *ledger_free(struct ledger *l);

/* A line for an alert of event @num, held once, by the caller. Numbers do not fall. NULL: the ring
 * is full, and the oldest line is still held. */
struct line *ledger_add(struct ledger *l, uint64_t num);

/* All events up to @num were looked at, and those of their alerts that must arrive have lines. */
void ledger_judged(struct ledger *l, uint64_t num);

/* An alert of event @num goes nowhere although it must: the watermark never passes it. */
void ledger_break(struct ledger *l, uint64_t num);

/* Tells the source how far the watermark has come, if it moved. When another thread is at it: waits
 * for that, or goes on without. [any] */
void ledger_settle(struct ledger *l);
void ledger_try_settle(struct ledger *l);

/* NULL is fine. */
void line_hold(struct line *l);
void line_done(struct line *l);

/* ledger_settle() for the ledger that @line is of, unless that is @last, which was settled just now. Returns
 * the ledger that was settled last. NULL is fine. */
struct ledger *line_settle(const struct line *line, struct ledger *last);
