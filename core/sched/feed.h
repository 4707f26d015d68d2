/*
 * feed: one open source and the thread that runs its batches to completion.
 *
 * The thread pulls a batch, shows every event of it to the work function, and pulls again; between
 * two batches (and when the source has nothing) it calls `between`. Events never leave the thread.
 * A source that blocks is waited for: it returns by itself within its own poll time.
 *
 * Lifetime: feed_new() to feed_free(); source, work and texts are borrowed and outlive it.
 * Threads: [main]; the work functions run on the feed's own thread; feed_look() from any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "host/source.h"
#include "util/err.h"

struct feed;

struct feed_setup {
	struct source *source;
	void (*event)(void *ctx, const struct event *evt);
	void (*skim)(void *ctx); /* before each event: takes what needs no `event`; may be NULL */
	void (*between)(void *ctx);
	void (*ended)(void *ctx); /* the last thing the thread does */
	void *ctx;
};

struct feed_view {
	bool is_ended, has_failed;
	bool has_progress;
	uint32_t progress; /* hundredths of a percent */
	uint64_t n_events;
};

/* Starts the thread; -ENOMEM, -EAGAIN. */
int feed_new(const struct feed_setup *setup, struct feed **ret);

/* Asks the thread to end after the batch in hand. */
void feed_stop(struct feed *f);

/* Waits for the thread. feed_error() is then what went wrong, "" for nothing. */
void feed_join(struct feed *f);
const char *feed_error(const struct feed *f);

struct feed *feed_free(struct feed *f);

void feed_look(const struct feed *f, struct feed_view *ret);
