/* What the state of system calls is made of: maps, shared texts, paths. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "imap.h"
#include "rtext.h"
#include "state.h"

static void test_map_finds_what_is_left_after_removals(void **state)
{
	static int values[1000];
	struct imap m = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(imap_add(&m, i * 7 - 3000, &values[i]), 0);
	for (int i = 0; i < 1000; i += 3)
		assert_ptr_equal(imap_take(&m, i * 7 - 3000), &values[i]);
	for (int i = 0; i < 1000; i++)
		assert_ptr_equal(imap_get(&m, i * 7 - 3000), i % 3 ? &values[i] : NULL);
	assert_int_equal(m.n, 666);
	imap_deinit(&m);
}

static void test_empty_map_has_nothing(void **state)
{
	struct imap m = {0};
	uint32_t at = 0;

	(void)state;
	assert_null(imap_get(&m, 1));
	assert_null(imap_take(&m, 1));
	assert_null(imap_next(&m, &at));
}

static void test_text_outlives_one_of_two_holders(void **state)
{
	struct pool pool = {0};
	struct rtext *a = rtext_new(&pool, "abc", 3), *b = NULL;

	(void)state;
	rtext_share(&b, a);
	a = rtext_unref(a);
	assert_null(a);
	assert_string_equal(rtext_str(b), "abc");
	assert_true(rtext_set(&pool, &b, b->s + 1, 2));
	assert_string_equal(rtext_str(b), "bc");
	assert_false(rtext_set(&pool, &b, "bc", 2));
	(void)rtext_unref(b);
	pool_deinit(&pool);
}

static void test_name_seen_again_is_the_same_text(void **state)
{
	static struct names names;
	struct pool pool = {0};
	struct rtext *a = names_get(&names, &pool, "/etc/hosts", 10);
	struct rtext *b = names_get(&names, &pool, "/etc/hosts", 10);
	struct rtext *c = names_get(&names, &pool, "/etc/hostt", 10);

	(void)state;
	assert_ptr_equal(a, b);
	assert_string_equal(a->s, "/etc/hosts");
	assert_string_equal(c->s, "/etc/hostt");
	assert_int_not_equal(a->id, 0);
	assert_int_not_equal(a->id, c->id);
	(void)rtext_unref(a);
	(void)rtext_unref(b);
	(void)rtext_unref(c);
	names_clear(&names);
	pool_deinit(&pool);
}

static void test_name_that_lost_its_place_has_another_id(void **state)
{
	static struct names names;
	struct pool pool = {0};
	struct rtext *t = names_get(&names, &pool, "/etc/hosts", 10);
	const uint64_t id = t->id;
	char path[24];

	(void)state;
	(void)rtext_unref(t);
	for (int i = 0; i < 20 * NAMES_SLOTS; i++) {
		(void)snprintf(path, sizeof path, "/tmp/%d", i);
		(void)rtext_unref(names_get(&names, &pool, path, strlen(path)));
	}
	t = names_get(&names, &pool, "/etc/hosts", 10);
	assert_string_equal(t->s, "/etc/hosts");
	assert_int_not_equal(t->id, id);
	(void)rtext_unref(t);
	names_clear(&names);
	pool_deinit(&pool);
}

static void test_what_a_name_means_is_known_by_where_it_was_given(void **state)
{
	static struct names names;
	struct pool pool = {0};
	struct rtext *given = names_get(&names, &pool, "page.html", 9);
	struct rtext *here = rtext_new(&pool, "/srv/", 5), *there = rtext_new(&pool, "/srv/", 5);
	struct rtext *path = names_get(&names, &pool, "/srv/page.html", 14);
	const struct named *x;

	(void)state;
	names_learn(&names, &(struct named){.given = given, .from = here, .path = path});
	x = names_known(&names, here, "page.html", 9);
	assert_non_null(x);
	assert_ptr_equal(x->path, path);
	assert_ptr_equal(x->given, given);
	assert_null(
		names_known(&names, there, "page.html", 9)); /* another text, so another place */
	assert_null(names_known(&names, NULL, "page.html", 9));
	assert_null(names_known(&names, here, "page.htm", 8));
	assert_null(names_known(&names, here, "page.htmx", 9));
	(void)rtext_unref(given);
	(void)rtext_unref(here);
	(void)rtext_unref(there);
	(void)rtext_unref(path);
	names_clear(&names);
	assert_null(names_known(&names, here, "page.html", 9));
	pool_deinit(&pool);
}

static void test_long_names_are_not_kept(void **state)
{
	static struct names names;
	struct pool pool = {0};
	char path[NAME_MAX_KEPT + 1];

	(void)state;
	memset(path, 'x', sizeof path);
	struct rtext *a = names_get(&names, &pool, path, sizeof path);
	struct rtext *b = names_get(&names, &pool, path, sizeof path);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->id, 0);
	names_learn(&names, &(struct named){.given = a, .path = a});
	assert_null(names_known(&names, NULL, path, sizeof path));
	(void)rtext_unref(a);
	(void)rtext_unref(b);
	names_clear(&names);
	pool_deinit(&pool);
}

/* Every size, written to its last byte, while its neighbours keep what they have. */
static void test_pool_gives_pieces_that_do_not_overlap(void **state)
{
	static uint8_t *pieces[4000];
	struct pool pool = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < 4000; i++) {
			pieces[i] = pool_get(&pool, i * 5 + 1);
			assert_non_null(pieces[i]);
			assert_int_equal((uintptr_t)pieces[i] % 16, 0);
			memset(pieces[i], (int)(i % 251), i * 5 + 1);
		}
		for (size_t i = 0; i < 4000; i++) {
			for (size_t k = 0; k < i * 5 + 1; k++)
				assert_int_equal(pieces[i][k], i % 251);
			pool_put(&pool, pieces[i], i * 5 + 1);
		}
	}
	pool_put(&pool, NULL, 8);
	pool_deinit(&pool);
}

static void test_pool_gives_the_same_piece_again(void **state)
{
	struct pool pool = {0};
	uint64_t bytes;

	(void)state;
	for (size_t size = 1; size < POOL_LARGEST; size = size * 3 / 2 + 1)
		pool_put(&pool, pool_get(&pool, size), size);
	bytes = pool.bytes;
	for (int i = 0; i < 100; i++)
		for (size_t size = 1; size < POOL_LARGEST; size = size * 3 / 2 + 1)
			pool_put(&pool, pool_get(&pool, size), size);
	assert_int_equal(pool.bytes, bytes);
	pool_deinit(&pool);
}

static struct fd *nth(size_t i)
{
	static char places[400];

	return (struct fd *)(void *)&places[i];
}

static void test_descriptors_are_found_near_and_far(void **state)
{
	static const int64_t numbers[] = {0, 3, 63, 64, 65, 100, 1000000, 5, INT64_MAX, 200, 16};
	const uint32_t n = sizeof numbers / sizeof numbers[0];
	struct fdtab t = {0};
	struct pool pool = {0};
	uint32_t at = 0, seen = 0;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(fdtab_add(&t, &pool, numbers[i], nth(i)), 0);
	assert_int_equal(t.n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_ptr_equal(fdtab_get(&t, numbers[i]), nth(i));
	assert_null(fdtab_get(&t, 1));
	assert_null(fdtab_get(&t, -1));
	assert_null(fdtab_get(&t, 999));
	for (const struct fd *f; (f = fdtab_next(&t, &at)); seen++)
		assert_non_null(f);
	assert_int_equal(seen, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_ptr_equal(fdtab_take(&t, numbers[i]), nth(i));
		assert_null(fdtab_take(&t, numbers[i]));
		assert_null(fdtab_get(&t, numbers[i]));
	}
	assert_int_equal(t.n, 0);
	fdtab_deinit(&t, &pool);
	pool_deinit(&pool);
}

/* One that came when it was far stays found once the array has grown over it. */
static void test_descriptor_is_found_after_the_array_grew_over_it(void **state)
{
	struct fdtab t = {0};
	struct pool pool = {0};

	(void)state;
	assert_int_equal(fdtab_add(&t, &pool, 300, nth(0)), 0);
	for (int64_t i = 0; i < 300; i++)
		assert_int_equal(fdtab_add(&t, &pool, i, nth(1)), 0);
	assert_true(t.n_near > 300);
	assert_ptr_equal(fdtab_get(&t, 300), nth(0));
	assert_ptr_equal(fdtab_take(&t, 300), nth(0));
	assert_null(fdtab_get(&t, 300));
	fdtab_deinit(&t, &pool);
	pool_deinit(&pool);
}

static void test_path_is_absolute_and_plain(void **state)
{
	static const struct {
		const char *dir, *path, *want;
	} rows[] = {
		{"/root/", "a", "/root/a"},
		{"/root/", "/a//b/", "/a/b"},
		{"/root/", "../../..", "/"},
		{"/a/b", "./c/../d", "/a/b/d"},
		{"/", ".", "/"},
		{"<UNKNOWN>/", "x", "<UNKNOWN>/x"},
		{"./", "x", "x"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const size_t n = path_join(out, sizeof out, rows[i].dir, rows[i].path);

		assert_string_equal(out, rows[i].want);
		assert_int_equal(n, strlen(rows[i].want));
	}
}

static void test_path_is_cut_at_its_room(void **state)
{
	char out[8];

	(void)state;
	assert_true(path_join(out, sizeof out, "/abc", "defghijklm") < sizeof out);
	assert_true(path_join(out, sizeof out, "<UNKNOWN>/", "defghijklm") < sizeof out);
}

/* What is called plain is what the long way makes of it, over all texts of a few odd parts. */
static void test_plain_paths_stay_as_they_are(void **state)
{
	static const char *const parts[] = {"/",  ".", "..", "a", "etc", "longer-name.d",
					    ".x", "//"};
	const uint32_t n_parts = sizeof parts / sizeof parts[0];
	uint32_t n_plain = 0;

	(void)state;
	for (uint32_t i = 0; i < n_parts * n_parts * n_parts * n_parts * n_parts; i++) {
		char path[128] = "", out[256];

		for (uint32_t k = 0, rest = i; k < 5; k++, rest /= n_parts) {
			const size_t n = strlen(path);

			memcpy(path + n, parts[rest % n_parts], strlen(parts[rest % n_parts]) + 1);
		}
		if (!path_is_plain(path, strlen(path)))
			continue;
		n_plain++;
		(void)path_join(out, sizeof out, "/srv/", path);
		if (*path == '/')
			assert_string_equal(out, path);
		else
			assert_string_equal(out + 5, path);
	}
	assert_true(n_plain > 500);
	assert_false(path_is_plain("", 0));
	assert_true(path_is_plain("/usr/lib/x86_64-linux-gnu/libc.so.6", 35));
	for (size_t at = 1; at + 2 < 35; at++) {
		char odd[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

		odd[at] = '/';
		odd[at + 1] = at % 2 ? '/' : '.';
		assert_false(path_is_plain(odd, 35));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_finds_what_is_left_after_removals),
		cmocka_unit_test(test_empty_map_has_nothing),
		cmocka_unit_test(test_text_outlives_one_of_two_holders),
		cmocka_unit_test(test_name_seen_again_is_the_same_text),
		cmocka_unit_test(test_name_that_lost_its_place_has_another_id),
		cmocka_unit_test(test_what_a_name_means_is_known_by_where_it_was_given),
		cmocka_unit_test(test_long_names_are_not_kept),
		cmocka_unit_test(test_pool_gives_pieces_that_do_not_overlap),
		cmocka_unit_test(test_pool_gives_the_same_piece_again),
		cmocka_unit_test(test_descriptors_are_found_near_and_far),
		cmocka_unit_test(test_descriptor_is_found_after_the_array_grew_over_it),
		cmocka_unit_test(test_path_is_absolute_and_plain),
		cmocka_unit_test(test_path_is_cut_at_its_room),
		cmocka_unit_test(test_plain_paths_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
