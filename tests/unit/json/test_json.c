/*
 * What the JSON scanner promises, each claim on both builds where they could differ.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gyr/json.h"

int gyr__json_use(int level);

static struct gyr_json_reader *reader(const char *const *pointers, uint32_t n)
{
	struct gyr_json_reader *r = gyr_json_reader_new();

	assert_non_null(r);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t id = 99;

		assert_int_equal(gyr_json_reader_add(r, pointers[i], strlen(pointers[i]), &id), 0);
		assert_int_equal(id, i);
	}
	return r;
}

/* The value at one pointer of one document, as text; "-" when absent, "!" when not JSON. */
static const char *at(const char *doc, const char *pointer)
{
	static char text[512];
	struct gyr_json_reader *r = reader(&pointer, 1);
	struct gyr_json v;
	int e;

	assert_int_equal(gyr_json_reader_load(r, doc, strlen(doc)), 0);
	e = gyr_json_reader_get(r, 0, &v);
	if (e)
		(void)snprintf(text, sizeof text, "!%zu", gyr_json_reader_bad_offset(r));
	else if (v.type == GYR_JSON_ABSENT)
		(void)snprintf(text, sizeof text, "-");
	else
		(void)snprintf(text, sizeof text, "%.*s", (int)v.len, v.p);
	gyr_json_reader_free(r);
	return text;
}

struct lookup {
	const char *doc, *pointer, *want;
};

static void check_lookups(const struct lookup *rows, size_t n)
{
	for (int level = 0; level < 2; level++) {
		if (gyr__json_use(level))
			continue; /* this machine has no vectors */
		for (size_t i = 0; i < n; i++)
			assert_string_equal(at(rows[i].doc, rows[i].pointer), rows[i].want);
	}
}

static void test_pointer_finds_its_value(void **state)
{
	static const struct lookup rows[] = {
		{"{\"a\":1}", "/a", "1"},
		{"{\"a\":{\"b\":[10,20,{\"c\":null}]}}", "/a/b/2/c", "null"},
		{"{\"a\":{\"b\":[10,20]}}", "/a/b", "[10,20]"},
		{"{\"a\":{\"b\":[10,20]}}", "/a/b/1", "20"},
		{"{\"a\":{\"b\":[10,20]}}", "/a/b/2", "-"},
		{"{\"a\":{\"b\":[10,20]}}", "/a/b/01", "-"},
		{"{\"a\":{\"b\":[10,20]}}", "/a/x", "-"},
		{"{\"a\":\"text\"}", "/a/b", "-"},
		{"[{\"0\":\"zero\"}]", "/0/0", "zero"},
		{"{\"x/y\":1,\"m~n\":2}", "/x~1y", "1"},
		{"{\"x/y\":1,\"m~n\":2}", "/m~0n", "2"},
		{"{\"\":7}", "/", "7"},
		{" {\"a\" : 1} ", "", "{\"a\" : 1}"},
		{"{\"abcdefgh\":1,\"abcdefghi\":2}", "/abcdefghi", "2"},
		{"{\"abcdefghX\":1,\"abcdefghi\":2}", "/abcdefghi", "2"},
		{"{\"ver\\u0062\":\"get\"}", "/verb", "get"},
		{"{\"n\":\"a\\\"}b\",\"m\":true}", "/m", "true"},
		{"{\"skip\":{\"x\":\"]}\\\\\",\"y\":[[],{}]},\"m\":false}", "/m", "false"},
	};

	(void)state;
	check_lookups(rows, sizeof rows / sizeof *rows);
}

static void test_first_of_two_members_counts(void **state)
{
	static const struct lookup rows[] = {
		{"{\"a\":1,\"a\":2}", "/a", "1"},
		{"{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "/a/c", "-"},
		{"{\"\\u0061\":1,\"a\":2}", "/a", "1"},
		{"{\"a\":null,\"a\":2}", "/a", "null"},
	};

	(void)state;
	check_lookups(rows, sizeof rows / sizeof *rows);
}

static void test_broken_text_gives_the_offset(void **state)
{
	static const struct lookup rows[] = {
		{"", "/a", "!0"},
		{"  ", "/a", "!2"},
		{"{", "/a", "!1"},
		{"{\"b\":1", "/a", "!6"},
		{"{\"b\"1}", "/a", "!4"},
		{"{\"b\":1 2}", "/a", "!7"},
		{"{b:1}", "/a", "!1"},
		{"{\"b\":\"cut", "/a", "!9"},
		{"{\"b\":\"cut\\", "/a", "!10"},
		{"{\"a\":nul}", "/a", "!5"},
		{"{\"a\":01}", "/a", "!5"},
		{"{\"b\":[1,2}", "/c", "!10"},
		{"{\"b\":2}x", "/a", "!7"},
		{"{\"b\":[\\\"]}", "/a", "!10"},
	};

	(void)state;
	check_lookups(rows, sizeof rows / sizeof *rows);
}

static void test_pass_stops_when_all_is_found(void **state)
{
	static const struct lookup rows[] = {
		{"{\"a\":1,this is not looked at", "/a", "1"},
		{"{\"a\":{\"b\":1,neither is this", "/a/b", "1"},
	};

	(void)state;
	check_lookups(rows, sizeof rows / sizeof *rows);
}

static void test_one_pass_answers_all_pointers(void **state)
{
	static const char *const pointers[] = {"/b/x", "/a", "/b", "/missing", "/b/y/0"};
	struct gyr_json_reader *r = reader(pointers, 5);
	const char *doc = "{\"a\":\"A\",\"b\":{\"x\":1,\"y\":[2]},\"c\":3}";
	struct gyr_json v;
	uint32_t id;

	(void)state;
	assert_int_equal(gyr_json_reader_get(r, 0, &v), -ENOENT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gyr_json_reader_load(r, doc, strlen(doc)), 0);
		assert_int_equal(gyr_json_reader_get(r, 4, &v), 0);
		assert_int_equal(v.type, GYR_JSON_NUMBER);
		assert_int_equal(gyr_json_reader_get(r, 3, &v), 0);
		assert_int_equal(v.type, GYR_JSON_ABSENT);
		assert_int_equal(gyr_json_reader_get(r, 2, &v), 0);
		assert_int_equal(v.type, GYR_JSON_OBJECT);
		assert_int_equal(v.len, strlen("{\"x\":1,\"y\":[2]}"));
	}
	assert_int_equal(gyr_json_reader_add(r, "/a", 2, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(gyr_json_reader_add(r, "/c", 2, &id), 0);
	assert_int_equal(gyr_json_reader_get(r, id, &v), 0);
	assert_int_equal(v.type, GYR_JSON_NUMBER);
	assert_int_equal(gyr_json_reader_get(r, 99, &v), -ENOENT);
	gyr_json_reader_free(r);
}

static void test_nothing_is_allocated_per_document(void **state)
{
	static const char *const pointers[] = {"/a/b", "/c"};
	struct gyr_json_reader *r = reader(pointers, 2);
	const char *doc = "{\"a\":{\"b\":1},\"c\":2}";
	struct gyr_json v;
	struct mallinfo2 before, after;

	(void)state;
	assert_int_equal(gyr_json_reader_load(r, doc, strlen(doc)), 0);
	assert_int_equal(gyr_json_reader_get(r, 1, &v), 0);
	before = mallinfo2();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(gyr_json_reader_load(r, doc, strlen(doc)), 0);
		assert_int_equal(gyr_json_reader_get(r, 1, &v), 0);
	}
	after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
	gyr_json_reader_free(r);
}

static void test_reader_refuses_what_is_no_pointer(void **state)
{
	static const char *const bad[] = {"a", "/a~", "/a~2", "a/b"};
	struct gyr_json_reader *r = gyr_json_reader_new();
	char deep[2 * GYR_JSON_MAX_DEPTH + 2], wide[GYR_JSON_MAX_KEY + 2];
	uint32_t id = 7;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(gyr_json_reader_add(r, bad[i], strlen(bad[i]), &id), -EINVAL);
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? 'a' : '/';
	assert_int_equal(gyr_json_reader_add(r, deep, sizeof deep, &id), -E2BIG);
	assert_int_equal(gyr_json_reader_add(r, deep, sizeof deep - 2, &id), 0);
	memset(wide, 'k', sizeof wide);
	wide[0] = '/';
	assert_int_equal(gyr_json_reader_add(r, wide, sizeof wide, &id), -E2BIG);
	assert_int_equal(gyr_json_reader_add(r, wide, sizeof wide - 1, &id), 0);
	gyr_json_reader_free(r);
}

static void test_strict_reader_refuses_what_lazy_one_skips(void **state)
{
	static const char *const docs[] = {
		"{\"a\":1,\"b\":{\"c\":tru}}",
		"{\"a\":1,\"b\":[1,]}",
		"{\"a\":1,\"b\":[1}}",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"b\":\"\xff\"}",
		"{\"a\":1,\"b\":\"\\x\"}",
		"{\"a\":1} x",
	};
	static const char *const pointer = "/a";
	const char *twice = "{\"b\":2,\"b\":3,\"a\":1}"; /* but nobody asks for b */
	struct gyr_json_reader *r = reader(&pointer, 1);
	struct gyr_json v;

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		gyr_json_reader_strict(r, false);
		assert_int_equal(gyr_json_reader_load(r, docs[i], strlen(docs[i])), 0);
		assert_int_equal(gyr_json_reader_get(r, 0, &v), 0);
		gyr_json_reader_strict(r, true);
		assert_int_equal(gyr_json_reader_load(r, docs[i], strlen(docs[i])), 0);
		assert_int_equal(gyr_json_reader_get(r, 0, &v), -EBADMSG);
	}
	assert_int_equal(gyr_json_reader_load(r, twice, strlen(twice)), 0);
	assert_int_equal(gyr_json_reader_get(r, 0, &v), 0);
	gyr_json_reader_free(r);
}

static void test_validation_follows_the_format(void **state)
{
	static const char *const good[] = {"1",
					   "-0",
					   "1.5e-3",
					   "\"\\u00e9\\/\"",
					   " [ ] ",
					   "{}",
					   "[[[]],{\"a\":{}}]",
					   "\"\xf0\x9f\x98\x80\"",
					   "null"};
	static const struct {
		const char *text;
		size_t bad;
	} wrong[] = {
		{"", 0},
		{"[", 1},
		{"[1,]", 3},
		{"{\"a\" 1}", 5},
		{"{\"a\":}", 5},
		{"01", 0},
		{"1.", 0},
		{"+1", 0},
		{"\"\t\"", 1},
		{"\"\\q\"", 1},
		{"\"\\u12x4\"", 1},
		{"[1] 2", 4},
		{"nulL", 0},
		{"\"\xc0\x80\"", 1},
		{"\"\xed\xa0\x80\"", 1},
		{"{1:2}", 1},
	};
	size_t bad = 99;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(gyr_json_validate(good[i], strlen(good[i]), &bad), 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(gyr_json_validate(wrong[i].text, strlen(wrong[i].text), &bad),
				 -EBADMSG);
		assert_int_equal(bad, wrong[i].bad);
	}
}

static void test_depth_is_bounded(void **state)
{
	char text[2 * GYR_JSON_MAX_DEPTH + 4];
	struct gyr_json v;
	size_t n;

	(void)state;
	for (size_t depth = GYR_JSON_MAX_DEPTH; depth < GYR_JSON_MAX_DEPTH + 2; depth++) {
		int want = depth == GYR_JSON_MAX_DEPTH ? 0 : -EBADMSG;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		assert_int_equal(gyr_json_validate(text, 2 * depth, &n), want);
		assert_int_equal(gyr_json_value(text, 2 * depth, &v), 0);
		assert_int_equal(gyr_json_indent(&v, NULL, &n), want);
	}
}

static void test_text_is_unescaped(void **state)
{
	static const struct {
		const char *json, *want;
	} rows[] = {
		{"\"plain\"", "plain"},
		{"\"\"", ""},
		{"\"a\\n\\t\\\"\\\\\\/b\"", "a\n\t\"\\/b"},
		{"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\"a\\u0000b\"", "a\xef\xbf\xbd"
				  "b"},
		{"\"\\ud83dx\"", "\xef\xbf\xbdx"},
		{"\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\\q\"", NULL},
		{"\"\\u12\"", NULL},
		{"12", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gyr_json v;
		char text[64];
		size_t n = 0;
		int e;

		assert_int_equal(gyr_json_value(rows[i].json, strlen(rows[i].json), &v), 0);
		e = gyr_json_text(&v, text, &n);
		assert_int_equal(!e, rows[i].want != NULL);
		if (!e)
			assert_memory_equal(text, rows[i].want, strlen(rows[i].want));
		if (!e)
			assert_int_equal(n, strlen(rows[i].want));
	}
}

static void test_value_is_rendered_compact_and_indented(void **state)
{
	const char *doc = " { \"a\" : [ 1 , { } , [ ] , \"x y\" ] ,\n\"b\":{\"c\":null} } ";
	const char *compact = "{\"a\":[1,{},[],\"x y\"],\"b\":{\"c\":null}}";
	const char *wide = "{\n  \"a\": [\n    1,\n    {},\n    [],\n    \"x y\"\n  ],\n"
			   "  \"b\": {\n    \"c\": null\n  }\n}";
	struct gyr_json v;
	char text[256];
	size_t n, n_wide;

	(void)state;
	assert_int_equal(gyr_json_value(doc, strlen(doc), &v), 0);
	assert_int_equal(gyr_json_compact(&v, text, &n), 0);
	assert_int_equal(n, strlen(compact));
	assert_memory_equal(text, compact, n);
	assert_int_equal(gyr_json_indent(&v, NULL, &n_wide), 0);
	assert_int_equal(n_wide, strlen(wide));
	assert_int_equal(gyr_json_indent(&v, text, &n), 0);
	assert_memory_equal(text, wide, n);
}

static void test_numbers_become_integers(void **state)
{
	static const struct {
		const char *json;
		int e;
		uint64_t want;
	} rows[] = {
		{"0", 0, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"1.9", 0, 1},
		{"3.75e2", 0, 375},
		{"-0.5", 0, 0},
		{"-1", -ERANGE, 0},
		{"1e30", -ERANGE, 0},
		{"\"1\"", -EINVAL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gyr_json v;
		uint64_t n = 0;

		assert_int_equal(gyr_json_value(rows[i].json, strlen(rows[i].json), &v), 0);
		assert_int_equal(gyr_json_u64(&v, &n), rows[i].e);
		assert_true(n == rows[i].want);
	}
}

static void test_iteration_sees_every_element_once(void **state)
{
	const char *doc = "{\"a\":1,\"b\":[2,3],\"\\u0063\":{}}";
	struct gyr_json v, key, value, member;
	struct gyr_json_iter it;
	int n = 0;

	(void)state;
	assert_int_equal(gyr_json_value(doc, strlen(doc), &v), 0);
	gyr_json_iter_init(&it, &v);
	while (gyr_json_next(&it, &key, &value) > 0)
		assert_true(gyr_json_equals(&key, (const char *[]){"a", "b", "c"}[n++], 1));
	assert_int_equal(n, 3);
	assert_int_equal(gyr_json_next(&it, &key, &value), 0);
	assert_int_equal(gyr_json_member(&v, "b", 1, &member), 0);
	assert_int_equal(member.type, GYR_JSON_ARRAY);
	assert_int_equal(gyr_json_member(&v, "x", 1, &value), 0);
	assert_int_equal(value.type, GYR_JSON_ABSENT);
	gyr_json_iter_init(&it, &member);
	for (n = 0; gyr_json_next(&it, NULL, &value) > 0; n++)
		assert_int_equal(value.p[0], '2' + n);
	assert_int_equal(n, 2);
}

static void test_iteration_stops_at_broken_text(void **state)
{
	static const char *const docs[] = {"[1,]",       "[1 2]",   "[,]",
					   "{\"a\":1,}", "{\"a\"}", "{1:2}"};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct gyr_json v, key, value;
		struct gyr_json_iter it;
		int e;

		assert_int_equal(gyr_json_value(docs[i], strlen(docs[i]), &v), 0);
		gyr_json_iter_init(&it, &v);
		while ((e = gyr_json_next(&it, &key, &value)) > 0)
			;
		assert_int_equal(e, -EBADMSG);
		assert_int_equal(gyr_json_next(&it, &key, &value), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointer_finds_its_value),
		cmocka_unit_test(test_first_of_two_members_counts),
		cmocka_unit_test(test_broken_text_gives_the_offset),
		cmocka_unit_test(test_pass_stops_when_all_is_found),
		cmocka_unit_test(test_one_pass_answers_all_pointers),
		cmocka_unit_test(test_nothing_is_allocated_per_document),
		cmocka_unit_test(test_reader_refuses_what_is_no_pointer),
		cmocka_unit_test(test_strict_reader_refuses_what_lazy_one_skips),
		cmocka_unit_test(test_validation_follows_the_format),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_text_is_unescaped),
		cmocka_unit_test(test_value_is_rendered_compact_and_indented),
		cmocka_unit_test(test_numbers_become_integers),
		cmocka_unit_test(test_iteration_sees_every_element_once),
		cmocka_unit_test(test_iteration_stops_at_broken_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
