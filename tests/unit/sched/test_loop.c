/*
 * The loop: signals, timers, wake-ups from other threads, and an end without leftovers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "sched/loop.h"

struct seen {
	struct loop *loop;
	int n, stop_at;
};

static void count(void *ctx)
{
	struct seen *s = ctx;

	if (++s->n >= s->stop_at)
		loop_stop(s->loop);
}

static void test_a_signal_arrives(void **state)
{
	struct seen s = {.stop_at = 1};

	(void)state;
	assert_int_equal(loop_new(&s.loop), 0);
	assert_int_equal(loop_on_signal(s.loop, SIGUSR2, count, &s), 0);
	assert_int_equal(raise(SIGUSR2), 0);
	loop_run(s.loop);
	assert_int_equal(s.n, 1);
	s.loop = loop_free(s.loop);
}

static void test_timers_once_and_again(void **state)
{
	struct seen once = {.stop_at = 100}, again = {.stop_at = 3};

	(void)state;
	assert_int_equal(loop_new(&again.loop), 0);
	once.loop = again.loop;
	assert_int_equal(loop_after(again.loop, 0, count, &once), 0);
	assert_int_equal(loop_every(again.loop, 1, count, &again), 0);
	loop_run(again.loop);
	assert_int_equal(once.n, 1);
	assert_int_equal(again.n, 3);
	again.loop = loop_free(again.loop);
}

static void *wake(void *arg)
{
	loop_wake(arg);
	return NULL;
}

static void test_another_thread_wakes_it(void **state)
{
	struct seen s = {.stop_at = 1};
	pthread_t t;

	(void)state;
	assert_int_equal(loop_new(&s.loop), 0);
	loop_on_wake(s.loop, count, &s);
	assert_int_equal(pthread_create(&t, NULL, wake, s.loop), 0);
	loop_run(s.loop);
	assert_int_equal(s.n, 1);
	(void)pthread_join(t, NULL);
	s.loop = loop_free(s.loop);
}

static void test_handles_are_bounded(void **state)
{
	struct seen s = {0};
	int r = 0;

	(void)state;
	assert_int_equal(loop_new(&s.loop), 0);
	for (int i = 0; i < 17; i++)
		r = loop_after(s.loop, 1000000, count, &s);
	assert_int_equal(r, -ENOSPC);
	s.loop = loop_free(s.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signal_arrives),
		cmocka_unit_test(test_timers_once_and_again),
		cmocka_unit_test(test_another_thread_wakes_it),
		cmocka_unit_test(test_handles_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
