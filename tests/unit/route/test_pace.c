/*
 * When a destination is asked again: pauses that grow, and the circuit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "route/pace.h"

static const struct pace_setup plain = {.pause_min_ms = 100, .pause_max_ms = 1000};
static const struct pace_setup circuit = {
	.pause_min_ms = 1, .pause_max_ms = 1, .failures = 3, .open_ms = 500};

static void test_pauses_are_drawn_below_a_bound_that_doubles(void **state)
{
	static const uint32_t bounds[] = {100, 200, 400, 800, 1000, 1000};
	struct pace p;

	(void)state;
	pace_init(&p, &plain, 1);
	assert_int_equal(pace_wait_ms(&p, 0), 0);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		uint32_t least = UINT32_MAX, most = 0;

		pace_failure(&p, 0);
		for (int n = 0; n < 1000; n++) {
			uint32_t ms = pace_wait_ms(&p, 0);

			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_in_range(least, 1, bounds[i] / 10);
		assert_in_range(most, bounds[i] - bounds[i] / 10, bounds[i]);
	}
	pace_success(&p);
	assert_int_equal(pace_wait_ms(&p, 0), 0);
}

static void test_failures_in_a_row_open_the_circuit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, &circuit, 1);
	pace_failure(&p, 0);
	pace_failure(&p, 0);
	pace_success(&p);
	pace_failure(&p, 0);
	pace_failure(&p, 0);
	assert_int_equal(p.state, PACE_CLOSED);
	pace_failure(&p, 1000);
	assert_int_equal(p.state, PACE_OPEN);
	assert_int_equal(pace_wait_ms(&p, 1000), 500);
	assert_int_equal(pace_wait_ms(&p, 1499), 1);
	assert_int_equal(p.state, PACE_OPEN);
	assert_int_equal(p.n_opened, 1);
}

static void test_a_trial_closes_the_circuit_or_opens_it_anew(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, &circuit, 1);
	for (int i = 0; i < 3; i++)
		pace_failure(&p, 0);
	assert_int_equal(pace_wait_ms(&p, 500), 0);
	assert_int_equal(p.state, PACE_HALF_OPEN);
	pace_failure(&p, 600);
	assert_int_equal(p.state, PACE_OPEN);
	assert_int_equal(pace_wait_ms(&p, 600), 500);
	assert_int_equal(pace_wait_ms(&p, 1100), 0);
	pace_success(&p);
	assert_int_equal(p.state, PACE_CLOSED);
	assert_int_equal(p.n_opened, 2);
	assert_string_equal(pace_state_name(PACE_HALF_OPEN), "half-open");
}

static void test_a_pause_that_is_asked_for_is_no_failure(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, &circuit, 1);
	for (int i = 0; i < 10; i++)
		pace_hold(&p, 0);
	assert_int_equal(p.state, PACE_CLOSED);
	assert_int_equal(pace_wait_ms(&p, 0), 1);
	for (int i = 0; i < 3; i++)
		pace_failure(&p, 0);
	assert_int_equal(pace_wait_ms(&p, 500), 0);
	pace_hold(&p, 500); /* half-open: it is not known whether it works */
	assert_int_equal(pace_wait_ms(&p, 500), 500);
	assert_int_equal(p.n_opened, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pause_that_is_asked_for_is_no_failure),
		cmocka_unit_test(test_pauses_are_drawn_below_a_bound_that_doubles),
		cmocka_unit_test(test_failures_in_a_row_open_the_circuit),
		cmocka_unit_test(test_a_trial_closes_the_circuit_or_opens_it_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
