/*
 * Forms: the text that one output wants.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "fakealerts.h"
#include "util/mem.h"

static const char rules[] = "- {rule: A \"b\" c, desc: d, condition: x.number > 0, "
			    "output: n=%x.number, priority: INFO, source: fake, tags: [z, a]}\n";

static const struct alert_options opts = {.hostname = "h", .json_output_fields = true};

/* The text of an alert by @template; NULL when it is refused, and f->err says why. */
static struct alert *make(struct fakealerts *f, const char *template)
{
	static const struct route_table one = {.all = 1};

	f->plan = alert_plan_unref(f->plan);
	f->templates = &template;
	f->n_templates = 1;
	f->routes = &one;
	f->err = ERR_NULL;
	f->form = 1;
	return fakealerts_plan(f) == 0 ? fakealerts_make(f, 0) : NULL;
}

static void check(const char *template, const char *text, const char *field)
{
	struct fakealerts f;
	struct alert *a;

	fakealerts_init(&f, rules, opts);
	f.text = field;
	a = make(&f, template);
	if (!a)
		fail_msg("%s: %s", template, f.err.text);
	assert_string_equal(a->view.text, text);
	assert_int_equal(a->view.text_len, strlen(text));
	assert_string_equal(a->view.message, "n=42");
	assert_int_equal(a->view.json[0], '{');
	assert_int_equal(strlen(a->view.json), a->view.json_len);
	(void)alert_unref(a);
	fakealerts_deinit(&f);
}

static void test_facts_and_fields_stand_in_the_text(void **state)
{
	static const struct {
		const char *template, *text;
	} rows[] = {
		{"%x.number of {rule}", "42 of A \"b\" c"},
		{"{priority} {source} {tags} {hostname}", "Informational fake a,z h"},
		{"[{time}] {message}", "[22:13:20.123456789] n=42"},
		{"{output}", "22:13:20.123456789: Informational n=42"},
		{"", ""},
		{"no {} braces {x y} { or {\"a\": 1}", "no {} braces {x y} { or {\"a\": 1}"},
		{"{%x.text}!", "hello!"},
		{"%toupper(x.text) 100%%", "HELLO 100%"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].template, rows[i].text, "hello");
}

static void test_filters(void **state)
{
	(void)state;
	check("{\"r\":\"{rule|json}\",\"v\":\"{%x.text|json}\"}",
	      "{\"r\":\"A \\\"b\\\" c\",\"v\":\"a\\\"\\n\\u001b\"}", "a\"\n\x1b");
	check("{priority|upper} {priority|lower} {rule|slug} {%x.text|url}",
	      "INFORMATIONAL informational a-b-c a%20b%2F%C3%A4", "a b/\xc3\xa4");
}

static void test_event_data_cannot_forge_lines(void **state)
{
	(void)state;
	check("%x.text", "a\\nb\\x1b[2J\xef\xbf\xbd", "a\nb\x1b[2J\xff");
	check("{%x.text|upper}", "A\\nB\xef\xbf\xbd", "a\nb\x80");
}

static void test_what_is_not_known_is_refused(void **state)
{
	static const struct {
		const char *template, *text, *hint;
	} rows[] = {
		{"{rul}", "'rul' is no part of an alert", "'rule'"},
		{"{rule|jso}", "'jso' is no filter", "'json'"},
		{"a %x.txt", "x.txt", "x.text"},
		{"{%x.txt|json}", "x.txt", "x.text"},
		{"ends with %", "nothing follows", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fakealerts f;

		fakealerts_init(&f, rules, opts);
		assert_null(make(&f, rows[i].template));
		assert_non_null(strstr(f.err.text, rows[i].text));
		assert_non_null(strstr(f.err.hint, rows[i].hint));
		fakealerts_deinit(&f);
	}
}

static void test_outputs_with_the_same_text_share_an_alert(void **state)
{
	static const char *const templates[] = {"a", NULL, "b", "a"};
	static const struct route_table four = {.all = 15};
	struct fakealerts f;

	(void)state;
	fakealerts_init(&f, rules, opts);
	f.plan = alert_plan_unref(f.plan);
	f.templates = templates;
	f.n_templates = 4;
	f.routes = &four;
	assert_int_equal(fakealerts_plan(&f), 0);
	assert_int_equal(alert_plan_n_forms(f.plan), 2);
	assert_int_equal(alert_plan_form_set(f.plan, 0), 2);
	assert_int_equal(alert_plan_form_set(f.plan, 1), 9);
	assert_int_equal(alert_plan_form_set(f.plan, 2), 4);
	fakealerts_deinit(&f);
}

static void test_nothing_is_allocated_once_warm(void **state)
{
	struct fakealerts f;
	unsigned long before;

	(void)state;
	fakealerts_init(&f, rules, opts);
	(void)alert_unref(make(&f, "{json} {%x.text|json} {tags} {output}"));
	for (int i = 0; i < 10; i++)
		(void)alert_unref(fakealerts_make(&f, 0));
	before = mem_count();
	for (int i = 0; i < 1000; i++)
		(void)alert_unref(fakealerts_make(&f, 0));
	assert_int_equal(mem_count(), before);
	fakealerts_deinit(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_and_fields_stand_in_the_text),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_event_data_cannot_forge_lines),
		cmocka_unit_test(test_what_is_not_known_is_refused),
		cmocka_unit_test(test_outputs_with_the_same_text_share_an_alert),
		cmocka_unit_test(test_nothing_is_allocated_once_warm),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
