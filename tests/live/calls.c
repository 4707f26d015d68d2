/* live_calls [--load]: each case of calls_*.c is a test. */
#include "calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expect.h"
#include "sound.h"

enum { TESTS_MAX = 256 };

static void run_case(void **state)
{
	const struct call_case *c = *state;
	struct drv_counters before, after;
	const struct seen *seen;

	drv_counters(watch_driver(), &before);
	seen = watch_run(c->act);
	drv_counters(watch_driver(), &after);
	assert_int_equal(after.malformed, 0);
	assert_int_equal(after.dropped_by[WIRE_DROP_COMPAT][WIRE_CLASS_OTHER] -
				 before.dropped_by[WIRE_DROP_COMPAT][WIRE_CLASS_OTHER],
			 watch_told()->lost);
	if (after.dropped == before.dropped + watch_told()->lost) {
		expect_lines(seen, c->expected);
		sound_check(seen);
		assert_int_equal(seen->status, 0);
	} else {
		fail_msg("%llu events were dropped",
			 (unsigned long long)(after.dropped - before.dropped - watch_told()->lost));
	}
}

int main(int argc, char **argv)
{
	static const char *const generic[] = {"getppid", "sync", "mremap", "signal", NULL};
	static const struct call_cases *const all[] = {&calls_files, &calls_fds, &calls_sockets,
						       &calls_system, &calls_compat};
	static struct CMUnitTest tests[TESTS_MAX];
	size_t n = 0;
	int failed;

	for (size_t f = 0; f < sizeof all / sizeof *all; f++) {
		if (all[f] == &calls_compat && !calls_compat_are_taken()) {
			fprintf(stderr, "live_calls: this kernel takes no calls of 32-bit "
					"programs: not tested\n");
			continue;
		}
		for (size_t i = 0; i < all[f]->n && n < TESTS_MAX; i++)
			tests[n++] = (struct CMUnitTest){.name = all[f]->rows[i].name,
							 .test_func = run_case,
							 .initial_state = (void *)&all[f]->rows[i]};
	}
	watch_open(generic);
	if (argc > 1 && !strcmp(argv[1], "--load"))
		watch_load();
	failed = _cmocka_run_group_tests("calls", tests, n, NULL, NULL);
	watch_close();
	return failed;
}
