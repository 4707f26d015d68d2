/*
 * feed: the thread of a source.
 */
#include "sched/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "util/mem.h"
#include "util/thread.h"

enum { PROGRESS_EVERY_MS = 200 };

struct feed {
	struct feed_setup setup;
	pthread_t thread;
	bool is_joined;
	atomic_bool wants_stop, is_ended, has_failed, has_progress;
	_Atomic uint32_t progress;
	_Atomic uint64_t n_events;
	uint64_t asked_ms; /* when the source last told its progress */
	struct err err;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool feed_event(struct feed *f)
{
	struct event evt;

	if (f->setup.skim)
		f->setup.skim(f->setup.ctx);
	if (!source_next(f->setup.source, &evt))
		return false;
	f->setup.event(f->setup.ctx, &evt);
	return true;
}

/* Everything in hand, to the last event: a batch is never left half done. */
static void feed_batch(struct feed *f)
{
	struct source_counters counters;

	while (feed_event(f))
		;
	source_count(f->setup.source, &counters);
	atomic_store_explicit(&f->n_events, counters.n_events, memory_order_relaxed);
}

static void feed_progress(struct feed *f)
{
	const char *text;
	uint32_t progress;
	uint64_t now = now_ms();

	if (now - f->asked_ms < PROGRESS_EVERY_MS)
		return;
	f->asked_ms = now;
	if (!source_progress(f->setup.source, &progress, &text))
		return;
	atomic_store_explicit(&f->progress, progress, memory_order_relaxed);
	atomic_store_explicit(&f->has_progress, true, memory_order_relaxed);
}

static void *feed_main(void *arg)
{
	struct feed *f = arg;
	int r = 0;

	while (r == 0 || r == SOURCE_E_TIMEOUT) {
		if (atomic_load_explicit(&f->wants_stop, memory_order_relaxed))
			break;
		r = source_pull(f->setup.source, &f->err);
		feed_batch(f);
		feed_progress(f);
		f->setup.between(f->setup.ctx);
	}
	atomic_store(&f->has_failed, r < 0);
	atomic_store(&f->is_ended, true);
	f->setup.ended(f->setup.ctx);
	return NULL;
}

int feed_new(const struct feed_setup *setup, struct feed **ret)
{
	struct feed *f = mem_new(sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->setup = *setup;
	r = thread_start(&f->thread, feed_main, f);
	if (r < 0) {
		(void)mem_free(f);
		return r;
	}
	*ret = f;
	return 0;
}

void feed_stop(struct feed *f)
{
	atomic_store_explicit(&f->wants_stop, true, memory_order_relaxed);
}

void feed_join(struct feed *f)
{
	if (!f->is_joined)
		(void)pthread_join(f->thread, NULL);
	f->is_joined = true;
}

const char *feed_error(const struct feed *f)
{
	return f->err.is_set ? f->err.text : "";
}

struct feed *feed_free(struct feed *f)
{
	if (!f)
		return NULL;
	feed_stop(f);
	feed_join(f);
	return mem_free(f);
}

void feed_look(const struct feed *f, struct feed_view *ret)
{
	*ret = (struct feed_view){
		.is_ended = atomic_load(&f->is_ended),
		.has_failed = atomic_load(&f->has_failed),
		.has_progress = atomic_load(&f->has_progress),
		.progress = atomic_load(&f->progress),
		.n_events = atomic_load(&f->n_events),
	};
}
