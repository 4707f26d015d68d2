/*
 * Rows read JSON into a struct, and say what is wrong with it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <gyr/json.h>
#include <gyr/plugin.h>

struct web {
	uint64_t port;
	const char *path, *mode, *cert;
	bool is_tls;
	const char **hosts;
};

static const char *const modes[] = {"fast", "safe", NULL};

static const struct gyr_option rows[] = {
	GYR_OPT_U64(struct web, port, "8080", "port", .min = 1, .max = 65535),
	GYR_OPT_STR(struct web, path, "/", "a \"quoted\" path\n", .bare = true),
	GYR_OPT_STR(struct web, mode, "safe", "mode", .choice = modes),
	GYR_OPT_STR(struct web, cert, NULL, "certificate", .key = "tls.files.cert"),
	GYR_OPT_BOOL(struct web, is_tls, "false", "TLS", .key = "tls.on"),
	GYR_OPT_STRS(struct web, hosts, NULL, "hosts"),
	{0},
};

static const struct gyr_plugin plugin = {
	.name = "web", .version = "0.0.1", .state_size = sizeof(struct web), .options = rows};

static ss_plugin_t *init(const char *config, ss_plugin_rc *rc)
{
	return gyr__init(&plugin, &(ss_plugin_init_input){.config = config}, rc);
}

static void test_defaults_fill_what_the_text_leaves_out(void **state)
{
	static const char *const texts[] = {"", "{}", "  \n", "{\"port\":null}", " { } "};
	ss_plugin_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ss_plugin_t *s = init(texts[i], &rc);
		const struct web *w = gyr_state(s);

		assert_int_equal(rc, SS_PLUGIN_SUCCESS);
		assert_int_equal(w->port, 8080);
		assert_string_equal(w->path, "/");
		assert_null(w->cert);
		assert_false(w->is_tls);
		assert_null(w->hosts[0]);
		gyr__destroy(s);
	}
}

static void test_every_kind_is_read(void **state)
{
	ss_plugin_rc rc;
	ss_plugin_t *s = init("{\"port\": 443, \"path\": \"/\\u00e9\\\"\", \"mode\": \"fast\","
			      "\"hosts\": [\"a\", \"b\"],"
			      "\"tls\": {\"on\": true, \"files\": {\"cert\": \"x.pem\"}}}",
			      &rc);
	const struct web *w = gyr_state(s);

	(void)state;
	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
	assert_int_equal(w->port, 443);
	assert_string_equal(w->path, "/\xc3\xa9\"");
	assert_string_equal(w->mode, "fast");
	assert_string_equal(w->cert, "x.pem");
	assert_true(w->is_tls);
	assert_string_equal(w->hosts[0], "a");
	assert_string_equal(w->hosts[1], "b");
	assert_null(w->hosts[2]);
	gyr__destroy(s);
}

static void test_a_bare_text_is_the_row_that_says_so(void **state)
{
	ss_plugin_rc rc;
	ss_plugin_t *s = init("/var/log", &rc);

	(void)state;
	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
	assert_string_equal(((struct web *)gyr_state(s))->path, "/var/log");
	gyr__destroy(s);
}

static void test_mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{\"prot\": 1}", "unknown key 'prot'; known are 'port'"},
		{"{\"tls\": {\"of\": 1}}", "unknown key 'tls.of'"},
		{"{\"tls\": 1}", "unknown key 'tls'"},
		{"{\"port\": \"80\"}", "'port': want a whole number, got \"80\""},
		{"{\"port\": 1.5}", "'port': want a whole number, got '1.5'"},
		{"{\"port\": -1}", "want a whole number"},
		{"{\"port\": 0}", "'port': want 1 to 65535, got 0"},
		{"{\"port\": 65536}", "got 65536"},
		{"{\"port\": 18446744073709551616}", "want a whole number"},
		{"{\"path\": 1}", "'path': want a string, got 1"},
		{"{\"mode\": \"slow\"}", "'slow' is not among"},
		{"{\"tls\": {\"on\": \"yes\"}}", "'tls.on': want true or false, got \"yes\""},
		{"{\"hosts\": [1]}", "'hosts': want an array of strings"},
		{"{\"port\": 1,}", "not JSON at byte 12"},
		{"{\"port\"", "not JSON"},
	};
	ss_plugin_rc rc;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ss_plugin_t *s = init(cases[i].text, &rc);

		assert_int_equal(rc, SS_PLUGIN_FAILURE);
		if (!strstr(gyr__last_error(s), cases[i].want))
			fail_msg("%s: '%s' says nothing of '%s'", cases[i].text, gyr__last_error(s),
				 cases[i].want);
		gyr__destroy(s);
	}
}

static void test_a_required_row_must_be_given(void **state)
{
	static const struct gyr_option needed[] = {
		GYR_OPT_STR(struct web, path, NULL, "where", .required = true), {0}};
	static const struct gyr_plugin strict = {.name = "strict",
						 .version = "0.0.1",
						 .state_size = sizeof(struct web),
						 .options = needed};
	ss_plugin_rc rc;
	ss_plugin_t *s = gyr__init(&strict, &(ss_plugin_init_input){.config = "{}"}, &rc);

	(void)state;
	assert_int_equal(rc, SS_PLUGIN_FAILURE);
	assert_non_null(strstr(gyr__last_error(s), "'path' is missing: where"));
	gyr__destroy(s);
}

static struct gyr_json member(struct gyr_json object, const char *key)
{
	struct gyr_json v;

	assert_int_equal(gyr_json_member(&object, key, strlen(key), &v), 0);
	return v;
}

static void test_the_schema_is_json_and_nested(void **state)
{
	struct gyr__texts texts = {0};
	ss_plugin_schema_type type;
	struct gyr_json doc;
	size_t bad;

	(void)state;
	gyr__plugin_load(&plugin, &texts);
	const char *schema = gyr__schema(&texts, &type);
	assert_int_equal(type, SS_PLUGIN_SCHEMA_JSON);
	assert_int_equal(gyr_json_validate(schema, strlen(schema), &bad), 0);
	assert_int_equal(gyr_json_value(schema, strlen(schema), &doc), 0);

	const struct gyr_json props = member(doc, "properties");
	assert_true(gyr_json_equals(&(struct gyr_json[]){member(member(props, "port"), "type")}[0],
				    "integer", 7));
	assert_int_equal(member(member(props, "mode"), "enum").type, GYR_JSON_ARRAY);

	const struct gyr_json tls = member(member(props, "tls"), "properties");
	assert_int_equal(member(tls, "on").type, GYR_JSON_OBJECT);
	assert_int_equal(member(member(member(tls, "files"), "properties"), "cert").type,
			 GYR_JSON_OBJECT);
	gyr__texts_free(&texts);
}

static void test_numbers_are_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t n;
	} cases[] = {{"0", 0, 0},
		     {"18446744073709551615", 0, UINT64_MAX},
		     {"18446744073709551616", -ERANGE, 7},
		     {"", -EINVAL, 7},
		     {NULL, -EINVAL, 7},
		     {"1 ", -EINVAL, 7},
		     {"-1", -EINVAL, 7},
		     {"0x1", -EINVAL, 7}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint64_t n = 7;

		assert_int_equal(gyr_parse_u64(cases[i].text, &n), cases[i].r);
		assert_int_equal(n, cases[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_fill_what_the_text_leaves_out),
		cmocka_unit_test(test_every_kind_is_read),
		cmocka_unit_test(test_a_bare_text_is_the_row_that_says_so),
		cmocka_unit_test(test_mistakes_are_named),
		cmocka_unit_test(test_a_required_row_must_be_given),
		cmocka_unit_test(test_the_schema_is_json_and_nested),
		cmocka_unit_test(test_numbers_are_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("sdk options", tests, NULL, NULL);
}
