#include "route/alert_pool.h"

#include <pthread.h>

#include "util/mem.h"

struct alert_pool {
	pthread_mutex_t lock;
	struct alert *free;
	uint64_t bytes; /* of the texts of those */
};

struct alert_pool *alert_pool_new(void)
{
	struct alert_pool *p = mem_new(sizeof(*p));

	if (p)
		(void)pthread_mutex_init(&p->lock, NULL);
	return p;
}

struct alert_pool *alert_pool_free(struct alert_pool *p)
{
	struct alert *next;

	if (!p)
		return NULL;
	for (struct alert *a = p->free; a; a = next) {
		next = a->next;
		buf_deinit(&a->bytes);
		(void)mem_free(a);
	}
	(void)pthread_mutex_destroy(&p->lock);
	return mem_free(p);
}

/* Up to ALERT_POOL_CHAIN alerts as a chain; NULL when there are none. */
static struct alert *take_chain(struct alert_pool *p)
{
	struct alert *first, *last = NULL;

	(void)pthread_mutex_lock(&p->lock);
	first = p->free;
	for (uint32_t n = 0; p->free && n < ALERT_POOL_CHAIN; n++) {
		last = p->free;
		p->bytes -= last->bytes.size;
		p->free = last->next;
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (last)
		last->next = NULL;
	return first;
}

struct alert *alert_pool_take(struct alert_pool *p, struct alert **chain)
{
	struct alert *a;

	if (!*chain)
		*chain = take_chain(p);
	a = *chain;
	if (a) {
		*chain = a->next;
	} else {
		a = mem_new(sizeof(*a));
		if (!a)
			return NULL;
		buf_init(&a->bytes, ALERT_MAX_BYTES);
	}
	a->pool = p;
	a->next = NULL;
	a->line = NULL;
	atomic_store_explicit(&a->refs, 1, memory_order_relaxed);
	buf_reset(&a->bytes);
	return a;
}

struct alert *alert_pool_give(struct alert_pool *p, struct alert *chain)
{
	struct alert *next;

	if (!chain)
		return NULL;
	(void)pthread_mutex_lock(&p->lock);
	for (struct alert *a = chain; a; a = next) {
		next = a->next;
		if (p->bytes + a->bytes.size > ALERT_POOL_KEEP_BYTES)
			buf_deinit(&a->bytes);
		p->bytes += a->bytes.size;
		a->next = p->free;
		p->free = a;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct alert *alert_ref(struct alert *a)
{
	(void)atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

/* Whether that was the last reference. */
static bool is_last(struct alert *a)
{
	if (atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) != 1)
		return false;
	a->plan = alert_plan_unref(a->plan);
	a->next = NULL;
	return true;
}

struct alert *alert_unref(struct alert *a)
{
	if (a && is_last(a))
		(void)alert_pool_give(a->pool, a);
	return NULL;
}

/* A run of one pool at a time; there is only one in a program. */
void alert_unref_all(struct alert *const *alerts, uint32_t n)
{
	struct alert *chain = NULL;
	struct alert_pool *pool = NULL;

	for (uint32_t i = 0; i < n; i++) {
		if (!is_last(alerts[i]))
			continue;
		if (alerts[i]->pool != pool)
			chain = alert_pool_give(pool, chain);
		pool = alerts[i]->pool;
		alerts[i]->next = chain;
		chain = alerts[i];
	}
	(void)alert_pool_give(pool, chain);
}
