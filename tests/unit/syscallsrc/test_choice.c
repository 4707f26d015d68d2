/*
 * choice: which system calls are watched, for which rules and settings.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <gyr/events.h>

#include "choice.h"

enum { N = 512, NEEDS_FD = 1 << 0, NEEDS_SUCCESS = 1 << 1, NEEDS_WRITE = 1 << 4 };

struct rules {
	uint64_t events[N / 64], named[N / 64], generic[N / 64], named_generic[N / 64];
	uint8_t needs[N];
	struct gyr_interest interest;
};

static struct rules rules_none(void)
{
	struct rules r = {.events = {0}};

	memset(r.needs, 0xff, sizeof r.needs);
	return r;
}

static uint16_t code(const char *name)
{
	const struct gyr_syscall_info *c = gyr_syscall_find(name, strlen(name));

	if (!c)
		fail_msg("no system call '%s'", name);
	return c->code;
}

static void set(uint64_t *bits, uint16_t at)
{
	bits[at / 64] |= 1ULL << (at % 64);
}

/* A rule that names a call. */
static void rule(struct rules *r, const char *name, uint8_t needs)
{
	const struct gyr_syscall_info *c = gyr_syscall(code(name));

	if (c->flags & GYR_SYSCALL_GENERIC) {
		set(r->generic, c->code);
		set(r->named_generic, c->code);
		return;
	}
	set(r->events, (uint16_t)c->exit);
	set(r->named, (uint16_t)c->exit);
	r->needs[c->exit] &= needs;
}

/* A rule that says nothing of types. */
static void rule_of_all(struct rules *r)
{
	memset(r->events, 0xff, sizeof r->events);
	memset(r->generic, 0xff, sizeof r->generic);
	memset(r->needs, 0, sizeof r->needs);
}

static struct choice choose(struct rules *r, struct choice_options o)
{
	struct choice ret;
	char err[256];

	r->interest = (struct gyr_interest){.size = sizeof r->interest,
					    .n_codes = N,
					    .events = r->events,
					    .named_events = r->named,
					    .generic = r->generic,
					    .named_generic = r->named_generic,
					    .needs = r->needs};
	assert_int_equal(choice_make(&o, &r->interest, &ret, err, sizeof err), 0);
	return ret;
}

static bool has(const struct choice *c, const char *name)
{
	return choice_has(&c->chosen, code(name));
}

static void test_rules_and_state_are_watched_and_nothing_else(void **state)
{
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule(&r, "unlinkat", 0xff);
	rule(&r, "reboot", 0xff);
	c = choose(&r, (struct choice_options){.all = false});
	assert_true(has(&c, "unlinkat") && has(&c, "reboot"));
	assert_true(has(&c, "openat") && has(&c, "execve") && has(&c, "close") &&
		    has(&c, "sched_process_exit") && has(&c, "setpgid"));
	assert_false(has(&c, "read") || has(&c, "unlink") || has(&c, "getpid") ||
		     has(&c, "sched_switch"));
}

static void test_a_call_of_high_volume_is_watched_when_it_is_named(void **state)
{
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule_of_all(&r);
	c = choose(&r, (struct choice_options){.all = false});
	assert_true(has(&c, "getpid") && has(&c, "unlink"));
	assert_false(has(&c, "read") || has(&c, "sched_switch"));
	assert_true(choice_has(&c.ignored, code("read")));
	rule(&r, "read", 0);
	c = choose(&r, (struct choice_options){.all = false});
	assert_true(has(&c, "read"));
	assert_false(has(&c, "write"));
}

static void test_all_watches_what_rules_may_match(void **state)
{
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule_of_all(&r);
	c = choose(&r, (struct choice_options){.all = true});
	assert_true(has(&c, "read") && has(&c, "sched_switch") && has(&c, "page_fault_user"));
	assert_int_equal(choice_count(&c.ignored), 0);
}

static void test_a_custom_set_takes_the_place_of_the_state(void **state)
{
	static const char *const names[] = {"clone", "read", "!unlinkat", NULL};
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule(&r, "unlinkat", 0xff);
	rule(&r, "rename", 0xff);
	c = choose(&r, (struct choice_options){.custom_set = names});
	assert_true(has(&c, "clone") && has(&c, "read") && has(&c, "rename") &&
		    has(&c, "sched_process_exit"));
	assert_false(has(&c, "openat") || has(&c, "unlinkat"));
	assert_true(choice_has(&c.removed, code("unlinkat")));
}

static void test_negative_names_alone_keep_the_state(void **state)
{
	static const char *const names[] = {"!close", NULL};
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	c = choose(&r, (struct choice_options){.custom_set = names});
	assert_true(has(&c, "openat"));
	assert_false(has(&c, "close"));
}

static void test_repair_adds_what_rules_cannot_do_without(void **state)
{
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule(&r, "execve", 0xff);
	c = choose(&r, (struct choice_options){.repair = true});
	assert_true(has(&c, "clone") && has(&c, "chdir"));
	assert_false(has(&c, "openat") || has(&c, "socket") || has(&c, "mount"));
	rule(&r, "connect", 0xff);
	c = choose(&r, (struct choice_options){.repair = true});
	assert_true(has(&c, "socket") && has(&c, "close"));
	assert_false(has(&c, "openat"));
	rule(&r, "fchmod", 0xff);
	c = choose(&r, (struct choice_options){.repair = true});
	assert_true(has(&c, "openat"));
}

static void test_repair_mends_a_custom_set(void **state)
{
	static const char *const names[] = {"fchmod", NULL};
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	c = choose(&r, (struct choice_options){.custom_set = names, .repair = true});
	assert_true(has(&c, "fchmod") && has(&c, "openat") && has(&c, "execve"));
	assert_false(has(&c, "mount"));
}

static void test_events_may_be_named_too(void **state)
{
	static const char *const names[] = {"procexit", "switch", NULL};
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	c = choose(&r, (struct choice_options){.custom_set = names});
	assert_true(has(&c, "sched_switch"));
}

static void test_a_name_that_is_none_is_told(void **state)
{
	static const char *const names[] = {"!opne", NULL};
	struct choice c;
	char err[256];

	(void)state;
	assert_int_equal(choice_make(&(struct choice_options){.custom_set = names}, NULL, &c, err,
				     sizeof err),
			 -EINVAL);
	assert_non_null(strstr(err, "'!opne'"));
}

static void test_failed_calls_are_held_back_where_nobody_misses_them(void **state)
{
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule(&r, "openat", NEEDS_FD);
	rule(&r, "unlinkat", NEEDS_FD);
	rule(&r, "rename", NEEDS_SUCCESS);
	rule(&r, "mkdir", 0);
	rule(&r, "connect", NEEDS_SUCCESS);
	c = choose(&r, (struct choice_options){.all = false});
	assert_int_equal(c.guards[code("openat")], CHOICE_NOT_FAILED);
	assert_int_equal(c.guards[code("unlinkat")], 0); /* fd.num says nothing of its success */
	assert_int_equal(c.guards[code("rename")], CHOICE_NOT_FAILED);
	assert_int_equal(c.guards[code("mkdir")], 0);
	assert_int_equal(c.guards[code("connect")], 0); /* one in progress says that it failed */
	assert_int_equal(c.guards[code("dup")], CHOICE_NOT_FAILED);
}

static void test_opens_for_reading_are_held_back_when_state_can_do_without(void **state)
{
	static const char *const names[] = {"clone", NULL};
	struct rules r = rules_none();
	struct choice c;

	(void)state;
	rule(&r, "openat", NEEDS_WRITE);
	c = choose(&r, (struct choice_options){.all = false});
	assert_int_equal(c.guards[code("openat")], 0);
	c = choose(&r, (struct choice_options){.custom_set = names});
	assert_int_equal(c.guards[code("openat")], CHOICE_NOT_READ_OPEN);
}

static void test_names_are_printed_as_far_as_they_fit(void **state)
{
	struct choice_set s = {{0}};
	char out[11];

	(void)state;
	choice_add(&s, code("read"));
	choice_add(&s, code("write"));
	choice_add(&s, code("openat"));
	assert_string_equal(choice_print(&s, out, sizeof out), "read");
	assert_int_equal(choice_count(&s), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_and_state_are_watched_and_nothing_else),
		cmocka_unit_test(test_a_call_of_high_volume_is_watched_when_it_is_named),
		cmocka_unit_test(test_all_watches_what_rules_may_match),
		cmocka_unit_test(test_a_custom_set_takes_the_place_of_the_state),
		cmocka_unit_test(test_negative_names_alone_keep_the_state),
		cmocka_unit_test(test_repair_adds_what_rules_cannot_do_without),
		cmocka_unit_test(test_repair_mends_a_custom_set),
		cmocka_unit_test(test_events_may_be_named_too),
		cmocka_unit_test(test_a_name_that_is_none_is_told),
		cmocka_unit_test(test_failed_calls_are_held_back_where_nobody_misses_them),
		cmocka_unit_test(test_opens_for_reading_are_held_back_when_state_can_do_without),
		cmocka_unit_test(test_names_are_printed_as_far_as_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
