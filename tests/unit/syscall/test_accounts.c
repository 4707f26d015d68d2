/* accounts: whose names are found below the root of a process, and what is not looked at. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"

/* A folder that stands for the machine, on which process 7 has a root of its own. */
static char machine[64];
static struct accounts *accounts;

static const struct account_of nobody_known = {ACCOUNT_USER, 4242, "c1", 7};

static char *below(const char *path)
{
	static char full[256];

	(void)snprintf(full, sizeof full, "%s/proc/7/root/%s", machine, path);
	return full;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(below(path), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(machine, sizeof machine, "/tmp/gyr-accounts-XXXXXX");
	assert_non_null(mkdtemp(machine));
	(void)snprintf(path, sizeof path, "%s/proc", machine);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/proc/7", machine);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(below(""), 0700), 0);
	assert_int_equal(mkdir(below("etc"), 0700), 0);
	accounts = accounts_new(machine);
	return accounts ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st, (void)flag, (void)f;
	return remove(path);
}

/* All questions are answered. */
static struct lookups_counters settle(void)
{
	struct lookups_counters c;

	do
		accounts_count(accounts, &c);
	while (c.n_waiting);
	return c;
}

static int tear_down(void **state)
{
	(void)state;
	(void)settle();
	accounts = accounts_free(accounts);
	return nftw(machine, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the second question says: the first only asks. */
static bool find(const struct account_of *of, struct account *ret)
{
	if (accounts_find(accounts, of, ret))
		return true;
	(void)settle();
	return accounts_find(accounts, of, ret);
}

static void assert_name(const char *want)
{
	struct account a;

	assert_int_equal(find(&nobody_known, &a), want != NULL);
	if (want)
		assert_string_equal(a.name, want);
}

static void a_user_is_found_below_the_root_of_the_process(void **state)
{
	struct account a;

	(void)state;
	write_file("etc/passwd",
		   "root:x:0:0:root:/root:/bin/sh\ncap:x:4242:5:Captain:/ship:/bin/zsh\n");
	assert_false(accounts_find(accounts, &nobody_known, &a));
	(void)settle();
	assert_true(accounts_find(accounts, &nobody_known, &a));
	assert_string_equal(a.name, "cap");
	assert_string_equal(a.home, "/ship");
	assert_string_equal(a.shell, "/bin/zsh");
}

static void a_group_is_found_in_its_own_file(void **state)
{
	const struct account_of crew = {ACCOUNT_GROUP, 5, "c1", 7};
	struct account a;

	(void)state;
	write_file("etc/group", "root:x:0:\ncrew:x:5:cap,mate\n");
	assert_true(find(&crew, &a));
	assert_string_equal(a.name, "crew");
	assert_string_equal(a.home, "");
}

static void a_number_is_another_one_in_another_container(void **state)
{
	const struct account_of other = {ACCOUNT_USER, 4242, "c2", 8};
	struct account a;

	(void)state;
	write_file("etc/passwd", "cap:x:4242:5:::\n");
	assert_name("cap");
	assert_false(find(&other, &a));
}

static void a_user_of_this_machine_is_found_in_its_own_file(void **state)
{
	const struct account_of root = {ACCOUNT_USER, 0, "", 0};
	struct account a;

	(void)state;
	assert_false(find(&root, &a)); /* of the folder that stands for it: it has no such file */
	accounts = accounts_free(accounts);
	accounts = accounts_new("");
	assert_true(find(&root, &a));
	assert_string_equal(a.name, "root");
}

static void links_do_not_lead_out_of_the_root(void **state)
{
	char outside[128];

	(void)state;
	(void)snprintf(outside, sizeof outside, "%s/secret", machine);
	FILE *f = fopen(outside, "we");
	assert_non_null(f);
	assert_true(fputs("out:x:4242:5:::\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(symlink("../../../../secret", below("etc/passwd")), 0);
	assert_name(NULL);
}

static void links_inside_of_the_root_are_followed(void **state)
{
	(void)state;
	assert_int_equal(mkdir(below("usr"), 0700), 0);
	write_file("usr/passwd", "cap:x:4242:5:::\n");
	assert_int_equal(symlink("/usr/passwd", below("etc/passwd")), 0);
	assert_name("cap");
}

static void a_queue_is_not_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(below("etc/passwd"), 0600), 0);
	assert_name(NULL);
}

static void a_file_that_is_too_long_is_not_read(void **state)
{
	(void)state;
	write_file("etc/passwd", "cap:x:4242:5:::\n");
	assert_int_equal(truncate(below("etc/passwd"), ACCOUNTS_FILE + 1), 0);
	assert_name(NULL);
}

/* A process that is about to enter its container has the root of this machine still. */
static void who_has_yet_to_enter_a_container_is_nobody_in_it(void **state)
{
	const struct account_of early = {ACCOUNT_USER, 0, "c1", 9};
	char path[128];
	struct account a;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/proc/9", machine);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/proc/9/root", machine);
	assert_int_equal(symlink(machine, path), 0);
	assert_false(find(&early, &a));
}

static void what_is_known_is_not_asked_again(void **state)
{
	struct lookups_counters c;

	(void)state;
	write_file("etc/passwd", "cap:x:4242:5:::\n");
	assert_name("cap");
	accounts_count(accounts, &c);
	assert_int_equal(c.n_asked, 1);
	assert_name("cap");
	accounts_count(accounts, &c);
	assert_int_equal(c.n_asked, 1);
}

static void lines_that_are_none_are_passed_over(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"", NULL},
		{"cap", NULL},
		{"cap:x", NULL},
		{"cap:x:42421:5\n", NULL},
		{"cap:x:+4242:5\n", NULL},
		{"cap:x:4294971538:5\n", NULL},
		{":x:4242:5:::\n", NULL},
		{"ca\x1bp:x:4242:5:::\n", NULL},
		{"cap:x:4242", "cap"},
		{"cap:x:004242:5:::\n", "cap"},
		{"# c\n\n+:::\nx\ncap:x:4242:5:::sh:more\n", "cap"},
		{"one:x:4242:5:::\ntwo:x:4242:5:::\n", "one"},
	};
	char ret[LOOKUPS_ANSWER];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint32_t n = accounts_read(ACCOUNT_USER, cases[i].text, strlen(cases[i].text),
						 4242, ret);

		assert_int_equal(n != 0, cases[i].name != NULL);
		if (n)
			assert_string_equal(ret, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_user_is_found_below_the_root_of_the_process),
		T(a_group_is_found_in_its_own_file),
		T(a_number_is_another_one_in_another_container),
		T(a_user_of_this_machine_is_found_in_its_own_file),
		T(links_do_not_lead_out_of_the_root),
		T(links_inside_of_the_root_are_followed),
		T(a_queue_is_not_opened),
		T(a_file_that_is_too_long_is_not_read),
		T(who_has_yet_to_enter_a_container_is_nobody_in_it),
		T(what_is_known_is_not_asked_again),
		cmocka_unit_test(lines_that_are_none_are_passed_over),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
