/*
 * cmd_explain: how the rules are looked up, all of them or one.
 */
#include <errno.h>
#include <stdio.h>

#include "command/cmd.h"
#include "engine.h"
#include "plan/plan.h"
#include "ruleset/match.h"
#include "ruleset/report.h"

static const char *rule_name(void *ctx, uint32_t n)
{
	const struct ruleset_source *source = ctx;

	return source->rules[n]->name.p;
}

static void explain_rule(struct buf *b, const struct rules_loader *l, const struct matcher *m,
			 const struct rule *rule)
{
	const struct ruleset_source *source = matcher_source(m);

	buf_printf(b, "rule: %.*s\nsource: %.*s\ncondition: ", STR_FMT(rule->name),
		   STR_FMT(source->name));
	rules_condition_print(b, l, rule);
	buf_add_char(b, '\n');
	if (!rule->enabled)
		buf_add_cstr(b, "the rule is disabled and never looked at\n");
	for (uint32_t i = 0; i < source->n_rules; i++)
		if (source->rules[i] == rule)
			plan_explain_rule(b, matcher_plan(m), i);
}

static int explain_source(const struct engine_rules *rules, const struct ruleset_source *source,
			  const struct rule *rule, struct buf *b)
{
	struct matcher *m;
	int r = matcher_new(rules->set, source->name, &m);

	if (r < 0)
		return r;
	if (rule) {
		explain_rule(b, rules->loader, m, rule);
	} else {
		buf_printf(b, "source: %.*s\n", STR_FMT(source->name));
		plan_explain(b, matcher_plan(m), rule_name, (void *)(uintptr_t)source);
	}
	matcher_free(m);
	return 0;
}

static int explain(const struct engine_rules *rules, const char *name, struct buf *b,
		   struct err *err)
{
	const struct ruleset *rs = rules->set;
	const struct rule *rule = name ? ruleset_rule_find(rs, str_from(name)) : NULL;
	int r = 0;

	if (name && !rule) {
		err_set(err, 0, 0, "explain: there is no rule '%s'", name);
		err_hint(err, "-L lists them");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < rs->n_sources && r == 0; i++) {
		const struct ruleset_source *source = &rs->sources[i];

		if (rule ? rule->source == i : source->n_rules > 0)
			r = explain_source(rules, source, rule, b);
	}
	return r;
}

int cmd_explain(struct setup *s, struct err *err)
{
	const struct options_list *args = &s->opts->args;
	struct engine_rules rules;
	struct buf b;
	int r;

	if (args->n > 1) {
		err_set(err, 0, 0, "explain: one rule at a time; quote a name of several words");
		return -EINVAL;
	}
	r = setup_plugins(s, SETUP_ALL, err);
	if (r == 0)
		r = engine_load_rules(s, &s->config, NULL, &rules, err);
	if (r < 0)
		return r;
	buf_init(&b, 256 << 20);
	r = explain(&rules, args->n ? args->items[0] : NULL, &b, err);
	if (r == 0)
		(void)fwrite(b.p ? b.p : "", 1, b.len, stdout);
	buf_deinit(&b);
	engine_rules_deinit(&rules);
	return r;
}
