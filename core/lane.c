/*
 * lane: one open source.
 */
#include "lane.h"

#include <errno.h>

#include "crew.h"
#include "host/async.h"
#include "recorder.h"
#include "util/mem.h"

struct lane {
	struct lane_setup setup;
	struct str source_name;
	struct crew crew;
	struct async *async;
	struct source *source;
	struct pipeline *pipeline;
	struct feed *feed;
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct err record_err;
};

static int open_source(struct lane *l, struct err *err)
{
	const struct opening *o = l->setup.opening;
	struct source_setup setup = {.params = o->params, .name = l->source_name.p};

	l->async = async_new(l->crew.instances, l->crew.n, l->source_name.p, o->plug->module->id,
			     l->crew.services.log);
	if (!l->async)
		return -ENOMEM;
	setup.async = l->async;
	return source_open(l->crew.source, &setup, &l->source, err);
}

int lane_new(const struct lane_setup *setup, struct lane **ret, struct err *err)
{
	struct lane *l = mem_new(sizeof(*l));
	struct pipeline_setup ps;
	int r;

	if (!l)
		return -ENOMEM;
	l->setup = *setup;
	l->source_name = arena_str(&setup->setup->config.arena, plug_source(setup->opening->plug));
	r = l->source_name.p ? 0 : -ENOMEM;
	if (r == 0)
		r = crew_init(&l->crew, &setup->setup->plugs, l->source_name, setup->opening->plug,
			      &setup->setup->log, err);
	if (r == 0)
		r = open_source(l, err);
	if (r == 0 && setup->setup->opts->record)
		r = recorder_new(setup->setup->opts->record, &l->recorder, err);
	if (r == 0) {
		ps = (struct pipeline_setup){.source = l->source_name,
					     .instances = l->crew.instances,
					     .n_instances = l->crew.n,
					     .outputs = setup->outputs,
					     .n_outputs = setup->n_outputs,
					     .pool = setup->pool,
					     .profile = setup->setup->opts->profile};
		r = pipeline_new(&ps, &l->pipeline);
	}
	if (r < 0) {
		err_context(err, "'%s'", setup->opening->label);
		(void)lane_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

int lane_offer(struct lane *l, struct alert_plan *plan)
{
	return pipeline_offer(l->pipeline, plan);
}

static void lane_event(void *ctx, const struct event *evt)
{
	struct lane *l = ctx;

	if (l->recorder)
		recorder_event(l->recorder, evt);
	pipeline_event(l->pipeline, evt);
}

static void lane_between(void *ctx)
{
	struct lane *l = ctx;

	pipeline_between(l->pipeline);
}

static void lane_ended(void *ctx)
{
	struct lane *l = ctx;

	loop_wake(l->setup.loop);
}

int lane_start(struct lane *l)
{
	struct feed_setup setup = {.source = l->source,
				   .event = lane_event,
				   .between = lane_between,
				   .ended = lane_ended,
				   .ctx = l};
	struct err err = ERR_NULL;
	int r = async_start(l->async, &err);

	if (r < 0) {
		log_error(l->crew.services.log, "%s: %s", l->setup.opening->label, err.text);
		return r;
	}
	pipeline_between(l->pipeline);
	return feed_new(&setup, &l->feed);
}

void lane_stop(struct lane *l)
{
	if (l->feed)
		feed_stop(l->feed);
}

void lane_join(struct lane *l)
{
	if (l->feed)
		feed_join(l->feed);
	(void)recorder_close(l->recorder, &l->record_err);
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
	l->source = source_close(l->source);
	l->async = async_free(l->async);
	crew_deinit(&l->crew);
	return mem_free(l);
}

const struct opening *lane_opening(const struct lane *l)
{
	return l->setup.opening;
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
	return l->record_err.is_set ? l->record_err.text : "";
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

const struct matcher *lane_matcher(const struct lane *l)
{
	return pipeline_matcher(l->pipeline);
}
