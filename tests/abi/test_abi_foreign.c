/*
 * A plugin of another make and an older minor version loads and runs unchanged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "host/fetcher.h"
#include "host/instance.h"
#include "host/module.h"
#include "host/source.h"

struct fixture {
	struct registry *registry;
	struct services services;
	struct module *module;
	struct instance *instance;
	struct err err;
};

static void load(struct fixture *x)
{
	const struct registry_entry *e;

	*x = (struct fixture){.registry = registry_new()};
	assert_non_null(x->registry);
	assert_int_equal(registry_add_path(x->registry, STR(""),
					   STR(BINARY_DIR "/tests/foreign.so"), &e, &x->err),
			 0);
	if (module_open(e, REGISTRY_WARN, &x->module, &x->err))
		fail_msg("%s", x->err.text);
}

static void unload(struct fixture *x)
{
	instance_free(x->instance);
	module_close(x->module);
	registry_free(x->registry);
}

static void test_an_older_minor_version_is_welcome(void **state)
{
	struct fixture x;

	(void)state;
	load(&x);
	assert_true(str_is(x.module->name, "foreign"));
	assert_true(str_is(x.module->abi, "3.0.0"));
	assert_int_equal(x.module->caps, MODULE_SOURCING | MODULE_EXTRACTION);
	assert_int_equal(x.module->id, 9999);
	unload(&x);
}

static void test_its_refusal_is_told(void **state)
{
	struct fixture x;

	(void)state;
	load(&x);
	assert_true(instance_new(x.module, STR("refuse"), &x.services, &x.instance, &x.err) < 0);
	assert_non_null(strstr(x.err.text, "told to refuse"));
	unload(&x);
}

/* The letter of @evt, as the field of the plugin says. */
static char letter_of(struct fixture *x, const struct event *evt)
{
	struct field field = x->module->fields[0];
	const struct field_use use = {.field = &field, .index = UINT64_MAX};
	const struct field_use *uses[] = {&use};
	struct fetcher *f = fetcher_new(&x->instance, 1);
	struct fetch fetch;
	struct values v = {0};
	char letter = '?';

	assert_non_null(f);
	fetch = fetcher_fetch(f);
	fetcher_begin(f);
	fetch.get(fetch.ctx, evt, uses, 1, &v);
	if (v.is_set && v.n == 1 && v.v[0].bytes.len == 1)
		letter = v.v[0].bytes.p[0];
	fetcher_free(f);
	return letter;
}

static void test_its_events_and_fields_come_through(void **state)
{
	struct fixture x;
	struct source *source;
	struct event evt;
	char seen[3] = {0};
	size_t n = 0;
	int r;

	(void)state;
	load(&x);
	assert_int_equal(instance_new(x.module, STR(""), &x.services, &x.instance, &x.err), 0);
	assert_int_equal(
		source_open(x.instance, &(struct source_setup){.params = ""}, &source, &x.err), 0);
	while ((r = source_pull(source, &x.err)) == 0) {
		while (source_next(source, &evt)) {
			assert_true(n < 2);
			seen[n++] = letter_of(&x, &evt);
		}
	}
	assert_int_equal(r, SOURCE_E_EOF);
	assert_string_equal(seen, "ab");
	source_close(source);
	unload(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_older_minor_version_is_welcome),
		cmocka_unit_test(test_its_refusal_is_told),
		cmocka_unit_test(test_its_events_and_fields_come_through),
	};

	return cmocka_run_group_tests_name("foreign plugin", tests, NULL, NULL);
}
