#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "filter/typecheck.h"
#include "ruleset/report.h"
#include "ruleset/template.h"
#include "rulekit.h"

#define RULE(name, condition)                                                           \
	"- rule: " name "\n  desc: d\n  output: o\n  priority: info\n  source: other\n" \
	"  condition: " condition "\n"

static char *compiled(struct kit *k)
{
	static char text[4096];
	struct buf b;
	char *from, *to;

	buf_init(&b, 1 << 20);
	assert_true(rules_describe_json(&b, k->loader, k->rs, "r"));
	from = strstr(b.p, "\"condition_compiled\": \"");
	assert_non_null(from);
	from += strlen("\"condition_compiled\": \"");
	to = strstr(from, "\", \"plugins\"");
	(void)snprintf(text, sizeof text, "%.*s", (int)(to - from), from);
	buf_deinit(&b);
	return text;
}

static void test_puts_lists_macros_and_exceptions_in_place(void **state)
{
	static const struct {
		const char *rules, *tree;
	} rows[] = {
		{"- list: l\n  items: [x, y z]\n" RULE("r", "a.str in (w, l)"),
		 "a.str in (w, x, \\\"y z\\\")"},
		{"- list: l\n  items: [x, y]\n" RULE("r", "a.str in l"), "a.str in (x, y)"},
		{"- list: l\n  items: [x]\n" RULE("r", "a.str = l"), "a.str = x"},
		{"- list: l\n  items: []\n" RULE("r", "a.str in (l, x)"), "a.str in (x)"},
		{"- list: l\n  items: [l]\n" RULE("r", "a.str in (l)"), "a.str in (l)"},
		{"- list: l\n  items: [x]\n- list: m\n  items: [l, y]\n" RULE("r", "a.str in (m)"),
		 "a.str in (x, y)"},
		/* a comma, a parenthesis or a quote in an item is nothing but a part of it */
		{"- list: l\n  items: ['a,b', 'c=d', \"d'e\"]\n" RULE("r", "a.str in (l)"),
		 "a.str in (\\\"a,b\\\", \\\"c=d\\\", \\\"d'e\\\")"},
		{"- list: l\n  items: [x]\n" RULE("r", "a.str = \"l\""), "a.str = l"},
		{"- list: two words\n  items: [x]\n" RULE("r", "a.str in (two words, y)"),
		 "a.str in (x, y)"},
		{"- macro: m\n  condition: a.num > 1 or a.num = 0\n" RULE("r",
									  "not m and a.str = x"),
		 "(not (a.num > 1 or a.num = 0) and a.str = x)"},
		{"- macro: m\n  condition: a.num = 1\n" RULE("r",
							     "m") "- macro: m\n  condition: or "
								  "a.num = 2\n  override:\n    "
								  "condition: append\n",
		 "(a.num = 1 or a.num = 2)"},
		/* appending joins texts, so "and" binds to the last part of an "or" */
		{RULE("r", "a.num = 1 or a.num = 2") "- rule: r\n  condition: and a.str = x\n  "
						     "override:\n    condition: append\n",
		 "(a.num = 1 or (a.num = 2 and a.str = x))"},
		{RULE("r", "a.num = 1") "  exceptions:\n    - name: e\n      fields: a.str\n      "
					"values: [x, 'y,z']\n",
		 "(a.num = 1 and not a.str in (x, \\\"y,z\\\"))"},
		{RULE("r",
		      "a.num = 1") "  exceptions:\n    - name: e\n      fields: [a.str, a.num]\n"
				   "      comps: [startswith, '=']\n"
				   "      values: [[x, 1], [y, 2]]\n",
		 "(a.num = 1 and not ((a.str startswith x and a.num = 1) or (a.str startswith y "
		 "and "
		 "a.num = 2)))"},
		{RULE("r", "a.num = 1") "  exceptions:\n    - name: e\n      fields: [a.str]\n"
					"      values: [['toupper(a.hint)']]\n",
		 "(a.num = 1 and not a.str = toupper(a.hint))"},
	};
	struct kit k;
	(void)state;

	kit_init(&k);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		kit_load(&k, rows[i].rules);
		if (!rules_loader_ok(k.loader))
			fail_msg("row %zu: %.*s", i,
				 STR_FMT(kit_result(&k)->errors.items[0].message));
		if (strcmp(compiled(&k), rows[i].tree) != 0)
			fail_msg("row %zu: %s", i, compiled(&k));
	}
	kit_deinit(&k);
}

/* Rules, the code of the first error, and the place it points to (from 1). */
static const struct {
	const char *rules;
	enum rules_code code;
	uint32_t line, column;
	const char *hint;
} refused[] = {
	{"[", RULES_ERR_YAML_PARSE, 1, 2, ""},
	{"a: b", RULES_ERR_YAML_VALIDATE, 1, 1, ""},
	{"- x", RULES_ERR_YAML_VALIDATE, 1, 3, ""},
	{"- list:\n", RULES_ERR_YAML_VALIDATE, 1, 3, ""},
	{"- list: l\n", RULES_ERR_YAML_VALIDATE, 1, 3, ""},
	{"- list: l\n  items: x\n", RULES_ERR_YAML_VALIDATE, 2, 10, ""},
	{"- macro: m\n  condition: [a]\n", RULES_ERR_YAML_VALIDATE, 2, 14, ""},
	{"- rule: r\n  desc: d\n", RULES_ERR_YAML_VALIDATE, 1, 3, ""},
	{"- rule: r\n  enabled: x\n", RULES_ERR_YAML_VALIDATE, 2, 12, ""},
	{"- rule: r\n  enabled: true\n", RULES_ERR_VALIDATE, 1, 3, ""},
	{"- rule: r\n  desc: d\n  output: o\n  condition: a.num = 1\n  priority: high\n",
	 RULES_ERR_YAML_VALIDATE, 5, 13, ""},
	{"- required_engine_version: 0.63.0\n", RULES_ERR_VALIDATE, 1, 3, ""},
	{"- required_engine_version: 1.0.0\n", RULES_ERR_VALIDATE, 1, 3, ""},
	{"- required_engine_version: x\n", RULES_ERR_YAML_VALIDATE, 1, 3, ""},
	{"- required_plugin_versions: x\n", RULES_ERR_YAML_VALIDATE, 1, 29, ""},
	{RULE("r", "a.strr = x"), RULES_ERR_COMPILE_CONDITION, 6, 14, "did you mean 'a.str'?"},
	{RULE("r", ">\n    a.num = 1 and\n    a.strr = x"), RULES_ERR_COMPILE_CONDITION, 8, 5,
	 "did you mean 'a.str'?"},
	{RULE("r", "a.num = 1 and"), RULES_ERR_COMPILE_CONDITION, 6, 27, NULL},
	{RULE("r", "a.num = 1 and x"), RULES_ERR_VALIDATE, 6, 28, ""},
	{"- macro: open_it\n  condition: a.num = 1\n" RULE("r", "open_if"), RULES_ERR_VALIDATE, 8,
	 14, "did you mean 'open_it'?"},
	{"- macro: m\n  condition: n\n- macro: n\n  condition: a.num = 1\n" RULE("r", "m"),
	 RULES_ERR_VALIDATE, 2, 14, ""},
	{"- macro: m\n  condition: m\n", RULES_ERR_VALIDATE, 2, 14, ""},
	{"- macro: m\n  condition: a.num = q\n" RULE("r", "m"), RULES_ERR_COMPILE_CONDITION, 2, 22,
	 NULL},
	{"- rule: r\n  desc: d\n  output: '%a.nun x'\n  priority: info\n  source: other\n  "
	 "condition: a.num = 1\n",
	 RULES_ERR_COMPILE_OUTPUT, 3, 13, NULL},
	{"- rule: r\n  condition: and x\n  override:\n    condition: append\n", RULES_ERR_VALIDATE,
	 1, 3, ""},
	{RULE("r", "a.num = 1") "- rule: r\n  priority: info\n  override:\n    priority: "
				"append\n",
	 RULES_ERR_YAML_VALIDATE, 10, 5, ""},
	{RULE("r", "a.num = 1") "- rule: r\n  priority: info\n  desc: e\n  override:\n    "
				"priority: replace\n",
	 RULES_ERR_YAML_VALIDATE, 9, 9, ""},
	{RULE("r", "a.num = 1") "  exceptions:\n    - name: e\n      fields: [a.strr]\n      "
				"values: [[x]]\n",
	 RULES_ERR_VALIDATE, 8, 7, "did you mean 'a.str'?"},
	{RULE("r", "a.num = 1") "  exceptions:\n    - name: e\n      fields: [a.str, a.num]\n"
				"      values: [[x]]\n",
	 RULES_ERR_VALIDATE, 8, 7, ""},
};

static void test_refuses_with_code_and_place(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const struct rules_problem *p;

		kit_load(&k, refused[i].rules);
		if (rules_loader_ok(k.loader))
			fail_msg("row %zu: loads", i);
		p = &kit_result(&k)->errors.items[0];
		if (p->code != refused[i].code || p->at.line + 1 != refused[i].line ||
		    p->at.column + 1 != refused[i].column ||
		    (refused[i].hint && !str_is(p->hint, refused[i].hint)))
			fail_msg("row %zu: %s %u:%u %.*s (%.*s)", i, rules_code_name(p->code),
				 p->at.line + 1, p->at.column + 1, STR_FMT(p->message),
				 STR_FMT(p->hint));
	}
	kit_deinit(&k);
}

static void test_one_bad_item_hides_no_other(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, "- list: l\n" RULE("r1", "a.x = 1") RULE("r2", "a.num = 1")
			     RULE("r3", "a.y = 1 and a.z = 1") "- x\n");
	assert_int_equal(kit_result(&k)->errors.n, 5);
	assert_int_equal(k.rs->n_rules, 1);
	assert_true(str_is(k.rs->rules[0]->name, "r2"));
	kit_deinit(&k);
}

static void test_an_unknown_macro_hides_no_unknown_field(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, RULE("r", "nothing and a.x = 1 and a.num = 1 and nothing"));
	assert_int_equal(kit_result(&k)->errors.n, 3);
	assert_int_equal(kit_result(&k)->errors.items[0].code, RULES_ERR_VALIDATE);
	assert_int_equal(kit_result(&k)->errors.items[2].code, RULES_ERR_COMPILE_CONDITION);
	assert_int_equal(k.rs->n_rules, 0);
	kit_deinit(&k);
}

static void test_a_mistake_in_a_macro_is_told_once(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, "- macro: m\n  condition: a.x = 1\n- macro: n\n  condition: a.num = \n" RULE(
			     "r1", "m") RULE("r2", "m") RULE("r3", "n") RULE("r4", "n"));
	assert_int_equal(kit_result(&k)->errors.n, 2);
	assert_int_equal(k.rs->n_rules, 0);
	kit_deinit(&k);
}

#define LONG_LIST "- list: many\n  items: [a, b, c, d, e, f, g, h]\n"
#define TELLING(name, condition)                                                   \
	"- rule: " name "\n  desc: d\n  condition: " condition "\n  output: " name \
	" did %a.str\n  priority: ERROR\n"

static void test_rules_share_a_long_list_and_how_outputs_end(void **state)
{
	const struct rule *const *rules;
	const struct expr *first, *second;
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, LONG_LIST TELLING("one", "a.str in (x, many)") TELLING(
			     "two", "a.str in (many, y)") TELLING("three", "a.list in (x, many)"));
	rules = k.rs->rules;
	first = rules[0]->expr;
	second = rules[1]->expr;
	assert_int_equal(first->kind, EXPR_OR);
	assert_int_equal(second->kind, EXPR_OR);
	assert_int_equal(first->n, 2);
	assert_ptr_equal(first->kids[0], second->kids[0]);
	assert_int_equal(first->kids[0]->test->n, 8);
	assert_int_equal(first->kids[1]->test->n, 1);
	assert_ptr_not_equal(first->kids[1], second->kids[1]);
	/* "in" says of a list that all of it is among the values: these cannot be taken apart */
	assert_int_equal(rules[2]->expr->kind, EXPR_TEST);
	assert_int_equal(rules[2]->expr->test->n, 9);
	assert_ptr_equal(template_field(rules[0]->message, 0),
			 template_field(rules[1]->message, 0));
	assert_ptr_equal(template_field_text(rules[0]->message, 0).p,
			 template_field_text(rules[1]->message, 0).p);
	kit_deinit(&k);
}

static uint32_t count_problems(const struct kit *k, enum rules_code code)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < kit_result(k)->warnings.n; i++)
		n += kit_result(k)->warnings.items[i].code == code;
	return n;
}

static void test_a_doubt_about_a_list_is_told_for_every_rule(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, "- list: many\n  items: [a.num, b, c, d, e, f, g, h]\n" RULE(
			     "one", "a.str in (x, many)") TELLING("two", "a.str in (y, many)"));
	assert_int_equal(count_problems(&k, RULES_COMPILE_CONDITION), 2);
	kit_deinit(&k);
}

static void test_later_files_change_earlier_ones(void **state)
{
	static const char *const texts[] = {
		RULE("r", "m") "  tags: [b]\n",
		"- macro: m\n  condition: a.num = 1\n",
		"- rule: r\n  tags: [c, a, b]\n  priority: error\n  override:\n    tags: append\n  "
		"  "
		"priority: replace\n",
		NULL,
	};
	const struct rule *r;
	struct kit k;
	(void)state;

	kit_init(&k);
	assert_int_equal(kit_try(&k, texts), 0);
	assert_true(rules_loader_ok(k.loader));
	r = ruleset_rule_find(k.rs, STR("r"));
	assert_int_equal(r->priority, RULE_ERROR);
	assert_int_equal(r->n_tags, 3);
	assert_true(str_is(r->tags[0], "a") && str_is(r->tags[2], "c"));
	kit_deinit(&k);
}

static void test_selection_decides_in_order(void **state)
{
	static const struct rules_selection select[] = {
		{.enable = false, .rule = "*"},
		{.enable = true, .tag = "t"},
		{.enable = false, .rule = "r3*"},
	};
	struct kit k;
	(void)state;

	kit_init(&k);
	k.opts.selections = select;
	k.opts.n_selections = 3;
	kit_load(&k, RULE("r1", "a.num = 1")
			     RULE("r2", "a.num = 1") "  tags: [t]\n  enabled: false\n" RULE(
				     "r3 x", "a.num = 1") "  tags: [t]\n");
	assert_int_equal(k.rs->n_enabled, 1);
	assert_true(ruleset_rule_find(k.rs, STR("r2"))->enabled);
	k.opts.min_priority = RULE_WARNING;
	kit_load(&k, RULE("r1", "a.num = 1"));
	assert_int_equal(k.rs->n_rules, 0);
	kit_deinit(&k);
}

static void test_unknown_source_and_field_skip_a_rule_that_asks_for_it(void **state)
{
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, "- rule: r\n  desc: d\n  output: o\n  priority: info\n  source: nowhere\n"
		     "  condition: x.y = 1\n" RULE(
			     "s", "a.x = 1 and a.y = 1") "  skip-if-unknown-filter: "
							 "true\n" RULE("t", "a.num = 1"));
	assert_true(rules_loader_ok(k.loader));
	assert_int_equal(kit_result(&k)->warnings.n, 2);
	assert_int_equal(kit_result(&k)->warnings.items[0].code, RULES_UNKNOWN_SOURCE);
	assert_int_equal(kit_result(&k)->warnings.items[1].code, RULES_UNKNOWN_FILTER);
	assert_int_equal(k.rs->n_rules, 1);
	kit_deinit(&k);
}

static bool has_lint(const struct kit *k, enum rules_code code)
{
	const struct rules_problems *l = &kit_result(k)->lints;

	for (uint32_t i = 0; i < l->n; i++) {
		if (l->items[i].code == code)
			return true;
	}
	return false;
}

static void test_lints_what_is_doubtful(void **state)
{
	static const struct {
		const char *rules;
		enum rules_code code;
		bool want;
	} rows[] = {
		{RULE("r", "a.num = 1") RULE("s", "a.num = 1"), RULES_LINT_SHADOWED, true},
		{RULE("r", "a.num = 1") RULE("s", "a.str = x and a.num = 1"), RULES_LINT_SHADOWED,
		 true},
		{RULE("r", "a.num = 1") RULE("s", "a.str = x or a.num = 1"), RULES_LINT_SHADOWED,
		 false},
		{"- list: l\n  items: [a, b c, d]\n", RULES_LINT_LIST_BLANK, true},
		{"- list: l\n  items: [a, 'b c', d]\n", RULES_LINT_LIST_BLANK, false},
		{"- list: l\n  items: [a b, b c, d]\n", RULES_LINT_LIST_BLANK, false},
		{"- list: l\n  items: [a b,\n    b\n    c]\n", RULES_LINT_LIST_BLANK, true},
		{RULE("r", "a.num = 1") "- rule: r\n  priority: info\n  override:\n    priority: "
					"replace\n",
		 RULES_LINT_NO_CHANGE, true},
		{RULE("r", "a.num = 1") "- rule: r\n  priority: debug\n  override:\n    priority: "
					"replace\n",
		 RULES_LINT_NO_CHANGE, false},
		{RULE("r", "a.num = 1 and not a.num = 1"), RULES_LINT_NEVER, true},
		{RULE("r", "a.str = x and a.str = y"), RULES_LINT_NEVER, true},
		{RULE("r", "a.str in (x, y) and (a.num = 1 and a.str in (z, v))"), RULES_LINT_NEVER,
		 true},
		{RULE("r", "a.str in (x, y) and a.str = y"), RULES_LINT_NEVER, false},
		{RULE("r", "a.str = x or a.str = y"), RULES_LINT_NEVER, false},
		{RULE("r", "a.list intersects (x) and a.list intersects (y)"), RULES_LINT_NEVER,
		 false},
		{RULE("r", "a.num = 1 and not a.num = 2"), RULES_LINT_NEVER, false},
		{"- list: l\n  list: m\n  items: []\n", RULES_LINT_DUPLICATE_KEY, true},
	};
	struct kit k;
	(void)state;

	kit_init(&k);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		kit_load(&k, rows[i].rules);
		if (!rules_loader_ok(k.loader) || has_lint(&k, rows[i].code) != rows[i].want)
			fail_msg("row %zu", i);
	}
	kit_deinit(&k);
}

static void test_plugins_must_be_there_and_new_enough(void **state)
{
	static const struct rules_plugin plugins[] = {{.name = "json", .version = "0.7.4"},
						      {.name = "ct", .version = "1.0.0"}};
	static const struct {
		const char *entry;
		bool ok;
	} rows[] = {
		{"{name: json, version: 0.7.0}", true},
		{"{name: json, version: 0.7.5}", false},
		{"{name: ct, version: 0.9.0}", false},
		{"{name: x, version: 0.1.0}", false},
		{"{name: x, version: 0.1.0, alternatives: [{name: json, version: 0.7.4}]}", true},
		{"{name: json, version: 0.8.0, alternatives: [{name: ct, version: 1.0.0}]}", true},
		{"{name: json, version: 0.1.0, alternatives: [{name: json, version: 0.1.0}]}",
		 false},
		{"{name: json, version: 7}", false},
	};
	struct kit k;
	(void)state;

	kit_init(&k);
	k.opts.plugins = plugins;
	k.opts.n_plugins = 2;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[256];

		(void)snprintf(text, sizeof text, "- required_plugin_versions:\n  - %s\n",
			       rows[i].entry);
		kit_load(&k, text);
		if (rules_loader_ok(k.loader) != rows[i].ok)
			fail_msg("row %zu", i);
	}
	kit_deinit(&k);
}

static void test_bombs_end_with_an_error(void **state)
{
	struct kit k;
	struct buf b;
	const char *texts[] = {NULL, NULL};
	(void)state;

	kit_init(&k);
	buf_init(&b, 1 << 20);
	buf_add_cstr(&b, "- macro: m0\n  condition: a.num = 1\n- list: l0\n  items: [x]\n");
	for (int i = 1; i < 64; i++)
		buf_printf(&b,
			   "- macro: m%d\n  condition: m%d and m%d and m%d\n"
			   "- list: l%d\n  items: [l%d, l%d, l%d]\n",
			   i, i - 1, i - 1, i - 1, i, i - 1, i - 1, i - 1);
	buf_add_cstr(&b, RULE("r", "m63 and a.str in (l63)"));
	texts[0] = b.p;
	assert_int_equal(kit_try(&k, texts), 0);
	assert_false(rules_loader_ok(k.loader));
	buf_deinit(&b);
	kit_deinit(&k);
}

static void test_reports_as_text_and_json(void **state)
{
	struct buf b;
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, RULE("r\\x1b[2J", "a.num = 1 and a.strr = x"));
	buf_init(&b, 1 << 20);
	rules_result_text(&b, kit_result(&k), true);
	assert_non_null(strstr(b.p, "t.yaml: Invalid\n1 error:\nt.yaml:6:28: "
				    "LOAD_ERR_COMPILE_CONDITION: rule 'r\\x1b[2J': "));
	assert_non_null(strstr(b.p, "      condition: a.num = 1 and a.strr = x\n"
				    "                               ^  did you mean 'a.str'?\n"));
	buf_reset(&b);
	rules_loader_json(&b, k.loader);
	assert_non_null(strstr(b.p, "{\"falco_load_results\": [{\"name\": \"t.yaml\", "
				    "\"successful\": false, \"errors\": [{\"code\": "
				    "\"LOAD_ERR_COMPILE_CONDITION\""));
	assert_non_null(strstr(b.p, "\"item_type\": \"condition expression\""));
	buf_deinit(&b);
	kit_deinit(&k);
}

static void test_describes_which_plugins_are_used(void **state)
{
	/* of the fields of this kit the first plugin is the owner */
	static const struct rules_plugin plugins[] = {
		{.name = "fields", .version = "1.0.0"},
		{.name = "giver", .version = "1.0.0", .source = "other", .owner = 1},
		{.name = "idle", .version = "1.0.0", .source = "third", .owner = 2},
	};
	struct kit k;
	struct buf b;
	(void)state;

	kit_init(&k);
	k.opts.plugins = plugins;
	k.opts.n_plugins = 3;
	buf_init(&b, 1 << 20);
	kit_load(&k, "- macro: opened\n  condition: a.type = open\n" RULE("r", "a.num = 1"));
	assert_true(rules_describe_json(&b, k.loader, k.rs, NULL));
	assert_non_null(strstr(b.p, "a.num = 1\", \"plugins\": [\"giver\", \"fields\"]"));
	assert_non_null(strstr(b.p,
			       "\"events\": [\"open\"], \"condition_compiled\": \"a.type = open\", "
			       "\"plugins\": [\"fields\"]"));
	buf_deinit(&b);
	kit_deinit(&k);
}

static void test_the_condition_of_a_rule_is_told_so_that_it_reads_back(void **state)
{
	static const char first[] = "(a.str in (\")\", \"a)b\", x) and not a.str = \"(\")";
	struct kit k;
	struct buf b;
	(void)state;

	kit_init(&k);
	buf_init(&b, 1 << 20);
	kit_load(&k, "- list: l\n  items: [')', a)b]\n" RULE(
			     "r", "a.str in (l, x) and not a.str = \"(\""));
	rules_condition_print(&b, k.loader, k.rs->rules[0]);
	assert_string_equal(b.p, first);
	buf_deinit(&b);
	kit_deinit(&k);
}

static void write_empty(const char *dir, const char *name)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs("[]\n", f) < 0, 0);
	assert_int_equal(fclose(f), 0);
}

static void test_a_folder_stands_for_the_rules_files_in_it_by_name(void **state)
{
	static const char *const names[] = {"10.yaml",      "2.yml",       "notes.txt",
					    ".hidden.yaml", "x.test.yaml", "below/1.yaml"};
	char dir[] = "/tmp/gyr-rules-XXXXXX", path[128];
	struct err err = ERR_NULL;
	struct kit k;
	(void)state;

	kit_init(&k);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/below", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		write_empty(dir, names[i]);
	assert_int_equal(rules_loader_new(&k.opts, &k.loader), 0);
	assert_int_equal(rules_loader_add_path(k.loader, dir, &err), 0);
	assert_int_equal(rules_loader_n_results(k.loader), 2);
	assert_non_null(strstr(rules_loader_result(k.loader, 0)->name.p, "/10.yaml"));
	assert_non_null(strstr(rules_loader_result(k.loader, 1)->name.p, "/2.yml"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	(void)snprintf(path, sizeof path, "%s/below", dir);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0);
	kit_deinit(&k);
}

static void test_survives_want_of_memory(void **state)
{
	static const char *const texts[] = {
		"- list: l\n  items: [x, y z]\n- macro: m\n  condition: a.str in (l)\n" RULE(
			"r", "m and a.num = 1") "  tags: [t]\n  exceptions:\n    - name: e\n      "
						"fields: [a.str]\n      values: [[q]]\n",
		RULE("s", "nothing"),
		NULL,
	};
	struct kit k;
	bool done = false;
	(void)state;

	kit_init(&k);
	for (unsigned long n = 1; n < 5000 && !done; n++) {
		unsigned long before = mem_count();
		int r;

		mem_fail_at(n);
		r = kit_try(&k, texts);
		done = mem_count() - before < n;
		mem_fail_at(0);
		assert_true(r == 0 || r == -ENOMEM);
	}
	assert_true(done);
	kit_deinit(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_puts_lists_macros_and_exceptions_in_place),
		cmocka_unit_test(test_refuses_with_code_and_place),
		cmocka_unit_test(test_one_bad_item_hides_no_other),
		cmocka_unit_test(test_an_unknown_macro_hides_no_unknown_field),
		cmocka_unit_test(test_a_mistake_in_a_macro_is_told_once),
		cmocka_unit_test(test_rules_share_a_long_list_and_how_outputs_end),
		cmocka_unit_test(test_a_doubt_about_a_list_is_told_for_every_rule),
		cmocka_unit_test(test_later_files_change_earlier_ones),
		cmocka_unit_test(test_selection_decides_in_order),
		cmocka_unit_test(test_unknown_source_and_field_skip_a_rule_that_asks_for_it),
		cmocka_unit_test(test_lints_what_is_doubtful),
		cmocka_unit_test(test_plugins_must_be_there_and_new_enough),
		cmocka_unit_test(test_bombs_end_with_an_error),
		cmocka_unit_test(test_reports_as_text_and_json),
		cmocka_unit_test(test_describes_which_plugins_are_used),
		cmocka_unit_test(test_the_condition_of_a_rule_is_told_so_that_it_reads_back),
		cmocka_unit_test(test_a_folder_stands_for_the_rules_files_in_it_by_name),
		cmocka_unit_test(test_survives_want_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
