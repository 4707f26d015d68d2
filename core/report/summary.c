/*
 * summary: counts for people.
 */
#include "report/summary.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "util/mem.h"

void summary_begin(const struct engine *e)
{
	(void)fprintf(stderr, "%u rules on", alert_plan_ruleset(e->plan)->n_enabled);
	for (uint32_t i = 0; i < e->n_lanes; i++)
		(void)fprintf(stderr, " %s", lane_label(e->lanes[i]));
	(void)fprintf(stderr, " (Ctrl-C ends it)\n");
}

void summary_progress(const struct engine *e)
{
	uint64_t events = 0, alerts = 0, progress = 0;
	uint32_t known = 0;

	for (uint32_t i = 0; i < e->n_lanes; i++) {
		struct feed_view v;

		lane_look(e->lanes[i], &v);
		events += v.n_events;
		alerts += lane_alerts(e->lanes[i]);
		progress += v.is_ended ? 10000 : v.progress;
		known += v.has_progress || v.is_ended;
	}
	if (known == e->n_lanes && known)
		(void)fprintf(stderr, "%3" PRIu64 ".%02" PRIu64 " %%  ", progress / known / 100,
			      progress / known % 100);
	(void)fprintf(stderr, "%" PRIu64 " events, %" PRIu64 " alerts\033[K\r", events, alerts);
}

struct metric_ctx {
	uint32_t n;
};

static void print_metric(void *ctx, const struct instance_metric *m)
{
	struct metric_ctx *c = ctx;

	if (m->is_double ? m->dbl == 0 : m->u64 == 0)
		return;
	c->n++;
	if (m->is_double)
		(void)fprintf(stderr, "    %s: %g\n", m->name, m->dbl);
	else if (m->is_signed)
		(void)fprintf(stderr, "    %s: %" PRId64 "\n", m->name, m->i64);
	else
		(void)fprintf(stderr, "    %s: %" PRIu64 "\n", m->name, m->u64);
}

static void print_count(const char *what, uint64_t n)
{
	if (n)
		(void)fprintf(stderr, "    %s: %" PRIu64 "\n", what, n);
}

static void print_lane(const struct lane *l)
{
	struct pipeline_counters p;
	struct source_counters s;
	struct metric_ctx c = {0};

	lane_count(l, &p, &s);
	(void)fprintf(stderr, "  %s: %" PRIu64 " events, %" PRIu64 " bytes, %" PRIu64 " alerts\n",
		      lane_label(l), s.n_events, s.n_bytes, p.n_alerts);
	print_count("skipped, larger than the limit", s.n_too_large);
	print_count("skipped, malformed", s.n_malformed);
	print_count("of plugins that are not here", s.n_strange);
	print_count("alerts too large to send", p.n_unsent);
	print_count("failed extractions", p.fetch.n_failed);
	print_count("malformed field values", p.fetch.n_malformed);
	print_count("field values too large", p.fetch.n_too_large);
	lane_metrics(l, print_metric, &c);
}

static void print_spool(const struct spool_counters *c)
{
	print_count("written to the spool", c->n_written);
	print_count("delivered from the spool", c->n_acked);
	print_count("still in the spool", c->n_records);
	print_count("dropped from the spool, no room", c->n_dropped);
	print_count("writes to the spool without room", c->n_full);
	print_count("writes to the spool with a full disk", c->n_disk_full);
	print_count("failed writes to the spool", c->n_failed);
	print_count("damaged places in the spool", c->n_damaged);
	print_count("alerts missing in the spool", c->n_missing);
}

static void print_output(const char *name, const char *what, const struct output_counters *c)
{
	(void)fprintf(stderr, "  output %s%s: %" PRIu64 " delivered\n", name, what, c->n_accepted);
	print_count("refused", c->n_refused);
	print_count("given up after too many tries", c->n_exhausted);
	print_count("in the dead letter file", c->n_dead);
	print_count("without room in the dead letter file", c->n_dead_failed);
	print_count("dropped, queue full", c->n_dropped);
	print_count("offered again", c->n_retries);
	print_count("circuit opened", c->n_opened);
	print_count("batches that took too long", c->n_stuck);
	print_count("lost at the end", c->n_lost);
	print_spool(&c->spool);
}

static void print_outputs(const struct engine *e)
{
	uint32_t n;
	struct output *const *list = outputs_list(e->outputs, &n);
	struct output_counters c;
	const char *name;

	for (uint32_t i = 0; i < n; i++) {
		output_count(list[i], &c);
		print_output(output_name(list[i]), "", &c);
	}
	for (uint32_t i = 0; outputs_past(e->outputs, i, &name, &c); i++)
		print_output(name, " (no longer asked for)", &c);
}

static uint64_t count_priority(const struct engine *e, uint32_t priority)
{
	uint64_t n = 0;

	for (const struct tally_row *r = e->tally.first; r; r = r->next)
		if (r->priority == priority)
			n += atomic_load(&r->n_alerts);
	return n;
}

static int more_alerts_first(const void *a, const void *b)
{
	const struct tally_row *x = *(const struct tally_row *const *)a;
	const struct tally_row *y = *(const struct tally_row *const *)b;
	uint64_t nx = atomic_load(&x->n_alerts), ny = atomic_load(&y->n_alerts);
	size_t len = x->rule.len < y->rule.len ? x->rule.len : y->rule.len;

	if (nx != ny)
		return nx < ny ? 1 : -1;
	return memcmp(x->rule.p, y->rule.p, len);
}

/* Calls @each for the rules that raised alerts, most first. */
static void each_rule(const struct engine *e, void (*each)(const struct tally_row *r))
{
	const struct tally_row **rows;
	uint32_t n = 0;

	for (const struct tally_row *r = e->tally.first; r; r = r->next)
		n += atomic_load(&r->n_alerts) > 0;
	if (n == 0)
		return;
	rows = mem_new(n * sizeof(struct tally_row *));
	if (!rows)
		return;
	n = 0;
	for (const struct tally_row *r = e->tally.first; r; r = r->next)
		if (atomic_load(&r->n_alerts))
			rows[n++] = r;
	qsort(rows, n, sizeof(struct tally_row *), more_alerts_first);
	for (uint32_t i = 0; i < n; i++)
		each(rows[i]);
	(void)mem_free(rows);
}

static void print_rule(const struct tally_row *r)
{
	uint64_t n = atomic_load(&r->n_alerts);

	(void)fprintf(stderr, "  %6" PRIu64 "  %-13s  %.*s\n", n,
		      rule_priority_name((enum rule_priority)r->priority), STR_FMT(r->rule));
	print_count("suppressed", atomic_load(&r->n_suppressed));
	print_count("not sent, by their routes", atomic_load(&r->n_unrouted));
}

static void print_falco_rule(const struct tally_row *r)
{
	uint64_t n = atomic_load(&r->n_alerts);

	(void)printf("   %.*s: %" PRIu64 "\n", STR_FMT(r->rule), n);
}

static uint64_t count_alerts(const struct engine *e)
{
	uint64_t n = 0;

	for (uint32_t p = 0; p < 8; p++)
		n += count_priority(e, p);
	return n;
}

static void print_falco_drops(const struct engine *e)
{
	for (uint32_t i = 0; i < e->n_lanes; i++) {
		uint64_t detected, actions;

		if (!lane_drops(e->lanes[i], &detected, &actions))
			continue;
		(void)fprintf(stderr,
			      "Syscall event drop monitoring:\n"
			      "   - event drop detected: %" PRIu64 " occurrences\n"
			      "   - num times actions taken: %" PRIu64 "\n",
			      detected, actions);
	}
}

static void print_falco_lines(const struct engine *e)
{
	(void)printf("Events detected: %" PRIu64 "\nRule counts by severity:\n", count_alerts(e));
	for (uint32_t p = 0; p < 8; p++) {
		uint64_t n = count_priority(e, p);

		if (!n)
			continue;
		(void)printf("   ");
		for (const char *c = rule_priority_name((enum rule_priority)p); *c; c++)
			(void)putchar(toupper((unsigned char)*c));
		(void)printf(": %" PRIu64 "\n", n);
	}
	print_falco_drops(e);
	(void)printf("Triggered rules by rule name:\n");
	each_rule(e, print_falco_rule);
	(void)fflush(stdout);
}

void summary_print(const struct engine *e)
{
	uint64_t events = 0;

	for (uint32_t i = 0; i < e->n_lanes; i++) {
		struct pipeline_counters p;
		struct source_counters s;

		lane_count(e->lanes[i], &p, &s);
		events += s.n_events;
	}
	(void)fprintf(stderr, "%s%" PRIu64 " events in %.2f s, %" PRIu64 " alerts\n",
		      e->has_progress_line ? "\033[K" : "", events,
		      (double)(e->end_ns - e->start_ns) / 1e9, count_alerts(e));
	for (uint32_t i = 0; i < e->n_lanes; i++)
		print_lane(e->lanes[i]);
	print_outputs(e);
	if (count_alerts(e)) {
		(void)fprintf(stderr, "alerts by priority:\n");
		for (uint32_t p = 0; p < 8; p++)
			if (count_priority(e, p))
				(void)fprintf(stderr, "  %6" PRIu64 "  %s\n", count_priority(e, p),
					      rule_priority_name((enum rule_priority)p));
		(void)fprintf(stderr, "alerts by rule:\n");
		each_rule(e, print_rule);
	}
	if (e->setup->opts->config)
		print_falco_lines(e);
}
