#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "fakes.h"
#include "host/listen.h"
#include "host/routines.h"

struct fixture {
	struct fakes fakes;
	struct module *module;
	struct instance *instance;
};

static void open_fixture(struct fixture *x, unsigned n_threads)
{
	*x = (struct fixture){0};
	fakes_init(&x->fakes);
	if (n_threads)
		x->fakes.services.routines = routines_new(n_threads);
	x->module = fakes_open(&x->fakes, "listener");
	x->instance = fakes_start(&x->fakes, x->module);
}

static void close_fixture(struct fixture *x)
{
	routines_free(x->fakes.services.routines);
	instance_free(x->instance);
	module_close(x->module);
	fakes_deinit(&x->fakes);
}

static atomic_int inside;

/* Counts its turns; two at once would be seen. */
static ss_plugin_bool endless(ss_plugin_t *s, ss_plugin_routine_state_t *turns)
{
	(void)s;
	if (atomic_fetch_add(&inside, 1) != 0)
		abort();
	atomic_fetch_add((atomic_int *)turns, 1);
	atomic_fetch_sub(&inside, 1);
	return 1;
}

static ss_plugin_bool once(ss_plugin_t *s, ss_plugin_routine_state_t *turns)
{
	(void)s;
	atomic_fetch_add((atomic_int *)turns, 1);
	return 0;
}

static void test_routine_runs_one_turn_at_a_time_until_unsubscribed(void **state)
{
	atomic_int turns = 0;
	ss_plugin_routine_t *r;
	struct fixture x;

	(void)state;
	open_fixture(&x, 3);
	r = routines_lend()->subscribe(&x.instance->owner, endless, &turns);
	assert_non_null(r);
	while (atomic_load(&turns) < 100)
		sched_yield();
	assert_int_equal(routines_lend()->unsubscribe(&x.instance->owner, r), SS_PLUGIN_SUCCESS);
	assert_int_equal(routines_count(x.fakes.services.routines), 0);
	close_fixture(&x);
}

static void test_routine_that_says_no_is_not_called_again(void **state)
{
	atomic_int turns = 0;
	struct fixture x;

	(void)state;
	open_fixture(&x, 1);
	assert_non_null(routines_lend()->subscribe(&x.instance->owner, once, &turns));
	while (routines_count(x.fakes.services.routines))
		sched_yield();
	assert_int_equal(atomic_load(&turns), 1);
	close_fixture(&x);
}

static void test_end_of_the_pool_ends_routines(void **state)
{
	atomic_int turns = 0;
	struct fixture x;

	(void)state;
	open_fixture(&x, 1);
	assert_non_null(routines_lend()->subscribe(&x.instance->owner, endless, &turns));
	close_fixture(&x);
}

static void test_unknown_routine_and_missing_pool_are_errors(void **state)
{
	struct fixture x;

	(void)state;
	open_fixture(&x, 1);
	assert_int_equal(routines_lend()->unsubscribe(&x.instance->owner, &x), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(owner_last_error(&x.instance->owner), "not subscribed"));
	close_fixture(&x);
	open_fixture(&x, 0);
	assert_null(routines_lend()->subscribe(&x.instance->owner, once, &x));
	assert_non_null(strstr(owner_last_error(&x.instance->owner), "no pool"));
	close_fixture(&x);
}

static void test_listener_is_told_and_its_routine_runs(void **state)
{
	struct err err = ERR_NULL;
	struct fixture x;

	(void)state;
	open_fixture(&x, 2);
	assert_int_equal(listen_open(&x.instance, 1, &err), 0);
	while (routines_count(x.fakes.services.routines))
		sched_yield();
	listen_close(&x.instance, 1);
	close_fixture(&x);
}

static void test_listener_that_fails_is_named(void **state)
{
	struct err err = ERR_NULL;
	struct instance *bad = NULL;
	struct fixture x;

	(void)state;
	open_fixture(&x, 2);
	assert_int_equal(
		instance_new(x.module, STR("{\"mode\":\"number\"}"), &x.fakes.services, &bad, &err),
		0);
	assert_int_equal(listen_open(&bad, 1, &err), -EIO);
	assert_string_equal(err.text, "plugin 'listener': capture_open failed: will not listen");
	instance_free(bad);
	close_fixture(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routine_runs_one_turn_at_a_time_until_unsubscribed),
		cmocka_unit_test(test_routine_that_says_no_is_not_called_again),
		cmocka_unit_test(test_end_of_the_pool_ends_routines),
		cmocka_unit_test(test_unknown_routine_and_missing_pool_are_errors),
		cmocka_unit_test(test_listener_is_told_and_its_routine_runs),
		cmocka_unit_test(test_listener_that_fails_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
