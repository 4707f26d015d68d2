/*
 * cmd_test: the tests beside rules files. Each event goes to the extractors and the rules as one of
 * its source would; no source is opened and no output written. Where the file names a reader, that
 * source plugin reads the events instead.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "command/capturetest.h"
#include "command/cmd.h"
#include "command/folder.h"
#include "host/fetcher.h"
#include "ruleset/match.h"
#include "ruleset/report.h"
#include "ruleset/ruletest.h"
#include "run/crew.h"
#include "util/mem.h"

struct totals {
	uint32_t n_rules, n_unfired, n_unmissed; /* rules; without a firing, a silent event */
	uint32_t n_events, n_failed;
};

struct bench {
	struct setup *setup;
	struct totals totals;
	struct buf junit, report;
	struct err *err;
};

/* What one test file is run with. */
struct stand {
	struct bench *bench;
	const struct ruletests *tests;
	struct ruleset *rules;
	struct matcher *matcher;
	struct crew crew;
	struct fetcher *fetcher;
	struct buf event;
	uint32_t plugin_id;
	uint64_t n_events;
};

/* The rules file that a test file is about: "x.test.yaml" tests "x.yaml". */
static int rules_path(const char *test, struct buf *out, struct err *err)
{
	if (!rules_is_test_name(test)) {
		err_set(err, 0, 0, "test: '%s': the name of a test file ends in '%s'", test,
			RULES_TEST_SUFFIX);
		return -EINVAL;
	}
	buf_printf(out, "%.*s.yaml", (int)(strlen(test) - strlen(RULES_TEST_SUFFIX)), test);
	return out->failed ? -ENOMEM : 0;
}

/* All rules of the file, those that are disabled too, each for itself. */
static int load_rules(struct stand *st, const char *path, struct err *err)
{
	static const struct rules_selection all = {.enable = true, .rule = "*"};
	struct setup *s = st->bench->setup;
	struct rules_options opts;
	struct rules_loader *l = NULL;
	int r = setup_rules_options(s, &s->config, &opts, err);

	opts.selections = &all;
	opts.n_selections = 1;
	opts.match_all = true;
	opts.min_priority = RULE_DEBUG;
	if (r == 0)
		r = rules_loader_new(&opts, &l);
	for (uint32_t i = 0; i < s->opts->rules.n && r == 0; i++)
		r = rules_loader_add_path(l, s->opts->rules.items[i], err);
	if (r == 0)
		r = rules_loader_add_file(l, path);
	if (r == 0)
		r = rules_loader_compile(l, &st->rules);
	if (r == 0 && !rules_loader_ok(l)) {
		for (uint32_t i = 0; i < rules_loader_n_results(l); i++)
			rules_result_text(&st->bench->report, rules_loader_result(l, i), true);
		err_set(err, 0, 0, "test: '%s' has errors", path);
		r = -EINVAL;
	}
	(void)rules_loader_free(l);
	return r;
}

/* The ID that events of @source carry: that of the plugin that makes them. */
static uint32_t source_id(struct setup *s, struct str source)
{
	for (uint32_t i = 0; i < s->plugs.n; i++)
		if (s->plugs.plugs[i].module && plug_is_source(&s->plugs.plugs[i]) &&
		    str_eq(plug_source(&s->plugs.plugs[i]), source))
			return s->plugs.plugs[i].module->id;
	return 0;
}

static void put_u32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof v);
}

/* A plugin event as its source would give it. */
static void make_event(struct stand *st, struct str json)
{
	ss_plugin_event head = {
		.ts = (uint64_t)time(NULL) * 1000000000,
		.tid = UINT64_MAX,
		.len = (uint32_t)(sizeof head + 12 + json.len),
		.type = GYR_EVENT_PLUGIN,
		.nparams = 2,
	};

	buf_reset(&st->event);
	buf_add(&st->event, &head, sizeof head);
	put_u32(&st->event, 4);
	put_u32(&st->event, (uint32_t)json.len);
	put_u32(&st->event, st->plugin_id);
	buf_add_str(&st->event, json);
}

static int matches_recorded(struct stand *st, const struct ruletest_event *e,
			    const struct rule *rule, const char *path, bool *ret)
{
	const struct capture_ask ask = {
		.source = st->tests->source,
		.plugin = st->tests->reader.p,
		.path = path,
		.event = e->number,
		.rules = st->rules,
		.rule = rule,
	};

	return capture_matches(st->bench->setup, &ask, ret, st->bench->err);
}

/* A described event, given to the reader as a file of one line. */
static int matches_described(struct stand *st, const struct ruletest_event *e,
			     const struct rule *rule, bool *ret)
{
	int fd = memfd_create("event", MFD_CLOEXEC), r;
	char path[32];

	if (fd < 0)
		return -errno;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	r = write(fd, e->json.p, e->json.len) == (ssize_t)e->json.len ? 0 : -EIO;
	if (r == 0)
		r = matches_recorded(st, e, rule, path, ret);
	if (r < 0)
		err_context(st->bench->err, "%.*s:%u:%u", STR_FMT(st->tests->file), e->at.line + 1,
			    e->at.column + 1);
	(void)close(fd);
	return r;
}

static bool matches(struct stand *st, const struct ruletest_event *e, const struct rule *rule)
{
	struct fetch fetch = fetcher_fetch(st->fetcher);
	const struct rule *const *got;
	struct event evt;
	uint32_t n;

	make_event(st, e->json);
	evt = (struct event){.raw = (const ss_plugin_event *)(const void *)st->event.p,
			     .num = ++st->n_events,
			     .ts = (uint64_t)time(NULL) * 1000000000,
			     .type = GYR_EVENT_PLUGIN,
			     .source = st->tests->source.p};
	fetcher_begin(st->fetcher);
	n = matcher_run(st->matcher, &evt, &fetch, &got);
	for (uint32_t i = 0; i < n; i++)
		if (got[i] == rule)
			return true;
	return false;
}

static void junit_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char *at = strchr("<>&\"", s.p[i]);

		if (s.p[i] && at)
			buf_printf(b, "&#%d;", s.p[i]);
		else if ((unsigned char)s.p[i] >= 0x20)
			buf_add_char(b, s.p[i]);
	}
}

static void report(struct stand *st, const struct ruletest *t, const struct ruletest_event *e,
		   bool ok)
{
	struct bench *b = st->bench;

	b->totals.n_events++;
	buf_add_cstr(&b->junit, "  <testcase classname=\"");
	junit_text(&b->junit, st->tests->file);
	buf_add_cstr(&b->junit, "\" name=\"");
	junit_text(&b->junit, t->rule);
	buf_printf(&b->junit, " %s, line %u\"", e->fires ? "fires" : "is silent", e->at.line + 1);
	buf_add_cstr(&b->junit, ok ? "/>\n" : "><failure/></testcase>\n");
	if (ok)
		return;
	b->totals.n_failed++;
	buf_printf(&b->report, "%.*s:%u:%u: rule '%.*s' %s\n", STR_FMT(st->tests->file),
		   e->at.line + 1, e->at.column + 1, STR_FMT(t->rule),
		   e->fires ? "does not fire" : "fires and should be silent");
}

static int run_test(struct stand *st, const struct ruletest *t, struct err *err)
{
	const struct rule *rule = ruleset_rule_find(st->rules, t->rule);

	if (!rule) {
		err_set(err, 0, 0, "%.*s:%u:%u: there is no rule '%.*s'", STR_FMT(st->tests->file),
			t->at.line + 1, t->at.column + 1, STR_FMT(t->rule));
		return -EINVAL;
	}
	for (uint32_t i = 0; i < t->n_events; i++) {
		const struct ruletest_event *e = &t->events[i];
		bool matched = false;
		int r = 0;

		if (e->capture.len)
			r = matches_recorded(st, e, rule, e->capture.p, &matched);
		else if (st->tests->reader.len)
			r = matches_described(st, e, rule, &matched);
		else
			matched = matches(st, e, rule);
		if (r < 0)
			return r;
		report(st, t, e, matched == e->fires);
	}
	return 0;
}

/* Which rules no event of the file makes fire, or nearly. */
static void cover(struct stand *st, const char *path)
{
	struct totals *sum = &st->bench->totals;

	for (uint32_t i = 0; i < st->rules->n_rules; i++) {
		const struct rule *rule = st->rules->rules[i];
		uint32_t fires = 0, silent = 0;

		if (!str_is(rule->file, path))
			continue;
		for (uint32_t k = 0; k < st->tests->n; k++) {
			const struct ruletest *t = &st->tests->items[k];

			if (!str_eq(t->rule, rule->name))
				continue;
			fires += t->n_firing;
			silent += t->n_events - t->n_firing;
		}
		sum->n_rules++;
		sum->n_unfired += fires == 0;
		sum->n_unmissed += silent == 0;
		if (fires == 0 || silent == 0)
			buf_printf(&st->bench->report, "%s:%u: rule '%.*s' has no %s event\n", path,
				   rule->at.line + 1, STR_FMT(rule->name),
				   fires ? "near-miss" : "firing");
	}
}

static int stand_up(struct stand *st, const char *rules, struct err *err)
{
	struct setup *s = st->bench->setup;
	int r = load_rules(st, rules, err);

	if (r == 0)
		r = crew_init(&st->crew, &s->plugs,
			      &(struct crew_task){.sources = &st->tests->source, .n_sources = 1},
			      &s->log, err);
	if (r == 0) {
		st->plugin_id = source_id(s, st->tests->source);
		st->fetcher = fetcher_new(st->crew.instances, st->crew.n);
		r = st->fetcher ? matcher_new(st->rules, st->tests->source, &st->matcher) : -ENOMEM;
	}
	if (r == -ENOENT)
		err_set(err, 0, 0, "test: '%.*s': no plugin has events of source '%.*s'",
			STR_FMT(st->tests->file), STR_FMT(st->tests->source));
	return r == -ENOENT ? -EINVAL : r;
}

static int run_file(void *ctx, const char *path)
{
	struct bench *b = ctx;
	struct stand *st = mem_new(sizeof *st);
	struct ruletests *tests = NULL;
	struct buf rules;
	int r = st ? ruletests_load(path, &tests, b->err) : -ENOMEM;

	buf_init(&rules, 8192);
	if (r == 0)
		r = rules_path(path, &rules, b->err);
	if (r == 0) {
		st->bench = b;
		st->tests = tests;
		buf_init(&st->event, 64 << 20);
		r = stand_up(st, rules.p, b->err);
	}
	for (uint32_t i = 0; r == 0 && i < tests->n; i++)
		r = run_test(st, &tests->items[i], b->err);
	if (r == 0)
		cover(st, rules.p);
	if (st) {
		(void)matcher_free(st->matcher);
		(void)fetcher_free(st->fetcher);
		crew_deinit(&st->crew);
		(void)ruleset_unref(st->rules);
		buf_deinit(&st->event);
	}
	mem_free(st);
	ruletests_free(tests);
	buf_deinit(&rules);
	return r;
}

static int write_junit(const struct bench *b, const char *path, struct err *err)
{
	FILE *f = fopen(path, "we");
	bool ok = f != NULL;

	if (ok)
		ok = fprintf(f,
			     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			     "<testsuite name=\"rules\" tests=\"%u\" failures=\"%u\">\n%s"
			     "</testsuite>\n",
			     b->totals.n_events, b->totals.n_failed,
			     b->junit.p ? b->junit.p : "") > 0;
	if (f && fclose(f))
		ok = false;
	if (!ok)
		err_set(err, 0, 0, "test: '%s': %s", path, strerror(errno));
	return ok ? 0 : -EIO;
}

int cmd_test(struct setup *s, struct err *err)
{
	const struct options_list *args = &s->opts->args;
	struct bench b = {.setup = s, .err = err};
	const struct folder_walk w = {.wants = rules_is_test_name, .file = run_file, .ctx = &b};
	const struct totals *t = &b.totals;
	int r = args->n ? setup_plugins(s, SETUP_ALL, err) : -EINVAL;

	buf_init(&b.junit, 256 << 20);
	buf_init(&b.report, 256 << 20);
	if (args->n == 0) {
		err_set(err, 0, 0, "test: which files?");
		err_hint(err, "gyr test [--junit FILE] PATH ...");
	}
	for (uint32_t i = 0; i < args->n && r == 0; i++)
		r = folder_each(args->items[i], &w, err);
	if (b.report.len)
		(void)fwrite(b.report.p, 1, b.report.len, stdout);
	if (r == 0) {
		(void)printf("%u rules, %u without a firing event, %u without a near-miss\n"
			     "%u passed, %u failed\n",
			     t->n_rules, t->n_unfired, t->n_unmissed, t->n_events - t->n_failed,
			     t->n_failed);
		if (s->opts->junit)
			r = write_junit(&b, s->opts->junit, err);
	}
	buf_deinit(&b.junit);
	buf_deinit(&b.report);
	return r < 0 ? r : t->n_failed > 0;
}
