/*
 * The configuration: what it takes, what it refuses, and where it says the mistake is.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"

static int load(struct config *c, const char *yaml, const char *option, struct err *err)
{
	const struct config_settings settings = {option ? 1 : 0, &option};

	config_init(c);
	return config_load_text(c, "t.yaml", str_from(yaml), &settings, err);
}

static void test_options_win_over_the_file(void **state)
{
	static const struct {
		const char *option, *key, *value;
	} rows[] = {
		{"json_output=true", "json_output", "true"},
		{"a.b=x=y", "a.b", "x=y"},
		{"plugins[0].name=other", "plugins[0].name", "other"},
		{"plugins[].name=second", "plugins[1].name", "second"},
		{"plugins[1].open_params=p", "plugins[1].open_params", "p"},
		{"a\\.b.c\\[0\\]=v", "a\\.b.c\\[0\\]", "v"},
		{"webserver={listen_port: 1}", "webserver.listen_port", "1"},
		{"json_output=${HOME}", "json_output", NULL},
		{"x=", "x", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config c;
		struct err err = ERR_NULL;
		int r = load(&c, "json_output: false\nplugins:\n- name: one\n", rows[i].option,
			     &err);

		if (!rows[i].value) {
			assert_int_equal(r, -EINVAL);
		} else {
			assert_int_equal(r, 0);
			assert_non_null(config_at(&c, rows[i].key));
			assert_string_equal(config_at(&c, rows[i].key)->text.p, rows[i].value);
		}
		config_deinit(&c);
	}
}

static void test_mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *yaml, *option, *text;
	} rows[] = {
		{"\njson_output: perhaps\n", NULL, "t.yaml:2:14: 'json_output: perhaps'"},
		{"webserver:\n  listen_port: -1\n", NULL,
		 "t.yaml:2:16: 'webserver.listen_port: -1'"},
		{"priority: loud\n", NULL, "t.yaml:1:11: 'priority: loud'"},
		{"rules_file: a\nrules_files: [b]\n", NULL,
		 "t.yaml:1:13: rules_file and rules_files"},
		{"- a\n", NULL, "t.yaml:1:1: a configuration is a map"},
		{"a: [\n", NULL, "t.yaml:"},
		{"webserver: on\n", NULL, "t.yaml:1:12: 'webserver' holds further keys"},
		{"plugins:\n- library_path: a/../../x.so\n", NULL, "t.yaml:2:17: library_path"},
		{"", "json_output", "-o 'json_output': write key=value"},
		{"", "a[3]=x", "-o 'a[3]=x': key 'a[3]': the list has 0 elements"},
		{"", "a[x]=x", "an index is a number"},
		{"", "a[1=x", "'[' is not closed"},
		{"", "a\\x=1", "'\\' may stand before"},
		{"", "a..b=1", "a name is empty"},
		{"", "json_output=2", "-o: 'json_output: 2'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config c;
		struct err err = ERR_NULL;

		assert_int_equal(load(&c, rows[i].yaml, rows[i].option, &err), -EINVAL);
		assert_true(err.is_set);
		if (!strstr(err.text, rows[i].text))
			fail_msg("'%s' does not hold '%s'", err.text, rows[i].text);
		config_deinit(&c);
	}
}

static void test_unknown_and_idle_keys_are_notes(void **state)
{
	static const struct {
		const char *yaml, *note;
	} rows[] = {
		{"json_outptu: true\n", "unknown key 'json_outptu' (did you mean 'json_output'?)"},
		{"webserver:\n  listen_prot: 1\n", "did you mean 'listen_port'"},
		{"zzz: 1\n", "unknown key 'zzz'"},
		{"grpc: {enabled: true}\n", "no longer exists"},
		{"a: 1\na: 2\n", "'a' is given twice"},
		{"capture: {enabled: false, mode: rules}\n", NULL},
		{"anything_output: {enabled: true, x: 1}\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config c;
		struct err err = ERR_NULL;

		assert_int_equal(load(&c, rows[i].yaml, NULL, &err), 0);
		if (rows[i].note) {
			assert_true(c.n_notes > 0);
			assert_non_null(strstr(c.notes[0], rows[i].note));
		} else {
			assert_int_equal(c.n_notes, 0);
		}
		config_deinit(&c);
	}
}

static void test_environment_is_expanded(void **state)
{
	static const char *const rows[][2] = {
		{"${GYR_T}", "val"},        {"$GYR_T", "$GYR_T"},         {"$${GYR_T}", "${GYR_T}"},
		{"a$b${GYR_T}", "a$bval"},  {"${GYR_OUTER}/x", "val/x"},  {"${GYR_NO}", ""},
		{"$${${GYR_T}}", "${val}"}, {"${unclosed", "${unclosed"}, {"$$$", "$$$"},
	};
	struct arena a = ARENA_NULL;

	(void)state;
	(void)setenv("GYR_T", "val", 1);
	(void)setenv("GYR_OUTER", "${GYR_T}", 1);
	(void)setenv("GYR_LOOP", "${GYR_LOOP}", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_NULL;
		struct str out;

		assert_int_equal(config_expand(str_from(rows[i][0]), &a, &out, &err), 0);
		assert_int_equal(out.len, strlen(rows[i][1]));
		assert_memory_equal(out.p, rows[i][1], out.len);
	}
	{
		struct err err = ERR_NULL;
		struct str out;

		assert_int_equal(config_expand(STR("${GYR_LOOP}"), &a, &out, &err), -EINVAL);
		assert_true(err.is_set);
	}
	arena_deinit(&a);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_included_files_merge_by_strategy(void **state)
{
	char dir[] = "/tmp/gyr_config_XXXXXX", main_path[300], yaml[600];
	struct config c;
	struct err err = ERR_NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "a.yaml", "l: [2]\nm: {y: 2}\ns: a\n");
	write_file(dir, "b.yaml", "l: [3]\n");
	write_file(dir, "c.yaml", "l: [4]\nnew: 1\n");
	(void)snprintf(yaml, sizeof(yaml),
		       "config_files:\n- %s/a.yaml\n- {path: %s/c.yaml, strategy: add-only}\n"
		       "- %s/missing.yaml\nl: [1]\nm: {x: 1}\ns: main\n",
		       dir, dir, dir);
	write_file(dir, "main.yaml", yaml);
	(void)snprintf(main_path, sizeof(main_path), "%s/main.yaml", dir);
	config_init(&c);
	assert_int_equal(config_load(&c, main_path, &(struct config_settings){0}, &err), 0);
	assert_int_equal(c.n_files, 3);
	assert_int_equal(config_node_count(config_at(&c, "l")), 2);
	assert_string_equal(config_at(&c, "l[1]")->text.p, "2");
	assert_null(config_at(&c, "m.x"));
	assert_string_equal(config_at(&c, "m.y")->text.p, "2");
	assert_string_equal(config_at(&c, "s")->text.p, "a");
	assert_string_equal(config_at(&c, "new")->text.p, "1");
	config_deinit(&c);

	(void)snprintf(yaml, sizeof(yaml), "config_files=%s/main.yaml", dir);
	assert_int_equal(load(&c, "x: 1\n", yaml, &err), -EINVAL);
	assert_non_null(strstr(err.text, "main.yaml:2:1: a file named in config_files"));
	config_deinit(&c);
}

static void test_getters_know_the_defaults(void **state)
{
	struct config c;
	struct err err = ERR_NULL;

	(void)state;
	assert_int_equal(load(&c, "json_include_tags_property: no\n", NULL, &err), 0);
	assert_false(config_bool(&c, "json_output"));
	assert_true(config_bool(&c, "json_include_output_property"));
	assert_false(config_bool(&c, "json_include_tags_property"));
	assert_int_equal(config_u64(&c, "webserver.listen_port"), 8765);
	assert_string_equal(config_str(&c, "rule_matching"), "first");
	config_deinit(&c);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {{"1h30m", 5400000}, {"500ms", 500}, {"2w", 1209600000}, {"1s", 1000}};
	static const char *const bad[] = {"", "5", "h", "1m1h", "1x", "-1s", "1 s"};
	uint64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(config_duration_ms(str_from(rows[i].text), &ms), 0);
		assert_int_equal(ms, rows[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(config_duration_ms(str_from(bad[i]), &ms), -EINVAL);
}

static void test_schema_is_json_that_knows_every_level(void **state)
{
	struct buf b;
	json_t *schema, *port;

	(void)state;
	buf_init(&b, 1 << 20);
	config_schema(&b);
	schema = json_loads(b.p, 0, NULL);
	assert_non_null(schema);
	port = json_object_get(
		json_object_get(json_object_get(json_object_get(schema, "properties"), "webserver"),
				"properties"),
		"listen_port");
	assert_string_equal(json_string_value(json_object_get(port, "type")), "integer");
	json_decref(schema);
	buf_deinit(&b);
}

static void test_json_of_a_node_keeps_types(void **state)
{
	struct config c;
	struct err err = ERR_NULL;
	struct buf b;

	(void)state;
	assert_int_equal(load(&c, "a: {n: 12, s: '12', b: true, z: 007, e: null, l: [1.5, x]}\n",
			      NULL, &err),
			 0);
	buf_init(&b, 4096);
	config_node_json(&b, config_at(&c, "a"));
	assert_string_equal(b.p, "{\"n\":12,\"s\":\"12\",\"b\":true,\"z\":\"007\",\"e\":null,"
				 "\"l\":[1.5,\"x\"]}");
	buf_deinit(&b);
	config_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_win_over_the_file),
		cmocka_unit_test(test_mistakes_are_told_with_their_place),
		cmocka_unit_test(test_unknown_and_idle_keys_are_notes),
		cmocka_unit_test(test_environment_is_expanded),
		cmocka_unit_test(test_included_files_merge_by_strategy),
		cmocka_unit_test(test_getters_know_the_defaults),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_schema_is_json_that_knows_every_level),
		cmocka_unit_test(test_json_of_a_node_keeps_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
