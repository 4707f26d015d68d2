/*
 * renewal: how the thread of an output comes to another sink while it runs, on behalf of [main].
 *
 *	idle --ask--> asked --opened beside the old--> open --use--> (old closed, new used) idle
 *	                    \--could not be opened--> failed      \--drop--> (new closed) idle
 *
 * So several outputs can be asked, and all of them take the new or none. A thread that is busy for
 * long with one send is not waited for: it is trusted to open the new sink later, and keeps the old
 * one, saying so, if it cannot.
 *
 * Lifetime: renewal_init() to renewal_deinit(). Threads: as tagged.
 */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "util/err.h"

struct output_setup;

enum renewal_state {
	RENEWAL_IDLE,
	RENEWAL_ASKED,
	RENEWAL_TRUSTED,
	RENEWAL_OPEN,
	RENEWAL_FAILED,
	RENEWAL_USE,
	RENEWAL_DROP,
	RENEWAL_REFUSED, /* dropped while it was trusted */
};

/* What the thread has to do. */
enum {
	_RENEWAL_E_SUCCESS, /* nothing */
	RENEWAL_E_TAKE,     /* close the sink in use, and use @next, which is open */
	RENEWAL_E_LOST,     /* say that a sink that was trusted could not be opened: @err */
};

struct renewal {
	atomic_int state;
	const struct output_setup *next; /* of [main], until it is idle again */
	sem_t answered;
	int result;
	struct err err;
};

void renewal_init(struct renewal *r);
void renewal_deinit(struct renewal *r);

/* Asks; @next stays until it is idle. The thread has to be woken. -EBUSY. [main] */
int renewal_ask(struct renewal *r, const struct output_setup *next);

/* Waits for the answer, not longer than @timeout_ms. The errno of the sink with @err. [main] */
int renewal_await(struct renewal *r, unsigned timeout_ms, struct err *err);

/* After an answer of 0: use it, or drop it. The thread has to be woken. [main] */
void renewal_decide(struct renewal *r, bool uses);

/* Nothing is under way: neither sink that is not in use is touched any more. [main] */
bool renewal_is_idle(const struct renewal *r);

/* Where it is by now. After TAKE and LOST renewal_done() makes it idle. [output] */
int renewal_step(struct renewal *r);
void renewal_done(struct renewal *r);

/* The thread ends. [output] */
void renewal_end(struct renewal *r);
