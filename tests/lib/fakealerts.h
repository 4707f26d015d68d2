/*
 * fakealerts: rules over two made-up fields, an event, and the alerts they give; for tests of what
 * comes behind a match.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "event/fetch.h"
#include "filter/eval.h"
#include "route/alert.h"
#include "ruleset/loader.h"

struct fakealerts {
	struct fieldset *fields;
	struct ruleset *rs;
	struct tally tally;
	struct alert_options opts;
	const struct route_table *routes; /* NULL: one output that gets everything */
	struct suppress_policies policies;
	struct suppress *suppress;
	const char *const *templates;
	uint32_t n_templates, form;
	struct err err;
	struct alert_plan *plan;
	struct alert_pool *pool;
	struct alert_writer *writer;
	struct eval *eval;
	struct fetch fetch;
	ss_plugin_event raw;
	struct event evt;
	const char *text; /* of the field x.text; NULL: absent */
	uint64_t number;  /* of x.number */
};

static void fake_get(void *ctx, const struct event *evt, const struct field_use *const *uses,
		     uint32_t n, struct values *ret)
{
	struct fakealerts *f = ctx;
	static union value v[2];

	(void)evt;
	for (uint32_t i = 0; i < n; i++) {
		if (uses[i]->field->id == 0) {
			v[0].bytes = str_from(f->text);
			ret[i] = (struct values){.is_set = f->text != NULL, .n = 1, .v = &v[0]};
		} else {
			v[1].u64 = f->number;
			ret[i] = (struct values){.is_set = true, .n = 1, .v = &v[1]};
		}
	}
}

static void fakealerts_fields(struct fakealerts *f)
{
	const struct field *other;
	const struct field rows[] = {
		{.name = STR("x.text"), .type = FT_CHARBUF, .id = 0},
		{.name = STR("x.number"), .type = FT_UINT64, .id = 1},
	};

	f->fields = fieldset_new();
	assert_non_null(f->fields);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(fieldset_add(f->fields, &rows[i], &other), 0);
}

static int fakealerts_plan(struct fakealerts *f)
{
	static const struct route_table all = {.all = 1};
	const struct alert_setup setup = {
		.rs = f->rs,
		.opts = &f->opts,
		.tally = &f->tally,
		.suppress = f->suppress,
		.routes = f->routes ? f->routes : &all,
		.policies = &f->policies,
		.templates = f->templates,
		.n_templates = f->n_templates,
	};

	return alert_plan_new(&setup, &f->plan, &f->err);
}

static void fakealerts_init(struct fakealerts *f, const char *rules, struct alert_options opts)
{
	struct rules_source source = {.name = "fake"};
	struct rules_options ro = {.sources = &source, .n_sources = 1, .min_priority = RULE_DEBUG};
	struct rules_loader *l;

	*f = (struct fakealerts){.text = "hello", .number = 42, .opts = opts};
	fakealerts_fields(f);
	source.fields = f->fields;
	assert_int_equal(rules_loader_new(&ro, &l), 0);
	assert_int_equal(rules_loader_add_text(l, "r.yaml", str_from(rules)), 0);
	assert_int_equal(rules_loader_compile(l, &f->rs), 0);
	assert_true(rules_loader_ok(l));
	(void)rules_loader_free(l);
	tally_init(&f->tally);
	assert_int_equal(fakealerts_plan(f), 0);
	f->pool = alert_pool_new();
	f->writer = alert_writer_new(f->pool);
	f->eval = eval_new();
	assert_true(f->pool && f->writer && f->eval);
	f->fetch = (struct fetch){.get = fake_get, .ctx = f};
	f->raw = (ss_plugin_event){.ts = 1700000000123456789, .len = sizeof(f->raw), .type = 322};
	f->evt = (struct event){.raw = &f->raw, .num = 1, .ts = f->raw.ts, .source = "fake"};
}

/* The event at hand as a match of rule number @rule. */
static inline struct alert_subject fakealerts_subject(const struct fakealerts *f, uint32_t rule)
{
	return (struct alert_subject){
		.rule = f->rs->rules[rule], .evt = &f->evt, .fetch = &f->fetch, .eval = f->eval};
}

static inline struct alert *fakealerts_make(struct fakealerts *f, uint32_t rule)
{
	const struct alert_subject s = fakealerts_subject(f, rule);
	struct alert *a = NULL;

	assert_int_equal(alert_render(f->writer, f->plan, &s, f->form, &a), 0);
	return a;
}

static void fakealerts_deinit(struct fakealerts *f)
{
	(void)eval_free(f->eval);
	(void)alert_writer_free(f->writer);
	(void)alert_plan_unref(f->plan);
	(void)alert_pool_free(f->pool);
	(void)ruleset_unref(f->rs);
	tally_deinit(&f->tally);
	(void)fieldset_unref(f->fields);
}
