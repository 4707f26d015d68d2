/*
 * vitals: two copies, turned over.
 */
#include "run/vitals.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "util/mem.h"

uint64_t vitals_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int vitals_init(struct vitals *v)
{
	*v = (struct vitals){.shown = mem_new(sizeof(*v->shown)),
			     .next = mem_new(sizeof(*v->next))};
	(void)pthread_mutex_init(&v->lock, NULL);
	return v->shown && v->next ? 0 : -ENOMEM;
}

void vitals_deinit(struct vitals *v)
{
	if (!v->shown && !v->next)
		return;
	v->shown = mem_free(v->shown);
	v->next = mem_free(v->next);
	(void)pthread_mutex_destroy(&v->lock);
}

static void add_metric(void *ctx, const struct instance_metric *m)
{
	struct vitals_view *view = ctx;
	struct vitals_metric *to;

	if (view->n_metrics == VITALS_METRICS) {
		view->n_metrics_lost++;
		return;
	}
	to = &view->metrics[view->n_metrics++];
	(void)snprintf(to->name, sizeof(to->name), "%s", m->name);
	to->is_monotonic = m->is_monotonic;
	to->is_double = m->is_double;
	to->is_signed = m->is_signed;
	to->u64 = m->u64;
	to->i64 = m->i64;
	to->dbl = m->dbl;
}

static void fill(struct vitals *v, const struct vitals_subject *s)
{
	struct vitals_view *view = v->next;

	view->n_metrics = view->n_metrics_lost = 0;
	source_count(s->source, &view->source);
	pipeline_count(s->pipeline, &view->pipeline);
	view->last_event_ms = v->last_event_ms;
	view->last_event_ts = s->last_event_ts;
	for (uint32_t i = 0; i < s->n_instances; i++)
		if (s->instances[i])
			instance_metrics(s->instances[i], add_metric, view);
}

void vitals_tick(struct vitals *v, const struct vitals_subject *s, bool now)
{
	uint64_t now_ms = vitals_now_ms();
	struct source_counters c;
	struct vitals_view *shown;

	source_count(s->source, &c);
	if (c.n_events != v->n_events)
		v->last_event_ms = now_ms;
	v->n_events = c.n_events;
	if (!now && now_ms < v->due_ms)
		return;
	fill(v, s);
	if (now)
		(void)pthread_mutex_lock(&v->lock);
	else if (pthread_mutex_trylock(&v->lock) != 0)
		return;
	shown = v->shown;
	v->shown = v->next;
	v->next = shown;
	(void)pthread_mutex_unlock(&v->lock);
	v->due_ms = now_ms + VITALS_EVERY_MS;
}

void vitals_look(struct vitals *v, struct vitals_view *ret)
{
	(void)pthread_mutex_lock(&v->lock);
	*ret = *v->shown;
	(void)pthread_mutex_unlock(&v->lock);
}
