/*
 * The way of an event: every one is judged once, across any change of rules, and none costs memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "host/source.h"
#include "pipeline.h"
#include "route/outset.h"
#include "run/setup.h"
#include "util/mem.h"

/* A ticker and the plugin that knows its fields, as a source thread has them. */
struct bench {
	struct options opts;
	struct setup setup;
	struct services services;
	struct instance *instances[PLUGSET_MAX];
	struct source *source;
	struct alert_options alert_options;
	struct tally tally;
	struct alert_pool *pool;
	struct pipeline *pipeline;
};

static void bench_rules(struct bench *b, const char *text)
{
	struct rules_options ro;
	struct rules_loader *l;
	struct ruleset *rs;
	struct alert_plan *plan;
	struct err err = ERR_NULL;

	assert_int_equal(setup_rules_options(&b->setup, &b->setup.config, &ro, &err), 0);
	assert_int_equal(rules_loader_new(&ro, &l), 0);
	assert_int_equal(rules_loader_add_text(l, "r.yaml", str_from(text)), 0);
	assert_int_equal(rules_loader_compile(l, &rs), 0);
	assert_true(rules_loader_ok(l));
	(void)rules_loader_free(l);
	const struct route_table routes = {.all = 1};
	const struct suppress_policies policies = {0};
	const struct alert_setup setup = {.rs = rs,
					  .opts = &b->alert_options,
					  .tally = &b->tally,
					  .routes = &routes,
					  .policies = &policies};

	assert_int_equal(alert_plan_new(&setup, &plan, &err), 0);
	(void)ruleset_unref(rs);
	struct outset *outs = outset_new(NULL, 0);

	assert_int_equal(pipeline_offer(b->pipeline, plan, outs), 0);
	(void)outset_unref(outs);
	(void)alert_plan_unref(plan);
}

static void bench_init(struct bench *b, const char *params, const char *rules)
{
	struct source_setup ss = {.params = params, .name = "ticker"};
	static const struct str sources[] = {{"ticker", 6}};
	struct pipeline_setup ps = {.sources = sources,
				    .n_sources = 1,
				    .instances = b->instances,
				    .started = b->instances};
	struct err err = ERR_NULL;

	memset(b, 0, sizeof(*b));
	b->opts.settings.items[b->opts.settings.n++] = "registry.file=" BINARY_DIR "/registry.yaml";
	b->opts.sources.items[b->opts.sources.n++] = "ticker:1";
	b->alert_options = (struct alert_options){.hostname = "h", .json_output_fields = true};
	assert_int_equal(setup_init(&b->setup, &b->opts, &err), 0);
	if (setup_plugins(&b->setup, SETUP_RUN, &err) < 0)
		fail_msg("%s", err.text);
	b->services.log = &b->setup.log;
	for (uint32_t i = 0; i < b->setup.plugs.n; i++) {
		struct plug *p = &b->setup.plugs.plugs[i];

		assert_int_equal(instance_new(p->module, p->init_config, &b->services,
					      &b->instances[i], &err),
				 0);
		if (p == b->setup.openings[0].plug)
			assert_int_equal(source_open(b->instances[i], &ss, &b->source, &err), 0);
	}
	b->services.instances = b->instances;
	b->services.n_instances = b->setup.plugs.n;
	tally_init(&b->tally);
	b->pool = alert_pool_new();
	ps.n_instances = ps.n_started = b->setup.plugs.n;
	ps.pool = b->pool;
	assert_int_equal(pipeline_new(&ps, &b->pipeline), 0);
	bench_rules(b, rules);
	(void)pipeline_take(b->pipeline);
	pipeline_swap(b->pipeline);
}

static void bench_deinit(struct bench *b)
{
	b->pipeline = pipeline_free(b->pipeline);
	b->pool = alert_pool_free(b->pool);
	tally_deinit(&b->tally);
	b->source = source_close(b->source);
	for (uint32_t i = b->setup.plugs.n; i-- > 0;)
		b->instances[i] = instance_free(b->instances[i]);
	setup_deinit(&b->setup);
}

/* Up to @n more events, in whole batches; how many there were. */
static uint64_t bench_run(struct bench *b, uint64_t n)
{
	struct err err = ERR_NULL;
	struct event evt;
	uint64_t seen = 0;

	while (seen < n) {
		int r = source_pull(b->source, &err);

		assert_true(r >= 0);
		while (source_next(b->source, &evt)) {
			pipeline_event(b->pipeline, &evt);
			seen++;
		}
		if (r == SOURCE_E_EOF)
			break;
		(void)pipeline_take(b->pipeline);
		pipeline_swap(b->pipeline);
	}
	return seen;
}

static const char *const rulesets[] = {
	"- {rule: a, desc: d, condition: tick.value > 0, output: '%tick.value', priority: INFO, "
	"source: ticker}\n",
	"- {rule: b, desc: d, condition: 'tick.divisible[1] = true', output: 'v', priority: INFO, "
	"source: ticker}\n"
	"- {rule: c, desc: d, condition: tick.value > 0, output: 'v', priority: INFO, "
	"source: ticker}\n",
};

static void test_events_and_alerts_cost_no_memory_once_warm(void **state)
{
	static struct bench b;
	unsigned long before;

	(void)state;
	bench_init(&b, "200000", rulesets[0]);
	assert_true(bench_run(&b, 20000) >= 20000);
	before = mem_count();
	assert_true(bench_run(&b, 100000) >= 100000);
	assert_in_range(mem_count() - before, 0, 0);
	bench_deinit(&b);
}

static void test_no_event_is_missed_or_judged_twice_when_rules_change(void **state)
{
	static struct bench b;
	struct pipeline_counters c;
	uint64_t seen = 0, n;

	(void)state;
	bench_init(&b, "50000", rulesets[0]);
	for (int i = 1; (n = bench_run(&b, 500)); i++) {
		seen += n;
		bench_rules(&b, rulesets[i % 2]);
		if (i % 3 == 0)
			bench_rules(&b, rulesets[i % 2]); /* one that is never taken up */
	}
	pipeline_count(b.pipeline, &c);
	assert_int_equal(seen, 50000);
	assert_int_equal(c.n_alerts, 50000);
	assert_int_equal(c.n_unsent, 0);
	assert_true(strmap_find(&b.tally.rows, STR("a")) && strmap_find(&b.tally.rows, STR("b")));
	bench_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_and_alerts_cost_no_memory_once_warm),
		cmocka_unit_test(test_no_event_is_missed_or_judged_twice_when_rules_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
