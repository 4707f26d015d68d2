/*
 * lookups: a table of what was asked, a queue of what is to be asked, and workers.
 *
 * All of it lies in one block that the owner and the workers hold together, so that the owner can leave
 * while a worker still waits for an answer; the last one out frees it.
 */
#include "lookups.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	WORKERS = 4,
	BUCKETS = 4096, /* a power of two */
	TRIES_TO_AGE = 16,
};

struct entry {
	struct lookup is;   /* first: what is shown of it */
	struct entry *next; /* of its bucket */
	uint64_t asked_ms;  /* when somebody last wanted to know */
	uint64_t answered_ms;
	bool is_busy; /* in the queue, or with a worker: it stays, and so do the bytes of its key */
};

struct lookups {
	const struct lookups_setup setup;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t more, answered;
	struct entry *buckets[BUCKETS];
	struct entry *all[LOOKUPS_MAX]; /* in no order */
	uint32_t n, hand;               /* hand: where ageing goes on */
	struct entry *queue[LOOKUPS_QUEUE];
	uint32_t q_at, q_n;
	uint32_t n_workers, n_idle;
	uint32_t holders; /* the owner and the workers */
	bool is_over;
	struct lookups_counters counters;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- entries ---- */

static uint32_t bucket_of(const struct lookup_key *key)
{
	uint32_t h = 2166136261U ^ key->kind; /* FNV-1a */

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->bytes[i]) * 16777619U;
	return h & (BUCKETS - 1);
}

static bool is_same(const struct lookup_key *a, const struct lookup_key *b)
{
	return a->kind == b->kind && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static struct entry *find(const struct lookups *l, const struct lookup_key *key)
{
	struct entry *e = l->buckets[bucket_of(key)];

	while (e && !is_same(&e->is.key, key))
		e = e->next;
	return e;
}

static void entry_free(struct entry *e)
{
	free((void *)(uintptr_t)e->is.answer);
	free(e);
}

static void forget(struct lookups *l, uint32_t i)
{
	struct entry *e = l->all[i], **at;

	at = &l->buckets[bucket_of(&e->is.key)];
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	l->all[i] = l->all[--l->n];
	l->counters.n_aged++;
	entry_free(e);
}

/* Forgets the one nobody asked for longest, of the next few; false: all of them are being asked. */
static bool make_room(struct lookups *l)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < TRIES_TO_AGE; i++) {
		const uint32_t at = l->hand++ % l->n;

		if (!l->all[at]->is_busy &&
		    (best == UINT32_MAX || l->all[at]->asked_ms < l->all[best]->asked_ms))
			best = at;
	}
	if (best == UINT32_MAX)
		return false;
	forget(l, best);
	return true;
}

static struct entry *add(struct lookups *l, const struct lookup_key *key)
{
	struct entry *e = NULL, **bucket = &l->buckets[bucket_of(key)];

	if (key->len < LOOKUPS_KEY && (l->n < LOOKUPS_MAX || make_room(l)))
		e = calloc(1, sizeof *e);
	if (!e) {
		l->counters.n_refused++;
		return NULL;
	}
	e->is.key = (struct lookup_key){.kind = key->kind, .len = key->len, .hint = key->hint};
	memcpy(e->is.key.bytes, key->bytes, key->len);
	e->next = *bucket;
	*bucket = e;
	l->all[l->n++] = e;
	return e;
}

/* ---- workers ---- */

static void leave(struct lookups *l)
{
	const bool is_last = --l->holders == 0;

	(void)pthread_mutex_unlock(&l->mutex);
	if (!is_last)
		return;
	for (uint32_t i = 0; i < l->n; i++)
		entry_free(l->all[i]);
	(void)pthread_mutex_destroy(&l->mutex);
	(void)pthread_cond_destroy(&l->more);
	(void)pthread_cond_destroy(&l->answered);
	free(l);
}

static void set_answer(struct entry *e, const void *answer, uint32_t len)
{
	void *copy = len ? malloc(len) : NULL;

	if (copy)
		memcpy(copy, answer, len);
	free((void *)(uintptr_t)e->is.answer);
	e->is.answer = copy;
	e->is.len = copy ? (uint16_t)len : 0;
}

static void take_answer(struct lookups *l, struct entry *e, const void *answer, uint32_t len)
{
	if (len != LOOKUPS_SAME)
		set_answer(e, answer, len);
	e->is.is_answered = true;
	e->is_busy = false;
	e->answered_ms = now_ms();
	l->counters.n_asked++;
	l->counters.n_unknown += !e->is.answer;
	l->counters.n_waiting--;
	(void)pthread_cond_broadcast(&l->answered);
}

static void *work(void *ctx)
{
	struct lookups *l = ctx;
	unsigned char answer[LOOKUPS_ANSWER];

	(void)pthread_mutex_lock(&l->mutex);
	while (!l->is_over) {
		struct lookup_key key;
		struct entry *e;
		uint32_t len;

		if (!l->q_n) {
			l->n_idle++;
			(void)pthread_cond_wait(&l->more, &l->mutex);
			l->n_idle--;
			continue;
		}
		e = l->queue[l->q_at];
		l->q_at = (l->q_at + 1) % LOOKUPS_QUEUE;
		l->q_n--;
		key = e->is.key;
		(void)pthread_mutex_unlock(&l->mutex);
		len = l->setup.ask(l->setup.ctx, &key, answer);
		(void)pthread_mutex_lock(&l->mutex);
		take_answer(l, e, answer, len);
	}
	leave(l);
	return NULL;
}

static void start_worker(struct lookups *l)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (l->n_workers == WORKERS || pthread_attr_init(&attr))
		return;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, work, l) == 0) {
		l->n_workers++;
		l->holders++;
	}
	(void)pthread_attr_destroy(&attr);
}

static void enqueue(struct lookups *l, struct entry *e)
{
	if (l->q_n >= l->n_idle)
		start_worker(l);
	if (l->q_n == LOOKUPS_QUEUE || !l->n_workers) {
		l->counters.n_refused++;
		return;
	}
	l->queue[(l->q_at + l->q_n++) % LOOKUPS_QUEUE] = e;
	e->is_busy = true;
	l->counters.n_waiting++;
	(void)pthread_cond_signal(&l->more);
}

/* ---- the owner ---- */

struct lookups *lookups_new(const struct lookups_setup *setup)
{
	struct lookups *l = calloc(1, sizeof *l);
	pthread_condattr_t attr;

	if (!l)
		return NULL;
	memcpy((void *)(uintptr_t)&l->setup, setup, sizeof *setup);
	l->holders = 1;
	(void)pthread_mutex_init(&l->mutex, NULL);
	(void)pthread_cond_init(&l->more, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&l->answered, &attr);
	(void)pthread_condattr_destroy(&attr);
	return l;
}

struct lookups *lookups_free(struct lookups *l)
{
	if (!l)
		return NULL;
	(void)pthread_mutex_lock(&l->mutex);
	l->is_over = true;
	(void)pthread_cond_broadcast(&l->more);
	leave(l);
	return NULL;
}

void lookups_lock(struct lookups *l)
{
	(void)pthread_mutex_lock(&l->mutex);
}

void lookups_unlock(struct lookups *l)
{
	(void)pthread_mutex_unlock(&l->mutex);
}

static bool is_fresh(const struct lookups *l, const struct entry *e, uint64_t now)
{
	return e->is.is_answered &&
	       now - e->answered_ms <=
		       (e->is.answer ? l->setup.fresh_ms : l->setup.fresh_unknown_ms);
}

const struct lookup *lookups_want(struct lookups *l, const struct lookup_key *key)
{
	struct entry *e = find(l, key);
	const uint64_t now = now_ms();

	if (!e && key->len)
		e = add(l, key);
	if (!e)
		return NULL;
	e->asked_ms = now;
	if (!e->is_busy && !is_fresh(l, e, now)) {
		e->is.key.hint = key->hint;
		enqueue(l, e);
	}
	return &e->is;
}

const struct lookup *lookups_find(struct lookups *l, const struct lookup_key *key)
{
	const struct entry *e = find(l, key);

	return e ? &e->is : NULL;
}

const struct lookup *lookups_next(const struct lookups *l, uint32_t *at)
{
	return *at < l->n ? &l->all[(*at)++]->is : NULL;
}

uint64_t lookups_wait(struct lookups *l, const struct lookup *e, uint64_t ms)
{
	const struct entry *own = (const struct entry *)(const void *)e;
	const uint64_t from = now_ms(), end = from + ms;

	while (!e->is_answered && own->is_busy && now_ms() < end) {
		const struct timespec t = {.tv_sec = (time_t)(end / 1000),
					   .tv_nsec = (long)(end % 1000) * 1000000};

		(void)pthread_cond_timedwait(&l->answered, &l->mutex, &t);
	}
	return now_ms() - from;
}

void lookups_count(struct lookups *l, struct lookups_counters *ret)
{
	(void)pthread_mutex_lock(&l->mutex);
	*ret = l->counters;
	ret->n_known = l->n;
	(void)pthread_mutex_unlock(&l->mutex);
}
