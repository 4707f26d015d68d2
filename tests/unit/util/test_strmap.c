#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "util/strmap.h"

static void test_finds_what_was_added_and_nothing_else(void **state)
{
	static char names[1000][8];
	struct strmap m = STRMAP_NULL;
	(void)state;

	assert_null(strmap_find(&m, STR("x")));
	for (size_t i = 0; i < 1000; i++) {
		(void)snprintf(names[i], sizeof names[i], "n%zu", i);
		assert_int_equal(strmap_add(&m, str_from(names[i]), names[i]), 0);
	}
	assert_int_equal(strmap_add(&m, STR("n7"), names), -EEXIST);
	for (size_t i = 0; i < 1000; i++)
		assert_ptr_equal(strmap_find(&m, str_from(names[i])), names[i]);
	assert_null(strmap_find(&m, STR("n1000")));
	strmap_deinit(&m);
}

static void test_distance_counts_edits(void **state)
{
	static const struct {
		const char *a, *b;
		uint32_t limit, distance;
	} rows[] = {
		{"abc", "abc", 3, 0},        {"abc", "acb", 3, 1}, {"abc", "abcd", 3, 1},
		{"kitten", "sitting", 5, 3}, {"abc", "xyz", 1, 2}, {"", "ab", 2, 2},
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
			str_distance(str_from(rows[i].a), str_from(rows[i].b), rows[i].limit),
			rows[i].distance);
}

static void test_nearest_is_near_or_nothing(void **state)
{
	struct strmap m = STRMAP_NULL;
	int x;
	(void)state;

	assert_int_equal(strmap_add(&m, STR("spawned_process"), &x), 0);
	assert_int_equal(strmap_add(&m, STR("open_read"), &x), 0);
	assert_true(str_is(strmap_nearest(&m, STR("spawned_proces")), "spawned_process"));
	assert_true(str_is(strmap_nearest(&m, STR("open_raed")), "open_read"));
	assert_int_equal(strmap_nearest(&m, STR("container")).len, 0);
	strmap_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_was_added_and_nothing_else),
		cmocka_unit_test(test_distance_counts_edits),
		cmocka_unit_test(test_nearest_is_near_or_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
