/*
 * Which events are finished: the mark stops at the oldest held line, whatever comes behind.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>

#include "route/ledger.h"

#include "util/thread.h"

static _Atomic uint64_t told;

static void tell(void *ctx, uint64_t num)
{
	assert_ptr_equal(ctx, &told);
	assert_true(num > told);
	told = num;
}

static struct ledger *make_ledger(uint32_t n_lines)
{
	told = 0;
	return ledger_new(n_lines, tell, &told);
}

/* What the source knows, when all events up to @judged were looked at. */
static uint64_t mark(struct ledger *l, uint64_t judged)
{
	ledger_judged(l, judged);
	ledger_settle(l);
	return told;
}

static void test_without_lines_all_is_finished(void **state)
{
	struct ledger *l = make_ledger(4);

	(void)state;
	assert_int_equal(mark(l, 0), 0);
	assert_int_equal(mark(l, 17), 17);
	(void)ledger_free(l);
}

static void test_the_mark_stops_before_the_oldest_held_line(void **state)
{
	struct ledger *l = make_ledger(4);
	struct line *a, *b, *c;

	(void)state;
	a = ledger_add(l, 3);
	b = ledger_add(l, 3); /* a second alert of the same event */
	c = ledger_add(l, 9);
	assert_int_equal(mark(l, 20), 2);
	line_done(c);
	line_done(a);
	assert_int_equal(mark(l, 20), 2);
	line_done(b);
	assert_int_equal(mark(l, 20), 20);
	(void)ledger_free(l);
}

static void test_a_line_is_finished_by_the_last_of_its_holders(void **state)
{
	struct ledger *l = make_ledger(4);
	struct line *a;

	(void)state;
	a = ledger_add(l, 1);
	line_hold(a);
	line_hold(a);
	line_done(a);
	line_done(a);
	assert_int_equal(mark(l, 1), 0);
	line_done(a);
	assert_int_equal(mark(l, 1), 1);
	line_hold(NULL);
	line_done(NULL);
	(void)ledger_free(l);
}

static void test_a_full_ledger_takes_again_once_the_oldest_is_done(void **state)
{
	struct ledger *l = make_ledger(4);
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
	assert_int_equal(mark(l, 7), 2);
	(void)ledger_free(l);
}

static void test_the_mark_never_passes_an_event_whose_alert_went_nowhere(void **state)
{
	struct ledger *l = make_ledger(4);
	struct line *a;

	(void)state;
	a = ledger_add(l, 3);
	ledger_break(l, 5);
	ledger_break(l, 8);
	assert_int_equal(mark(l, 9), 2);
	line_done(a);
	assert_int_equal(mark(l, 9), 4);
	(void)ledger_free(l);
}

static void test_an_event_before_the_first_holds_the_mark_at_nothing(void **state)
{
	struct ledger *l = make_ledger(4);

	(void)state;
	assert_non_null(ledger_add(l, 0)); /* pushed from aside before the source gave any */
	assert_int_equal(mark(l, 5), 0);
	(void)ledger_free(l);
}

static void test_an_event_that_may_still_raise_alerts_is_not_finished(void **state)
{
	struct ledger *l = make_ledger(4);
	struct line *a = ledger_add(l, 3);

	(void)state;
	line_done(a);
	assert_ptr_equal(line_settle(a, NULL), l); /* an output was quick */
	assert_int_equal(told, 2);
	a = ledger_add(l, 3);
	line_done(a);
	(void)line_settle(a, NULL);
	assert_int_equal(told, 2);
	line_done(ledger_add(l, 4)); /* with the next event it is */
	(void)line_settle(a, NULL);
	assert_int_equal(told, 3);
	(void)line_settle(a, l);
	(void)ledger_free(l);
}

enum { N_EVENTS = 200000, RING = 1 << 10 };

static struct {
	struct line *_Atomic lines[RING];
	struct ledger *ledger;
} handed; /* what the thread below lets go of */

static void *let_go_of_all(void *arg)
{
	(void)arg;
	for (uint64_t i = 0; i < N_EVENTS; i++) {
		struct line *line;

		while (!(line = atomic_exchange(&handed.lines[i % RING], NULL)))
			continue;
		line_done(line);
		if (i % 7 == 0)
			(void)line_settle(line, NULL);
		assert_true(told <= i + 1);
	}
	return NULL;
}

static void test_the_source_is_told_all_while_others_let_go(void **state)
{
	pthread_t thread;

	(void)state;
	handed.ledger = make_ledger(RING);
	assert_int_equal(thread_start(&thread, let_go_of_all, NULL), 0);
	for (uint64_t i = 0; i < N_EVENTS; i++) {
		struct line *line;

		while (!(line = ledger_add(handed.ledger, i + 1)))
			continue;
		while (atomic_load(&handed.lines[i % RING]))
			continue;
		atomic_store(&handed.lines[i % RING], line);
		if (i % 5 == 0) {
			ledger_judged(handed.ledger, i + 1);
			ledger_try_settle(handed.ledger);
		}
	}
	(void)pthread_join(thread, NULL);
	assert_int_equal(mark(handed.ledger, N_EVENTS), N_EVENTS);
	(void)ledger_free(handed.ledger);
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
		cmocka_unit_test(test_an_event_that_may_still_raise_alerts_is_not_finished),
		cmocka_unit_test(test_the_source_is_told_all_while_others_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
