/*
 * output: the thread between a queue and a sink.
 */
#include "route/output.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "util/mem.h"

struct output {
	struct output_setup setup;
	struct queue *queue;
	pthread_t thread;
	bool is_joined;
	sem_t opened;
	int open_result;
	struct err *open_err;
	atomic_bool wants_reopen, is_over;
	_Atomic uint64_t n_accepted, n_refused, n_dropped, n_retries, n_lost;
	/* Of the thread alone. */
	struct alert *held[OUTPUT_BATCH]; /* taken and not yet answered for good, oldest first */
	uint32_t n_held, pause_ms;
	unsigned seed;
	uint64_t give_up_ns; /* 0 until the queue is closed */
	bool has_complained;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void count(_Atomic uint64_t *c, uint64_t n)
{
	(void)atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

/* Gives back what was answered for good and moves the rest to the front. Returns how many stay. */
static uint32_t output_settle(struct output *o, const uint8_t *verdicts)
{
	uint32_t kept = 0, accepted = 0, refused = 0, lost = 0;

	for (uint32_t i = 0; i < o->n_held; i++) {
		if (verdicts[i] == GYR_ALERT_RETRY) {
			o->held[kept++] = o->held[i];
			continue;
		}
		if (verdicts[i] == GYR_ALERT_ACCEPTED)
			accepted++;
		else if (verdicts[i] == GYR_ALERT_OVER)
			lost++;
		else
			refused++;
		(void)alert_unref(o->held[i]);
	}
	o->n_held = kept;
	count(&o->n_accepted, accepted);
	count(&o->n_refused, refused);
	count(&o->n_retries, kept);
	count(&o->n_lost, lost);
	if (lost)
		atomic_store(&o->is_over, true);
	return kept;
}

/* Says the first failure and the recovery; what lies between is in the counters. */
static void output_complain(struct output *o, const char *why, uint32_t kept)
{
	if (why && !o->has_complained)
		log_error(o->setup.log, "output '%s': %s%s", o->setup.name, *why ? why : "failed",
			  kept ? ": trying again" : "");
	else if (!why && o->has_complained)
		log_info(o->setup.log, "output '%s': works again", o->setup.name);
	o->has_complained = why != NULL;
}

static void output_offer(struct output *o)
{
	const struct gyr_alert *views[OUTPUT_BATCH];
	uint8_t verdicts[OUTPUT_BATCH];
	uint32_t before = o->n_held, kept;
	const char *why;

	for (uint32_t i = 0; i < o->n_held; i++) {
		views[i] = &o->held[i]->view;
		verdicts[i] = GYR_ALERT_RETRY;
	}
	why = o->setup.sink.send(o->setup.sink.ctx, views, o->n_held, verdicts);
	kept = output_settle(o, verdicts);
	output_complain(o, why, kept);
	if (kept == 0 || kept < before)
		o->pause_ms = 0;
	else if (o->pause_ms == 0)
		o->pause_ms = OUTPUT_PAUSE_MIN_MS;
	else if (o->pause_ms < OUTPUT_PAUSE_MAX_MS / 2)
		o->pause_ms *= 2;
	else
		o->pause_ms = OUTPUT_PAUSE_MAX_MS;
}

/* Whether the time to drain is over. */
static bool output_is_late(struct output *o)
{
	if (!queue_is_closed(o->queue))
		return false;
	if (!o->give_up_ns) {
		bool proven = atomic_load_explicit(&o->n_accepted, memory_order_relaxed) > 0;
		uint64_t ms = proven ? OUTPUT_DRAIN_MS : OUTPUT_DRAIN_UNPROVEN_MS;

		o->give_up_ns = now_ns() + ms * 1000000;
	}
	return now_ns() >= o->give_up_ns;
}

static void output_wait(struct output *o)
{
	uint32_t ms = o->pause_ms;

	if (!ms)
		return;
	ms = (uint32_t)rand_r(&o->seed) % ms + 1;
	if (queue_is_closed(o->queue) && ms > OUTPUT_PAUSE_MIN_MS)
		ms = OUTPUT_PAUSE_MIN_MS;
	queue_pause(o->queue, ms);
}

static void output_reopen_now(struct output *o)
{
	if (atomic_exchange(&o->wants_reopen, false) && o->setup.sink.reopen)
		o->setup.sink.reopen(o->setup.sink.ctx);
}

/* One round: take what there is room for, offer, wait if nothing moved. False: all is done. */
static bool output_round(struct output *o)
{
	uint32_t n = 0;
	int r = 0;

	if (o->n_held == 0)
		r = queue_take(o->queue, o->held, OUTPUT_BATCH, UINT32_MAX, &n);
	o->n_held += n;
	output_reopen_now(o);
	if (r == QUEUE_E_CLOSED || (o->n_held && output_is_late(o)))
		return false;
	if (o->n_held)
		output_offer(o);
	if (atomic_load(&o->is_over))
		return false;
	output_wait(o);
	return true;
}

/* What could not be delivered in time. */
static void output_lose(struct output *o)
{
	uint32_t n = o->n_held;

	do {
		for (uint32_t i = 0; i < n; i++)
			(void)alert_unref(o->held[i]);
		count(&o->n_lost, n);
	} while (queue_take(o->queue, o->held, OUTPUT_BATCH, 0, &n) == 0);
}

static void *output_main(void *arg)
{
	struct output *o = arg;
	int r = 0;

	if (o->setup.sink.open)
		r = o->setup.sink.open(o->setup.sink.ctx, o->open_err);
	o->open_result = r;
	(void)sem_post(&o->opened);
	if (r < 0)
		return NULL;
	while (output_round(o))
		continue;
	queue_close(o->queue);
	if (atomic_load(&o->is_over) && o->setup.on_over)
		o->setup.on_over(o->setup.on_over_ctx);
	output_lose(o);
	if (o->setup.sink.close)
		o->setup.sink.close(o->setup.sink.ctx);
	return NULL;
}

/* Signals are the main thread's. */
static int output_start(struct output *o)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&o->thread, NULL, output_main, o);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int output_new(const struct output_setup *setup, struct output **ret, struct err *err)
{
	struct output *o = mem_new(sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->setup = *setup;
	o->open_err = err;
	o->seed = (unsigned)now_ns();
	o->is_joined = true;
	o->queue = queue_new(setup->capacity, setup->policy);
	(void)sem_init(&o->opened, 0, 0);
	r = o->queue ? output_start(o) : -ENOMEM;
	if (r == 0) {
		o->is_joined = false;
		while (sem_wait(&o->opened) < 0)
			continue;
		r = o->open_result;
	}
	if (r < 0) {
		(void)output_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

void output_stop(struct output *o)
{
	queue_close(o->queue);
}

void output_join(struct output *o)
{
	if (!o->is_joined)
		(void)pthread_join(o->thread, NULL);
	o->is_joined = true;
}

struct output *output_free(struct output *o)
{
	if (!o)
		return NULL;
	if (o->queue)
		queue_close(o->queue);
	output_join(o);
	(void)queue_free(o->queue);
	(void)sem_destroy(&o->opened);
	return mem_free(o);
}

void output_send(struct output *o, struct alert *a)
{
	if (queue_push(o->queue, alert_ref(a)) == 0)
		return;
	(void)alert_unref(a);
	count(output_is_over(o) ? &o->n_lost : &o->n_dropped, 1);
}

void output_reopen(struct output *o)
{
	atomic_store(&o->wants_reopen, true);
	queue_wake(o->queue);
}

bool output_is_over(const struct output *o)
{
	return atomic_load(&o->is_over);
}

const char *output_name(const struct output *o)
{
	return o->setup.name;
}

void output_count(struct output *o, struct output_counters *ret)
{
	*ret = (struct output_counters){
		.n_accepted = atomic_load(&o->n_accepted),
		.n_refused = atomic_load(&o->n_refused),
		.n_dropped = atomic_load(&o->n_dropped),
		.n_retries = atomic_load(&o->n_retries),
		.n_lost = atomic_load(&o->n_lost),
		.depth = queue_depth(o->queue),
	};
}
