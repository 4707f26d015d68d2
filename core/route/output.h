/*
 * output: one destination of alerts with its queue and its thread, so that a slow or dead one
 * touches no other.
 *
 * The thread takes alerts in batches and offers them to the sink, which answers each: accepted,
 * refused for good, or not now. What is not accepted now is offered again, in order, at the pace of
 * route/pace.h. What was refused, or tried too often, goes to the dead letter file when there is one.
 * When the program ends, the output has its drain time to get rid of what it holds; what is left is
 * counted as lost. A sink may also say that nobody is left to read: the output is over, and all it
 * is sent is lost.
 *
 * How far an output is trusted with an alert (its delivery):
 *
 *	best effort   the source is not asked to wait; every loss is counted
 *	spooled       the alert counts as delivered once it is in the spool on disk (route/spool.h)
 *	delivered     it does once the sink has accepted it
 *
 * The lines that alerts have in the ledger of their source (route/ledger.h) are let go accordingly.
 *
 * Lifetime: output_new() to output_free(); the sink outlives it. Threads: as tagged; the sink's
 * functions from the output's own thread only, open first and close last.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "route/alert.h"
#include "route/pace.h"
#include "route/queue.h"
#include "route/spool.h"
#include "util/err.h"
#include "util/log.h"

enum {
	OUTPUT_BATCH = 256,
	OUTPUT_BATCH_MAX = 4096,
	OUTPUT_QUEUE_BYTES = 64 << 20,
	OUTPUT_PAUSE_MIN_MS = 100,
	OUTPUT_PAUSE_MAX_MS = 5000,
	OUTPUT_DRAIN_MS = 5000,
	OUTPUT_DRAIN_UNPROVEN_MS =
		1000, /* at most, for one that never got rid of any in OUTPUT_FAILURES offers */
	OUTPUT_DEAD_BYTES = 100 << 20,
	OUTPUT_FAILURES = 5, /* the usual circuit; a setup without one has none */
	OUTPUT_OPEN_MS = 10000,
	OUTPUT_RENEW_MS = 2000,
	OUTBOX_ALERTS = 64,
};

enum output_delivery { OUTPUT_BEST_EFFORT, OUTPUT_SPOOLED, OUTPUT_DELIVERED };

/* Where alerts go. All functions but send may be NULL. */
struct sink {
	/* 0, or negative errno with @err. */
	int (*open)(void *ctx, struct err *err);
	/* Answers verdicts[i] (enum gyr_verdict, set to RETRY before) for alerts[i]; returns NULL
	 * or why some were not accepted, valid until the next call. */
	const char *(*send)(void *ctx, const struct gyr_alert *const *alerts, uint32_t n,
			    uint8_t *verdicts);
	void (*reopen)(void *ctx);
	void (*close)(void *ctx);
	void *ctx;
};

/* Zero stands for the constant above where there is one. */
struct output_setup {
	const char *name; /* for messages; borrowed */
	struct sink sink;
	enum output_delivery delivery;
	uint32_t capacity;  /* of the queue, at least 1 */
	uint64_t cap_bytes; /* of the queue */
	enum queue_policy policy;
	uint32_t batch_max; /* alerts a send, at most OUTPUT_BATCH_MAX */
	uint32_t linger_ms; /* how long an incomplete batch waits for more */
	struct pace_setup pace;
	uint32_t tries;          /* offers of one alert before it is given up; 0: no bound */
	uint32_t drain_ms;       /* at the end, since it last got rid of an alert */
	const char *dead_letter; /* file; NULL: none; borrowed */
	uint64_t dead_letter_bytes;
	/* With a folder, delivery is spooled, or it is best effort and what finds no room in memory
	 * spills to disk. Name, log and sync are set by the output. */
	struct spool_setup spool;
	const struct log *log;
	void (*on_end)(
		void *ctx); /* when it is over, and when it has ended [output]; may be NULL */
	void *on_end_ctx;
};

struct output_counters {
	uint64_t n_accepted;
	uint64_t n_refused;     /* for good, by the sink */
	uint64_t n_exhausted;   /* given up after as many tries as are allowed */
	uint64_t n_dropped;     /* the queue was full */
	uint64_t n_retries;     /* alerts offered again */
	uint64_t n_lost;        /* still here when time was up at the end */
	uint64_t n_dead;        /* of those refused or exhausted: written to the dead letter file */
	uint64_t n_dead_failed; /* and those that could not be */
	uint64_t n_opened;      /* how often the circuit opened */
	uint64_t n_stuck;       /* sends that took longer than allowed (output_look()) */
	uint64_t depth_bytes;
	uint32_t depth; /* alerts in the queue */
	enum pace_state state;
	struct spool_counters spool;
};

struct output;
struct outbox;

/* Starts the thread and waits until the sink is open. The errno of the sink with @err; -ENOMEM. */
int output_new(const struct output_setup *setup, struct output **ret, struct err *err);

/* Closes the queue, waits for the drain and ends the thread. NULL is fine. [main] */
struct output *output_free(struct output *o);

/* The first half of output_free(): several outputs then drain side by side. What sources still send
 * is lost, and they are not kept waiting any more. [main] */
void output_stop(struct output *o);

/* Somebody waits for the end: the time to drain is that since the stop, whatever it still gets rid of. [main] */
void output_hurry(struct output *o);

/* output_stop(), if a source waits for it right now. [main] */
void output_let_go(struct output *o);

/* Ends the thread of a stopped output and keeps its counters. [main] */
void output_join(struct output *o);

/* Queues @a with a reference of its own, or counts it as dropped. [any] */
void output_send(struct output *o, struct alert *a);

/* The same through an outbox, which hands alerts over by the dozen: one for each source thread and
 * output. They are on their way after outbox_flush() at the latest. [owner of the outbox] */
struct outbox *outbox_new(struct output *o); /* NULL: memory is short */
struct outbox *outbox_free(struct outbox *b);
void outbox_add(struct outbox *b, struct alert *a);
void outbox_flush(struct outbox *b);

/* The same without ever waiting for room; for an alert without a line. [any] */
void output_try_send(struct output *o, struct alert *a);

/* Lets the sink close and open its files anew, between two sends. [any] */
void output_reopen(struct output *o);

/* Has the thread open the sink of @next beside the one in use; waits for that up to OUTPUT_RENEW_MS, and
 * trusts it when that was too short. The errno of the sink with @err; -EBUSY with @err while it is at the
 * last change. @next stays until output_is_settled(). [main] */
int output_try(struct output *o, const struct output_setup *next, struct err *err);

/* After output_try(): uses sink, batch_max, linger, pace, tries and drain of @next from now on, or not. [main] */
void output_decide(struct output *o, bool uses);

/* Whether such a change is over, and the sink that is not in use closed. [main] */
bool output_is_settled(const struct output *o);

/* It is no longer asked for: before output_stop(). Events do not wait for the alerts it loses at its end. [main] */
void output_retire(struct output *o);

/* Whether the thread of an output that was stopped has ended: output_free() does not wait then. [any] */
bool output_is_ended(const struct output *o);

/* Says so in the log, once for each, when a send has taken longer than @timeout_ms. [main] */
void output_look(struct output *o, uint32_t timeout_ms);

/* Whether nobody is left to read what is sent. [any] */
bool output_is_over(const struct output *o);

/* Whether sources have to wait for it before an event is finished. [any] */
bool output_is_required(const struct output *o);

const char *output_name(const struct output *o);
void output_count(struct output *o, struct output_counters *ret);
void output_counters_add(struct output_counters *to, const struct output_counters *from);
