/*
 * interest: what rules are about, and what they need, all together.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "filter/parse.h"
#include "gyr/events.h"
#include "ruleset/interest.h"

static const struct field fields[] = {
	{.name = {"evt.type", 8}, .type = FT_CHARBUF, .role = FIELD_ROLE_EVENT_TYPE},
	{.name = {"fd.num", 6}, .type = FT_INT64},
	{.name = {"proc.name", 9}, .type = FT_CHARBUF},
};

static uint16_t code_of(const char *event)
{
	for (uint16_t i = 0; i < gyr_event_count(); i++) {
		const struct gyr_event_info *e = gyr_event(i);

		if (e->is_exit && !(e->flags & (GYR_EF_OLD_VERSION | GYR_EF_UNUSED)) &&
		    str_is((struct str){e->name, e->name_len}, event))
			return i;
	}
	fail_msg("no event '%s'", event);
	return 0;
}

static uint16_t syscall_code(const char *name)
{
	return gyr_syscall_find(name, strlen(name))->code;
}

struct bench {
	struct fieldset *fields;
	struct arena arena;
	struct interest_conditions conditions;
	struct interest interest;
};

static void add(struct bench *b, const char *condition)
{
	struct err err = ERR_NULL;
	const struct ast *tree;
	struct evttypes events;

	assert_int_equal(parse_condition(str_from(condition), NULL, &b->arena, &tree, &err), 0);
	assert_int_equal(
		evttypes_of(tree, &(struct evttypes_source){.fields = b->fields}, &events, &err),
		0);
	interest_add(&b->interest, tree, &events, b->fields, &b->conditions);
}

static int setup(void **state)
{
	static struct bench b;
	static const char *const conditions[] = {"fd.num >= 0", "proc.name = x", NULL};
	struct err err = ERR_NULL;

	b = (struct bench){.fields = NULL};
	b.fields = fieldset_new();
	for (size_t i = 0; i < 3; i++)
		if (fieldset_add(b.fields, &fields[i], NULL) < 0)
			return -1;
	interest_init(&b.interest);
	*state = &b;
	return interest_conditions_read(conditions, &b.arena, &b.conditions, &err);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	b->fields = fieldset_unref(b->fields);
	arena_deinit(&b->arena);
	return 0;
}

static void test_named_events_are_those_that_rules_list(void **state)
{
	struct bench *b = *state;

	add(b, "evt.type in (open, read)");
	add(b, "proc.name = x and evt.type != write");
	assert_true(evttypes_has(&b->interest.named_events, code_of("read")));
	assert_false(evttypes_has(&b->interest.named_events, code_of("close")));
	assert_true(evttypes_has(&b->interest.events, code_of("close")));
	assert_false(evttypes_has(&b->interest.events, code_of("write")));
}

static void test_generic_calls_are_told_apart(void **state)
{
	struct bench *b = *state;

	add(b, "evt.type in (reboot, open)");
	assert_true(evttypes_has(&b->interest.named_generic, syscall_code("reboot")));
	assert_false(evttypes_has(&b->interest.generic, syscall_code("getpid")));
	assert_int_equal(evttypes_count(&b->interest.generic), 1);
}

static void test_a_rule_without_a_type_is_about_every_generic_call(void **state)
{
	struct bench *b = *state;

	add(b, "proc.name = y");
	assert_true(evttypes_has(&b->interest.generic, syscall_code("getpid")));
	assert_int_equal(evttypes_count(&b->interest.named_generic), 0);
}

static void test_needs_hold_for_all_rules_of_an_event(void **state)
{
	struct bench *b = *state;

	add(b, "evt.type in (open, openat) and fd.num >= 0 and proc.name = x");
	assert_int_equal(b->interest.needs[code_of("open")] & 3, 3);
	add(b, "(evt.type = open and fd.num >= 0) or (evt.type = close and proc.name = x)");
	assert_int_equal(b->interest.needs[code_of("open")] & 3, 1);
	assert_int_equal(b->interest.needs[code_of("openat")] & 3, 3);
	assert_int_equal(b->interest.needs[code_of("close")] & 3, 2);
	add(b, "evt.type = openat and not fd.num >= 0");
	assert_int_equal(b->interest.needs[code_of("openat")] & 3, 0);
}

static void test_a_need_inside_not_or_or_is_none(void **state)
{
	struct bench *b = *state;

	add(b, "evt.type = open and (fd.num >= 0 or proc.name = y)");
	assert_int_equal(b->interest.needs[code_of("open")] & 3, 0);
	add(b, "evt.type = close and not (not fd.num >= 0 or proc.name = y)");
	assert_int_equal(b->interest.needs[code_of("close")] & 3, 1);
}

static void test_join_wants_what_either_wants_and_needs_what_both_need(void **state)
{
	struct bench *b = *state;
	struct interest first;

	add(b, "evt.type in (open, close) and fd.num >= 0");
	first = b->interest;
	interest_init(&b->interest);
	add(b, "evt.type = open");
	interest_join(&b->interest, &first);
	assert_true(evttypes_has(&b->interest.events, code_of("close")));
	assert_int_equal(b->interest.needs[code_of("open")] & 3, 0);
	assert_int_equal(b->interest.needs[code_of("close")] & 3, 1);
}

static void test_what_rules_are_about_is_told_by_name(void **state)
{
	static const char *const many[] = {
		"evt.type in (read, write, close, connect, accept, listen, bind, send, recv, "
		"sendto, "
		"recvfrom, shutdown, socketpair, dup, pipe, poll, select, epoll_wait)",
		"evt.type in (mkdir, rmdir, chdir, fchdir, unlink, unlinkat, rename, link, linkat, "
		"symlink, chmod, fchmod, chown, fchown, mount, umount, ptrace, ioctl)",
		"evt.type in (clone, fork, vfork, setuid, setgid, setsid, kill, tkill, tgkill, "
		"nanosleep, mmap, munmap, mprotect, brk, getcwd, access, stat, lstat, fstat)",
	};
	struct bench *b = *state;
	struct buf out;

	buf_init(&out, 1 << 16);
	add(b, "evt.type in (execve, open, reboot)");
	interest_print(&b->interest, &out);
	buf_add_char(&out, '\0');
	assert_string_equal(out.p, "about 3 types of events: open, execve, reboot");
	for (size_t n = 0; n < 3; n++) /* more than one rule may name */
		add(b, many[n]);
	buf_reset(&out);
	interest_print(&b->interest, &out);
	buf_add_char(&out, '\0');
	assert_null(strstr(out.p, "names none"));
	buf_reset(&out);
	add(b, "proc.name = x");
	interest_print(&b->interest, &out);
	buf_add_char(&out, '\0');
	assert_non_null(strstr(out.p, "some rule names none"));
	buf_deinit(&out);
}

static void test_a_condition_that_is_no_comparison_is_refused(void **state)
{
	static const char *const bad[] = {"fd.num exists", NULL};
	struct bench *b = *state;
	struct interest_conditions c;
	struct err err = ERR_NULL;

	assert_int_equal(interest_conditions_read(bad, &b->arena, &c, &err), -EINVAL);
	assert_true(err.is_set);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_named_events_are_those_that_rules_list),
		TEST(test_generic_calls_are_told_apart),
		TEST(test_a_rule_without_a_type_is_about_every_generic_call),
		TEST(test_needs_hold_for_all_rules_of_an_event),
		TEST(test_a_need_inside_not_or_or_is_none),
		TEST(test_join_wants_what_either_wants_and_needs_what_both_need),
		TEST(test_what_rules_are_about_is_told_by_name),
		TEST(test_a_condition_that_is_no_comparison_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
