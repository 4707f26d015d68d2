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
#include "plan/sieve.h"

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

/* Keys that share prefixes, repeat themselves or stand in one another, all as short as a sieve takes
 * them or longer. */
static const char *const sieved[] = {
	"tool_",       "tool_1",     "tool_12345678",     "aaaaa",        "aaaaaaaaab", "abababab",
	"/etc/shadow", "xmrig-pool", "\x7f\x80\xff\xfe@", "--flag `{~}|",
};

enum { N_SIEVED = sizeof sieved / sizeof *sieved };

static void sieve_of(struct table *t, struct sieve *x, uint32_t from, uint32_t n, bool fold)
{
	*t = (struct table){.hits = {.gen = 0}};
	for (uint32_t i = 0; i < n; i++)
		t->index_keys[i] = (struct index_key){.key = str_from(sieved[from + i]), .pred = i};
	assert_true(index_group(&t->arena, &t->arena, t->index_keys, n, &t->entries));
	assert_true(sieve_init(x, &t->arena, &t->entries, fold));
	assert_non_null(x->words);
}

/* Every key at every place of values of every length that has room for it; a value is alone in its
 * block, so that reading beyond it is seen. */
static void check_sieve(const struct sieve *x, struct str key)
{
	for (size_t len = key.len; len < key.len + 20; len++)
		for (size_t at = 0; at + key.len <= len; at++) {
			struct sieve_use use = {.n = 0};
			char *value = malloc(len);

			assert_non_null(value);
			memset(value, '.', len);
			memcpy(value + at, key.p, key.len);
			for (size_t i = 0; x->fold && i < len; i += 2)
				if (value[i] >= 'a' && value[i] <= 'z')
					value[i] = (char)(value[i] - 32);
			if (!sieve_passes(x, &use, (struct str){value, len}))
				fail_msg("'%.*s' at %zu of %zu", STR_FMT(key), at, len);
			free(value);
		}
}

static void test_sieve_holds_back_no_value_with_a_key(void **state)
{
	struct sieve x;
	struct table t;

	(void)state;
	for (int fold = 0; fold < 2; fold++)
		for (uint32_t from = 0; from < N_SIEVED; from++)
			for (uint32_t n = 1; from + n <= N_SIEVED; n++) {
				sieve_of(&t, &x, from, n, fold);
				for (uint32_t i = from; i < from + n; i++)
					check_sieve(&x, str_from(sieved[i]));
				arena_deinit(&t.arena);
			}
}

static void test_sieve_holds_back_most_values_without_a_key(void **state)
{
	struct sieve_use use = {.n = 0};
	struct sieve x;
	struct table t;
	unsigned n = 0;

	(void)state;
	sieve_of(&t, &x, 0, N_SIEVED, false);
	for (int i = 0; i < 100; i++) {
		char value[64];
		int len = snprintf(value, sizeof value, "/usr/bin/worker --id %d --verbose", i);

		n += sieve_passes(&x, &use, (struct str){value, (size_t)len});
	}
	assert_in_range(n, 0, 5);
	assert_false(sieve_passes(&x, &use, STR("tool")));
	arena_deinit(&t.arena);
}

static void test_sieve_rests_while_most_values_pass(void **state)
{
	struct sieve_use use = {.n = 0};
	struct sieve x;
	struct table t;

	(void)state;
	sieve_of(&t, &x, 0, N_SIEVED, false);
	for (int i = 0; i < SIEVE_PERIOD; i++)
		assert_true(sieve_passes(&x, &use, STR("tool_1 --run")));
	for (int i = 0; i < SIEVE_REST; i++)
		assert_true(sieve_passes(&x, &use, STR("nothing of interest")));
	assert_false(sieve_passes(&x, &use, STR("nothing of interest")));
	arena_deinit(&t.arena);
}

static void test_a_short_key_leaves_no_sieve(void **state)
{
	struct index_key key = {.key = STR("four")};
	struct index_entries e;
	struct arena a = ARENA_NULL;
	struct sieve_use use = {.n = 0};
	struct sieve x;

	(void)state;
	assert_true(index_group(&a, &a, &key, 1, &e));
	assert_true(sieve_init(&x, &a, &e, false));
	assert_true(sieve_passes(&x, &use, STR("")));
	arena_deinit(&a);
}

static void test_range_finds_what_lies_beyond(void **state)
{
	struct range_key below[] = {{5, 0}, {9, 1}, {5, 2}}, above[] = {{3, 3}, {7, 4}};
	struct range_index x;
	struct table t;

	(void)state;
	table_init(&t, false);
	assert_true(range_index_init(&x, &t.arena, (struct range_keys){below, 3},
				     (struct range_keys){above, 2}));
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
		{"foo*[[:x", "foo", false},
		{"foo[[:x", "foo", true},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str literal, want = str_from(rows[i].literal);
		const size_t len = strlen(rows[i].pattern);
		char *exact = memcpy(test_malloc(len), rows[i].pattern,
				     len); /* nothing behind it to read */
		const struct str pattern = {exact, len};

		if (rows[i].is_regex)
			literal = regex_literal(pattern);
		else
			(void)glob_shape(pattern, &literal);
		if (!str_eq(literal, want))
			fail_msg("%s: '%.*s'", rows[i].pattern, STR_FMT(literal));
		test_free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_finds_the_equal_key),
		cmocka_unit_test(test_radix_finds_all_prefixes),
		cmocka_unit_test(test_the_automaton_and_vectorscan_find_the_same),
		cmocka_unit_test(test_sieve_holds_back_no_value_with_a_key),
		cmocka_unit_test(test_sieve_holds_back_most_values_without_a_key),
		cmocka_unit_test(test_sieve_rests_while_most_values_pass),
		cmocka_unit_test(test_a_short_key_leaves_no_sieve),
		cmocka_unit_test(test_range_finds_what_lies_beyond),
		cmocka_unit_test(test_patterns_say_what_their_matches_contain),
	};

	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
