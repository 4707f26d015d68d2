/*
 * What a source is told to look at, and when the rules change, as new rules come. The pipeline and the
 * source are stood in for: they only write down what they are asked.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ruleset/interest.h"
#include "run/refit.h"

enum { OPEN = 3, READ = 7, LONG_AGO = 1 };

static struct {
	bool is_offered;
	const struct interest *now, *next;
	int n_swaps, n_told, answer;
	struct evttypes told; /* the last time */
} fake;

bool pipeline_take(struct pipeline *p)
{
	bool was = fake.is_offered;

	(void)p;
	fake.is_offered = false;
	return was;
}

void pipeline_swap(struct pipeline *p)
{
	(void)p;
	fake.n_swaps++;
	fake.now = fake.next;
	fake.next = NULL;
}

const struct interest *pipeline_interest(const struct pipeline *p)
{
	(void)p;
	return fake.now;
}

const struct interest *pipeline_next_interest(const struct pipeline *p)
{
	(void)p;
	return fake.next;
}

int source_interest(struct source *s, const struct gyr_interest *interest, struct err *err)
{
	(void)s;
	fake.n_told++;
	memcpy(fake.told.bits, interest->events, sizeof fake.told.bits);
	if (fake.answer < 0)
		err_set(err, 0, 0, "no");
	return fake.answer;
}

static struct interest opens, reads;
static struct log quiet; /* writes nowhere */

static int setup(void **state)
{
	static struct refit f;

	memset(&fake, 0, sizeof fake);
	interest_init(&opens);
	interest_init(&reads);
	evttypes_add(&opens.events, OPEN);
	evttypes_add(&reads.events, READ);
	fake.now = &opens;
	f = (struct refit){.log = &quiet};
	*state = &f;
	return 0;
}

static void offer(const struct interest *i)
{
	fake.next = i;
	fake.is_offered = true;
}

static bool is_told(uint16_t event)
{
	return evttypes_has(&fake.told, event);
}

static void test_the_first_rules_are_used_once_the_source_knows_them(void **state)
{
	struct refit *f = *state;
	struct err err = ERR_NULL;

	assert_int_equal(refit_start(f, &err), 0);
	assert_int_equal(fake.n_swaps, 0);
	offer(&reads);
	assert_int_equal(refit_start(f, &err), 0);
	assert_true(is_told(READ) && !is_told(OPEN));
	assert_int_equal(fake.n_swaps, 1);
}

static void test_first_rules_that_the_source_cannot_serve_are_an_error(void **state)
{
	struct err err = ERR_NULL;

	fake.answer = -EIO;
	offer(&reads);
	assert_int_equal(refit_start(*state, &err), -EIO);
	assert_true(err.is_set);
	assert_int_equal(fake.n_swaps, 0);
}

static void test_old_rules_judge_until_an_event_from_after_the_widening(void **state)
{
	struct refit *f = *state;

	offer(&reads);
	refit_between(f, LONG_AGO);
	assert_true(is_told(READ) && is_told(OPEN));
	assert_int_equal(fake.n_swaps, 0);
	refit_between(f, LONG_AGO);
	refit_between(f, f->since - 1);
	assert_int_equal(fake.n_swaps, 0);
	refit_between(f, f->since);
	assert_int_equal(fake.n_swaps, 1);
	assert_ptr_equal(fake.now, &reads);
	assert_true(is_told(READ) && !is_told(OPEN));
	assert_int_equal(fake.n_told, 2);
	refit_between(f, f->since + 1);
	assert_int_equal(fake.n_swaps, 1);
}

static void test_nobody_is_waited_for_when_no_event_is_left(void **state)
{
	offer(&reads);
	refit_between(*state, LONG_AGO);
	refit_between(*state, 0);
	assert_int_equal(fake.n_swaps, 1);
	assert_true(!is_told(OPEN));
}

static void test_rules_that_come_while_others_wait_widen_again(void **state)
{
	struct refit *f = *state;
	struct interest closes;

	interest_init(&closes);
	evttypes_add(&closes.events, 5);
	offer(&reads);
	refit_between(f, LONG_AGO);
	offer(&closes);
	refit_between(f, UINT64_MAX);
	assert_int_equal(fake.n_swaps, 0);
	assert_true(is_told(OPEN) && is_told(5));
	refit_between(f, UINT64_MAX);
	assert_ptr_equal(fake.now, &closes);
	assert_true(is_told(5) && !is_told(OPEN) && !is_told(READ));
}

static void test_a_source_that_does_not_listen_or_cannot_gets_the_new_rules_at_once(void **state)
{
	static const int answers[] = {1, -EIO};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		(void)setup(state);
		fake.answer = answers[i];
		offer(&reads);
		refit_between(*state, LONG_AGO);
		assert_int_equal(fake.n_swaps, 1);
		assert_false(((struct refit *)*state)->is_waiting);
	}
}

static void test_events_without_types_need_no_telling(void **state)
{
	fake.now = NULL;
	offer(NULL);
	refit_between(*state, LONG_AGO);
	assert_int_equal(fake.n_swaps, 1);
	assert_int_equal(fake.n_told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_first_rules_are_used_once_the_source_knows_them,
				       setup),
		cmocka_unit_test_setup(test_first_rules_that_the_source_cannot_serve_are_an_error,
				       setup),
		cmocka_unit_test_setup(test_old_rules_judge_until_an_event_from_after_the_widening,
				       setup),
		cmocka_unit_test_setup(test_nobody_is_waited_for_when_no_event_is_left, setup),
		cmocka_unit_test_setup(test_rules_that_come_while_others_wait_widen_again, setup),
		cmocka_unit_test_setup(
			test_a_source_that_does_not_listen_or_cannot_gets_the_new_rules_at_once,
			setup),
		cmocka_unit_test_setup(test_events_without_types_need_no_telling, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
