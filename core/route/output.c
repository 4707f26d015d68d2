/*
 * output: the thread between a queue and a sink.
 */
#include "route/output.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#include "route/deadletter.h"
#include "route/keeper.h"
#include "route/ledger.h"
#include "route/renewal.h"
#include "util/clock.h"
#include "util/mem.h"
#include "util/thread.h"

/* Taken and not yet answered for good. */
struct held {
	const struct gyr_alert *view;
	struct alert *alert;      /* NULL: it was read from the spool */
	struct spool_place place; /* if so, where it begins */
	uint32_t n_tries;
};

struct output {
	struct output_setup setup;
	struct queue *queue;  /* this thread takes from it */
	struct queue *intake; /* sources push to it: the same, or the one of the keeper */
	struct spool *spool;  /* NULL: none */
	struct keeper *keeper;
	bool is_keeping;
	pthread_t thread;
	bool is_joined;
	sem_t opened;
	int open_result;
	struct err *open_err;
	struct renewal renewal;
	atomic_bool wants_reopen, is_over, is_ended, is_retired, is_hurried;
	_Atomic uint64_t n_accepted, n_refused, n_exhausted, n_dropped, n_retries, n_lost;
	_Atomic uint64_t n_dead, n_dead_failed, n_opened;
	atomic_int state;
	_Atomic uint64_t busy_since_ms; /* 0: not in a send */
	/* Of [main]. */
	uint64_t stuck_since_ms; /* of the send that was told last */
	_Atomic uint64_t n_stuck;
	/* Of the thread alone. */
	struct held *held; /* oldest first */
	uint32_t n_held;
	struct spool_place end; /* of what was read from the spool */
	struct alert **taken;
	const struct gyr_alert **views;
	uint8_t *verdicts;
	struct pace pace;
	struct deadletter *dead;
	uint64_t closed_ms; /* when it was seen that the queue is closed; 0: not yet */
	uint64_t moved_ms;  /* when it last got rid of alerts */
	bool has_complained, has_complained_of_dead;
};

struct outbox {
	struct output *output;
	uint32_t n;
	struct alert *alerts[OUTBOX_ALERTS];
};

static void count(_Atomic uint64_t *c, uint64_t n)
{
	(void)atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static void set_defaults(struct output_setup *s)
{
	struct pace_setup *p = &s->pace;

	s->cap_bytes = s->cap_bytes ? s->cap_bytes : OUTPUT_QUEUE_BYTES;
	s->batch_max = s->batch_max ? s->batch_max : OUTPUT_BATCH;
	s->drain_ms = s->drain_ms ? s->drain_ms : OUTPUT_DRAIN_MS;
	s->dead_letter_bytes = s->dead_letter_bytes ? s->dead_letter_bytes : OUTPUT_DEAD_BYTES;
	p->pause_min_ms = p->pause_min_ms ? p->pause_min_ms : OUTPUT_PAUSE_MIN_MS;
	p->pause_max_ms = p->pause_max_ms ? p->pause_max_ms : OUTPUT_PAUSE_MAX_MS;
	s->spool.name = s->name;
	s->spool.log = s->log;
	s->spool.sync = s->delivery != OUTPUT_BEST_EFFORT;
	s->spool.max_bytes = s->spool.max_bytes ? s->spool.max_bytes : SPOOL_MAX_BYTES;
	if (!s->spool.segment_bytes)
		s->spool.segment_bytes = SPOOL_SEGMENT_BYTES;
}

/* --- answers ---------------------------------------------------------------------------------- */

static void output_bury(struct output *o, const struct gyr_alert *a, const char *reason,
			const char *error)
{
	int r = o->dead ? deadletter_add(o->dead, a, reason, error) : 0;

	if (!o->dead)
		return;
	count(r < 0 ? &o->n_dead_failed : &o->n_dead, 1);
	if (r < 0 && !o->has_complained_of_dead)
		log_error(o->setup.log, "output '%s': dead letter '%s': %s: alerts are lost",
			  o->setup.name, o->setup.dead_letter,
			  r == -EFBIG ? "it has its full size" : strerror(-r));
	o->has_complained_of_dead = r < 0;
}

/* Whether an alert that was answered @verdict stays. Counts and buries it when not. */
static bool output_keeps(struct output *o, struct held *h, uint8_t verdict, const char *why)
{
	switch (verdict) {
	case GYR_ALERT_ACCEPTED:
		count(&o->n_accepted, 1);
		return false;
	case GYR_ALERT_OVER:
		count(&o->n_lost, 1);
		atomic_store(&o->is_over, true);
		return false;
	case GYR_ALERT_WAIT:
		return true;
	case GYR_ALERT_RETRY:
		if (!o->setup.tries || ++h->n_tries < o->setup.tries) {
			count(&o->n_retries, 1);
			return true;
		}
		count(&o->n_exhausted, 1);
		output_bury(o, h->view, "tried too often", why);
		return false;
	default:
		count(&o->n_refused, 1);
		output_bury(o, h->view, "refused", why);
		return false;
	}
}

/* Tells the sources of @n alerts, whose lines were let go, that more of their events are finished. */
static void tell_sources(const struct output *o, struct alert *const *alerts, uint32_t n)
{
	struct ledger *last = NULL;

	for (uint32_t i = 0; i < n && o->setup.delivery == OUTPUT_DELIVERED; i++)
		last = line_settle(alerts[i]->line, last);
}

/* Before a batch is offered: what was delivered before it is known to its sources then, even if they
 * were not through with those events when it was answered. */
static void tell_sources_of_held(const struct output *o)
{
	struct ledger *last = NULL;

	for (uint32_t i = 0; i < o->n_held && o->setup.delivery == OUTPUT_DELIVERED; i++)
		last = line_settle(o->held[i].alert->line, last);
}

/* Gives back what was answered for good of the first @n and moves the rest to the front. */
static void output_settle(struct output *o, uint32_t n, const char *why)
{
	uint32_t kept = 0, n_gone = 0;
	bool is_read = false;

	for (uint32_t i = 0; i < o->n_held; i++) {
		struct held *h = &o->held[i];

		if (i >= n || output_keeps(o, h, o->verdicts[i], why)) {
			o->held[kept++] = *h;
			continue;
		}
		if (!h->alert) {
			is_read = true;
			continue;
		}
		if (o->setup.delivery == OUTPUT_DELIVERED && o->verdicts[i] != GYR_ALERT_OVER)
			line_done(h->alert->line);
		o->taken[n_gone++] = h->alert;
	}
	o->n_held = kept;
	tell_sources(o, o->taken, n_gone);
	alert_unref_all(o->taken, n_gone);
	if (is_read && !atomic_load(&o->is_over))
		spool_ack(o->spool, kept ? o->held[0].place : o->end);
}

/* Says the first failure and the recovery; what lies between is in the counters. */
static void output_complain(struct output *o, const char *why, bool is_stuck)
{
	if (why && !o->has_complained)
		log_error(o->setup.log, "output '%s': %s%s", o->setup.name, *why ? why : "failed",
			  is_stuck ? ": trying again" : "");
	else if (!why && o->has_complained)
		log_info(o->setup.log, "output '%s': works again", o->setup.name);
	o->has_complained = why != NULL;
}

/* Says when the circuit opens, once until it closes again. */
static void output_fail(struct output *o)
{
	const struct pace_setup *s = &o->pace.setup;

	pace_failure(&o->pace, clock_ms());
	if (o->pace.state == PACE_OPEN && o->pace.n_failures == s->failures)
		log_warn(o->setup.log,
			 "output '%s': failed %" PRIu32 " times in a row: a single alert is tried "
			 "every %" PRIu32 " ms until it works",
			 o->setup.name, s->failures, s->open_ms);
}

static void output_offer(struct output *o)
{
	uint32_t before = o->n_held, n = o->pace.state == PACE_CLOSED ? o->n_held : 1;
	bool is_paused;
	const char *why;

	tell_sources_of_held(o);
	for (uint32_t i = 0; i < n; i++) {
		o->views[i] = o->held[i].view;
		o->verdicts[i] = GYR_ALERT_RETRY;
	}
	atomic_store(&o->busy_since_ms, clock_ms());
	why = o->setup.sink.send(o->setup.sink.ctx, o->views, n, o->verdicts);
	atomic_store(&o->busy_since_ms, 0);
	is_paused = o->verdicts[0] == GYR_ALERT_WAIT;
	output_settle(o, n, why);
	output_complain(o, why, o->n_held > before - n);
	if (o->n_held < before) {
		o->moved_ms = clock_ms();
		pace_success(&o->pace);
	} else if (is_paused) {
		pace_hold(&o->pace, clock_ms());
	} else {
		output_fail(o);
	}
	atomic_store(&o->n_opened, o->pace.n_opened);
	atomic_store(&o->state, (int)o->pace.state);
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Puts what changed of the setup in its place; the destination may be another. */
static void output_renew(struct output *o)
{
	const struct output_setup *next = o->renewal.next;

	if (o->setup.sink.close)
		o->setup.sink.close(o->setup.sink.ctx);
	o->setup.sink = next->sink;
	o->setup.batch_max = next->batch_max;
	o->setup.linger_ms = next->linger_ms;
	o->setup.tries = next->tries;
	o->setup.drain_ms = next->drain_ms;
	o->pace.setup = next->pace;
	set_defaults(&o->setup);
	pace_success(&o->pace);
	atomic_store(&o->state, (int)o->pace.state);
	o->has_complained = false;
	renewal_done(&o->renewal);
}

/* Between two sends: what others asked for. */
static void output_attend(struct output *o)
{
	switch (renewal_step(&o->renewal)) {
	case RENEWAL_E_TAKE:
		output_renew(o);
		break;
	case RENEWAL_E_LOST:
		log_error(o->setup.log, "output '%s': reload: %s: it stays as it was",
			  o->setup.name, o->renewal.err.text);
		renewal_done(&o->renewal);
		break;
	default:
		break;
	}
	if (!atomic_exchange(&o->wants_reopen, false))
		return;
	if (o->setup.sink.reopen)
		o->setup.sink.reopen(o->setup.sink.ctx);
	if (o->dead)
		deadletter_reopen(o->dead);
}

/* Whether it never got rid of an alert in as many offers as tell, which a slow machine needs time for. */
static bool output_is_hopeless(const struct output *o)
{
	return !o->moved_ms && o->pace.n_failures >= OUTPUT_FAILURES;
}

/* Whether the time to drain is over. As long as alerts go it does not run, unless somebody is in a
 * hurry; one that only ever failed does not get all of it. */
static bool output_is_late(struct output *o)
{
	uint32_t ms = o->setup.drain_ms;
	uint64_t since;

	if (!queue_is_closed(o->intake))
		return false;
	if (!o->closed_ms)
		o->closed_ms = clock_ms();
	since = o->closed_ms;
	if (o->moved_ms > since && !atomic_load(&o->is_hurried))
		since = o->moved_ms;
	if (output_is_hopeless(o) && ms > OUTPUT_DRAIN_UNPROVEN_MS)
		ms = OUTPUT_DRAIN_UNPROVEN_MS;
	return clock_ms() >= since + ms;
}

/* Waits as the pace wants; the queue's wakes are for files to be opened anew. False: it is not yet
 * time for an offer. At the end there is no time to wait for long. */
static bool output_wait(struct output *o)
{
	uint64_t now = clock_ms(), until = now + pace_wait_ms(&o->pace, now);

	while (now < until && !queue_is_closed(o->intake)) {
		queue_pause(o->queue, (uint32_t)(until - now));
		output_attend(o);
		now = clock_ms();
	}
	if (now < until)
		queue_pause(o->queue, until - now < OUTPUT_PAUSE_MIN_MS ? (uint32_t)(until - now)
									: OUTPUT_PAUSE_MIN_MS);
	if (o->pace.state == PACE_OPEN && pace_wait_ms(&o->pace, clock_ms()))
		return queue_is_closed(o->intake);
	atomic_store(&o->state, (int)o->pace.state);
	return true;
}

/* Reads a batch from the spool, if it is its turn: what waits in memory is older. The keeper puts
 * nothing there as long as something is in the spool, so nothing comes in between. */
static bool output_read(struct output *o)
{
	const struct gyr_alert *views;
	const struct spool_place *places;
	uint64_t bytes;
	uint32_t n;

	if (!o->spool || !spool_has_unread(o->spool) || queue_depth(o->queue, &bytes))
		return false;
	n = spool_read(o->spool, o->setup.batch_max, &views, &places, &o->end);
	for (uint32_t i = 0; i < n; i++)
		o->held[i] = (struct held){.view = &views[i], .place = places[i]};
	o->n_held = n;
	return n > 0;
}

/* Takes a batch: waits for its first alert for ever, for the others as long as a batch may linger.
 * The answers of queue_take(). */
static int output_take(struct output *o)
{
	uint32_t n = 0, more = 0, cap = o->setup.batch_max;
	uint64_t now, until;
	int r;

	if (output_read(o))
		return 0;
	r = queue_take(o->queue, o->taken, cap, UINT32_MAX, &n);
	if (r == QUEUE_E_CLOSED)
		return output_read(o) ? 0 : r;

	if (r == 0 && o->setup.linger_ms) {
		now = clock_ms();
		until = now + o->setup.linger_ms;
		for (; n < cap && now < until; n += more, now = clock_ms()) {
			more = 0;
			if (queue_take(o->queue, o->taken + n, cap - n, (uint32_t)(until - now),
				       &more) == QUEUE_E_CLOSED)
				break;
		}
	}
	for (uint32_t i = 0; i < n; i++)
		o->held[i] = (struct held){.view = &o->taken[i]->view, .alert = o->taken[i]};
	o->n_held = n;
	return r;
}

/* One round: take what there is room for, offer, wait if nothing moved. False: all is done. */
static bool output_round(struct output *o)
{
	int r = o->n_held == 0 ? output_take(o) : 0;

	output_attend(o);
	if (r == QUEUE_E_CLOSED || (o->n_held && output_is_late(o)))
		return false;
	if (o->n_held == 0 || !output_wait(o))
		return true;
	output_offer(o);
	return !atomic_load(&o->is_over);
}

/* Whether events are finished though it lost their alerts: nobody waits for one that is no longer
 * asked for. */
static bool output_lets_go(const struct output *o)
{
	return o->setup.delivery == OUTPUT_DELIVERED && atomic_load(&o->is_retired);
}

/* Alerts in memory that are not delivered: kept for the next run where there is a spool, though then
 * no longer in order, else lost. */
static void output_leave(struct output *o, uint32_t n)
{
	uint32_t kept = 0, done = 0;

	for (uint32_t i = 0; i < n; i++)
		o->views[i] = &o->taken[i]->view;
	while (o->spool && kept < n && !atomic_load(&o->is_over) &&
	       spool_write(o->spool, o->views + kept, n - kept, &done) == 0)
		kept += done;
	count(&o->n_lost, n - kept);
	for (uint32_t i = kept; i < n && output_lets_go(o); i++)
		line_done(o->taken[i]->line);
	alert_unref_all(o->taken, n);
}

/* What could not be delivered in time. What was read from the spool is still there. */
static void output_give_up(struct output *o)
{
	uint32_t n = 0;

	while (o->keeper && !queue_is_closed(o->queue)) /* there is one writer at a time */
		queue_pause(o->queue, OUTPUT_PAUSE_MIN_MS);
	for (uint32_t i = 0; i < o->n_held; i++)
		if (o->held[i].alert)
			o->taken[n++] = o->held[i].alert;
	do {
		output_leave(o, n);
		n = 0;
	} while (queue_take(o->queue, o->taken, o->setup.batch_max, UINT32_MAX, &n) !=
		 QUEUE_E_CLOSED);
}

static void output_tell(const struct output *o)
{
	if (o->setup.on_end)
		o->setup.on_end(o->setup.on_end_ctx);
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
	queue_close(o->intake);
	if (atomic_load(&o->is_over))
		output_tell(o);
	output_give_up(o);
	renewal_end(&o->renewal);
	if (o->setup.sink.close)
		o->setup.sink.close(o->setup.sink.ctx);
	atomic_store(&o->is_ended, true);
	output_tell(o);
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

/* An alert that does not stay in the queue. At the end, one that must arrive keeps its line: its
 * event is not finished, but where the output is no longer asked for. */
static void output_drop(void *ctx, struct alert *a, bool is_closed)
{
	struct output *o = ctx;

	count(is_closed ? &o->n_lost : &o->n_dropped, 1);
	if (o->setup.delivery != OUTPUT_BEST_EFFORT && (!is_closed || atomic_load(&o->is_retired)))
		line_done(a->line);
	(void)alert_unref(a);
}

static int make_keeper(struct output *o, const struct queue_setup *memory, struct err *err)
{
	const struct output_setup *s = &o->setup;
	int r = spool_open(&s->spool, &o->spool, err);

	if (r < 0)
		return r;
	o->queue = queue_new(memory);
	o->keeper = mem_new(sizeof(*o->keeper));
	if (!o->queue || !o->keeper)
		return -ENOMEM;
	*o->keeper = (struct keeper){
		.intake = o->intake,
		.queue = o->queue,
		.spool = o->spool,
		.policy = s->policy,
		.spills = s->delivery == OUTPUT_BEST_EFFORT,
		.is_required = s->delivery != OUTPUT_BEST_EFFORT,
		.batch_max = s->batch_max < KEEPER_BATCH ? s->batch_max : KEEPER_BATCH,
		.drain_ms = s->drain_ms,
		.name = s->name,
		.log = s->log,
		.n_dropped = &o->n_dropped,
		.n_lost = &o->n_lost,
		.is_retired = &o->is_retired,
	};
	return 0;
}

static int output_allocate(struct output *o, struct err *err)
{
	const struct output_setup *s = &o->setup;
	const bool spills = s->spool.dir && s->delivery == OUTPUT_BEST_EFFORT;
	/* Sources wait for a disk that spills, though not for the output. */
	const struct queue_setup queue = {.capacity = s->capacity,
					  .cap_bytes = s->cap_bytes,
					  .policy = spills ? QUEUE_BLOCK : s->policy,
					  .drop = output_drop,
					  .ctx = o};
	const struct deadletter_setup dead = {.path = s->dead_letter,
					      .output = s->name,
					      .cap_bytes = s->dead_letter_bytes,
					      .sync = s->delivery != OUTPUT_BEST_EFFORT};
	int r = 0;

	o->intake = queue_new(&queue);
	o->held =
		mem_new(OUTPUT_BATCH_MAX * sizeof(struct held)); /* a batch may come to be larger */
	o->taken = mem_new(OUTPUT_BATCH_MAX * sizeof(struct alert *));
	o->views = mem_new(OUTPUT_BATCH_MAX * sizeof(const struct gyr_alert *));
	o->verdicts = mem_new(OUTPUT_BATCH_MAX);
	if (!o->intake || !o->held || !o->taken || !o->views || !o->verdicts)
		return -ENOMEM;
	if (s->spool.dir)
		r = make_keeper(o, &queue, err);
	else
		o->queue = o->intake;
	if (r == 0 && s->dead_letter)
		r = deadletter_open(&dead, &o->dead, err);
	return r;
}

int output_new(const struct output_setup *setup, struct output **ret, struct err *err)
{
	struct output *o = mem_new(sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->setup = *setup;
	set_defaults(&o->setup);
	o->open_err = err;
	o->is_joined = true;
	pace_init(&o->pace, &o->setup.pace, (unsigned)clock_ms() ^ (unsigned)(uintptr_t)o);
	(void)sem_init(&o->opened, 0, 0);
	renewal_init(&o->renewal);
	r = output_allocate(o, err);
	if (r == 0)
		r = thread_start(&o->thread, output_main, o);
	if (r == 0) {
		o->is_joined = false;
		while (sem_wait(&o->opened) < 0)
			continue;
		r = o->open_result;
	}
	if (r == 0 && o->keeper) {
		r = keeper_start(o->keeper);
		o->is_keeping = r == 0;
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
	queue_close(o->intake);
}

void output_hurry(struct output *o)
{
	atomic_store(&o->is_hurried, true);
}

void output_let_go(struct output *o)
{
	if (queue_is_waited_for(o->intake))
		output_stop(o);
}

void output_join(struct output *o)
{
	if (!o->is_joined)
		(void)pthread_join(o->thread, NULL);
	o->is_joined = true;
	if (o->is_keeping)
		keeper_join(o->keeper);
	o->is_keeping = false;
}

struct output *output_free(struct output *o)
{
	if (!o)
		return NULL;
	if (o->intake)
		queue_close(o->intake);
	if (o->queue && !o->is_keeping)
		queue_close(o->queue);
	output_join(o);
	(void)deadletter_close(o->dead);
	if (o->intake != o->queue)
		(void)queue_free(o->intake);
	(void)queue_free(o->queue);
	(void)mem_free(o->keeper);
	(void)spool_close(o->spool);
	(void)mem_free(o->held);
	(void)mem_free(o->taken);
	(void)mem_free(o->views);
	(void)mem_free(o->verdicts);
	(void)sem_destroy(&o->opened);
	renewal_deinit(&o->renewal);
	return mem_free(o);
}

/* --- from outside ----------------------------------------------------------------------------- */

/* Makes @a ready for the queue: a reference, and its line when it must arrive. */
static struct alert *output_claim(const struct output *o, struct alert *a)
{
	if (o->setup.delivery != OUTPUT_BEST_EFFORT)
		line_hold(a->line);
	return alert_ref(a);
}

void output_send(struct output *o, struct alert *a)
{
	struct alert *mine = output_claim(o, a);

	queue_push(o->intake, &mine, 1);
}

void output_try_send(struct output *o, struct alert *a)
{
	if (queue_try(o->intake, alert_ref(a)))
		return;
	(void)alert_unref(a);
	count(output_is_over(o) ? &o->n_lost : &o->n_dropped, 1);
}

struct outbox *outbox_new(struct output *o)
{
	struct outbox *b = mem_new(sizeof(*b));

	if (b)
		b->output = o;
	return b;
}

struct outbox *outbox_free(struct outbox *b)
{
	if (b)
		outbox_flush(b);
	return mem_free(b);
}

void outbox_add(struct outbox *b, struct alert *a)
{
	b->alerts[b->n++] = output_claim(b->output, a);
	if (b->n == OUTBOX_ALERTS)
		outbox_flush(b);
}

void outbox_flush(struct outbox *b)
{
	if (b->n)
		queue_push(b->output->intake, b->alerts, b->n);
	b->n = 0;
}

void output_reopen(struct output *o)
{
	atomic_store(&o->wants_reopen, true);
	queue_wake(o->queue);
}

int output_try(struct output *o, const struct output_setup *next, struct err *err)
{
	int r = renewal_ask(&o->renewal, next);

	if (r < 0) {
		err_set(err, 0, 0, "it is still taking up the last change");
		return r;
	}
	queue_wake(o->queue);
	return renewal_await(&o->renewal, OUTPUT_RENEW_MS, err);
}

void output_decide(struct output *o, bool uses)
{
	renewal_decide(&o->renewal, uses);
	queue_wake(o->queue);
}

bool output_is_settled(const struct output *o)
{
	return renewal_is_idle(&o->renewal);
}

void output_retire(struct output *o)
{
	atomic_store(&o->is_retired, true);
}

bool output_is_ended(const struct output *o)
{
	return atomic_load(&o->is_ended);
}

void output_look(struct output *o, uint32_t timeout_ms)
{
	uint64_t since = atomic_load(&o->busy_since_ms);

	if (!since || since == o->stuck_since_ms || clock_ms() < since + timeout_ms)
		return;
	o->stuck_since_ms = since;
	count(&o->n_stuck, 1);
	log_write(o->setup.log, LOG_LEVEL_CRITICAL, NULL,
		  "output '%s': timeout: it has been busy with one batch for more than %u ms",
		  o->setup.name, timeout_ms);
}

bool output_is_over(const struct output *o)
{
	return atomic_load(&o->is_over);
}

bool output_is_required(const struct output *o)
{
	return o->setup.delivery != OUTPUT_BEST_EFFORT;
}

const char *output_name(const struct output *o)
{
	return o->setup.name;
}

void output_count(struct output *o, struct output_counters *ret)
{
	uint64_t bytes = 0;

	*ret = (struct output_counters){
		.n_accepted = atomic_load(&o->n_accepted),
		.n_refused = atomic_load(&o->n_refused),
		.n_exhausted = atomic_load(&o->n_exhausted),
		.n_dropped = atomic_load(&o->n_dropped),
		.n_retries = atomic_load(&o->n_retries),
		.n_lost = atomic_load(&o->n_lost),
		.n_dead = atomic_load(&o->n_dead),
		.n_dead_failed = atomic_load(&o->n_dead_failed),
		.n_opened = atomic_load(&o->n_opened),
		.n_stuck = atomic_load(&o->n_stuck),
		.state = (enum pace_state)atomic_load(&o->state),
	};
	ret->depth = queue_depth(o->intake, &ret->depth_bytes);
	if (!o->spool)
		return;
	ret->depth += queue_depth(o->queue, &bytes);
	ret->depth_bytes += bytes;
	spool_count(o->spool, &ret->spool);
}

void output_counters_add(struct output_counters *to, const struct output_counters *from)
{
	to->n_accepted += from->n_accepted;
	to->n_refused += from->n_refused;
	to->n_exhausted += from->n_exhausted;
	to->n_dropped += from->n_dropped;
	to->n_retries += from->n_retries;
	to->n_lost += from->n_lost;
	to->n_dead += from->n_dead;
	to->n_dead_failed += from->n_dead_failed;
	to->n_opened += from->n_opened;
	to->n_stuck += from->n_stuck;
	to->spool.n_written += from->spool.n_written;
	to->spool.n_acked += from->spool.n_acked;
	to->spool.n_dropped += from->spool.n_dropped;
	to->spool.n_full += from->spool.n_full;
	to->spool.n_disk_full += from->spool.n_disk_full;
	to->spool.n_failed += from->spool.n_failed;
	to->spool.n_damaged += from->spool.n_damaged;
	to->spool.n_missing += from->spool.n_missing;
	to->spool.n_records = from->spool.n_records; /* what the last one left there */
	to->spool.n_bytes = from->spool.n_bytes;
}
