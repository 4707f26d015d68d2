/*
 * status: the numbers of a run, gathered.
 */
#include "report/status.h"

#include <errno.h>
#include <string.h>

#include "route/notice.h"
#include "util/mem.h"

static void take_source(struct status *s, struct lane *l)
{
	struct status_source *to = &s->sources[s->n_sources++];
	uint64_t now_ms = vitals_now_ms(), last;

	to->lane = l;
	to->name = lane_label(l);
	to->n_alerts = lane_alerts(l);
	lane_look(l, &to->feed);
	lane_vitals(l, to->vitals);
	last = to->vitals->last_event_ms;
	to->age_ms = !last ? UINT64_MAX : now_ms > last ? now_ms - last : 0;
	s->n_events += to->feed.n_events;
	s->n_bytes += to->vitals->source.n_bytes;
}

static void take_outputs(struct status *s)
{
	struct output *const *list = outputs_list(s->engine->outputs, &s->n_outputs);
	struct output_counters past;
	const char *name;

	for (uint32_t i = 0; i < s->n_outputs; i++) {
		output_count(list[i], &s->outputs[i]);
		s->n_queue_drops += s->outputs[i].n_dropped;
	}
	for (uint32_t i = 0; outputs_past(s->engine->outputs, i, &name, &past); i++)
		s->n_queue_drops += past.n_dropped;
}

int status_take(struct engine *e, struct status *ret)
{
	struct vitals_view *views;

	*ret = (struct status){.engine = e, .now_ts = notice_now()};
	ret->duration_s = (double)(ret->now_ts - e->start_ts) / 1e9;
	ret->sources = mem_new((e->n_lanes + 1) * sizeof(*ret->sources));
	views = mem_new((e->n_lanes + 1) * sizeof(*views));
	if (!ret->sources || !views) {
		(void)mem_free(views);
		(void)mem_free(ret->sources);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i <= e->n_lanes; i++)
		ret->sources[i].vitals = &views[i];
	procinfo_read(&ret->proc);
	(void)pthread_mutex_lock(&e->lock);
	for (uint32_t i = 0; i < e->n_lanes; i++)
		take_source(ret, e->lanes[i]);
	take_outputs(ret);
	if (e->suppress)
		suppress_count(e->suppress, &ret->suppress);
	return 0;
}

void status_drop(struct status *s)
{
	(void)pthread_mutex_unlock(&s->engine->lock);
	(void)mem_free(s->sources[0].vitals);
	(void)mem_free(s->sources);
}

const char *status_source_state(const struct status_source *s)
{
	if (s->feed.has_failed || lane_wants_exit(s->lane))
		return "failed";
	return s->feed.is_ended ? "ended" : "running";
}

uint64_t status_metric(const struct vitals_metric *m)
{
	if (m->is_double)
		return (uint64_t)m->dbl;
	return m->is_signed ? (uint64_t)m->i64 : m->u64;
}

bool status_is_system(const struct status_source *s)
{
	return lane_opening(s->lane)->plug->module->id == 0;
}

uint64_t status_system_metric(const struct status *s, const char *name, bool *ret_any)
{
	uint64_t sum = 0;

	*ret_any = false;
	for (uint32_t i = 0; i < s->n_sources; i++) {
		const struct vitals_view *v = s->sources[i].vitals;

		for (uint32_t k = 0; k < v->n_metrics && status_is_system(&s->sources[i]); k++) {
			const char *dot = strchr(v->metrics[k].name, '.');

			if (!dot || strcmp(dot + 1, name) != 0)
				continue;
			sum += status_metric(&v->metrics[k]);
			*ret_any = true;
		}
	}
	return sum;
}
