/*
 * Each look-up against the plain question, on random keys and values over a small alphabet.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan/index.h"
#include "plan/literal.h"
#include "plan/multi.h"

enum { N_KEYS = 40, N_VALUES = 400, KEY_MAX = 6, VALUE_MAX = 24 };

struct table {
	struct arena arena;
	char keys[N_KEYS][KEY_MAX + 1];
	struct index_key index_keys[N_KEYS];
	struct index_entries entries;
	uint32_t stamp[N_KEYS], list[N_KEYS];
	struct hits hits;
};

static uint32_t next(uint32_t below)
{
	static uint64_t x = 88172645463325252U;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 33) % below;
}

static size_t random_text(char *out, size_t max, size_t min)
{
	size_t n = min + next((uint32_t)(max - min + 1));

	for (size_t i = 0; i < n; i++)
		out[i] = "abA/"[next(4)];
	out[n] = '\0';
	return n;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = *s == 'A' ? 'a' : *s;
}

static void table_init(struct table *t, bool fold)
{
	*t = (struct table){.hits = {.gen = 0}};
	t->hits.stamp = t->stamp;
	t->hits.list = t->list;
	for (uint32_t i = 0; i < N_KEYS; i++) {
		random_text(t->keys[i], KEY_MAX, 1);
		if (fold)
			lower(t->keys[i]);
		t->index_keys[i] = (struct index_key){.key = str_from(t->keys[i]), .pred = i};
	}
	assert_true(index_group(&t->arena, &t->arena, t->index_keys, N_KEYS, &t->entries));
}

static void begin(struct table *t)
{
	t->hits.gen++;
	t->hits.n = 0;
}

static void assert_hits(const struct table *t, const char *value,
			bool (*want)(const char *v, const char *key))
{
	for (uint32_t i = 0; i < N_KEYS; i++)
		if ((t->stamp[i] == t->hits.gen) != want(value, t->keys[i]))
			fail_msg("key '%s', value '%s'", t->keys[i], value);
}

static bool equals(const char *v, const char *key)
{
	return strcmp(v, key) == 0;
}

static bool starts(const char *v, const char *key)
{
	return strncmp(v, key, strlen(key)) == 0;
}

static bool holds(const char *v, const char *key)
{
	return strstr(v, key) != NULL;
}

static bool holds_folded(const char *v, const char *key)
{
	return strcasestr(v, key) != NULL;
}

static void test_hash_finds_the_equal_key(void **state)
{
	struct hash_index x;
	struct table t;
	char value[VALUE_MAX + 1];

	(void)state;
	table_init(&t, false);
	assert_true(hash_index_init(&x, &t.arena, &t.entries));
	for (int i = 0; i < N_VALUES; i++) {
		size_t n = random_text(value, KEY_MAX, 0);

		begin(&t);
		hash_index_find(&x, (struct str){value, n}, &t.hits);
		assert_hits(&t, value, equals);
	}
	arena_deinit(&t.arena);
}

static void test_radix_finds_all_prefixes(void **state)
{
	struct radix_index x;
	struct table t;
	char value[VALUE_MAX + 1];

	(void)state;
	table_init(&t, false);
	assert_true(radix_index_init(&x, &t.arena, &t.entries, false));
	for (int i = 0; i < N_VALUES; i++) {
		size_t n = random_text(value, VALUE_MAX, 0);

		begin(&t);
		radix_index_find(&x, (struct str){value, n}, &t.hits);
		assert_hits(&t, value, starts);
	}
	arena_deinit(&t.arena);
}

static void check_contains(bool fold)
{
	struct table t;
	struct ac_index ac;
	struct multi *multi;
	void *scratch = NULL;
	char value[VALUE_MAX + 1];

	table_init(&t, fold);
	assert_true(ac_index_init(&ac, &t.arena, &t.entries, fold));
	multi = multi_new(&t.entries, fold);
	if (multi)
		assert_true(multi_scratch(multi, &scratch));
	for (int i = 0; i < N_VALUES; i++) {
		size_t n = random_text(value, VALUE_MAX, 0);

		begin(&t);
		ac_index_find(&ac, (struct str){value, n}, &t.hits);
		assert_hits(&t, value, fold ? holds_folded : holds);
		if (!multi)
			continue;
		begin(&t);
		assert_true(multi_find(multi, (struct str){value, n}, scratch, &t.hits));
		assert_hits(&t, value, fold ? holds_folded : holds);
	}
	multi_scratch_free(scratch);
	multi_free(multi);
	arena_deinit(&t.arena);
}

static void test_the_automaton_and_vectorscan_find_the_same(void **state)
{
	(void)state;
	check_contains(false);
	check_contains(true);
}

static void test_range_finds_what_lies_beyond(void **state)
{
	struct range_key below[] = {{5, 0}, {9, 1}, {5, 2}}, above[] = {{3, 3}, {7, 4}};
	struct range_index x;
	struct table t;

	(void)state;
	table_init(&t, false);
	assert_true(range_index_init(&x, &t.arena, below, 3, above, 2));
	for (uint64_t v = 0; v < 12; v++) {
		begin(&t);
		range_index_find(&x, v, &t.hits);
		assert_int_equal(t.stamp[0] == t.hits.gen, v < 5);
		assert_int_equal(t.stamp[1] == t.hits.gen, v < 9);
		assert_int_equal(t.stamp[2] == t.hits.gen, v < 5);
		assert_int_equal(t.stamp[3] == t.hits.gen, v >= 3);
		assert_int_equal(t.stamp[4] == t.hits.gen, v >= 7);
	}
	arena_deinit(&t.arena);
}

static void test_patterns_say_what_their_matches_contain(void **state)
{
	static const struct {
		const char *pattern, *literal;
		bool is_regex;
	} rows[] = {
		{"*foo?barr*", "barr", false},
		{"[abc]*xyz\\*", "xyz", false},
		{"*", "", false},
		{"foo.*barr", "barr", true},
		{"ab*c", "a", true},
		{"(foo|bar)quux+", "quux", true},
		{"foo|bar", "", true},
		{"a\\.bcd", "bcd", true},
		{"x{2}yy", "yy", true},
		{"[a-z]+", "", true},
		{"\\pLabc", "", true},
		{"(a(b)c", "", true},
		{"abc?", "ab", true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str literal, want = str_from(rows[i].literal);

		if (rows[i].is_regex)
			literal = regex_literal(str_from(rows[i].pattern));
		else
			(void)glob_shape(str_from(rows[i].pattern), &literal);
		if (!str_eq(literal, want))
			fail_msg("%s: '%.*s'", rows[i].pattern, STR_FMT(literal));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_finds_the_equal_key),
		cmocka_unit_test(test_radix_finds_all_prefixes),
		cmocka_unit_test(test_the_automaton_and_vectorscan_find_the_same),
		cmocka_unit_test(test_range_finds_what_lies_beyond),
		cmocka_unit_test(test_patterns_say_what_their_matches_contain),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
