/*
 * queue: a ring of pointers under one lock.
 *
 * A lock is enough: it is held for a few instructions, taken once a batch by the consumer, and an
 * alert costs far more to render than to push. Both sides wait on conditions of the monotonic
 * clock.
 */
#include "route/queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "route/alert.h"
#include "util/mem.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	struct alert **ring;
	uint32_t capacity, head, n;
	enum queue_policy policy;
	bool is_closed, is_woken, taker_waits;
	uint32_t n_pushers_waiting;
};

struct queue *queue_new(uint32_t capacity, enum queue_policy policy)
{
	struct queue *q = mem_new(sizeof(*q));
	pthread_condattr_t attr;

	if (!q)
		return NULL;
	q->ring = mem_new(capacity * sizeof(struct alert *));
	if (!q->ring)
		return mem_free(q);
	q->capacity = capacity;
	q->policy = policy;
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->not_empty, &attr);
	(void)pthread_cond_init(&q->not_full, &attr);
	(void)pthread_condattr_destroy(&attr);
	return q;
}

struct queue *queue_free(struct queue *q)
{
	if (!q)
		return NULL;
	for (uint32_t i = 0; i < q->n; i++)
		(void)alert_unref(q->ring[(q->head + i) % q->capacity]);
	(void)pthread_cond_destroy(&q->not_full);
	(void)pthread_cond_destroy(&q->not_empty);
	(void)pthread_mutex_destroy(&q->lock);
	(void)mem_free(q->ring);
	return mem_free(q);
}

int queue_push(struct queue *q, struct alert *a)
{
	int r = 0;

	(void)pthread_mutex_lock(&q->lock);
	while (q->n == q->capacity && !q->is_closed && q->policy == QUEUE_BLOCK) {
		q->n_pushers_waiting++;
		(void)pthread_cond_wait(&q->not_full, &q->lock);
		q->n_pushers_waiting--;
	}
	if (q->is_closed || q->n == q->capacity) {
		r = QUEUE_E_FULL;
	} else {
		q->ring[(q->head + q->n++) % q->capacity] = a;
		if (q->taker_waits)
			(void)pthread_cond_signal(&q->not_empty);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return r;
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
	while (q->n && n < cap) {
		ret[n++] = q->ring[q->head];
		q->head = (q->head + 1) % q->capacity;
		q->n--;
	}
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

uint32_t queue_depth(struct queue *q)
{
	uint32_t n;

	(void)pthread_mutex_lock(&q->lock);
	n = q->n;
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
