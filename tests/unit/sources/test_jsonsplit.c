/*
 * jsonsplit: the same records whatever the chunks, and one mistake costs one record.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonsplit.h"

/* Everything that came out, as text: records between bars, M and L for the rest. */
struct trace {
	char text[4096];
	size_t len;
};

static void note(struct trace *t, int r, const struct jsonsplit_record *rec, const char *stream)
{
	if (r == JSONSPLIT_RECORD) {
		assert_true(t->len + rec->len + 2 < sizeof t->text);
		assert_memory_equal(rec->p, stream + rec->offset, rec->len);
		memcpy(t->text + t->len, rec->p, rec->len);
		t->len += rec->len;
		t->text[t->len++] = '|';
		return;
	}
	t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "%c%u|",
				   r == JSONSPLIT_MALFORMED ? 'M' : 'L', (unsigned)rec->offset);
}

/* Each chunk is a heap block of its exact size, so that a checker sees any read outside. */
static void feed(struct jsonsplit *s, const char *stream, size_t from, size_t to, struct trace *t)
{
	char *chunk = malloc(to - from + 1);
	const char *p = chunk, *end;
	struct jsonsplit_record rec;
	int r;

	assert_non_null(chunk);
	end = chunk + (to - from);
	memcpy(chunk, stream + from, to - from);
	while ((r = jsonsplit_next(s, &p, end, &rec)) != JSONSPLIT_MORE) {
		assert_true(r > 0);
		note(t, r, &rec, stream);
	}
	assert_ptr_equal(p, end);
	free(chunk);
}

static void run(const char *stream, size_t len, size_t chunk, size_t max, struct trace *t)
{
	struct jsonsplit s;
	struct jsonsplit_record rec;
	int r;

	t->len = 0;
	jsonsplit_init(&s, "Records", max);
	for (size_t at = 0; at < len; at += chunk)
		feed(&s, stream, at, at + chunk < len ? at + chunk : len, t);
	r = jsonsplit_end(&s, &rec);
	if (r != JSONSPLIT_MORE)
		note(t, r, &rec, stream);
	t->text[t->len] = '\0';
	jsonsplit_deinit(&s);
}

struct row {
	const char *in, *out;
	size_t len; /* 0: a C string */
};

static void check(const struct row *rows, size_t n, size_t max)
{
	struct trace t;

	for (size_t i = 0; i < n; i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].in);

		for (size_t chunk = 1; chunk <= len + 1; chunk++) {
			run(rows[i].in, len, chunk, max, &t);
			assert_string_equal(t.text, rows[i].out);
		}
	}
}

static void test_records_are_found_in_every_shape(void **state)
{
	static const struct row rows[] = {
		{"", "", 0},
		{" \n\t\r\n", "", 0},
		{"\xef\xbb\xbf{}", "{}|", 0},
		{"{\"a\":1}", "{\"a\":1}|", 0},
		{"{\"a\":1}\n{\"b\":[{},{}]}\r\n", "{\"a\":1}|{\"b\":[{},{}]}|", 0},
		{"{}{}", "{}|{}|", 0},
		{"[{\"a\":-1.5e+3},{\"b\":null}]\n{}", "{\"a\":-1.5e+3}|{\"b\":null}|{}|", 0},
		{"{\"Records\":[{\"a\":{}},{\"b\":2}]}", "{\"a\":{}}|{\"b\":2}|", 0},
		{"{\"x\":{\"y\":[]},\"Records\":[{}],\"z\":{\"k\":[{}]}}\n{\"q\":1}",
		 "{}|{\"q\":1}|", 0},
		{"[{\"Records\":[{\"a\":1}]},{\"Records\":[]},{\"b\":1}]", "{\"a\":1}|{\"b\":1}|",
		 0},
		{"{\"Records\":[{}],\"Records\":[{\"a\":0}]}", "{}|{\"a\":0}|", 0},
		{"{\n \"Records\" : [\n{\n\"a\":[\n{\n}\n]\n}\n,\n{}\n]\n}",
		 "{\n\"a\":[\n{\n}\n]\n}|{}|", 0},
		{"{\"Recordz\":[{}]}", "{\"Recordz\":[{}]}|", 0},
		{"{\"Record\":[{}]}", "{\"Record\":[{}]}|", 0},
		{"{\"a\":{\"Records\":[{}]}}", "{\"a\":{\"Records\":[{}]}}|", 0},
		{"{\"Records\":[{\"Records\":[{}]}]}", "{\"Records\":[{}]}|", 0},
		{"{\"Records\":{}}", "{\"Records\":{}}|", 0},
		{"{\"a\":\"}{\\\"][\\\\\"}{}", "{\"a\":\"}{\\\"][\\\\\"}|{}|", 0},
	};

	(void)state;
	check(rows, sizeof rows / sizeof *rows, 4096);
}

static void test_a_mistake_costs_no_other_record(void **state)
{
	static const struct row rows[] = {
		{"hello world\n{}", "M0|{}|", 0},
		{"{\"a\":1}\nhello {\n {\"b\":2}", "{\"a\":1}|M8|{\"b\":2}|", 0},
		{"{\"a\":\"cut\n{\"b\":2}\n", "M0|{\"b\":2}|", 0},
		{"{\"a\":1,\n{\"b\":2}\n", "M0|{\"b\":2}|", 0},
		{"{\"a\":\n{\"b\":2}\n", "M0|{\"b\":2}|", 0},
		{"{}\n{\"a\":[1,\n{\"b\":2}\n", "{}|M3|{\"b\":2}|", 0},
		{"{\"a\":tru}\n{\"b\"}\n{\"c\":[1 2]}\n{}", "{\"a\":tru}|M10|M16|{}|", 0},
		{"[1,\"x\",[{}],{\"a\":1}]", "M1|M3|M7|{\"a\":1}|", 0},
		{"{\"Records\":[{\"v\":1},{\"v\":\"\x01\",,},{\"v\":3},{\"v\":4}]}\n{}",
		 "{\"v\":1}|M20|{\"v\":3}|{\"v\":4}|{}|", 0},
		{"{\"Records\":[{\"v\":1},{\"v\":2]},\n {\"v\":3}]}", "{\"v\":1}|M20|{\"v\":3}|",
		 0},
		{"{\"Records\":[{\"v\":1},\n{\"v\":2]},\n{\"v\":3},\n{\"v\":4}]}\n{}",
		 "{\"v\":1}|M21|{\"v\":3}|{\"v\":4}|{}|", 0},
		{"}\n]\n{}", "M0|{}|", 0},
	};

	(void)state;
	check(rows, sizeof rows / sizeof *rows, 4096);
}

static void test_a_stream_that_is_cut_short_says_so_once(void **state)
{
	static const struct row rows[] = {
		{"{", "M0|", 0},
		{"{\"Records\":[{},{}", "{}|{}|M17|", 0},
		{"{\"Records\":[{},{\"a\":\"x\\", "{}|M15|", 0},
		{"[{}", "{}|M3|", 0},
		{"{\"a\":\"x", "M0|", 0},
		{"junk", "M0|", 0},
	};

	(void)state;
	check(rows, sizeof rows / sizeof *rows, 4096);
}

static void test_zeros_and_odd_bytes_lose_nothing(void **state)
{
	static const struct row rows[] = {
		{"\0\0\0{}\n\0{}", "M0|{}|M6|{}|", 9},
		{"{\"a\":\"\0\"}", "{\"a\":\"|", 9},
		{"{\"a\":\0 1}\n{}", "M0|{}|", 12},
	};
	struct trace t;

	(void)state;
	check(rows, 1, 4096);
	check(rows + 2, 1, 4096);
	run(rows[1].in, 9, 4, 4096, &t);
	assert_int_equal(t.len, 10); /* the zero is inside the record */
}

static void test_too_large_is_skipped_and_the_rest_goes_on(void **state)
{
	static const struct row rows[] = {
		{"{\"a\":\"12345678\"}{\"b\":1}", "L0|{\"b\":1}|", 0},
		{"[{\"a\":\"1234567890123456\"},{}]", "L1|{}|", 0},
		{"{\"xxxxxxxxxxxxxxxxxxxxxxx\":1,\"Records\":[{\"a\":1},{\"a\":1234567890}]}",
		 "{\"a\":1}|L48|", 0},
		{"{\"a\":\"123456789012345678901234567890\n{}", "L0|{}|", 0},
	};

	(void)state;
	check(rows, sizeof rows / sizeof *rows, 12);
}

static void test_depth_has_a_bound(void **state)
{
	enum { N = JSONSPLIT_MAX_DEPTH };
	char in[2 * N + 64];
	struct trace t;

	(void)state;
	memset(in, '[', N + 1);
	memcpy(in + N + 1, "\n{}", 4);
	run(in, N + 4, 7, 4096, &t);
	assert_non_null(strstr(t.text, "M512|{}|"));
	memcpy(in, "{\"a\":", 5);
	memset(in + 5, '[', N - 1);
	memset(in + 4 + N, ']', N - 1);
	in[2 * N + 3] = '}';
	run(in, 2 * N + 4, 7, 4096, &t);
	assert_int_equal(t.len, 2 * N + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_found_in_every_shape),
		cmocka_unit_test(test_a_mistake_costs_no_other_record),
		cmocka_unit_test(test_a_stream_that_is_cut_short_says_so_once),
		cmocka_unit_test(test_zeros_and_odd_bytes_lose_nothing),
		cmocka_unit_test(test_too_large_is_skipped_and_the_rest_goes_on),
		cmocka_unit_test(test_depth_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
