/*
 * The end of an output: how long it may take to get rid of what it holds. The clock of this program
 * goes forward by what each send is said to take, so no machine is too slow for it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fakealerts.h"
#include "route/output.h"

enum { N = 20, MINUTE_S = 60, HOUR_MS = 3600000 };

static const char rules[] = "- {rule: r, desc: d, condition: x.number > 0, output: '%x.number', "
			    "priority: INFO, source: fake}\n";
static const struct log quiet = {.level = LOG_LEVEL_EMERGENCY};

static atomic_long ahead_s; /* of the real clock */

int clock_gettime(clockid_t id, struct timespec *ret)
{
	long r = syscall(SYS_clock_gettime, id, ret);

	ret->tv_sec += atomic_load(&ahead_s);
	return (int)r;
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	struct timespec real = *until;

	real.tv_sec -= atomic_load(&ahead_s);
	return pthread_cond_clockwait(c, m, CLOCK_MONOTONIC, &real);
}

/* A sink whose every send takes a while; the first begins when the test says so. */
struct slow {
	sem_t may_begin;
	unsigned minutes, n_fails_first, n_sends;
};

static const char *slow_send(void *ctx, const struct gyr_alert *const *alerts, uint32_t n,
			     uint8_t *verdicts)
{
	struct slow *s = ctx;

	(void)alerts;
	if (s->n_sends++ == 0)
		while (sem_wait(&s->may_begin) < 0)
			continue;
	(void)atomic_fetch_add(&ahead_s, (long)s->minutes * MINUTE_S);
	if (s->n_sends <= s->n_fails_first)
		return "not yet";
	for (uint32_t i = 0; i < n; i++)
		verdicts[i] = GYR_ALERT_ACCEPTED;
	return NULL;
}

/* What an output with an hour to drain makes of N alerts that it holds at the end. */
static struct output_counters drain(struct slow *s, bool is_hurried)
{
	const struct output_setup setup = {.name = "slow",
					   .sink = {.send = slow_send, .ctx = s},
					   .capacity = N,
					   .batch_max = 1,
					   .drain_ms = HOUR_MS,
					   .pace = {1, 1, 0, 0},
					   .log = &quiet};
	struct output_counters c;
	struct err err = ERR_NULL;
	struct fakealerts f;
	struct output *o = NULL;

	(void)sem_init(&s->may_begin, 0, 0);
	fakealerts_init(&f, rules, (struct alert_options){.hostname = "h"});
	assert_int_equal(output_new(&setup, &o, &err), 0);
	for (f.number = 1; f.number <= N; f.number++) {
		struct alert *a = fakealerts_make(&f, 0);

		output_send(o, a);
		(void)alert_unref(a);
	}
	output_stop(o);
	if (is_hurried)
		output_hurry(o);
	(void)sem_post(&s->may_begin);
	output_join(o);
	output_count(o, &c);
	(void)output_free(o);
	fakealerts_deinit(&f);
	(void)sem_destroy(&s->may_begin);
	assert_int_equal(c.n_accepted + c.n_lost, N);
	return c;
}

static void test_one_that_gets_on_has_the_time_it_takes(void **state)
{
	struct slow s = {.minutes = 10};

	(void)state;
	assert_int_equal(drain(&s, false).n_lost, 0);
}

static void test_one_that_gets_on_too_slowly_is_given_up_when_somebody_waits(void **state)
{
	struct slow s = {.minutes = 10};
	struct output_counters c;

	(void)state;
	c = drain(&s, true);
	assert_in_range(c.n_accepted, 1, 8);
}

static void test_one_that_takes_nothing_for_so_long_is_given_up(void **state)
{
	struct slow s = {.minutes = 50, .n_fails_first = 3};

	(void)state;
	assert_int_equal(drain(&s, false).n_accepted, 0);
}

static void test_a_few_failures_do_not_make_it_hopeless_whatever_time_they_take(void **state)
{
	struct slow s = {.minutes = 1, .n_fails_first = OUTPUT_FAILURES - 1};

	(void)state;
	assert_int_equal(drain(&s, false).n_lost, 0);
}

static void test_many_do(void **state)
{
	struct slow s = {.minutes = 1, .n_fails_first = UINT32_MAX};

	(void)state;
	assert_int_equal(drain(&s, false).n_lost, N);
	assert_int_equal(s.n_sends, OUTPUT_FAILURES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_gets_on_has_the_time_it_takes),
		cmocka_unit_test(test_one_that_gets_on_too_slowly_is_given_up_when_somebody_waits),
		cmocka_unit_test(test_one_that_takes_nothing_for_so_long_is_given_up),
		cmocka_unit_test(
			test_a_few_failures_do_not_make_it_hopeless_whatever_time_they_take),
		cmocka_unit_test(test_many_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
