/*
 * Watching files: a change is told once, when it is over, however the file was changed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/watch.h"

struct place {
	char dir[32], file[64], other[64];
	struct watch watch;
};

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/gyr_watch_XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/file", p->dir);
	(void)snprintf(p->other, sizeof(p->other), "%s/other", p->dir);
	put(p->file, "a");
	watch_init(&p->watch);
	assert_int_equal(watch_add(&p->watch, p->file), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	watch_deinit(&p->watch);
	(void)unlink(p->file);
	(void)unlink(p->other);
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

static void test_nothing_changed_nothing_told(void **state)
{
	struct place *p = *state;

	for (int i = 0; i < 3; i++)
		assert_false(watch_look(&p->watch));
}

static void test_a_change_is_told_once_when_it_is_over(void **state)
{
	struct place *p = *state;

	put(p->file, "ab");
	assert_false(watch_look(&p->watch));
	put(p->file, "abc");
	assert_false(watch_look(&p->watch)); /* still being written */
	assert_true(watch_look(&p->watch));
	assert_false(watch_look(&p->watch));
}

static void test_a_file_put_in_its_place_is_a_change(void **state)
{
	struct place *p = *state;

	put(p->other, "a");
	assert_int_equal(rename(p->other, p->file), 0);
	assert_false(watch_look(&p->watch));
	assert_true(watch_look(&p->watch));
}

static void test_a_file_that_goes_and_comes_is_two_changes(void **state)
{
	struct place *p = *state;

	assert_int_equal(unlink(p->file), 0);
	assert_false(watch_look(&p->watch));
	assert_true(watch_look(&p->watch));
	put(p->file, "a");
	assert_false(watch_look(&p->watch));
	assert_true(watch_look(&p->watch));
}

static void test_what_comes_into_a_folder_changes_it(void **state)
{
	struct place *p = *state;

	watch_reset(&p->watch);
	assert_int_equal(watch_add(&p->watch, p->dir), 0);
	assert_false(watch_look(&p->watch));
	assert_int_equal(link(p->file, p->other), 0);
	assert_int_equal(unlink(p->file), 0);
	put(p->file, "new");
	assert_false(watch_look(&p->watch));
	assert_true(watch_look(&p->watch));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_changed_nothing_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_change_is_told_once_when_it_is_over, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_put_in_its_place_is_a_change, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_that_goes_and_comes_is_two_changes,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_comes_into_a_folder_changes_it, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
