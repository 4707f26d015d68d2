/*
 * Routes: which outputs an alert goes to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#include "fakealerts.h"
#include "route/notice.h"

#define RULE(name, priority, tags)                                                            \
	"- {rule: " name ", desc: d, condition: x.number > 0, output: o, priority: " priority \
	", source: fake, tags: " tags "}\n"

static const char rules[] = RULE("shell", "WARNING", "[a, b]") RULE("ship", "CRITICAL", "[a]")
	RULE("wind", "INFO", "[]");

static const struct alert_options opts = {.hostname = "h"};

/* The outputs of each rule, by @table; -EINVAL when it does not fit. */
static int targets(struct fakealerts *f, const struct route_table *table, route_set *ret)
{
	int r;

	f->plan = alert_plan_unref(f->plan);
	f->routes = table;
	r = fakealerts_plan(f);
	for (uint32_t i = 0; r == 0 && i < f->rs->n_rules; i++) {
		const struct alert_subject s = fakealerts_subject(f, i);

		ret[i] = alert_targets(f->writer, f->plan, &s);
	}
	return r;
}

static void check(const struct route *routes, uint32_t n, route_set a, route_set b, route_set c)
{
	const struct route_table table = {.n = n, .routes = routes, .all = 7};
	struct fakealerts f;
	route_set got[3];

	fakealerts_init(&f, rules, opts);
	assert_int_equal(targets(&f, &table, got), 0);
	assert_int_equal(got[0], a);
	assert_int_equal(got[1], b);
	assert_int_equal(got[2], c);
	fakealerts_deinit(&f);
}

static void test_without_routes_all_outputs_get_everything(void **state)
{
	(void)state;
	check(NULL, 0, 7, 7, 7);
}

static void test_rules_are_selected_by_name_pattern(void **state)
{
	const struct route r[] = {{.match = {.rule = "sh*"}, .outputs = 1},
				  {.match = {.rule = "*l"}, .outputs = 2}};

	(void)state;
	check(r, 2, 3, 1, 7);
}

static void test_rules_are_selected_by_all_of_the_tags(void **state)
{
	static const char *const tags[] = {"a", "b"};
	const struct route r[] = {{.match = {.tags = tags, .n_tags = 2}, .outputs = 1}};

	(void)state;
	check(r, 1, 1, 7, 7);
}

static void test_rules_are_selected_by_priority_and_source(void **state)
{
	const struct route r[] = {
		{.match = {.has_priority = true, .priority = RULE_WARNING}, .outputs = 1},
		{.match = {.source = "other"}, .outputs = 4},
		{.match = {.source = "fake", .rule = "wind"}, .outputs = 2},
	};

	(void)state;
	check(r, 3, 1, 1, 2);
}

static void test_a_final_route_ends_the_search(void **state)
{
	const struct route r[] = {{.match = {.rule = "ship"}, .outputs = 1, .is_final = true},
				  {.outputs = 2}};

	(void)state;
	check(r, 2, 2, 1, 2);
}

static void test_a_route_without_outputs_drops_and_counts(void **state)
{
	const struct route r[] = {{.match = {.rule = "wind"}, .is_final = true}};
	const struct route_table table = {.n = 1, .routes = r, .all = 7};
	struct fakealerts f;
	route_set got[3];

	(void)state;
	fakealerts_init(&f, rules, opts);
	assert_int_equal(targets(&f, &table, got), 0);
	assert_int_equal(got[2], 0);
	assert_int_equal(atomic_load(&f.tally.last->n_unrouted), 1);
	fakealerts_deinit(&f);
}

static void test_a_condition_is_asked_for_each_alert(void **state)
{
	const struct route r[] = {
		{.condition = "x.text startswith he", .outputs = 1, .is_final = true},
		{.match = {.rule = "ship"}, .condition = "x.number > 100", .outputs = 4},
		{.outputs = 2},
	};
	const struct route_table table = {.n = 3, .routes = r, .all = 7};
	struct fakealerts f;
	route_set got[3];

	(void)state;
	fakealerts_init(&f, rules, opts);
	assert_int_equal(targets(&f, &table, got), 0);
	assert_int_equal(got[1], 1);
	f.text = "other";
	f.number = 101;
	assert_int_equal(targets(&f, &table, got), 0);
	assert_int_equal(got[0], 2);
	assert_int_equal(got[1], 6);
	fakealerts_deinit(&f);
}

static void test_a_condition_that_fits_no_field_is_refused(void **state)
{
	const struct route r[] = {{.outputs = 1}, {.condition = "x.txt = 1", .outputs = 1}};
	const struct route_table table = {.n = 2, .routes = r, .all = 7};
	struct fakealerts f;
	route_set got[3];

	(void)state;
	fakealerts_init(&f, rules, opts);
	assert_int_equal(targets(&f, &table, got), -EINVAL);
	assert_non_null(strstr(f.err.text, "route 2"));
	assert_non_null(strstr(f.err.text, "x.txt"));
	assert_non_null(strstr(f.err.hint, "x.text"));
	fakealerts_deinit(&f);
}

static void test_notices_follow_routes_without_condition(void **state)
{
	const struct route r[] = {
		{.condition = "x.number > 0", .outputs = 4},
		{.match = {.source = NOTICE_SOURCE}, .outputs = 2, .is_final = true},
		{.outputs = 1},
	};
	const struct route_table table = {.n = 3, .routes = r, .all = 7};
	const struct notice n = {.rule = "x", .priority = RULE_DEBUG};
	struct fakealerts f;
	route_set got[3];

	(void)state;
	fakealerts_init(&f, rules, opts);
	assert_int_equal(targets(&f, &table, got), 0);
	assert_int_equal(notice_targets(f.plan, &n), 2);
	fakealerts_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_routes_all_outputs_get_everything),
		cmocka_unit_test(test_rules_are_selected_by_name_pattern),
		cmocka_unit_test(test_rules_are_selected_by_all_of_the_tags),
		cmocka_unit_test(test_rules_are_selected_by_priority_and_source),
		cmocka_unit_test(test_a_final_route_ends_the_search),
		cmocka_unit_test(test_a_route_without_outputs_drops_and_counts),
		cmocka_unit_test(test_a_condition_is_asked_for_each_alert),
		cmocka_unit_test(test_a_condition_that_fits_no_field_is_refused),
		cmocka_unit_test(test_notices_follow_routes_without_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
