/*
 * async: a heap of copies under one lock, which is only held to push or take one pointer.
 *
 * A plugin may call the handler from several threads at any time until its set_async_event_handler
 * with NULL returns. So the queue is what the owner of each plugin leads to, and async_stop() must
 * come before anything here is freed.
 */
#include "host/async.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "host/check.h"
#include "host/symbols.h"
#include "util/mem.h"

enum { AHEAD_MAX_S = 10, EVENT_MAX_BYTES = 16 << 20 };

struct queued {
	uint64_t ts, order; /* order breaks ties: first pushed, first taken */
	ss_plugin_event *evt;
};

struct async {
	pthread_mutex_t lock;
	struct queued heap[ASYNC_CAP];
	uint32_t n;
	uint64_t pushed;
	atomic_uint n_waiting; /* mirrors n: lets the source thread look without the lock */
	struct async_counters counters;
	ss_plugin_event *taken;
	uint32_t source_id;
	bool is_plugin_source;
	const struct log *log;
	uint32_t n_instances;
	struct instance *instances[];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

struct async *async_new(struct instance *const *instances, uint32_t n, const char *source,
			uint32_t source_id, const struct log *log)
{
	struct async *a = mem_new(sizeof *a + n * sizeof *a->instances);

	if (!a)
		return NULL;
	if (pthread_mutex_init(&a->lock, NULL) != 0)
		return mem_free(a);
	a->source_id = source_id;
	a->is_plugin_source = source_id != 0;
	a->log = log;
	for (uint32_t i = 0; i < n; i++)
		if (instances[i] && (instances[i]->module->caps & MODULE_ASYNC) &&
		    module_sources_have(&instances[i]->module->async_sources, str_from(source)))
			a->instances[a->n_instances++] = instances[i];
	return a;
}

struct async *async_free(struct async *a)
{
	if (!a)
		return NULL;
	for (uint32_t i = 0; i < a->n; i++)
		mem_free(a->heap[i].evt);
	mem_free(a->taken);
	pthread_mutex_destroy(&a->lock);
	return mem_free(a);
}

/* --- heap ------------------------------------------------------------------------------------ */

static bool is_before(const struct queued *x, const struct queued *y)
{
	return x->ts != y->ts ? x->ts < y->ts : x->order < y->order;
}

static void swap(struct queued *x, struct queued *y)
{
	struct queued t = *x;

	*x = *y;
	*y = t;
}

static void push(struct async *a, struct queued q)
{
	uint32_t i = a->n++;

	a->heap[i] = q;
	for (; i && is_before(&a->heap[i], &a->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&a->heap[i], &a->heap[(i - 1) / 2]);
}

static struct queued pop(struct async *a)
{
	struct queued top = a->heap[0];
	uint32_t i = 0;

	a->heap[0] = a->heap[--a->n];
	for (;;) {
		uint32_t least = i;

		for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < a->n; c++)
			if (is_before(&a->heap[c], &a->heap[least]))
				least = c;
		if (least == i)
			return top;
		swap(&a->heap[i], &a->heap[least]);
		i = least;
	}
}

/* --- the handler ----------------------------------------------------------------------------- */

static const char *name_of(const ss_plugin_event *evt)
{
	return (const char *)(evt + 1) + 16;
}

/* Why an event is refused; NULL when it is fine. */
static const char *judge(const struct async *a, const struct module *m, const ss_plugin_event *evt)
{
	if (!evt || evt->type != GYR_EVENT_ASYNC || evt->nparams != 3)
		return "an asynchronous event has code 402 and 3 parameters";
	if (evt->len > EVENT_MAX_BYTES)
		return "the event is longer than 16 MiB";
	if (!check_event(evt))
		return "the lengths of the event do not add up";
	if (a->is_plugin_source && evt->tid != UINT64_MAX)
		return "an event for a plugin's source has no thread: its tid must be all ones";
	for (uint32_t i = 0; i < m->n_async_events; i++)
		if (str_is(m->async_events[i], name_of(evt)))
			return NULL;
	return "its name is not among the plugin's asynchronous events";
}

/* A copy with the ID of the open source and a time. */
static ss_plugin_event *copy(const struct async *a, const ss_plugin_event *evt)
{
	ss_plugin_event *c = mem_new(evt->len);

	if (!c)
		return NULL;
	memcpy(c, evt, evt->len);
	memcpy((char *)(c + 1) + 12, &a->source_id, sizeof a->source_id);
	return c;
}

static void accept(struct async *a, ss_plugin_event *c)
{
	bool is_full;

	/* No time yet: it counts as now, and the clock is read when it is taken. */
	pthread_mutex_lock(&a->lock);
	is_full = a->n == ASYNC_CAP;
	if (is_full)
		a->counters.n_full++;
	else
		push(a, (struct queued){
				.ts = c->ts == UINT64_MAX ? now_ns() : c->ts,
				.order = a->pushed++,
				.evt = c,
			});
	atomic_store_explicit(&a->n_waiting, a->n, memory_order_release);
	pthread_mutex_unlock(&a->lock);
	if (is_full)
		mem_free(c);
}

static ss_plugin_rc handle(ss_plugin_owner_t *owner, const ss_plugin_event *evt, char *err)
{
	struct owner *o = owner;
	struct async *a = atomic_load(&o->async);
	const char *why = a ? judge(a, o->instance->module, evt) : "no event source is open";
	ss_plugin_event *c = why ? NULL : copy(a, evt);

	if (!why && !c)
		why = "no memory for the event";
	if (!why) {
		accept(a, c);
		return SS_PLUGIN_SUCCESS;
	}
	if (err)
		(void)snprintf(err, PLUGIN_MAX_ERRLEN, "%s", why);
	if (a) {
		pthread_mutex_lock(&a->lock);
		a->counters.n_refused++;
		pthread_mutex_unlock(&a->lock);
	}
	return SS_PLUGIN_FAILURE;
}

/* --- the source thread ----------------------------------------------------------------------- */

int async_start(struct async *a, struct err *err)
{
	for (uint32_t i = 0; i < a->n_instances; i++) {
		struct instance *inst = a->instances[i];

		atomic_store(&inst->owner.async, a);
		if (inst->module->symbols->api.set_async_event_handler(inst->state, &inst->owner,
								       handle) == SS_PLUGIN_SUCCESS)
			continue;
		err_set(err, 0, 0, "plugin '%s': starting its asynchronous events: %s",
			inst->owner.name, instance_last_error(inst));
		async_stop(a);
		return -EIO;
	}
	return 0;
}

void async_stop(struct async *a)
{
	for (uint32_t i = 0; i < a->n_instances; i++) {
		struct instance *inst = a->instances[i];

		if (!atomic_load(&inst->owner.async))
			continue;
		(void)inst->module->symbols->api.set_async_event_handler(inst->state, &inst->owner,
									 NULL);
		atomic_store(&inst->owner.async, NULL);
	}
}

/* Takes the oldest one out, if it is due; NULL otherwise. Tells apart what lies too far ahead. */
static ss_plugin_event *take_due(struct async *a, uint64_t not_after, bool *ret_is_ahead)
{
	struct queued q = {0};

	*ret_is_ahead = false;
	pthread_mutex_lock(&a->lock);
	if (a->n && a->heap[0].ts <= not_after) {
		q = pop(a);
		q.evt->ts = q.ts;
		*ret_is_ahead = q.ts > now_ns() + AHEAD_MAX_S * 1000000000ULL;
		a->counters.n_future += *ret_is_ahead;
		a->counters.n_events += !*ret_is_ahead;
	}
	atomic_store_explicit(&a->n_waiting, a->n, memory_order_release);
	pthread_mutex_unlock(&a->lock);
	return q.evt;
}

const ss_plugin_event *async_take(struct async *a, uint64_t not_after)
{
	bool is_ahead = true;

	a->taken = mem_free(a->taken);
	while (is_ahead && atomic_load_explicit(&a->n_waiting, memory_order_acquire)) {
		ss_plugin_event *evt = take_due(a, not_after, &is_ahead);

		if (!is_ahead) {
			a->taken = evt;
			return evt;
		}
		log_warn(a->log, "dropped an asynchronous event more than %d s ahead of the clock",
			 AHEAD_MAX_S);
		mem_free(evt);
	}
	return NULL;
}

const atomic_uint *async_waiting(const struct async *a)
{
	return &a->n_waiting;
}

void async_count(struct async *a, struct async_counters *ret_counters)
{
	pthread_mutex_lock(&a->lock);
	*ret_counters = a->counters;
	pthread_mutex_unlock(&a->lock);
}
