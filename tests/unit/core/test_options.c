/*
 * The command line: what is understood and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "config/options.h"

enum { MAX_ARGS = 8 };

static int parse(struct options *o, const char *const *args, struct err *err)
{
	char *argv[MAX_ARGS + 2] = {(char *)"gyr"};
	int argc = 1;

	while (args[argc - 1]) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	options_init(o);
	return options_parse(o, argc, argv, err);
}

static void test_values_may_be_attached_or_follow(void **state)
{
	static const char *const rows[][MAX_ARGS] = {
		{"-c", "f.yaml", "-r", "a", "-r", "b", "src:x"},
		{"-cf.yaml", "-ra", "-rb", "src:x"},
		{"src:x", "-r", "a", "-v", "-rb", "-c", "f.yaml"},
		{"-vr", "a", "-cf.yaml", "-r", "b", "src:x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		struct err err = ERR_NULL;

		assert_int_equal(parse(&o, rows[i], &err), 0);
		assert_string_equal(o.config, "f.yaml");
		assert_int_equal(o.rules.n, 2);
		assert_string_equal(o.rules.items[0], "a");
		assert_string_equal(o.rules.items[1], "b");
		assert_int_equal(o.sources.n, 1);
		assert_string_equal(o.sources.items[0], "src:x");
		options_deinit(&o);
	}
}

static void test_list_takes_its_value_only_attached(void **state)
{
	static const char *const attached[] = {"--list=x", NULL};
	static const char *const apart[] = {"--list", "x", NULL};
	struct options o;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(parse(&o, attached, &err), 0);
	assert_true(o.list);
	assert_string_equal(o.list_source, "x");
	options_deinit(&o);
	assert_int_equal(parse(&o, apart, &err), 0);
	assert_true(o.list);
	assert_null(o.list_source);
	assert_int_equal(o.sources.n, 1);
	options_deinit(&o);
}

static void test_old_selections_become_settings(void **state)
{
	static const char *const args[] = {"-D", "shell", "-T", "net", "-t", "a", "-t", "b", NULL};
	static const char *const want[] = {
		"rules[].disable.rule=*shell*", "rules[].disable.tag=net", "rules[].disable.rule=*",
		"rules[].enable.tag=a",         "rules[].enable.tag=b",
	};
	struct options o;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(parse(&o, args, &err), 0);
	assert_int_equal(o.settings.n, 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_string_equal(o.settings.items[i], want[i]);
	options_deinit(&o);
}

static void test_what_cannot_be_understood_is_refused(void **state)
{
	static const char *const rows[][MAX_ARGS] = {
		{"--lsit"},   {"-Z"},
		{"-r"},       {"--plugin-info"},
		{"-M", "x"},  {"-M", "-1"},
		{"--help=x"}, {"--format", "xml"},
		{"-vZ"},      {"--enable-source", "a", "--disable-source", "b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		struct err err = ERR_NULL;

		assert_int_equal(parse(&o, rows[i], &err), -EINVAL);
		assert_true(err.is_set);
		options_deinit(&o);
	}
}

static void test_help_names_every_shown_option(void **state)
{
	static const char *const names[] = {"--list", "-M ", "--dry-run", "--version",
					    "-o, --option"};
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 16);
	options_help(&b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(b.p, names[i]));
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_may_be_attached_or_follow),
		cmocka_unit_test(test_list_takes_its_value_only_attached),
		cmocka_unit_test(test_old_selections_become_settings),
		cmocka_unit_test(test_what_cannot_be_understood_is_refused),
		cmocka_unit_test(test_help_names_every_shown_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
