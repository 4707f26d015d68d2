#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes.h"
#include "host/source.h"
#include "host/symbols.h"
#include "util/mem.h"

/* What the host gave the plugin: caught on the way, so that the test pushes in its place. */
static ss_plugin_async_event_handler_t handler;

static ss_plugin_rc catch_handler(ss_plugin_t *s, ss_plugin_owner_t *o,
				  const ss_plugin_async_event_handler_t fn)
{
	(void)s;
	(void)o;
	handler = fn;
	return SS_PLUGIN_SUCCESS;
}

struct fixture {
	struct fakes fakes;
	struct module *module;
	struct instance *instance;
	struct async *async;
};

static void open_fixture(struct fixture *x)
{
	struct module_symbols *s;
	struct err err = ERR_NULL;

	*x = (struct fixture){0};
	fakes_init(&x->fakes);
	x->module = fakes_open(&x->fakes, "async");
	s = (struct module_symbols *)(uintptr_t)x->module->symbols;
	s->api.set_async_event_handler = catch_handler;
	x->instance = fakes_start(&x->fakes, x->module);
	x->async = async_new(&x->instance, 1, "fake_events", 900, &x->fakes.log);
	assert_int_equal(async_start(x->async, &err), 0);
	assert_non_null(handler);
}

static void close_fixture(struct fixture *x)
{
	async_stop(x->async);
	assert_null(handler);
	async_free(x->async);
	instance_free(x->instance);
	module_close(x->module);
	fakes_deinit(&x->fakes);
}

struct bytes {
	ss_plugin_event head;
	uint32_t lens[3], id;
	char name[5], data[4];
} __attribute__((packed));

static struct bytes event(uint64_t ts, const char *name)
{
	struct bytes b = {
		.head = {.ts = ts,
			 .tid = UINT64_MAX,
			 .len = sizeof b,
			 .type = GYR_EVENT_ASYNC,
			 .nparams = 3},
		.lens = {4, 5, 4},
		.data = {'d', 'a', 't', 'a'},
	};

	memcpy(b.name, name, sizeof b.name);
	return b;
}

static ss_plugin_rc push(struct fixture *x, struct bytes b, char *why)
{
	return handler(&x->instance->owner, &b.head, why);
}

static void test_events_come_out_by_time(void **state)
{
	static const uint64_t times[] = {30, 10, 20, 10};
	static const uint64_t sorted[] = {10, 10, 20, 30};
	struct fixture x;
	uint32_t id;

	(void)state;
	open_fixture(&x);
	for (int i = 0; i < 4; i++)
		assert_int_equal(push(&x, event(times[i], "tock"), NULL), SS_PLUGIN_SUCCESS);
	assert_null(async_take(x.async, 9));
	for (int i = 0; i < 4; i++) {
		const ss_plugin_event *e = async_take(x.async, UINT64_MAX);

		assert_non_null(e);
		assert_int_equal(e->ts, sorted[i]);
		memcpy(&id, (const char *)e + 38, sizeof id);
		assert_int_equal(id, 900);
	}
	assert_null(async_take(x.async, UINT64_MAX));
	close_fixture(&x);
}

static void test_events_that_break_a_rule_are_refused_with_a_reason(void **state)
{
	struct async_counters c;
	struct fixture x;
	struct bytes b;
	char why[PLUGIN_MAX_ERRLEN];

	(void)state;
	open_fixture(&x);
	assert_int_equal(push(&x, event(1, "tick"), why), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "name"));
	b = event(1, "tock");
	b.head.tid = 1;
	assert_int_equal(push(&x, b, why), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "tid"));
	b = event(1, "tock");
	b.lens[2] = 5;
	assert_int_equal(push(&x, b, why), SS_PLUGIN_FAILURE);
	b = event(1, "tock");
	b.head.type = GYR_EVENT_PLUGIN;
	assert_int_equal(push(&x, b, why), SS_PLUGIN_FAILURE);
	async_count(x.async, &c);
	assert_int_equal(c.n_refused, 4);
	assert_null(async_take(x.async, UINT64_MAX));
	close_fixture(&x);
}

static void test_full_queue_drops_and_counts(void **state)
{
	struct async_counters c;
	struct fixture x;

	(void)state;
	open_fixture(&x);
	for (int i = 0; i < ASYNC_CAP + 3; i++)
		assert_int_equal(push(&x, event(1, "tock"), NULL), SS_PLUGIN_SUCCESS);
	async_count(x.async, &c);
	assert_int_equal(c.n_full, 3);
	close_fixture(&x);
}

static void test_events_far_ahead_of_the_clock_are_dropped(void **state)
{
	struct async_counters c;
	struct fixture x;

	(void)state;
	open_fixture(&x);
	assert_int_equal(push(&x, event(UINT64_MAX - 1, "tock"), NULL), SS_PLUGIN_SUCCESS);
	assert_int_equal(push(&x, event(UINT64_MAX, "tock"), NULL), SS_PLUGIN_SUCCESS);
	assert_true(async_take(x.async, UINT64_MAX)->ts < UINT64_MAX - 1);
	assert_null(async_take(x.async, UINT64_MAX));
	async_count(x.async, &c);
	assert_int_equal(c.n_future, 1);
	assert_int_equal(c.n_events, 1);
	close_fixture(&x);
}

static void test_source_merges_pushed_events_by_time(void **state)
{
	static const uint64_t expected[] = {999, 1000, 1001, 1001, 1002};
	struct source *s = NULL;
	struct err err = ERR_NULL;
	struct fixture x;
	struct event e;

	(void)state;
	open_fixture(&x);
	assert_int_equal(push(&x, event(1001, "tock"), NULL), SS_PLUGIN_SUCCESS);
	assert_int_equal(push(&x, event(999, "tock"), NULL), SS_PLUGIN_SUCCESS);
	assert_int_equal(
		source_open(x.instance, &(struct source_setup){.async = x.async}, &s, &err), 0);
	assert_int_equal(source_pull(s, &err), 0);
	for (int i = 0; i < 5; i++) {
		assert_true(source_next(s, &e));
		assert_int_equal(e.ts, expected[i]);
	}
	assert_int_equal(e.num, 3);
	assert_false(source_next(s, &e));
	source_close(s);
	close_fixture(&x);
}

enum { PUSHERS = 4, PUSHES = 500 };

static void *push_many(void *arg)
{
	for (uint64_t i = 0; i < PUSHES; i++)
		if (push(arg, event(1 + i, "tock"), NULL) != SS_PLUGIN_SUCCESS)
			abort();
	return NULL;
}

static void test_threads_push_while_the_source_takes(void **state)
{
	pthread_t threads[PUSHERS];
	struct fixture x;
	int n = 0;

	(void)state;
	open_fixture(&x);
	for (int i = 0; i < PUSHERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, push_many, &x), 0);
	for (int i = 0; i < 1000; i++)
		n += async_take(x.async, UINT64_MAX) != NULL;
	for (int i = 0; i < PUSHERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	while (async_take(x.async, UINT64_MAX))
		n++;
	assert_int_equal(n, PUSHERS * PUSHES);
	close_fixture(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_come_out_by_time),
		cmocka_unit_test(test_events_that_break_a_rule_are_refused_with_a_reason),
		cmocka_unit_test(test_full_queue_drops_and_counts),
		cmocka_unit_test(test_events_far_ahead_of_the_clock_are_dropped),
		cmocka_unit_test(test_source_merges_pushed_events_by_time),
		cmocka_unit_test(test_threads_push_while_the_source_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
