/*
 * again: when a loss of events is reason to look at /proc again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "again.h"

#define MS UINT64_C(1000000)

static void test_no_loss_is_no_reason(void **state)
{
	struct again a = {0};

	(void)state;
	for (uint64_t t = 0; t < 100000 * MS; t += 1000 * MS)
		assert_false(again_is_due(&a, 0, t + 1));
}

static void test_a_loss_is_looked_after_when_no_more_is_lost(void **state)
{
	struct again a = {0};

	(void)state;
	assert_false(again_is_due(&a, 5, 1000 * MS));
	assert_false(again_is_due(&a, 9, 1900 * MS));
	assert_false(again_is_due(&a, 9, 2800 * MS));
	assert_true(again_is_due(&a, 9, 2900 * MS));
	again_begin(&a);
	again_end(&a, 3000 * MS, 0);
	assert_false(again_is_due(&a, 9, 99000 * MS));
}

static void test_losses_that_go_on_are_looked_after_all_the_same(void **state)
{
	struct again a = {0};
	uint64_t t = 1000 * MS, n = 1;

	(void)state;
	while (!again_is_due(&a, n, t)) {
		n++;
		t += 500 * MS;
		assert_true(t < 20000 * MS);
	}
	assert_int_equal(t, (1000 + AGAIN_PATIENCE_MS) * MS);
}

static void test_what_is_lost_meanwhile_waits_for_its_turn(void **state)
{
	struct again a = {0};

	(void)state;
	assert_false(again_is_due(&a, 1, 1000 * MS));
	assert_true(again_is_due(&a, 1, 2000 * MS));
	again_begin(&a);
	again_end(&a, 2100 * MS, 400 * MS); /* work is a fiftieth of the time at most */
	assert_false(again_is_due(&a, 2, 2100 * MS));
	assert_false(again_is_due(&a, 2, 22000 * MS));
	assert_true(again_is_due(&a, 2, 22100 * MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_loss_is_no_reason),
		cmocka_unit_test(test_a_loss_is_looked_after_when_no_more_is_lost),
		cmocka_unit_test(test_losses_that_go_on_are_looked_after_all_the_same),
		cmocka_unit_test(test_what_is_lost_meanwhile_waits_for_its_turn),
	};

	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
