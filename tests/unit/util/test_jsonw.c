/*
 * jsonw: commas and escapes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

#include "util/jsonw.h"

static void test_commas_stand_where_they_must(void **state)
{
	struct buf b;
	struct jsonw w = {.b = &b};

	(void)state;
	buf_init(&b, 4096);
	jsonw_open(&w, NULL, '{');
	jsonw_open(&w, "empty", '[');
	jsonw_close(&w, ']');
	jsonw_open(&w, "list", '[');
	jsonw_u64(&w, NULL, 1);
	jsonw_open(&w, NULL, '{');
	jsonw_bool(&w, "yes", true);
	jsonw_null(&w, "no\"");
	jsonw_close(&w, '}');
	jsonw_text(&w, NULL, STR("x"));
	jsonw_close(&w, ']');
	jsonw_bare(&w, "bare", STR("-7"));
	jsonw_dbl(&w, "half", 0.5);
	jsonw_dbl(&w, "none", NAN);
	jsonw_close(&w, '}');
	assert_string_equal(b.p, "{\"empty\":[],\"list\":[1,{\"yes\":true,\"no\\\"\":null},\"x\"],"
				 "\"bare\":-7,\"half\":0.5,\"none\":null}");
	buf_deinit(&b);
}

static void test_texts_hold_nothing_that_ends_a_line(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{"a\n\"\\\x1b\x7f", "\"a\\n\\\"\\\\\\u001b\\u007f\""},
		{"\xc2\x85\xc2\x9b", "\"\\u0085\\u009b\""},
		{"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
		{"\xe2\x80\xae\xe2\x81\xa6", "\"\\u202e\\u2066\""},
		{"\xff\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc2\xa0\xe2\x80\x94\xe2\x82\xac", "\"\xc2\xa0\xe2\x80\x94\xe2\x82\xac\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;
		struct jsonw w = {.b = &b};

		buf_init(&b, 4096);
		jsonw_text(&w, NULL, str_from(rows[i].text));
		assert_string_equal(b.p, rows[i].json);
		buf_deinit(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas_stand_where_they_must),
		cmocka_unit_test(test_texts_hold_nothing_that_ends_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
