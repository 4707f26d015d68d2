#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "plan/plan.h"
#include "ruleset/match.h"
#include "rulekit.h"

static uint64_t number;

static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	static union value v;
	uint32_t *n_asked = ctx;
	(void)evt;
	(void)uses;

	*n_asked += n;
	v.u64 = number;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = (struct values){.is_set = true, .n = 1, .v = &v};
}

#define RULE(name, source, condition)                                                   \
	"- rule: " name "\n  desc: d\n  output: o\n  priority: info\n  source: " source \
	"\n  condition: " condition "\n"

static const char rules[] =
	RULE("off", "other", "a.num > 0") "  enabled: false\n" RULE("above 1", "other", "a.num > 1")
		RULE("elsewhere", "syscall", "a.num > 0") RULE("above 2", "other", "a.num > 2")
			RULE("odd", "other", "a.num in (1, 3, 5)");

static uint32_t match(struct matcher *m, uint64_t n, uint16_t type, const struct rule *const **ret,
		      uint32_t *n_asked)
{
	const struct event evt = {.num = 1, .type = type};
	const struct fetch fetch = {.get = answer, .ctx = n_asked};

	number = n;
	return matcher_run(m, &evt, &fetch, ret);
}

static void test_all_tells_every_rule_in_order_and_first_one(void **state)
{
	const struct rule *const *found;
	struct matcher *m;
	uint32_t asked = 0;
	struct kit k;
	(void)state;

	kit_init(&k);
	k.opts.match_all = true;
	kit_load(&k, rules);
	assert_int_equal(matcher_new(k.rs, STR("other"), &m), 0);
	assert_int_equal(match(m, 3, 322, &found, &asked), 3);
	assert_true(str_is(found[0]->name, "above 1") && str_is(found[1]->name, "above 2") &&
		    str_is(found[2]->name, "odd"));
	assert_int_equal(match(m, 1, 322, &found, &asked), 1);
	assert_int_equal(match(m, 0, 322, &found, &asked), 0);
	matcher_free(m);
	k.opts.match_all = false;
	kit_load(&k, rules);
	assert_int_equal(matcher_new(k.rs, STR("other"), &m), 0);
	assert_int_equal(match(m, 3, 322, &found, &asked), 1);
	assert_true(str_is(found[0]->name, "above 1"));
	matcher_free(m);
	kit_deinit(&k);
}

static void test_rules_about_other_events_are_not_asked(void **state)
{
	const struct rule *const *found;
	struct matcher *m;
	uint32_t asked = 0;
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, RULE("r", "syscall", "a.num > 0 and a.type = open"));
	assert_int_equal(matcher_new(k.rs, STR("syscall"), &m), 0);
	assert_int_equal(match(m, 1, 40, &found, &asked), 0);
	assert_int_equal(asked, 0);
	(void)match(m, 0, 3, &found, &asked); /* open, leaving */
	assert_int_equal(asked, 1);
	matcher_free(m);
	kit_deinit(&k);
}

static void test_a_matcher_keeps_its_ruleset(void **state)
{
	const struct rule *const *found;
	struct matcher *m;
	uint32_t asked = 0;
	unsigned long before;
	struct kit k;
	(void)state;

	kit_init(&k);
	kit_load(&k, rules);
	assert_int_equal(matcher_new(k.rs, STR("nowhere"), &m), -ENOENT);
	assert_int_equal(matcher_new(k.rs, STR("other"), &m), 0);
	kit_unload(&k);
	assert_int_equal(match(m, 2, 322, &found, &asked), 1);
	before = mem_count();
	for (int i = 0; i < 100; i++)
		assert_int_equal(match(m, 2, 322, &found, &asked), 1);
	assert_int_equal(mem_count(), before); /* an event costs no allocation */
	assert_true(str_is(found[0]->name, "above 1"));
	matcher_free(m);
	kit_deinit(&k);
}

/* What a rule takes is counted, not timed, so that a change that makes ten thousand of them heavy shows
 * here. */
static void test_many_rules_take_little_memory(void **state)
{
	enum { N = 1000, RULE_BYTES = 900, PLAN_BYTES = 650 };
	struct matcher *m;
	struct kit k;
	struct buf b;
	(void)state;

	buf_init(&b, 1 << 20);
	for (int i = 0; i < N; i++)
		buf_printf(&b,
			   "- rule: rule number %d\n  desc: what it is good for\n"
			   "  condition: a.str startswith /x/%d/ and a.key[name] = tool_%d\n"
			   "  output: found %d (text=%%a.str number=%%a.num list=%%a.list)\n"
			   "  priority: info\n  source: other\n  tags: [a, tag_%d]\n",
			   i, i, i, i, i % 30);
	kit_init(&k);
	kit_load(&k, buf_str(&b).p);
	assert_int_equal(k.rs->n_enabled, N);
	assert_int_equal(matcher_new(k.rs, STR("other"), &m), 0);
	assert_true(ruleset_size(k.rs) < N * RULE_BYTES);
	assert_true(plan_size(matcher_plan(m)) < N * PLAN_BYTES);
	matcher_free(m);
	kit_deinit(&k);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_tells_every_rule_in_order_and_first_one),
		cmocka_unit_test(test_rules_about_other_events_are_not_asked),
		cmocka_unit_test(test_a_matcher_keeps_its_ruleset),
		cmocka_unit_test(test_many_rules_take_little_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
