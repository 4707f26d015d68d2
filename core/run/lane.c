/*
 * lane: one open source.
 */
#include "run/lane.h"

#include <errno.h>
#include <stdio.h>

#include "host/async.h"
#include "run/carry.h"
#include "run/crew.h"
#include "run/recorder.h"
#include "run/refit.h"
#include "util/mem.h"

struct lane {
	struct lane_setup setup;
	struct str sources[CARRY_MAX + 1]; /* names, by the track of an event: its own first */
	struct source_carried carried[CARRY_MAX];
	uint32_t n_sources;
	struct crew crew;
	struct async *async;
	struct source *source;
	struct pipeline *pipeline;
	struct refit refit;
	uint64_t last_ts; /* of the events of this batch; 0: none yet */
	struct feed *feed;
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct err record_err;
	char label[256];
	struct vitals vitals;
	struct drops drops;
	struct flight flight;
	uint64_t newest_ts; /* of the events so far */
};

static int open_source(struct lane *l, struct err *err)
{
	const struct opening *o = l->setup.opening;
	struct source_setup setup = {.params = o->params,
				     .name = l->sources[0].p,
				     .carried = l->carried,
				     .n_carried = l->n_sources - 1};
	uint32_t n = l->setup.n_shards;

	l->async = async_new(l->crew.instances, l->crew.n, l->sources[0].p, o->plug->module->id,
			     l->crew.services.log);
	if (!l->async)
		return -ENOMEM;
	setup.async = l->async;
	if (n == 0)
		n = source_shards(l->crew.source, o->params);
	if (n > LANE_MAX_SHARDS) {
		log_warn(l->crew.services.log, "%s: opened %d times side by side, not %u times",
			 o->label, LANE_MAX_SHARDS, n);
		n = LANE_MAX_SHARDS;
	}
	l->setup.n_shards = n;
	setup.shard = l->setup.shard;
	setup.n_shards = n;
	(void)snprintf(l->label, sizeof(l->label), "%s", o->label);
	if (n > 1)
		(void)snprintf(l->label, sizeof(l->label), "%.240s#%u", o->label, setup.shard + 1);
	return source_open(l->crew.source, &setup, &l->source, err);
}

static void lane_matched(void *ctx, const struct rule *rule, const struct event *evt)
{
	struct lane *l = ctx;

	flight_match(&l->flight, rule, evt);
}

static void lane_finished(void *ctx, uint64_t num)
{
	const struct lane *l = ctx;

	source_commit(l->source, num);
}

static int make_pipeline(struct lane *l)
{
	const struct lane_setup *setup = &l->setup;
	const struct pipeline_setup ps = {
		.sources = l->sources,
		.n_sources = l->n_sources,
		.instances = l->crew.instances,
		.n_instances = l->crew.n,
		.started = l->crew.started,
		.n_started = l->crew.n_started,
		.pool = setup->pool,
		.profile = setup->setup->opts->profile,
		.matched = setup->flight->is_on ? lane_matched : NULL,
		.matched_ctx = l,
		.finished = source_commits(l->source) ? lane_finished : NULL,
		.finished_ctx = l,
	};

	int r = pipeline_new(&ps, &l->pipeline);

	l->flight = (struct flight){.setup = *setup->flight,
				    .pipeline = l->pipeline,
				    .log = l->crew.services.log,
				    .instances = l->crew.instances,
				    .n_instances = l->crew.n};
	l->drops = (struct drops){.setup = *setup->drops,
				  .source = l->crew.source,
				  .pipeline = l->pipeline,
				  .log = l->crew.services.log,
				  .is_system = setup->opening->plug->module->id == 0};

	l->refit = (struct refit){
		.pipeline = l->pipeline, .source = l->source, .log = l->crew.services.log};
	return r;
}

static int name_sources(struct lane *l)
{
	struct setup *s = l->setup.setup;
	const uint32_t n = carry_list(s, l->setup.opening, l->carried);

	l->sources[0] = arena_str(&s->config.arena, plug_source(l->setup.opening->plug));
	for (uint32_t i = 0; i < n; i++)
		l->sources[i + 1] = str_from(l->carried[i].source);
	l->n_sources = n + 1;
	return l->sources[0].p ? 0 : -ENOMEM;
}

int lane_new(const struct lane_setup *setup, struct lane **ret, struct err *err)
{
	struct lane *l = mem_new(sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->setup = *setup;
	r = name_sources(l);
	if (r == 0)
		r = crew_init(&l->crew, &setup->setup->plugs,
			      &(struct crew_task){.sources = l->sources,
						  .n_sources = l->n_sources,
						  .opening = setup->opening->plug},
			      &setup->setup->log, err);
	if (r == 0)
		r = open_source(l, err);
	if (r == 0 && setup->setup->opts->record)
		r = recorder_new(setup->setup->opts->record, &l->recorder, err);
	if (r == 0)
		r = make_pipeline(l);
	if (r == 0)
		r = vitals_init(&l->vitals);
	if (r < 0) {
		err_context(err, "'%s'", setup->opening->label);
		(void)lane_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

uint32_t lane_shards(const struct lane *l)
{
	return l->setup.n_shards;
}

int lane_offer(struct lane *l, struct alert_plan *plan, struct outset *outs)
{
	return pipeline_offer(l->pipeline, plan, outs);
}

/* A source without an ID gives events of the system, and tells of its processes before. */
static bool tells_state(const struct lane *l)
{
	return l->setup.opening->plug->module->id == 0;
}

static void lane_listen(struct lane *l)
{
	struct err err = ERR_NULL;

	if (crew_listen(&l->crew, &err) < 0)
		log_error(l->crew.services.log, "%s: %s", l->label, err.text);
}

bool lane_wants_exit(const struct lane *l)
{
	return atomic_load_explicit(&l->drops.wants_exit, memory_order_relaxed);
}

bool lane_drops(const struct lane *l, uint64_t *ret_detected, uint64_t *ret_actions)
{
	*ret_detected = atomic_load(&l->drops.n_detected);
	*ret_actions = atomic_load(&l->drops.n_actions);
	return l->drops.is_system;
}

static void lane_event(void *ctx, const struct event *evt)
{
	struct lane *l = ctx;

	if (lane_wants_exit(l))
		return;
	if (!l->crew.is_told && !evt->is_hidden)
		lane_listen(l);
	if (drops_are_due(&l->drops, evt->ts))
		drops_check(&l->drops, evt->ts);
	if (l->recorder)
		recorder_event(l->recorder, evt);
	l->last_ts = evt->ts;
	pipeline_event(l->pipeline, evt);
	flight_event(&l->flight, evt);
}

/* The many events that are there for the state alone go by in stretches, unless each is to be written down. */
static void lane_skim(void *ctx)
{
	struct lane *l = ctx;
	struct source_stretch s;

	if (lane_wants_exit(l) || !l->crew.is_told || l->recorder || l->flight.recorder ||
	    !source_stretch(l->source, pipeline_quiet(l->pipeline), l->drops.due_ts, &s))
		return;
	l->last_ts = s.events[s.n - 1]->ts;
	pipeline_stretch(l->pipeline, &s);
}

void lane_settle(struct lane *l)
{
	pipeline_settle(l->pipeline);
}

static void lane_show(struct lane *l, bool now)
{
	const struct vitals_subject s = {.source = l->source,
					 .instances = l->crew.instances,
					 .n_instances = l->crew.n,
					 .last_event_ts = l->newest_ts,
					 .pipeline = l->pipeline};

	vitals_tick(&l->vitals, &s, now);
}

static void lane_look_around(struct lane *l)
{
	if (l->last_ts)
		drops_event(&l->drops, l->newest_ts = l->last_ts);
	else
		drops_timeout(&l->drops);
	lane_show(l, false);
	if (lane_wants_exit(l))
		loop_wake(l->setup.loop);
}

static void lane_between(void *ctx)
{
	struct lane *l = ctx;

	refit_between(&l->refit, l->last_ts);
	lane_look_around(l);
	l->last_ts = 0;
	pipeline_judged(l->pipeline, source_num(l->source));
}

static void lane_ended(void *ctx)
{
	struct lane *l = ctx;

	lane_show(l, true);
	loop_wake(l->setup.loop);
}

int lane_start(struct lane *l)
{
	struct feed_setup setup = {.source = l->source,
				   .event = lane_event,
				   .skim = tells_state(l) ? lane_skim : NULL,
				   .between = lane_between,
				   .ended = lane_ended,
				   .ctx = l};
	struct err err = ERR_NULL;
	/* What plugins see now has nothing to do with what was recorded then. */
	int r = l->setup.opening->plug->entry->is_recorded ? 0 : async_start(l->async, &err);

	if (r == 0)
		r = tells_state(l) ? 0 : crew_listen(&l->crew, &err);
	if (r == 0)
		r = refit_start(&l->refit, &err);
	if (r < 0) {
		log_error(l->crew.services.log, "%s: %s", l->label, err.text);
		return r;
	}
	return feed_new(&setup, &l->feed);
}

void lane_stop(struct lane *l)
{
	if (l->feed)
		feed_stop(l->feed);
}

void lane_hurry(struct lane *l)
{
	pipeline_hurry(l->pipeline);
}

void lane_join(struct lane *l)
{
	if (l->feed)
		feed_join(l->feed);
	(void)recorder_close(l->recorder, &l->record_err);
	flight_close(&l->flight);
	l->recorder = NULL;
	if (l->async)
		async_stop(l->async);
}

struct lane *lane_free(struct lane *l)
{
	if (!l)
		return NULL;
	lane_stop(l);
	lane_join(l);
	l->feed = feed_free(l->feed);
	l->pipeline = pipeline_free(l->pipeline);
	vitals_deinit(&l->vitals);
	l->source = source_close(l->source);
	l->async = async_free(l->async);
	crew_deinit(&l->crew);
	return mem_free(l);
}

const struct opening *lane_opening(const struct lane *l)
{
	return l->setup.opening;
}

const char *lane_label(const struct lane *l)
{
	return l->label;
}

void lane_look(const struct lane *l, struct feed_view *ret)
{
	if (l->feed)
		feed_look(l->feed, ret);
	else
		*ret = (struct feed_view){.is_ended = true};
}

uint64_t lane_alerts(const struct lane *l)
{
	return pipeline_alerts(l->pipeline);
}

const char *lane_error(const struct lane *l)
{
	if (l->feed && *feed_error(l->feed))
		return feed_error(l->feed);
	if (l->record_err.is_set)
		return l->record_err.text;
	return lane_wants_exit(l) ? "stopped, because events were lost" : "";
}

void lane_vitals(struct lane *l, struct vitals_view *ret)
{
	vitals_look(&l->vitals, ret);
}

const char *lane_source_name(const struct lane *l)
{
	return l->sources[0].p;
}

void lane_count(const struct lane *l, struct pipeline_counters *ret, struct source_counters *ret_s)
{
	pipeline_count(l->pipeline, ret);
	source_count(l->source, ret_s);
}

void lane_metrics(const struct lane *l, instance_metric_fn each, void *ctx)
{
	instance_metrics(l->crew.source, each, ctx);
}

const struct matcher *lane_matcher(const struct lane *l, uint32_t i)
{
	return pipeline_matcher(l->pipeline, i);
}
