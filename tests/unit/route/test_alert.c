/*
 * Alerts: text and JSON to the letter, ids, escapes, memory that is used again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "fakealerts.h"
#include "util/mem.h"

#define RULE(name, output)                                                         \
	"- {rule: '" name "', desc: d, condition: x.number > 0, output: \"" output \
	"\", priority: INFO, source: fake, tags: [z, a]}\n"

static const struct alert_options all = {.hostname = "h",
					 .json_output = true,
					 .json_message = true,
					 .json_output_fields = true,
					 .json_tags = true};

static void test_text_and_json_to_the_letter(void **state)
{
	static const struct {
		struct alert_options opts;
		const char *text, *json;
	} rows[] = {
		{{.hostname = "h\"",
		  .json_output = true,
		  .json_output_fields = true,
		  .json_tags = true},
		 "22:13:20.123456789: Informational n=42 t=hello",
		 "{\"hostname\":\"h\\\"\",\"output\":\"22:13:20.123456789: Informational n=42 "
		 "t=hello\","
		 "\"output_fields\":{\"evt.time\":1700000000123456789,\"x.number\":42,"
		 "\"x.text\":\"hello\"},\"priority\":\"Informational\",\"rule\":\"r\","
		 "\"source\":\"fake\",\"tags\":[\"a\",\"z\"],\"time\":\"2023-11-14T22:13:20."
		 "123456789Z\"}"},
		{{.hostname = "h", .iso_time = true, .json_message = true},
		 "2023-11-14T22:13:20.123456789+0000: Informational n=42 t=hello",
		 "{\"hostname\":\"h\",\"message\":\"n=42 t=hello\",\"priority\":\"Informational\","
		 "\"rule\":\"r\",\"source\":\"fake\",\"time\":\"2023-11-14T22:13:20.123456789Z\"}"},
		{{.hostname = "h", .iso_time = true, .json_output_fields = true},
		 "2023-11-14T22:13:20.123456789+0000: Informational n=42 t=hello",
		 "{\"hostname\":\"h\",\"output_fields\":{"
		 "\"evt.time.iso8601\":1700000000123456789,\"x.number\":42,"
		 "\"x.text\":\"hello\"},\"priority\":\"Informational\",\"rule\":\"r\","
		 "\"source\":\"fake\",\"time\":\"2023-11-14T22:13:20.123456789Z\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fakealerts f;
		struct alert *a;

		fakealerts_init(&f, RULE("r", "n=%x.number t=%x.text"), rows[i].opts);
		a = fakealerts_make(&f, 0);
		assert_string_equal(a->view.text, rows[i].text);
		assert_string_equal(a->view.json, rows[i].json);
		assert_string_equal(a->view.message, "n=42 t=hello");
		assert_int_equal(a->view.text_len, strlen(a->view.text));
		assert_int_equal(a->view.json_len, strlen(a->view.json));
		(void)alert_unref(a);
		fakealerts_deinit(&f);
	}
}

static void test_absent_values_are_null(void **state)
{
	struct fakealerts f;
	struct alert *a;

	(void)state;
	fakealerts_init(&f, RULE("r", "t=%x.text"), all);
	f.text = NULL;
	a = fakealerts_make(&f, 0);
	assert_string_equal(a->view.message, "t=<NA>");
	assert_non_null(strstr(a->view.json, "\"x.text\":null"));
	(void)alert_unref(a);
	fakealerts_deinit(&f);
}

static void test_event_data_cannot_forge_lines(void **state)
{
	static const struct {
		const char *data, *shown;
	} rows[] = {
		{"a\nb", "a\\nb"},
		{"a\r\tb", "a\\r\\tb"},
		{"\x1b[2J", "\\x1b[2J"},
		{"\x7f", "\\x7f"},
		{"\xc2\x9b"
		 "31m",
		 "\\x9b31m"},
		{"\xff"
		 "x\xc3",
		 "\xef\xbf\xbdx\xef\xbf\xbd"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	};
	struct fakealerts f;

	(void)state;
	fakealerts_init(&f, RULE("r", "%x.text"), all);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct alert *a;

		f.text = rows[i].data;
		a = fakealerts_make(&f, 0);
		assert_string_equal(a->view.message, rows[i].shown);
		for (const char *c = a->view.json; *c; c++)
			assert_true((unsigned char)*c >= 0x20);
		(void)alert_unref(a);
	}
	fakealerts_deinit(&f);
}

static void test_id_is_that_of_event_and_rule(void **state)
{
	struct fakealerts f;
	uint64_t first, other_rule, other_event, stamped;
	struct alert *a;

	(void)state;
	fakealerts_init(&f, RULE("r", "x") RULE("s", "x"), all);
	a = fakealerts_make(&f, 0);
	first = a->view.id;
	(void)alert_unref(a);
	a = fakealerts_make(&f, 1);
	other_rule = a->view.id;
	(void)alert_unref(a);
	f.raw.ts++;
	a = fakealerts_make(&f, 0);
	other_event = a->view.id;
	(void)alert_unref(a);
	f.evt.is_stamped = true;
	a = fakealerts_make(&f, 0);
	stamped = a->view.id;
	(void)alert_unref(a);
	f.raw.ts++;
	a = fakealerts_make(&f, 0);
	assert_int_equal(a->view.id, stamped);
	(void)alert_unref(a);
	f.evt.is_stamped = false;
	f.raw.ts -= 2;
	f.evt.num = 99;
	a = fakealerts_make(&f, 0);
	assert_int_equal(a->view.id, first);
	(void)alert_unref(a);
	assert_int_not_equal(first, other_rule);
	assert_int_not_equal(first, other_event);
	fakealerts_deinit(&f);
}

static void test_alerts_need_no_memory_once_warm(void **state)
{
	struct fakealerts f;
	unsigned long before;

	(void)state;
	fakealerts_init(&f, RULE("r", "n=%x.number t=%x.text"), all);
	for (int i = 0; i < 10; i++)
		(void)alert_unref(fakealerts_make(&f, 0));
	before = mem_count();
	for (int i = 0; i < 1000; i++)
		(void)alert_unref(fakealerts_make(&f, 0));
	assert_int_equal(mem_count(), before);
	fakealerts_deinit(&f);
}

static void test_an_alert_outlives_its_rules(void **state)
{
	struct fakealerts f;
	struct alert *a;

	(void)state;
	fakealerts_init(&f, RULE("r", "x"), all);
	a = fakealerts_make(&f, 0);
	f.plan = alert_plan_unref(f.plan);
	f.rs = ruleset_unref(f.rs);
	assert_string_equal(a->view.rule, "r");
	assert_string_equal(a->view.tags[0], "a");
	(void)alert_unref(a);
	fakealerts_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_json_to_the_letter),
		cmocka_unit_test(test_absent_values_are_null),
		cmocka_unit_test(test_event_data_cannot_forge_lines),
		cmocka_unit_test(test_id_is_that_of_event_and_rule),
		cmocka_unit_test(test_alerts_need_no_memory_once_warm),
		cmocka_unit_test(test_an_alert_outlives_its_rules),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
