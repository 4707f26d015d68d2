#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/ptrmap.h"

static void test_finds_what_was_set_last_and_nothing_else(void **state)
{
	static char things[1000];
	struct ptrmap m = {0};
	(void)state;

	assert_null(ptrmap_find(&m, things));
	for (size_t i = 0; i < sizeof things; i += 2)
		assert_int_equal(ptrmap_set(&m, &things[i], things), 0);
	for (size_t i = 0; i < sizeof things; i += 2)
		assert_int_equal(ptrmap_set(&m, &things[i], &things[i]), 0);
	assert_int_equal(m.n, sizeof things / 2);
	for (size_t i = 0; i < sizeof things; i++)
		assert_ptr_equal(ptrmap_find(&m, &things[i]), i % 2 ? NULL : &things[i]);
	ptrmap_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_was_set_last_and_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
