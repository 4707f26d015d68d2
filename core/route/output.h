/*
 * output: one destination of alerts with its queue and its thread, so that a slow or dead one
 * touches no other.
 *
 * The thread takes alerts in batches and offers them to the sink, which answers each: accepted,
 * refused for good, or not now. What is not accepted now is offered again, in order, after a pause
 * that doubles up to a bound and is drawn at random below it (full jitter). When the program ends,
 * the output has OUTPUT_DRAIN_MS to get rid of what it holds; what is left is counted as lost. A
 * sink may also say that nobody is left to read: the output is over, and all it is sent is lost.
 *
 * Lifetime: output_new() to output_free(); the sink outlives it. Threads: output_send() from any;
 * the sink's functions from the output's own thread only, open first and close last.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "route/alert.h"
#include "route/queue.h"
#include "util/err.h"
#include "util/log.h"

enum {
	OUTPUT_BATCH = 256,
	OUTPUT_PAUSE_MIN_MS = 100,
	OUTPUT_PAUSE_MAX_MS = 5000,
	OUTPUT_DRAIN_MS = 5000,
	OUTPUT_DRAIN_UNPROVEN_MS = 1000, /* the same for one that has never accepted an alert */
};

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

struct output_setup {
	const char *name; /* for messages; borrowed */
	struct sink sink;
	uint32_t capacity; /* of the queue, at least 1 */
	enum queue_policy policy;
	const struct log *log;
	void (*on_over)(void *ctx); /* once, when it is over [output]; may be NULL */
	void *on_over_ctx;
};

struct output_counters {
	uint64_t n_accepted, n_refused;
	uint64_t n_dropped; /* the queue was full */
	uint64_t n_retries; /* alerts offered again */
	uint64_t n_lost;    /* still here when time was up at the end */
	uint32_t depth;
};

struct output;

/* Starts the thread and waits until the sink is open. The errno of the sink with @err; -ENOMEM. */
int output_new(const struct output_setup *setup, struct output **ret, struct err *err);

/* Closes the queue, waits for the drain and ends the thread. NULL is fine. [main] */
struct output *output_free(struct output *o);

/* The first half of output_free(): several outputs then drain side by side. [main] */
void output_stop(struct output *o);

/* Ends the thread of a stopped output and keeps its counters. [main] */
void output_join(struct output *o);

/* Queues @a with a reference of its own, or counts it as dropped. */
void output_send(struct output *o, struct alert *a);

/* Lets the sink close and open its files anew, between two sends. [any] */
void output_reopen(struct output *o);

/* Whether nobody is left to read what is sent. [any] */
bool output_is_over(const struct output *o);

const char *output_name(const struct output *o);
void output_count(struct output *o, struct output_counters *ret);
