/*
 * Which events are finished: the mark stops at the oldest held line, whatever comes behind.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "route/ledger.h"

static void test_without_lines_all_is_finished(void **state)
{
	struct ledger *l = ledger_new(4);

	(void)state;
	assert_int_equal(ledger_mark(l, 0), 0);
	assert_int_equal(ledger_mark(l, 17), 17);
	(void)ledger_free(l);
}

static void test_the_mark_stops_before_the_oldest_held_line(void **state)
{
	struct ledger *l = ledger_new(4);
	struct line *a, *b, *c;

	(void)state;
	a = ledger_add(l, 3);
	b = ledger_add(l, 3); /* a second alert of the same event */
	c = ledger_add(l, 9);
	assert_int_equal(ledger_mark(l, 20), 2);
	line_done(c);
	line_done(a);
	assert_int_equal(ledger_mark(l, 20), 2);
	line_done(b);
	assert_int_equal(ledger_mark(l, 20), 20);
	assert_int_equal(ledger_depth(l), 0);
	(void)ledger_free(l);
}

static void test_a_line_is_finished_by_the_last_of_its_holders(void **state)
{
	struct ledger *l = ledger_new(4);
	struct line *a;

	(void)state;
	a = ledger_add(l, 1);
	line_hold(a);
	line_hold(a);
	line_done(a);
	line_done(a);
	assert_int_equal(ledger_mark(l, 1), 0);
	line_done(a);
	assert_int_equal(ledger_mark(l, 1), 1);
	line_hold(NULL);
	line_done(NULL);
	(void)ledger_free(l);
}

static void test_a_full_ledger_takes_again_once_the_oldest_is_done(void **state)
{
	struct ledger *l = ledger_new(4);
	struct line *lines[4];

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		lines[i] = ledger_add(l, i + 1);
	assert_null(ledger_add(l, 5));
	line_done(lines[1]);
	assert_null(ledger_add(l, 5));
	line_done(lines[0]);
	assert_non_null(ledger_add(l, 5));
	assert_non_null(ledger_add(l, 6));
	assert_null(ledger_add(l, 7));
	assert_int_equal(ledger_mark(l, 7), 2);
	(void)ledger_free(l);
}

static void test_the_mark_never_passes_an_event_whose_alert_went_nowhere(void **state)
{
	struct ledger *l = ledger_new(4);
	struct line *a;

	(void)state;
	a = ledger_add(l, 3);
	ledger_break(l, 5);
	ledger_break(l, 8);
	assert_int_equal(ledger_mark(l, 9), 2);
	line_done(a);
	assert_int_equal(ledger_mark(l, 9), 4);
	(void)ledger_free(l);
}

static void test_an_event_before_the_first_holds_the_mark_at_nothing(void **state)
{
	struct ledger *l = ledger_new(4);

	(void)state;
	assert_non_null(ledger_add(l, 0)); /* pushed from aside before the source gave any */
	assert_int_equal(ledger_mark(l, 5), 0);
	(void)ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_lines_all_is_finished),
		cmocka_unit_test(test_the_mark_stops_before_the_oldest_held_line),
		cmocka_unit_test(test_a_line_is_finished_by_the_last_of_its_holders),
		cmocka_unit_test(test_a_full_ledger_takes_again_once_the_oldest_is_done),
		cmocka_unit_test(test_the_mark_never_passes_an_event_whose_alert_went_nowhere),
		cmocka_unit_test(test_an_event_before_the_first_holds_the_mark_at_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
