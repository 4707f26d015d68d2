#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fakes.h"
#include "host/fetcher.h"
#include "host/fields.h"
#include "util/mem.h"

struct fixture {
	struct fakes fakes;
	struct module *module;
	struct instance *instance;
	struct fetcher *fetcher;
	struct fieldset *fields;
	struct arena arena;
	uint32_t n_slots;
	uint8_t bytes[64];
	struct event evt;
};

static void open_fixture(struct fixture *x, const char *variant)
{
	const ss_plugin_event head = {
		.len = 43,
		.type = GYR_EVENT_PLUGIN,
		.nparams = 2,
	};
	struct err err = ERR_NULL;

	*x = (struct fixture){0};
	fakes_init(&x->fakes);
	x->module = fakes_open(&x->fakes, variant);
	x->instance = fakes_start(&x->fakes, x->module);
	x->fetcher = fetcher_new(&x->instance, 1);
	assert_int_equal(fields_build(STR("fake_events"), (const struct module *const *)&x->module,
				      1, &x->fields, &err),
			 0);
	memcpy(x->bytes, &head, sizeof head);
	x->evt = (struct event){
		.raw = (const ss_plugin_event *)x->bytes,
		.num = 1,
		.type = GYR_EVENT_PLUGIN,
		.source = "fake_events",
	};
}

static void close_fixture(struct fixture *x)
{
	fieldset_unref(x->fields);
	arena_deinit(&x->arena);
	fetcher_free(x->fetcher);
	instance_free(x->instance);
	module_close(x->module);
	fakes_deinit(&x->fakes);
}

static struct field_use use(struct fixture *x, const char *text)
{
	struct field_use u = {0};
	struct err err = ERR_NULL;

	if (fieldset_resolve(x->fields, str_from(text), &x->arena, &u, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	u.slot = x->n_slots++;
	return u;
}

static void ask(struct fixture *x, const struct field_use *uses, uint32_t n, struct values *ret)
{
	const struct field_use *ptrs[8];
	struct fetch f = fetcher_fetch(x->fetcher);

	for (uint32_t i = 0; i < n; i++)
		ptrs[i] = &uses[i];
	f.get(f.ctx, &x->evt, ptrs, n, ret);
}

static void test_values_of_every_type_arrive(void **state)
{
	static const char *const variants[] = {"good", "batched"};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct fixture x;
		struct values v[5];

		open_fixture(&x, variants[k]);
		const struct field_use u[5] = {
			use(&x, "fake.num"), use(&x, "fake.list"), use(&x, "fake.arg[key]"),
			use(&x, "fake.ip"),  use(&x, "fake.port"),
		};
		ask(&x, u, 5, v);
		assert_true(v[0].is_set && v[0].n == 1 && v[0].v[0].u64 == 42);
		assert_true(v[1].is_set && v[1].n == 2 && str_is(v[1].v[1].bytes, "b"));
		assert_true(v[2].is_set && memcmp(v[2].v[0].bytes.p, "call ", 5) == 0);
		assert_non_null(memmem(v[2].v[0].bytes.p, v[2].v[0].bytes.len, "key", 3));
		assert_true(v[3].is_set && v[3].v[0].bytes.len == 4);
		assert_memory_equal(v[3].v[0].bytes.p, "\x0a\x00\x00\x01", 4);
		assert_true(v[4].is_set && v[4].v[0].u64 == 42);
		close_fixture(&x);
	}
}

static void test_batched_plugin_is_called_once_others_once_a_field(void **state)
{
	static const struct {
		const char *variant;
		uint64_t n_calls;
	} rows[] = {{"batched", 1}, {"good", 3}};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct fixture x;
		struct values v[3];

		open_fixture(&x, rows[k].variant);
		const struct field_use u[3] = {
			use(&x, "fake.num"),
			use(&x, "fake.arg[a]"),
			use(&x, "fake.arg[b]"),
		};
		ask(&x, u, 3, v);
		assert_int_equal(x.instance->n_extract_calls, rows[k].n_calls);
		/* Two arguments of one field do not get each other's answer. */
		assert_non_null(memmem(v[1].v[0].bytes.p, v[1].v[0].bytes.len, " a", 2));
		assert_non_null(memmem(v[2].v[0].bytes.p, v[2].v[0].bytes.len, " b", 2));
		close_fixture(&x);
	}
}

static void test_answers_are_remembered_within_an_event_only(void **state)
{
	struct fixture x;
	struct values v;

	(void)state;
	open_fixture(&x, "batched");
	const struct field_use u = use(&x, "fake.text");

	fetcher_begin(x.fetcher);
	ask(&x, &u, 1, &v);
	ask(&x, &u, 1, &v);
	assert_int_equal(x.instance->n_extract_calls, 1);
	assert_true(str_is(v.v[0].bytes, "call 1 "));
	fetcher_begin(x.fetcher);
	ask(&x, &u, 1, &v);
	assert_int_equal(x.instance->n_extract_calls, 2);
	assert_true(str_is(v.v[0].bytes, "call 2 "));
	close_fixture(&x);
}

static void test_later_answers_leave_earlier_ones_alone(void **state)
{
	struct fixture x;
	struct values first, second;

	(void)state;
	open_fixture(&x, "batched");
	const struct field_use u[2] = {use(&x, "fake.text"), use(&x, "fake.arg[zz]")};

	ask(&x, &u[0], 1, &first);
	ask(&x, &u[1], 1, &second);
	assert_true(str_is(first.v[0].bytes, "call 1 "));
	assert_true(str_is(second.v[0].bytes, "call 2 zz"));
	close_fixture(&x);
}

static void test_one_failing_field_does_not_spoil_the_others(void **state)
{
	struct fixture x;
	struct fetcher_counters c;
	struct values v[3];

	(void)state;
	open_fixture(&x, "batched");
	const struct field_use u[3] = {
		use(&x, "fake.num"),
		use(&x, "fake.bad"),
		use(&x, "fake.text"),
	};

	ask(&x, u, 3, v);
	assert_true(v[0].is_set && v[0].v[0].u64 == 42);
	assert_false(v[1].is_set);
	assert_true(v[2].is_set);
	fetcher_count(x.fetcher, &c);
	assert_int_equal(c.n_calls, 4);
	assert_int_equal(c.n_failed, 2);
	close_fixture(&x);
}

static void test_events_of_other_codes_are_not_asked_about(void **state)
{
	struct fixture x;
	struct values v;

	(void)state;
	open_fixture(&x, "batched");
	const struct field_use u = use(&x, "fake.num");

	x.evt.type = 1;
	ask(&x, &u, 1, &v);
	assert_false(v.is_set);
	assert_int_equal(x.instance->n_extract_calls, 0);
	close_fixture(&x);
}

static void test_no_memory_is_taken_once_warm(void **state)
{
	struct fixture x;
	struct values v[2];
	unsigned long before;

	(void)state;
	open_fixture(&x, "batched");
	const struct field_use u[2] = {use(&x, "fake.text"), use(&x, "fake.list")};

	ask(&x, u, 2, v);
	before = mem_count();
	for (int i = 0; i < 1000; i++) {
		fetcher_begin(x.fetcher);
		ask(&x, u, 2, v);
	}
	assert_int_equal(mem_count(), before);
	close_fixture(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_of_every_type_arrive),
		cmocka_unit_test(test_batched_plugin_is_called_once_others_once_a_field),
		cmocka_unit_test(test_answers_are_remembered_within_an_event_only),
		cmocka_unit_test(test_later_answers_leave_earlier_ones_alone),
		cmocka_unit_test(test_one_failing_field_does_not_spoil_the_others),
		cmocka_unit_test(test_events_of_other_codes_are_not_asked_about),
		cmocka_unit_test(test_no_memory_is_taken_once_warm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
