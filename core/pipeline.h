/*
 * pipeline: the function every event passes, and what one source thread needs for it.
 *
 * In: an event of the source. Out: rendered alerts in the queues of the outputs.
 *
 * Rules are changed by offering new ones: the source thread takes them up between two batches, swaps
 * them in and frees the old ones, so that no event sees a mixture and none is missed.
 *
 * Lifetime: pipeline_new() to pipeline_free(); what the setup points to outlives it.
 * Threads: pipeline_event() to pipeline_next_interest() on the source thread, the others on [main].
 */
#pragma once

#include <stdint.h>

#include "event/event.h"
#include "host/fetcher.h"
#include "host/parser.h"
#include "route/alert.h"
#include "route/output.h"
#include "ruleset/match.h"

struct notice;
struct outset;
struct pipeline;

struct pipeline_setup {
	const struct str *sources; /* names of the event sources, by the track of an event */
	uint32_t n_sources;
	struct instance *const *instances; /* by the index that field.owner has */
	uint32_t n_instances;
	struct instance *const *started; /* the same without gaps, in the order they see an event */
	uint32_t n_started;
	struct alert_pool *pool;
	/* A rule matched; may be NULL. [source] */
	void (*matched)(void *ctx, const struct rule *rule, const struct event *evt);
	void *matched_ctx;
	bool profile; /* measure what each rule takes */
	/* All events up to number @num are finished: no alert of them is on its way to an output that
	 * must have it. NULL: nobody asks. By one thread at a time. [any] */
	void (*finished)(void *ctx, uint64_t num);
	void *finished_ctx;
};

struct pipeline_counters {
	uint64_t n_alerts;
	uint64_t n_unsent; /* too large, or no memory */
	struct fetcher_counters fetch;
};

/* -ENOMEM. It has no rules until some are offered and taken up. */
int pipeline_new(const struct pipeline_setup *setup, struct pipeline **ret);
struct pipeline *pipeline_free(struct pipeline *p);

/* Rules for the events to come; the plan's ruleset is what is matched, and @outs are the outputs it is
 * about. -ENOMEM, -ENOENT when the ruleset does not know the source. */
int pipeline_offer(struct pipeline *p, struct alert_plan *plan, struct outset *outs);

void pipeline_event(void *pipeline, const struct event *evt);

/* By code, EVENT_CODES of them: the events of the source itself that no rule is about and that one plugin at
 * most parses. They may go to pipeline_stretch() in place of pipeline_event(). Changes between two batches. */
const bool *pipeline_quiet(const struct pipeline *p);
void pipeline_stretch(struct pipeline *p, const struct source_stretch *s);

/* Between two batches. Takes up rules that were offered since: they wait, in place of others that may
 * wait already. False when there are none. */
bool pipeline_take(struct pipeline *p);

/* The rules that wait are used from now on. */
void pipeline_swap(struct pipeline *p);

/* What the rules in use are about, and those that wait; NULL when there are none, or when the events
 * of this source have no types. */
const struct interest *pipeline_interest(const struct pipeline *p);
const struct interest *pipeline_next_interest(const struct pipeline *p);

/* Between two batches: all events up to number @num went through pipeline_event(), and their alerts are
 * on their way. [source] */
void pipeline_judged(struct pipeline *p, uint64_t num);

/* Says for the last time which events are finished. [main, after the end of source and outputs] */
void pipeline_settle(struct pipeline *p);

/* Waits for nobody any more: alerts that find no room in the ledger of events are let go and their
 * events stay unfinished. [any] */
void pipeline_hurry(struct pipeline *p);

/* After the source thread has ended. */
void pipeline_count(const struct pipeline *p, struct pipeline_counters *ret);

/* The rules in use for the i-th source, after the source thread has ended; NULL when it never had any, and past
 * the last source. */
const struct matcher *pipeline_matcher(const struct pipeline *p, uint32_t i);

/* Sends what the program itself reports, as an alert. [source] */
void pipeline_notice(struct pipeline *p, const struct notice *n);

/* While it runs. */
uint64_t pipeline_alerts(const struct pipeline *p);
