/*
 * cmd_rules: -V checks rules files, -L and -l describe what they hold.
 */
#include <errno.h>
#include <stdio.h>

#include "command/cmd.h"
#include "engine.h"
#include "ruleset/report.h"

static bool wants_json(const struct setup *s)
{
	return config_bool(&s->config, "json_output");
}

/* False when the rule asked for is not there. */
static bool describe(const struct setup *s, struct buf *b, const struct rules_loader *l,
		     const struct ruleset *rs)
{
	const char *name = s->opts->describe_rule;

	return wants_json(s) ? rules_describe_json(b, l, rs, name)
			     : rules_describe_text(b, l, rs, name);
}

static bool wants_description(const struct setup *s)
{
	return s->opts->describe_rules || s->opts->describe_rule;
}

static int finish(const struct setup *s, struct buf *b, bool ok, struct err *err)
{
	int r = 0;

	if (b->failed)
		r = -ENOMEM;
	else
		(void)fwrite(b->p ? b->p : "", 1, b->len, stdout);
	if (r == 0 && !ok) {
		err_set(err, 0, 0, "there is no rule '%s'",
			s->opts->describe_rule ? s->opts->describe_rule : "");
		r = -EINVAL;
	}
	return r;
}

static void results_text(struct buf *b, const struct rules_loader *l)
{
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++)
		rules_result_text(b, rules_loader_result(l, i), true);
}

/* The results of all files, and with -L the description of what is in them. */
static int report(struct setup *s, const struct rules_loader *l, const struct ruleset *rs,
		  struct err *err)
{
	bool ok = true;
	struct buf b;
	int r;

	buf_init(&b, 256 << 20);
	if (wants_json(s))
		rules_loader_json(&b, l);
	else
		results_text(&b, l);
	if (wants_json(s))
		buf_add_char(&b, '\n');
	if (wants_description(s))
		ok = describe(s, &b, l, rs);
	r = finish(s, &b, ok, err);
	buf_deinit(&b);
	if (r == 0 && !rules_loader_ok(l)) {
		err_set(err, 0, 0, "not all rules files are valid");
		r = -EINVAL;
	}
	return r;
}

int cmd_validate(struct setup *s, struct err *err)
{
	struct rules_options opts;
	struct rules_loader *l = NULL;
	struct ruleset *rs = NULL;
	int r = setup_plugins(s, SETUP_ALL, err);

	if (r == 0)
		r = setup_rules_options(s, &s->config, &opts, err);
	if (r == 0)
		r = rules_loader_new(&opts, &l);
	for (uint32_t i = 0; i < s->opts->validate.n && r == 0; i++)
		r = rules_loader_add_path(l, s->opts->validate.items[i], err);
	if (r == 0)
		r = rules_loader_compile(l, &rs);
	if (r == 0)
		r = report(s, l, rs, err);
	(void)ruleset_unref(rs);
	(void)rules_loader_free(l);
	return r;
}

int cmd_describe(struct setup *s, struct err *err)
{
	struct engine_rules rules;
	bool ok;
	struct buf b;
	int r = setup_plugins(s, SETUP_ALL, err);

	if (r == 0)
		r = engine_load_rules(s, &s->config, NULL, &rules, err);
	if (r < 0)
		return r;
	buf_init(&b, 256 << 20);
	ok = describe(s, &b, rules.loader, rules.set);
	if (wants_json(s))
		buf_add_char(&b, '\n');
	r = finish(s, &b, ok, err);
	buf_deinit(&b);
	engine_rules_deinit(&rules);
	return r;
}
