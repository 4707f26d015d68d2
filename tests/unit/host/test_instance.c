#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fakes.h"
#include "host/schema.h"

static void test_configuration_is_judged_before_init(void **state)
{
	static const struct {
		const char *config;
		int r;
		const char *why;
	} rows[] = {
		{"", 0, ""},
		{"{\"mode\": \"ok\", \"n\": 3}", 0, ""},
		{"{\"mode\": \"slow\"}", -EINVAL,
		 "$.mode: expected one of [\"ok\",\"fail\",\"number\"]"},
		{"{\"n\": 10}", -EINVAL, "$.n: 10 is more than 9"},
		{"{\"n\": \"3\"}", -EINVAL, "$.n: expected integer, got string"},
		{"{\"m\": 1}", -EINVAL, "$: unknown key 'm'"},
		{"[]", -EINVAL, "$: expected object, got array"},
		{"{\"n\": 3", -EINVAL, "not JSON: line 1"},
		{"{\"mode\": \"fail\"}", -EIO, "init failed: told to fail"},
	};
	struct fakes f;
	struct module *m;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct instance *inst = NULL;
		struct err err = ERR_NULL;
		int r = instance_new(m, str_from(rows[i].config), &f.services, &inst, &err);

		if (r != rows[i].r || !strstr(err.text, rows[i].why))
			fail_msg("%s: %d: %s", rows[i].config, r, err.text);
		if (r < 0)
			assert_non_null(strstr(err.text, "plugin 'fake'"));
		instance_free(inst);
	}
	module_close(m);
	fakes_deinit(&f);
}

static void test_running_instance_takes_a_new_configuration_or_keeps_the_old(void **state)
{
	struct fakes f;
	struct module *m;
	struct instance *i;
	struct err err = ERR_NULL;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	i = fakes_start(&f, m);
	assert_int_equal(instance_set_config(i, STR("{\"n\":2}"), &err), 0);
	assert_int_equal(instance_set_config(i, STR("{\"n\":20}"), &err), -EINVAL);
	err = (struct err)ERR_NULL;
	assert_int_equal(instance_set_config(i, STR("{\"mode\":\"fail\"}"), &err), -EINVAL);
	assert_non_null(strstr(err.text, "will not"));
	instance_free(i);
	module_close(m);
	fakes_deinit(&f);
}

struct seen {
	int n;
	int64_t calls;
	double load;
};

static void see(void *ctx, const struct instance_metric *m)
{
	struct seen *s = ctx;

	s->n++;
	if (strcmp(m->name, "fake.calls") == 0 && m->is_monotonic && m->is_signed)
		s->calls = m->i64;
	if (strcmp(m->name, "fake.load") == 0 && m->is_double)
		s->load = m->dbl;
}

static void test_metrics_carry_the_name_of_the_plugin(void **state)
{
	struct fakes f;
	struct module *m;
	struct instance *i;
	struct seen seen = {0};
	struct err err = ERR_NULL;

	(void)state;
	fakes_init(&f);
	m = fakes_open(&f, "good");
	i = fakes_start(&f, m);
	assert_int_equal(instance_set_config(i, STR("{\"n\":2}"), &err), 0);
	instance_metrics(i, see, &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.calls, 1);
	assert_true(seen.load > 0.49 && seen.load < 0.51);
	instance_free(i);
	module_close(m);
	fakes_deinit(&f);
}

static void test_schema_keywords(void **state)
{
	static const struct {
		const char *schema, *value;
		const char *why; /* NULL: it fits */
	} rows[] = {
		{"{}", "1", NULL},
		{"{\"type\":[\"string\",\"null\"]}", "null", NULL},
		{"{\"type\":[\"string\",\"null\"]}", "1", "none of the types"},
		{"{\"type\":\"number\"}", "1", NULL},
		{"{\"type\":\"integer\"}", "1.0", NULL},
		{"{\"type\":\"integer\"}", "1.5", "expected integer"},
		{"{\"const\":3}", "4", "not the one value"},
		{"{\"minimum\":3}", "2.5", "2.5 is less than 3"},
		{"{\"exclusiveMinimum\":3}", "3", "3 is not more than 3"},
		{"{\"exclusiveMaximum\":3}", "3", "3 is not less than 3"},
		{"{\"minLength\":2}", "\"\xc3\xa9\"", "shorter than 2"},
		{"{\"maxLength\":1}", "\"\xc3\xa9\"", NULL},
		{"{\"maxItems\":1}", "[1,2]", "longer than 1"},
		{"{\"required\":[\"a\"]}", "{}", "key 'a' is missing"},
		{"{\"items\":{\"type\":\"string\"}}", "[\"a\",1]", "$[1]: expected string"},
		{"{\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":1}",
		 "$.a: expected string"},
		{"{\"properties\":{\"a\":{\"properties\":{\"b\":false}}}}", "{\"a\":{\"b\":1}}",
		 "$.a.b: not allowed"},
		{"{\"$ref\":\"#/definitions/x\",\"definitions\":{\"x\":{\"type\":\"null\"}}}", "1",
		 "expected null"},
		{"{\"$ref\":\"#\"}", "1", "nested too deep"},
		{"{\"$ref\":\"#/nowhere\"}", "1", "has no '#/nowhere'"},
		{"[]", "1", "no JSON object"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = ERR_NULL;
		int r = schema_check(str_from(rows[i].schema), str_from(rows[i].value), &err);

		if (!!r != !!rows[i].why || (r && !strstr(err.text, rows[i].why)))
			fail_msg("%s: %s: %d %s", rows[i].schema, rows[i].value, r, err.text);
	}
}

static void test_owner_error_is_told_once(void **state)
{
	struct services s = {0};
	struct owner o = {.services = &s};

	(void)state;
	assert_null(owner_last_error(&o));
	owner_fail(&o, "no table '%s'", "x");
	assert_string_equal(owner_last_error(&o), "no table 'x'");
	assert_null(owner_last_error(&o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configuration_is_judged_before_init),
		cmocka_unit_test(test_running_instance_takes_a_new_configuration_or_keeps_the_old),
		cmocka_unit_test(test_metrics_carry_the_name_of_the_plugin),
		cmocka_unit_test(test_schema_keywords),
		cmocka_unit_test(test_owner_error_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
