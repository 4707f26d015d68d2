/*
 * pipeline: parse, match, render, route.
 */
#include "pipeline.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>

#include "route/ledger.h"
#include "route/notice.h"
#include "route/outset.h"
#include "util/mem.h"

enum { FULL_PAUSE_NS = 1000000 };

/* A ruleset as one thread uses it, and the outputs that its plan is about. */
struct rules {
	struct alert_plan *plan;
	struct outset *outs;
	struct outbox *outboxes[OUTSET_MAX]; /* one an output */
	uint32_t n;
	struct matcher *matchers[]; /* by the track of an event */
};

struct pipeline {
	struct pipeline_setup setup;
	struct fetcher *fetcher;
	struct fetch fetch;
	struct parser **parsers;         /* by the track of an event */
	bool quiet[EVENT_CODES];         /* see pipeline_quiet() */
	uint32_t n_parsers;              /* when that was found out */
	struct rules *rules;             /* in use */
	struct rules *next;              /* taken up, not yet in use */
	_Atomic(struct rules *) offered; /* waiting to be taken up */
	struct alert_writer *writer;
	struct ledger *ledger; /* NULL: nobody asks which events are finished */
	atomic_bool hurries;
	_Atomic uint64_t n_alerts, n_unsent;
};

static void pipeline_flush(struct pipeline *p)
{
	for (uint32_t i = 0; p->rules && i < p->rules->outs->n; i++)
		outbox_flush(p->rules->outboxes[i]);
}

static void pipeline_hand_out(struct pipeline *p, struct alert *alert, route_set to)
{
	for (uint32_t i = 0; i < p->rules->outs->n; i++)
		if (to >> i & 1)
			outbox_add(p->rules->outboxes[i], alert);
}

/* The line of an alert of event @num. A full ledger means that outputs are far behind: the source
 * waits, as it would at a full queue. */
static struct line *pipeline_line(struct pipeline *p, uint64_t num)
{
	const struct timespec pause = {.tv_nsec = FULL_PAUSE_NS};
	struct line *line = ledger_add(p->ledger, num);

	if (!line)
		pipeline_flush(p);
	while (!line && !atomic_load_explicit(&p->hurries, memory_order_relaxed)) {
		(void)nanosleep(&pause, NULL);
		line = ledger_add(p->ledger, num);
	}
	if (!line)
		ledger_break(p->ledger, num);
	return line;
}

/* Sends the alert with text @form to the outputs @to. */
static void pipeline_send(struct pipeline *p, const struct alert_subject *s, uint32_t form,
			  route_set to)
{
	struct alert *alert;

	if (alert_render(p->writer, p->rules->plan, s, form, &alert) < 0) {
		(void)atomic_fetch_add_explicit(&p->n_unsent, 1, memory_order_relaxed);
		return;
	}
	if (p->ledger && (to & p->rules->outs->required))
		alert->line = pipeline_line(p, s->evt->num);
	pipeline_hand_out(p, alert, to);
	line_done(alert->line);
	(void)alert_unref(alert);
}

static void pipeline_alert(struct pipeline *p, const struct event *evt, const struct rule *rule)
{
	const struct alert_subject subject = {
		.rule = rule,
		.evt = evt,
		.fetch = &p->fetch,
		.eval = matcher_eval(p->rules->matchers[evt->track]),
	};
	const struct alert_plan *plan = p->rules->plan;
	route_set to = alert_targets(p->writer, p->rules->plan, &subject);

	(void)atomic_fetch_add_explicit(&p->n_alerts, 1, memory_order_relaxed);
	if (p->setup.matched)
		p->setup.matched(p->setup.matched_ctx, rule, evt);
	for (uint32_t form = 0; to && form <= alert_plan_n_forms(plan); form++) {
		route_set some = to & alert_plan_form_set(plan, form);

		if (some)
			pipeline_send(p, &subject, form, some);
		to &= ~some;
	}
}

/* Out of the way of the many events that match nothing. */
static __attribute__((noinline)) void pipeline_route(struct pipeline *p, const struct event *evt,
						     const struct rule *const *matches, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		pipeline_alert(p, evt, matches[i]);
}

void pipeline_notice(struct pipeline *p, const struct notice *n)
{
	struct alert *alert;
	route_set to = notice_targets(p->rules->plan, n);

	if (!to || notice_render(p->writer, alert_plan_options(p->rules->plan), n, &alert) < 0)
		return;
	pipeline_hand_out(p, alert, to);
	(void)alert_unref(alert);
}

/* THE way of an event: into the state of plugins that keep some, past the rules, and every match
 * out as an alert. Nothing here allocates, locks or copies the event. */
void pipeline_event(void *pipeline, const struct event *evt)
{
	struct pipeline *p = pipeline;
	const struct rule *const *matches;
	uint32_t n;

	if (!evt->source)
		return;
	fetcher_begin(p->fetcher);
	parser_run(p->parsers[evt->track], evt);
	if (evt->is_hidden)
		return;
	n = matcher_run(p->rules->matchers[evt->track], evt, &p->fetch, &matches);
	if (n)
		pipeline_route(p, evt, matches, n);
}

/* The same for events that only the one plugin which keeps the state wants to see: many, and fast. */
void pipeline_stretch(struct pipeline *p, const struct source_stretch *s)
{
	parser_stretch(p->parsers[0], s);
}

const bool *pipeline_quiet(const struct pipeline *p)
{
	return p->quiet;
}

static void find_quiet(struct pipeline *p)
{
	const struct matcher *m = p->rules ? p->rules->matchers[0] : NULL;

	p->n_parsers = parser_count(p->parsers[0]);
	for (uint32_t i = 0; i < EVENT_CODES; i++) {
		const uint16_t code = (uint16_t)i;

		p->quiet[i] = m && code != GYR_EVENT_PLUGIN && code != GYR_EVENT_ASYNC &&
			      matcher_is_idle(m, code) && parser_takes_many(p->parsers[0], code);
	}
}

static struct rules *rules_free(struct rules *r)
{
	if (!r)
		return NULL;
	for (uint32_t i = 0; i < r->n; i++)
		r->matchers[i] = matcher_free(r->matchers[i]);
	for (uint32_t i = 0; i < r->outs->n; i++)
		(void)outbox_free(r->outboxes[i]);
	r->outs = outset_unref(r->outs);
	r->plan = alert_plan_unref(r->plan);
	return mem_free(r);
}

bool pipeline_take(struct pipeline *p)
{
	struct rules *next;

	pipeline_flush(p);
	if (parser_count(p->parsers[0]) != p->n_parsers)
		find_quiet(p);
	if (!atomic_load_explicit(&p->offered, memory_order_relaxed))
		return false;
	next = atomic_exchange_explicit(&p->offered, NULL, memory_order_acquire);
	if (!next)
		return false;
	(void)rules_free(p->next);
	p->next = next;
	return true;
}

void pipeline_swap(struct pipeline *p)
{
	if (!p->next)
		return;
	(void)rules_free(p->rules);
	p->rules = p->next;
	p->next = NULL;
	find_quiet(p);
}

static const struct interest *interest_of(const struct rules *r)
{
	return r ? matcher_source(r->matchers[0])->interest : NULL;
}

const struct interest *pipeline_interest(const struct pipeline *p)
{
	return interest_of(p->rules);
}

const struct interest *pipeline_next_interest(const struct pipeline *p)
{
	return interest_of(p->next);
}

static int fill_rules(const struct pipeline *p, struct rules *rules)
{
	int r = 0;

	for (uint32_t i = 0; i < rules->outs->n; i++) {
		rules->outboxes[i] = outbox_new(rules->outs->list[i]);
		if (!rules->outboxes[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < rules->n && r == 0; i++) {
		r = matcher_new(alert_plan_ruleset(rules->plan), p->setup.sources[i],
				&rules->matchers[i]);
		if (r == 0 && p->setup.profile)
			matcher_time(rules->matchers[i]);
	}
	return r;
}

int pipeline_offer(struct pipeline *p, struct alert_plan *plan, struct outset *outs)
{
	const uint32_t n = p->setup.n_sources;
	struct rules *rules = mem_new(sizeof(*rules) + n * sizeof(struct matcher *));
	int r;

	if (!rules)
		return -ENOMEM;
	rules->plan = alert_plan_ref(plan);
	rules->outs = outset_ref(outs);
	rules->n = n;
	r = fill_rules(p, rules);
	if (r < 0) {
		(void)rules_free(rules);
		return r;
	}
	(void)rules_free(atomic_exchange_explicit(&p->offered, rules, memory_order_acq_rel));
	return 0;
}

static int make_parsers(struct pipeline *p)
{
	const struct pipeline_setup *s = &p->setup;

	p->parsers = mem_new(s->n_sources * sizeof(struct parser *));
	for (uint32_t i = 0; p->parsers && i < s->n_sources; i++) {
		p->parsers[i] = parser_new(s->started, s->n_started, s->sources[i]);
		if (!p->parsers[i])
			return -ENOMEM;
	}
	return p->parsers ? 0 : -ENOMEM;
}

int pipeline_new(const struct pipeline_setup *setup, struct pipeline **ret)
{
	struct pipeline *p = mem_new(sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->setup = *setup;
	p->fetcher = fetcher_new(setup->instances, setup->n_instances);
	p->writer = alert_writer_new(setup->pool);
	if (setup->finished)
		p->ledger = ledger_new(LEDGER_LINES, setup->finished, setup->finished_ctx);
	if (!p->fetcher || make_parsers(p) < 0 || !p->writer || (setup->finished && !p->ledger)) {
		(void)pipeline_free(p);
		return -ENOMEM;
	}
	p->fetch = fetcher_fetch(p->fetcher);
	*ret = p;
	return 0;
}

struct pipeline *pipeline_free(struct pipeline *p)
{
	if (!p)
		return NULL;
	(void)rules_free(atomic_exchange(&p->offered, NULL));
	(void)rules_free(p->next);
	(void)rules_free(p->rules);
	(void)alert_writer_free(p->writer);
	(void)ledger_free(p->ledger);
	for (uint32_t i = 0; p->parsers && i < p->setup.n_sources; i++)
		(void)parser_free(p->parsers[i]);
	(void)mem_free(p->parsers);
	(void)fetcher_free(p->fetcher);
	return mem_free(p);
}

void pipeline_judged(struct pipeline *p, uint64_t num)
{
	if (!p->ledger)
		return;
	ledger_judged(p->ledger, num);
	ledger_try_settle(p->ledger);
}

void pipeline_settle(struct pipeline *p)
{
	if (p->ledger)
		ledger_settle(p->ledger);
}

void pipeline_hurry(struct pipeline *p)
{
	atomic_store_explicit(&p->hurries, true, memory_order_relaxed);
}

void pipeline_count(const struct pipeline *p, struct pipeline_counters *ret)
{
	*ret = (struct pipeline_counters){.n_alerts = atomic_load(&p->n_alerts),
					  .n_unsent = atomic_load(&p->n_unsent)};
	fetcher_count(p->fetcher, &ret->fetch);
}

const struct matcher *pipeline_matcher(const struct pipeline *p, uint32_t i)
{
	return p->rules && i < p->rules->n ? p->rules->matchers[i] : NULL;
}

uint64_t pipeline_alerts(const struct pipeline *p)
{
	return atomic_load_explicit(&p->n_alerts, memory_order_relaxed);
}
