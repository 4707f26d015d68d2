/*
 * rfc3339: what is a time, which one, and what is not.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "rfc3339.h"

static void test_times_become_nanoseconds(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00.000000001Z", 1},
		{"2023-07-10T12:34:56Z", 1688992496000000000U},
		{"2023-07-10T12:34:56.789Z", 1688992496789000000U},
		{"2023-07-10t12:34:56.123456789z", 1688992496123456789U},
		{"2023-07-10T12:34:56.1234567899999Z", 1688992496123456789U},
		{"2023-07-10T14:34:56+02:00", 1688992496000000000U},
		{"2023-07-10T07:04:56-05:30", 1688992496000000000U},
		{"2024-02-29T23:59:59Z", 1709251199000000000U},
		{"2000-02-29T00:00:00Z", 951782400000000000U},
		{"2016-12-31T23:59:60Z", 1483228800000000000U},
		{"1970-01-01T01:00:00+01:00", 0},
		{"2554-07-21T23:34:33.709551615Z", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t ns = 42;

		assert_int_equal(rfc3339_parse(rows[i].text, strlen(rows[i].text), &ns), 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void test_what_is_no_time_is_refused_and_nothing_written(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{"", -EINVAL},
		{"2023", -EINVAL},
		{"2023-07-10", -EINVAL},
		{"2023-07-10 12:34:56Z", -EINVAL},
		{"2023-07-10T12:34:56", -EINVAL},
		{"2023-07-10T12:34:56.Z", -EINVAL},
		{"2023-07-10T12:34:56Zx", -EINVAL},
		{"2023-07-10T12:34:56+0200", -EINVAL},
		{"2023-07-10T12:34:56+24:00", -EINVAL},
		{"2023-13-10T12:34:56Z", -EINVAL},
		{"2023-00-10T12:34:56Z", -EINVAL},
		{"2023-02-29T12:34:56Z", -EINVAL},
		{"1900-02-29T12:34:56Z", -EINVAL},
		{"2023-04-31T12:34:56Z", -EINVAL},
		{"2023-07-10T24:00:00Z", -EINVAL},
		{"2023-07-10T12:60:00Z", -EINVAL},
		{"2023-07-10T12:34:61Z", -EINVAL},
		{"2o23-07-10T12:34:56Z", -EINVAL},
		{"1969-12-31T23:59:59Z", -ERANGE},
		{"1970-01-01T00:59:59+01:00", -ERANGE},
		{"0000-01-01T00:00:00Z", -ERANGE},
		{"2554-07-21T23:34:33.709551616Z", -ERANGE},
		{"9999-12-31T23:59:59Z", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t ns = 42;

		assert_int_equal(rfc3339_parse(rows[i].text, strlen(rows[i].text), &ns), rows[i].r);
		assert_int_equal(ns, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_become_nanoseconds),
		cmocka_unit_test(test_what_is_no_time_is_refused_and_nothing_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
