#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fakes.h"
#include "host/fields.h"

static void test_module_tells_what_it_is(void **state)
{
	struct fakes f;
	struct module *m;
	char caps[64];

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	assert_true(str_is(m->name, "fake"));
	assert_true(str_is(m->version, "1.2.3"));
	assert_int_equal(m->id, 900);
	assert_string_equal(m->source_cstr, "fake_events");
	assert_int_equal(m->n_fields, 7);
	assert_int_equal(m->extract_sources.n, 1);
	assert_true(module_sources_have(&m->extract_sources, STR("fake_events")));
	assert_false(module_sources_have(&m->extract_sources, STR("other")));
	module_caps_print(m, caps, sizeof caps);
	assert_string_equal(caps, "sourcing, extraction");
	module_close(m);
	fakes_deinit(&f);
}

static void test_module_reads_field_rows(void **state)
{
	struct fakes f;
	struct module *m;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	assert_int_equal(m->fields[0].type, FT_UINT64);
	assert_int_equal(m->fields[2].flags, FIELD_LIST);
	assert_int_equal(m->fields[3].flags, FIELD_ARG_KEY | FIELD_ARG_REQUIRED);
	assert_int_equal(m->fields[4].type, FT_IPADDR);
	assert_int_equal(m->fields[6].type, FT_PORT);
	assert_int_equal(m->fields[6].flags, FIELD_ANY);
	assert_int_equal(m->fields[6].id, 6);
	assert_true(str_is(m->fields[6].deprecated, "use fake.num"));
	module_close(m);
	fakes_deinit(&f);
}

static void test_extractor_without_sources_goes_with_all(void **state)
{
	struct fakes f;
	struct module *m;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "extractor");
	assert_true(module_sources_have(&m->extract_sources, STR("anything")));
	module_close(m);
	fakes_deinit(&f);
}

static void test_older_api_is_taken(void **state)
{
	struct fakes f;

	(void)state;
	fakes_init(&f);
	module_close(fakes_open(&f, "older"));
	fakes_deinit(&f);
}

static void test_only_who_asks_for_it_is_batched(void **state)
{
	struct fakes f;
	struct module *m;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	assert_false(m->caps & MODULE_BATCHED);
	module_close(m);
	m = fakes_open(&f, "batched");
	assert_true(m->caps & MODULE_BATCHED);
	module_close(m);
	fakes_deinit(&f);
}

static void test_broken_plugin_is_refused_by_name_and_cause(void **state)
{
	static const struct {
		const char *variant;
		int r;
		const char *why;
	} rows[] = {
		{"no_api", -EPROTO, "does not export plugin_get_required_api_version"},
		{"api_next_major", -EPROTO, "needs plugin API 4.0.0"},
		{"api_next_minor", -EPROTO, "needs plugin API 3.13.0"},
		{"api_next_patch", -EPROTO, "needs plugin API 3.12.1"},
		{"api_text", -EPROTO, "'three' is not of the form"},
		{"no_name", -EPROTO, "does not export plugin_get_name"},
		{"empty_name", -EINVAL, "it has no name"},
		{"version_text", -EINVAL, "version 'new'"},
		{"no_close", -EPROTO, "'sourcing' is broken"},
		{"id_without_source", -EPROTO, "an ID and an event source go together"},
		{"source_without_id", -EPROTO, "an ID and an event source go together"},
		{"source_syscall", -EPROTO, "'syscall'"},
		{"extract_without_fields", -EPROTO, "extract_fields without get_fields"},
		{"async_half", -EPROTO, "set_async_event_handler without get_async_events"},
		{"output_half", -EPROTO, "'output' is broken"},
		{"nothing", -EPROTO, "no capability at all"},
		{"fields_empty", -EINVAL, "its fields: 0 fields"},
		{"fields_text", -EINVAL, "its fields: not JSON"},
		{"fields_type", -EINVAL, "field 0 'a.b': unknown type 'colour'"},
		{"fields_desc", -EINVAL, "'desc': missing"},
		{"fields_arg", -EINVAL, "isRequired without"},
		{"is_not_there", -ENOENT, "No such file"},
	};
	struct fakes f;

	(void)state;
	fakes_init(&f);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct module *m = NULL;
		struct err err = ERR_NULL;

		assert_int_equal(fakes_try(&f, rows[i].variant, &m, &err), rows[i].r);
		assert_null(m);
		if (!strstr(err.text, rows[i].why) || !strstr(err.text, rows[i].variant))
			fail_msg("%s: said: %s", rows[i].variant, err.text);
	}
	fakes_deinit(&f);
}

static void test_file_that_is_no_library_is_refused(void **state)
{
	const struct registry_entry e = {
		.path = STR(SOURCE_DIR "/CMakeLists.txt"),
		.kind = REGISTRY_UNKNOWN,
	};
	struct module *m = NULL;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(module_open(&e, REGISTRY_OFF, &m, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "can't load plugin dynamic library: "));
}

static int open_listed(const struct registry_entry *e, enum registry_policy policy, struct err *err)
{
	struct module *m = NULL;
	int r;

	*err = (struct err)ERR_NULL;
	r = module_open(e, policy, &m, err);
	module_close(m);
	return r;
}

static void test_library_must_be_the_one_the_manifest_means(void **state)
{
	struct registry_entry e = {
		.id = 900,
		.name = STR("fake"),
		.kind = REGISTRY_SOURCE,
		.version = STR("1.2.3"),
		.source = STR("fake_events"),
		.path = STR(BINARY_DIR "/tests/fakes/good.so"),
		.manifest = STR("registry.yaml"),
	};
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(open_listed(&e, REGISTRY_REQUIRE, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "has no digest"));
	assert_int_equal(open_listed(&e, REGISTRY_WARN, &err), 0);
	e.has_sha256 = true;
	assert_int_equal(open_listed(&e, REGISTRY_WARN, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "the file was changed"));
	assert_int_equal(open_listed(&e, REGISTRY_OFF, &err), 0);
	e.id = 901;
	assert_int_equal(open_listed(&e, REGISTRY_OFF, &err), -EINVAL);
	assert_non_null(strstr(err.text, "its ID is 900, the manifest says 901"));
	e.id = 900;
	e.version = STR("2.0.0");
	assert_int_equal(open_listed(&e, REGISTRY_OFF, &err), -EINVAL);
	assert_non_null(strstr(err.text, "its version is '1.2.3'"));
	e.version = STR("1.2.3");
	e.kind = REGISTRY_OUTPUT;
	assert_int_equal(open_listed(&e, REGISTRY_OFF, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is an output"));
}

static void test_two_owners_of_one_field_are_both_named(void **state)
{
	struct fakes f;
	const struct module *m[3] = {0};
	struct fieldset *set = NULL;
	struct err err = ERR_NULL;

	(void)state;
	fakes_init(&f);
	m[0] = fakes_open(&f, "good");
	m[2] = fakes_open(&f, "extractor");
	assert_int_equal(fields_build(STR("fake_events"), m, 3, &set, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'fake.num'"));
	assert_int_equal(fields_build(STR("other"), m, 3, &set, &err), 0);
	assert_int_equal(fieldset_at(set, 0)->owner, 2);
	fieldset_unref(set);
	module_close((struct module *)(uintptr_t)m[0]);
	module_close((struct module *)(uintptr_t)m[2]);
	fakes_deinit(&f);
}

static void test_every_plugin_of_the_build_opens_and_starts(void **state)
{
	struct fakes f;
	struct err err = ERR_NULL;

	(void)state;
	fakes_init(&f);
	assert_int_equal(registry_load(f.registry, BINARY_DIR "/registry.yaml", NULL, NULL, &err),
			 0);
	for (uint32_t i = 0; i < registry_count(f.registry); i++) {
		struct module *m = NULL;

		if (module_open(registry_at(f.registry, i), REGISTRY_REQUIRE, &m, &err) < 0)
			fail_msg("%s", err.text);
		instance_free(fakes_start(&f, m));
		module_close(m);
	}
	fakes_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_module_tells_what_it_is),
		cmocka_unit_test(test_module_reads_field_rows),
		cmocka_unit_test(test_extractor_without_sources_goes_with_all),
		cmocka_unit_test(test_older_api_is_taken),
		cmocka_unit_test(test_only_who_asks_for_it_is_batched),
		cmocka_unit_test(test_broken_plugin_is_refused_by_name_and_cause),
		cmocka_unit_test(test_file_that_is_no_library_is_refused),
		cmocka_unit_test(test_library_must_be_the_one_the_manifest_means),
		cmocka_unit_test(test_two_owners_of_one_field_are_both_named),
		cmocka_unit_test(test_every_plugin_of_the_build_opens_and_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
