/*
 * queue: a ring of pointers under one lock.
 *
 * A lock is enough: both sides take it once a batch and hold it for a few instructions an alert,
 * which costs far more to render than to push. Both sides wait on conditions of the monotonic
 * clock.
 */
#include "route/queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "route/alert.h"
#include "util/mem.h"

struct queue {
	struct queue_setup setup;
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	struct alert **ring;
	uint32_t head, n;
	uint64_t bytes;
	bool is_closed, is_woken, taker_waits;
	uint32_t n_pushers_waiting;
};

struct queue *queue_new(const struct queue_setup *setup)
{
	struct queue *q = mem_new(sizeof(*q));
	pthread_condattr_t attr;

	if (!q)
		return NULL;
	q->setup = *setup;
	q->ring = mem_new(setup->capacity * sizeof(struct alert *));
	if (!q->ring)
		return mem_free(q);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->not_empty, &attr);
	(void)pthread_cond_init(&q->not_full, &attr);
	(void)pthread_condattr_destroy(&attr);
	return q;
}

static struct alert *ring_take(struct queue *q)
{
	struct alert *a = q->ring[q->head];

	q->head = q->head + 1 == q->setup.capacity ? 0 : q->head + 1;
	q->n--;
	q->bytes -= alert_bytes(a);
	return a;
}

struct queue *queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	while (q->n)
		(void)alert_unref(ring_take(q));
	(void)pthread_cond_destroy(&q->not_full);
	(void)pthread_cond_destroy(&q->not_empty);
	(void)pthread_mutex_destroy(&q->lock);
	(void)mem_free(q->ring);
	return mem_free(q);
}

static bool has_room(const struct queue *q, const struct alert *a)
{
	return q->n == 0 ||
	       (q->n < q->setup.capacity && q->bytes + alert_bytes(a) <= q->setup.cap_bytes);
}

static void wake_taker(struct queue *q)
{
	if (q->taker_waits)
		(void)pthread_cond_signal(&q->not_empty);
}

static void ring_add(struct queue *q, struct alert *a)
{
	uint32_t at = q->head + q->n;

	q->ring[at >= q->setup.capacity ? at - q->setup.capacity : at] = a;
	q->n++;
	q->bytes += alert_bytes(a);
}

static void push_one(struct queue *q, struct alert *a)
{
	while (!has_room(q, a) && !q->is_closed && q->setup.policy == QUEUE_BLOCK) {
		wake_taker(q);
		q->n_pushers_waiting++;
		(void)pthread_cond_wait(&q->not_full, &q->lock);
		q->n_pushers_waiting--;
	}
	while (!q->is_closed && q->setup.policy == QUEUE_DROP_OLDEST && !has_room(q, a))
		q->setup.drop(q->setup.ctx, ring_take(q), false);
	if (q->is_closed || !has_room(q, a))
		q->setup.drop(q->setup.ctx, a, q->is_closed);
	else
		ring_add(q, a);
}

void queue_push(struct queue *q, struct alert *const *alerts, uint32_t n)
{
	(void)pthread_mutex_lock(&q->lock);
	for (uint32_t i = 0; i < n; i++)
		push_one(q, alerts[i]);
	wake_taker(q);
	(void)pthread_mutex_unlock(&q->lock);
}

bool queue_try(struct queue *q, struct alert *a)
{
	bool fits;

	(void)pthread_mutex_lock(&q->lock);
	fits = !q->is_closed && has_room(q, a);
	if (fits) {
		ring_add(q, a);
		wake_taker(q);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return fits;
}

static struct timespec deadline_in(uint32_t ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* Waits with the lock held; 0 or ETIMEDOUT. */
static int taker_wait(struct queue *q, uint32_t ms, const struct timespec *deadline)
{
	int r;

	q->taker_waits = true;
	if (ms == UINT32_MAX)
		r = pthread_cond_wait(&q->not_empty, &q->lock);
	else
		r = pthread_cond_timedwait(&q->not_empty, &q->lock, deadline);
	q->taker_waits = false;
	return r;
}

int queue_take(struct queue *q, struct alert **ret, uint32_t cap, uint32_t timeout_ms,
	       uint32_t *ret_n)
{
	struct timespec deadline = deadline_in(timeout_ms == UINT32_MAX ? 0 : timeout_ms);
	uint32_t n = 0;
	int r = 0;

	(void)pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->is_closed && !q->is_woken && r == 0)
		r = taker_wait(q, timeout_ms, &deadline);
	while (q->n && n < cap)
		ret[n++] = ring_take(q);
	if (n)
		r = 0;
	else if (q->is_woken)
		r = QUEUE_E_WOKEN;
	else
		r = q->is_closed ? QUEUE_E_CLOSED : QUEUE_E_TIMEOUT;
	q->is_woken = false;
	if (n && q->n_pushers_waiting)
		(void)pthread_cond_broadcast(&q->not_full);
	(void)pthread_mutex_unlock(&q->lock);
	if (r == 0)
		*ret_n = n;
	return r;
}

void queue_pause(struct queue *q, uint32_t timeout_ms)
{
	struct timespec deadline = deadline_in(timeout_ms);
	bool was_closed;
	int r = 0;

	(void)pthread_mutex_lock(&q->lock);
	was_closed = q->is_closed;
	while (r == 0 && q->is_closed == was_closed && !q->is_woken)
		r = taker_wait(q, timeout_ms, &deadline);
	q->is_woken = false;
	(void)pthread_mutex_unlock(&q->lock);
}

void queue_wake(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->is_woken = true;
	(void)pthread_cond_signal(&q->not_empty);
	(void)pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->is_closed = true;
	(void)pthread_cond_broadcast(&q->not_empty);
	(void)pthread_cond_broadcast(&q->not_full);
	(void)pthread_mutex_unlock(&q->lock);
}

uint32_t queue_depth(struct queue *q, uint64_t *ret_bytes)
{
	uint32_t n;

	(void)pthread_mutex_lock(&q->lock);
	n = q->n;
	*ret_bytes = q->bytes;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

bool queue_is_closed(struct queue *q)
{
	bool closed;

	(void)pthread_mutex_lock(&q->lock);
	closed = q->is_closed;
	(void)pthread_mutex_unlock(&q->lock);
	return closed;
}

bool queue_is_waited_for(struct queue *q)
{
	bool waited;

	(void)pthread_mutex_lock(&q->lock);
	waited = q->n_pushers_waiting > 0;
	(void)pthread_mutex_unlock(&q->lock);
	return waited;
}
