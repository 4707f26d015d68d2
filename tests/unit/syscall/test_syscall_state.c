/* What the state of system calls is made of: maps, shared texts, paths. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
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
	struct rtext *a = rtext_new("abc", 3), *b = NULL;

	(void)state;
	rtext_share(&b, a);
	a = rtext_unref(a);
	assert_null(a);
	assert_string_equal(rtext_str(b), "abc");
	rtext_set(&b, b->s + 1, 2);
	assert_string_equal(rtext_str(b), "bc");
	(void)rtext_unref(b);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_finds_what_is_left_after_removals),
		cmocka_unit_test(test_empty_map_has_nothing),
		cmocka_unit_test(test_text_outlives_one_of_two_holders),
		cmocka_unit_test(test_path_is_absolute_and_plain),
		cmocka_unit_test(test_path_is_cut_at_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
