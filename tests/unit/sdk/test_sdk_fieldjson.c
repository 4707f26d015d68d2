/*
 * What a plugin says about its fields is JSON, whatever the texts hold.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <gyr/json.h>
#include <gyr/plugin.h>

static const struct gyr_field fields[] = {
	{.name = "a.plain", .type = GYR_STRING, .desc = "quote \" backslash \\ newline \n tab \t"},
	{.name = "a.bad", .type = GYR_U64, .desc = "no UTF-8: \xff\xc0\x80 \xed\xa0\x80 \x01"},
	{.name = "a.port", .type = GYR_PORT, .flags = GYR_LIST | GYR_ARG_KEY | GYR_ARG_REQUIRED},
	{.name = "a.suffix",
	 .type = GYR_BYTES,
	 .flags = GYR_ARG_SUFFIX | GYR_NO_RHS | GYR_HIDDEN | GYR_ADD_OUTPUT,
	 .role = "event_type",
	 .deprecated = "use a.plain",
	 .display = "Suffix"},
	{0},
};

static const char *const sources[] = {"one", "t\"wo", NULL};

static void test_rows_say_all_they_hold(void **state)
{
	static const char *const want[] = {
		"{\"name\":\"a.plain\",\"type\":\"string\","
		"\"desc\":\"quote \\\" backslash \\\\ newline \\n tab \\t\","
		"\"gyr\":{\"type\":\"string\"}}",
		"\"desc\":\"no UTF-8: \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd ",
		" \\u0001\"",
		"{\"name\":\"a.port\",\"type\":\"uint64\",\"desc\":\"a.port\",\"isList\":true,"
		"\"arg\":{\"isRequired\":true,\"isIndex\":false,\"isKey\":true},"
		"\"gyr\":{\"type\":\"port\"}}",
		"\"display\":\"Suffix\",\"addOutput\":true,\"properties\":[\"hidden\"],"
		"\"gyr\":{\"type\":\"bytebuf\",\"flags\":[\"no_rhs\",\"arg_suffix\"],"
		"\"role\":\"event_type\",\"deprecated\":\"use a.plain\"}}",
	};
	const struct gyr_extractor extractor = {.fields = fields, .sources = sources};
	struct gyr__texts texts = {0};
	size_t bad = 0;

	(void)state;
	gyr__extractor_load(&extractor, &texts);
	assert_int_equal(gyr_json_validate(texts.a, strlen(texts.a), &bad), 0);
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
		if (!strstr(texts.a, want[i]))
			fail_msg("no '%s' in %s", want[i], texts.a);
	assert_string_equal(texts.b, "[\"one\",\"t\\\"wo\"]");
	gyr__texts_free(&texts);
}

static void test_no_list_of_sources_is_no_text(void **state)
{
	const struct gyr_extractor extractor = {.fields = fields};
	struct gyr__texts texts = {0};

	(void)state;
	gyr__extractor_load(&extractor, &texts);
	assert_string_equal(texts.b, "");
	gyr__texts_free(&texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_say_all_they_hold),
		cmocka_unit_test(test_no_list_of_sources_is_no_text),
	};

	return cmocka_run_group_tests_name("sdk fields", tests, NULL, NULL);
}
