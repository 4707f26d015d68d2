/*
 * live: a list of questions between two threads, and the worker that answers them.
 *
 * The list is short, so the worker looks for the question that is due next; one that nobody could
 * answer goes back into it, to be asked again a little later.
 */
#include "live.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gyr/plugin.h>

#include "container.h"
#include "image.h"
#include "inspect.h"
#include "runtimes.h"

enum { TRIES = 5, FIRST_WAIT_MS = 250 };

struct live {
	struct gyr *p;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t more;
	struct question questions[LIVE_QUEUE]; /* under the mutex, as n */
	uint32_t n;
	atomic_bool stop;
	struct runtimes runtimes; /* the worker's */
	_Atomic uint64_t n_asked, n_told, n_full, n_unknown, n_errors, n_unsent;
};

static void count(_Atomic uint64_t *n)
{
	(void)atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the list ---- */

static void put(struct live *l, const struct question *q)
{
	(void)pthread_mutex_lock(&l->mutex);
	if (l->n < LIVE_QUEUE)
		l->questions[l->n++] = *q;
	else
		count(&l->n_full);
	(void)pthread_cond_signal(&l->more);
	(void)pthread_mutex_unlock(&l->mutex);
}

static void wait_until(struct live *l, uint64_t ms)
{
	const struct timespec t = {.tv_sec = (time_t)(ms / 1000),
				   .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)pthread_cond_timedwait(&l->more, &l->mutex, &t);
}

/* The next question that is due; waits for one. False: it is over. */
static bool take(struct live *l, struct question *ret)
{
	bool is_taken = false;

	(void)pthread_mutex_lock(&l->mutex);
	while (!is_taken && !atomic_load(&l->stop)) {
		uint32_t best = 0;

		for (uint32_t i = 1; i < l->n; i++)
			if (l->questions[i].due_ms < l->questions[best].due_ms)
				best = i;
		if (!l->n) {
			(void)pthread_cond_wait(&l->more, &l->mutex);
		} else if (l->questions[best].due_ms > now_ms()) {
			wait_until(l, l->questions[best].due_ms);
		} else {
			*ret = l->questions[best];
			l->questions[best] = l->questions[--l->n];
			is_taken = true;
		}
	}
	(void)pthread_mutex_unlock(&l->mutex);
	return is_taken;
}

/* ---- the worker ---- */

static void push(struct live *l, const char *name, const char *json, size_t len)
{
	const struct gyr_async_event evt = {
		.name = name, .ts = GYR_NOW, .tid = UINT64_MAX, .data = json, .len = len};

	if (gyr_push(l->p, &evt))
		count(&l->n_unsent);
	else
		count(&l->n_told);
}

static void answer(struct live *l, struct question *q)
{
	struct jsonout out = {0};

	if (runtimes_describe(&l->runtimes, q, &out) == 0) {
		jsonout_raw(&out, "", 1); /* readers of such events expect a NUL */
		if (!out.failed)
			push(l, LIVE_EVENT_NEW, out.p, out.n);
	} else if (!atomic_load(&l->stop) && ++q->tries < TRIES) {
		q->due_ms = now_ms() + ((uint64_t)FIRST_WAIT_MS << (q->tries - 1));
		put(l, q);
	} else {
		count(&l->n_unknown);
	}
	atomic_store_explicit(&l->n_errors, l->runtimes.n_errors, memory_order_relaxed);
	jsonout_deinit(&out);
}

static void *work(void *ctx)
{
	struct live *l = ctx;
	struct question q;

	while (take(l, &q))
		answer(l, &q);
	return NULL;
}

struct live *live_start(struct gyr *p, const struct options *o)
{
	struct live *l = calloc(1, sizeof *l);
	pthread_condattr_t attr;

	if (!l)
		return NULL;
	l->p = p;
	if (runtimes_init(&l->runtimes, o, &l->stop)) {
		free(l);
		return NULL;
	}
	(void)pthread_mutex_init(&l->mutex, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&l->more, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (pthread_create(&l->thread, NULL, work, l) == 0)
		return l;
	runtimes_deinit(&l->runtimes);
	(void)pthread_cond_destroy(&l->more);
	(void)pthread_mutex_destroy(&l->mutex);
	free(l);
	return NULL;
}

struct live *live_stop(struct live *l)
{
	if (!l)
		return NULL;
	(void)pthread_mutex_lock(&l->mutex);
	atomic_store(&l->stop, true);
	(void)pthread_cond_signal(&l->more);
	(void)pthread_mutex_unlock(&l->mutex);
	(void)pthread_join(l->thread, NULL);
	runtimes_deinit(&l->runtimes);
	(void)pthread_cond_destroy(&l->more);
	(void)pthread_mutex_destroy(&l->mutex);
	free(l);
	return NULL;
}

/* ---- the parser's side ---- */

void live_ask(struct live *l, const struct cgroup_match *m)
{
	struct question q = {.engine = m->engine};

	if (m->len >= sizeof q.id || m->ns_len >= sizeof q.ns)
		return;
	memcpy(q.id, m->id, m->len);
	if (m->ns)
		memcpy(q.ns, m->ns, m->ns_len);
	count(&l->n_asked);
	put(l, &q);
}

static void push_text(struct live *l, const char *name, const char *json, size_t len)
{
	char *text = malloc(len + 1);

	if (!text) {
		count(&l->n_unsent);
		return;
	}
	memcpy(text, json, len);
	text[len] = '\0';
	push(l, name, text, len + 1);
	free(text);
}

void live_tell(struct live *l, const char *json, size_t len)
{
	push_text(l, LIVE_EVENT_NEW, json, len);
}

void live_end(struct live *l, const char *json, size_t len)
{
	push_text(l, LIVE_EVENT_END, json, len);
}

void live_count(const struct live *l, struct live_counters *ret)
{
	*ret = (struct live_counters){.n_asked = l->n_asked,
				      .n_told = l->n_told,
				      .n_full = l->n_full,
				      .n_unknown = l->n_unknown,
				      .n_errors = l->n_errors,
				      .n_unsent = l->n_unsent};
}

/* ---- descriptions made here ---- */

static int finish(struct jsonout *out, char *json, size_t size)
{
	int n = 0;

	jsonout_put(out, "}}");
	if (!out->failed && out->n < size) {
		memcpy(json, out->p, out->n);
		json[out->n] = '\0';
		n = (int)out->n;
	}
	jsonout_deinit(out);
	return n;
}

static void begin(struct jsonout *out, uint32_t type, const char *id)
{
	char number[16];

	(void)snprintf(number, sizeof number, "%u", type);
	jsonout_put(out, "{\"container\":{");
	jsonout_member(out, "id", id, strlen(id));
	jsonout_key(out, "type");
	jsonout_put(out, number);
}

int live_describe(char *json, size_t size, uint32_t type, const char *id)
{
	struct jsonout out = {0};

	begin(&out, type, id);
	return finish(&out, json, size);
}

int live_describe_static(char *json, size_t size, const struct options *o)
{
	const struct image i = image_split(o->static_image, strlen(o->static_image));
	struct jsonout out = {0};

	begin(&out, CINFO_STATIC, o->static_id);
	jsonout_member(&out, "name", o->static_name, strlen(o->static_name));
	inspect_put_image(&out, o->static_image, strlen(o->static_image));
	jsonout_member(&out, "imagedigest", i.digest.p ? i.digest.p : "", i.digest.len);
	return finish(&out, json, size);
}
