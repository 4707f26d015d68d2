#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/text.h"

static void test_a_star_stands_for_any_run(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{"*", "", true},           {"", "", true},           {"", "a", false},
		{"a*", "abc", true},       {"*c", "abc", true},      {"*b*", "abc", true},
		{"a*c*", "abcac", true},   {"a*cd", "acccd", true},  {"a*cd", "acccde", false},
		{"abc", "abcd", false},    {"a?c", "abc", false},    {"***", "x", true},
		{"*ab*ab", "ab ab", true}, {"*ab*ab", "aab", false},
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (text_wildcard(str_from(rows[i].pattern), str_from(rows[i].text)) !=
		    rows[i].fits)
			fail_msg("row %zu", i);
	}
}

static void test_intervals_are_whole_or_nothing(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {
		{"15s", 15000}, {"1h30m", 5400000}, {"300ms", 300}, {"1m1ms", 60001},
		{"", 0},        {"1", 0},           {"h", 0},       {"1m1h", 0},
		{"1m1m", 0},    {"-1s", 0},         {"1s ", 0},     {"99999999999s", 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (text_interval_ms(str_from(rows[i].text)) != rows[i].ms)
			fail_msg("row %zu", i);
	}
}

static void test_names_fit_a_metric(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 100);
	text_metric_name(&b, STR("A rule -- (x)"));
	assert_true(str_is(buf_str(&b), "A_rule_x"));
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_star_stands_for_any_run),
		cmocka_unit_test(test_intervals_are_whole_or_nothing),
		cmocka_unit_test(test_names_fit_a_metric),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
