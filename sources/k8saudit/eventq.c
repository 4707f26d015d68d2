#include "eventq.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/*
 * Positions only grow; the place in the block is the position modulo its size. In front of each
 * event stands the size of both, 0 where the rest of the block is left out because the next event
 * did not fit there. When all is taken and released positions begin anew at 0, so that a queue that
 * is hardly used touches few pages.
 */
enum { HEAD = 8 };

struct eventq {
	char *block;
	uint64_t size;
	uint32_t plugin_id;

	uint64_t at_put;                     /* [put] */
	uint64_t n_put;                      /* [put] */
	size_t room;                         /* [put] of eventq_room() */
	uint64_t at_take, end_take, n_taken; /* [take] */

	pthread_mutex_t lock;
	pthread_cond_t more;
	uint64_t published, released; /* under the lock */
	bool is_anew; /* under the lock: positions began anew, [take] does not know yet */
};

static int init_sync(struct eventq *q)
{
	pthread_condattr_t a;
	int r = pthread_condattr_init(&a);

	if (r)
		return -r;
	(void)pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	r = pthread_cond_init(&q->more, &a);
	(void)pthread_condattr_destroy(&a);
	if (r)
		return -r;
	r = pthread_mutex_init(&q->lock, NULL);
	if (r)
		(void)pthread_cond_destroy(&q->more);
	return -r;
}

int eventq_new(size_t bytes, uint32_t plugin_id, struct eventq **ret)
{
	struct eventq *q = calloc(1, sizeof *q);
	int r;

	if (!q)
		return -ENOMEM;
	q->size = (bytes + 4095) & ~(uint64_t)4095;
	q->plugin_id = plugin_id;
	q->block = mmap(NULL, q->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (q->block == MAP_FAILED) {
		free(q);
		return -ENOMEM;
	}
	r = init_sync(q);
	if (r < 0) {
		(void)munmap(q->block, q->size);
		free(q);
		return r;
	}
	*ret = q;
	return 0;
}

struct eventq *eventq_free(struct eventq *q)
{
	if (!q)
		return NULL;
	(void)pthread_mutex_destroy(&q->lock);
	(void)pthread_cond_destroy(&q->more);
	(void)munmap(q->block, q->size);
	free(q);
	return NULL;
}

/* ---- putting in ---- */

/* How much is in use; begins anew when nothing is. */
static uint64_t in_use(struct eventq *q)
{
	uint64_t n;

	(void)pthread_mutex_lock(&q->lock);
	n = q->at_put - q->released;
	if (n == 0 && q->at_put > 0) {
		q->at_put = q->published = q->released = 0;
		q->is_anew = true;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

static uint64_t whole_size(size_t len)
{
	return (HEAD + PLUGIN_EVENT_PAYLOAD_OFFSET + (uint64_t)len + 7) & ~(uint64_t)7;
}

char *eventq_room(struct eventq *q, size_t len)
{
	const uint64_t need = whole_size(len), used = in_use(q);
	const uint64_t to_end = q->size - q->at_put % q->size;
	const uint64_t left_out = to_end < need ? to_end : 0;
	const uint64_t none = 0;

	if (need > q->size - used || left_out > q->size - used - need)
		return NULL;
	if (left_out) {
		memcpy(q->block + q->at_put % q->size, &none, sizeof none);
		q->at_put += left_out;
	}
	q->room = len;
	return q->block + q->at_put % q->size + HEAD + PLUGIN_EVENT_PAYLOAD_OFFSET;
}

uint64_t eventq_put(struct eventq *q, uint64_t ts, size_t len)
{
	char *at = q->block + q->at_put % q->size;
	const uint64_t size = whole_size(len);
	const uint32_t params[] = {sizeof(uint32_t), (uint32_t)len, q->plugin_id};
	const ss_plugin_event head = {
		.ts = ts,
		.tid = UINT64_MAX,
		.len = (uint32_t)(PLUGIN_EVENT_PAYLOAD_OFFSET + len),
		.type = GYR_EVENT_PLUGIN,
		.nparams = 2,
	};

	if (len > q->room)
		abort();
	memcpy(at, &size, sizeof size);
	memcpy(at + HEAD, &head, sizeof head);
	memcpy(at + HEAD + sizeof head, params, sizeof params);
	q->at_put += size;
	q->room = 0;
	return ++q->n_put;
}

void eventq_publish(struct eventq *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->published = q->at_put;
	(void)pthread_cond_signal(&q->more);
	(void)pthread_mutex_unlock(&q->lock);
}

/* ---- taking out ---- */

static void wait_for_more(struct eventq *q, unsigned wait_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)wait_ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	(void)pthread_cond_timedwait(&q->more, &q->lock, &until);
}

/* Learns how far it may read. */
static void look(struct eventq *q, unsigned wait_ms)
{
	(void)pthread_mutex_lock(&q->lock);
	for (int i = 0; i < 2; i++) {
		if (q->is_anew)
			q->at_take = 0;
		q->is_anew = false;
		q->end_take = q->published;
		if (q->end_take != q->at_take || wait_ms == 0 || i == 1)
			break;
		wait_for_more(q, wait_ms);
	}
	(void)pthread_mutex_unlock(&q->lock);
}

ss_plugin_event *eventq_take(struct eventq *q, unsigned wait_ms)
{
	uint64_t size;
	char *at;

	if (q->at_take == q->end_take)
		look(q, wait_ms);
	if (q->at_take == q->end_take)
		return NULL;
	at = q->block + q->at_take % q->size;
	memcpy(&size, at, sizeof size);
	if (size == 0) { /* the rest of the block is left out; an event was put right behind it */
		q->at_take += q->size - q->at_take % q->size;
		at = q->block;
		memcpy(&size, at, sizeof size);
	}
	q->at_take += size;
	q->n_taken++;
	return (ss_plugin_event *)(void *)(at + HEAD);
}

void eventq_release(struct eventq *q)
{
	(void)pthread_mutex_lock(&q->lock);
	if (!q->is_anew)
		q->released = q->at_take;
	(void)pthread_mutex_unlock(&q->lock);
}

uint64_t eventq_left(const struct eventq *q)
{
	return q->n_put - q->n_taken;
}
