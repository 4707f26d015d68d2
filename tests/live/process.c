/* live_process: processes and threads that are made, execute and end. */
#include "expect.h"
#include "sound.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <gyr/events.h>
#include <gyr/params.h>
#include <gyr/ppm.h>

enum {
	CLONE_X = 223,
	FORK_X = 225,
	VFORK_X = 227,
	EXECVE_X = 293,
	EXECVEAT_X = 331,
	CLONE3_X = 335,
	EXIT_E = 186
};
enum { IX_RES, IX_EXE, IX_ARGS, IX_TID, IX_PID, IX_PTID, IX_CWD, IX_COMM = 13 };
enum { C_FLAGS = 15, C_VTID = 18, C_VPID = 19 };
enum { E_ENV = 15, E_FLAGS = 19, E_INO = 23, E_EXEPATH = 27, E_FILENAME = 30 };

extern char **environ;

static const struct seen *run(action *act)
{
	const struct seen *s = watch_run(act);

	sound_check(s);
	return s;
}

/* The @which-th event (from 0) of @type of thread @tid; fails the test when there is none. */
static struct gyr_params find(const struct seen *s, pid_t tid, uint16_t type, int which)
{
	struct gyr_params p = {.n = 0};

	for (size_t i = 0; i < s->n; i++)
		if (s->events[i]->tid == (uint64_t)tid && s->events[i]->type == type && !which--) {
			assert_int_equal(gyr_params_read(s->events[i], &p), 0);
			return p;
		}
	expect_show(s);
	fail_msg("no event %u of %d", type, tid);
	return p;
}

static long number(const struct gyr_params *p, uint32_t i)
{
	return (long)gyr_param_i64(p, i, -999);
}

static const char *text(const struct gyr_params *p, uint32_t i)
{
	return gyr_param_str(p, i, "");
}

static void assert_ended(const struct seen *s)
{
	size_t ends = 0;

	for (size_t i = 0; i < s->n; i++)
		ends += s->events[i]->type == EXIT_E;
	if (ends != s->n_family)
		expect_show(s);
	assert_int_equal(ends, s->n_family);
}

/* ---- made ---- */

static void act_fork(struct told *t)
{
	t->r[0] = syscall(SYS_fork);
	if (!t->r[0])
		_exit(7);
	(void)waitpid((pid_t)t->r[0], NULL, 0);
}

static void fork_has_two_sides(void **state)
{
	const struct seen *s = run(act_fork);
	struct gyr_params parent = find(s, s->family[0], FORK_X, 0), child;

	(void)state;
	assert_int_equal(s->n_family, 2);
	child = find(s, s->family[1], FORK_X, 0);
	assert_int_equal(number(&parent, IX_RES), s->family[1]);
	assert_int_equal(number(&child, IX_RES), 0);
	assert_int_equal(number(&child, IX_TID), s->family[1]);
	assert_int_equal(number(&child, IX_PID), s->family[1]);
	assert_int_equal(number(&child, IX_PTID), s->family[0]);
	assert_int_equal(number(&child, C_VPID), s->family[1]);
	assert_string_equal(text(&child, IX_CWD), watch_dir());
	child = find(s, s->family[1], EXIT_E, 0);
	assert_int_equal(number(&child, 1), 7);
	assert_ended(s);
}

static void act_vfork(struct told *t)
{
	(void)t;
	const pid_t pid = vfork();

	if (!pid)
		_exit(0);
	(void)waitpid(pid, NULL, 0);
}

static void vfork_says_so(void **state)
{
	const struct seen *s = run(act_vfork);
	struct gyr_params child = find(s, s->family[1], VFORK_X, 0);

	(void)state;
	assert_int_equal(number(&child, C_FLAGS), PPM_CL_CLONE_VFORK | PPM_CL_CLONE_VM);
	assert_ended(s);
}

static void act_clone3(struct told *t)
{
	struct clone_args a = {.flags = CLONE_FS, .exit_signal = SIGCHLD};

	(void)t;
	const long pid = syscall(SYS_clone3, &a, sizeof a);

	if (!pid)
		_exit(0);
	(void)waitpid((pid_t)pid, NULL, 0);
}

static void clone3_tells_its_flags(void **state)
{
	const struct seen *s = run(act_clone3);
	struct gyr_params parent = find(s, s->family[0], CLONE3_X, 0), child;

	(void)state;
	child = find(s, s->family[1], CLONE3_X, 0);
	assert_int_equal(number(&parent, C_FLAGS), PPM_CL_CLONE_FS);
	assert_int_equal(number(&child, C_FLAGS), PPM_CL_CLONE_FS);
	assert_ended(s);
}

static void *thread(void *arg)
{
	((struct told *)arg)->r[0] = gettid();
	syscall(SYS_mkdir, "by-thread", 0700);
	return NULL;
}

static void act_thread(struct told *t)
{
	pthread_t id;

	pthread_create(&id, NULL, thread, t);
	pthread_join(id, NULL);
}

static void threads_belong_to_their_process(void **state)
{
	const struct seen *s = run(act_thread);
	const pid_t tid = (pid_t)watch_told()->r[0];
	struct gyr_params made;
	bool worked = false;

	(void)state;
	assert_int_equal(s->n_family, 2);
	assert_int_equal(s->family[1], tid);
	for (size_t i = 0; i < s->n; i++) {
		char line[4096];

		expect_line(s->events[i], line, sizeof line);
		worked |= s->events[i]->tid == (uint64_t)tid &&
			  !strcmp(line, "mkdir res=0 path=by-thread mode=448");
		if (s->events[i]->tid != (uint64_t)tid ||
		    (s->events[i]->type != CLONE_X && s->events[i]->type != CLONE3_X))
			continue;
		assert_int_equal(gyr_params_read(s->events[i], &made), 0);
		assert_int_equal(number(&made, IX_PID), s->family[0]);
		assert_true(number(&made, C_FLAGS) & PPM_CL_CLONE_THREAD);
	}
	assert_true(worked);
	assert_ended(s);
}

enum { DEPTH = 40, SHORT = 100 };

static void act_tree(struct told *t)
{
	(void)t;
	for (int depth = 0; depth < DEPTH; depth++) {
		const pid_t pid = fork();

		if (pid) {
			(void)waitpid(pid, NULL, 0);
			_exit(0);
		}
	}
}

static void a_deep_tree_has_each_parent(void **state)
{
	const struct seen *s = run(act_tree);

	(void)state;
	assert_int_equal(s->n_family, DEPTH + 1);
	for (size_t i = 1; i < s->n_family; i++) {
		struct gyr_params p = find(s, s->family[i], CLONE_X, 0);

		assert_int_equal(number(&p, IX_RES), 0);
		assert_int_equal(number(&p, IX_PTID), s->family[i - 1]);
	}
	assert_ended(s);
}

static void act_short(struct told *t)
{
	(void)t;
	for (int i = 0; i < SHORT; i++) {
		const pid_t pid = fork();

		if (!pid)
			_exit(i);
		(void)waitpid(pid, NULL, 0);
	}
}

static void short_lives_are_all_seen(void **state)
{
	const struct seen *s = run(act_short);

	(void)state;
	assert_int_equal(s->n_family, SHORT + 1);
	for (int i = 0; i < SHORT; i++) {
		struct gyr_params p = find(s, s->family[i + 1], EXIT_E, 0);

		assert_int_equal(number(&p, 1), i);
	}
	assert_ended(s);
}

static void act_killed(struct told *t)
{
	(void)t;
	const pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void an_end_by_signal_has_its_number(void **state)
{
	const struct seen *s = run(act_killed);
	struct gyr_params p = find(s, s->family[1], EXIT_E, 0);

	(void)state;
	assert_int_equal(number(&p, 0), SIGKILL);
	assert_int_equal(number(&p, 2), SIGKILL);
	assert_int_equal(number(&p, 3), 0);
}

static void act_pid_namespace(struct told *t)
{
	t->r[0] = unshare(CLONE_NEWPID);
	const pid_t pid = fork();

	if (!pid)
		_exit(getpid() == 1 ? 0 : 1);
	(void)waitpid(pid, NULL, 0);
}

static void a_pid_namespace_has_numbers_of_its_own(void **state)
{
	const struct seen *s = run(act_pid_namespace);
	struct gyr_params child = find(s, s->family[1], CLONE_X, 0),
			  parent = find(s, s->family[0], CLONE_X, 1);

	(void)state;
	assert_int_equal(watch_told()->r[0], 0);
	assert_int_equal(number(&child, IX_TID), s->family[1]);
	assert_int_equal(number(&child, C_VTID), 1);
	assert_int_equal(number(&child, C_VPID), 1);
	assert_true(number(&child, C_FLAGS) & PPM_CL_CHILD_IN_PIDNS);
	assert_true(number(&parent, C_FLAGS) & PPM_CL_CHILD_IN_PIDNS);
}

/* ---- executed ---- */

static void act_exec(struct told *t)
{
	char *const argv[] = {(char *)"my name", (char *)"one", (char *)"", (char *)"\xfftwo",
			      NULL};
	char *const env[] = {(char *)"A=1", (char *)"B=", NULL};

	(void)t;
	execve("/no/such/program", argv, env);
	execve("/bin/true", argv, env);
}

static void exec_tells_what_runs(void **state)
{
	const struct seen *s = run(act_exec);
	struct gyr_params failed = find(s, s->family[0], EXECVE_X, 0),
			  ran = find(s, s->family[0], EXECVE_X, 1);
	char path[4096];
	struct stat st;

	(void)state;
	assert_int_equal(number(&failed, IX_RES), -ENOENT);
	assert_string_equal(text(&failed, IX_EXE), "my name");
	assert_string_equal(text(&failed, E_FILENAME), "/no/such/program");
	assert_int_equal(failed.at[IX_ARGS].len, 10);
	assert_memory_equal(failed.at[IX_ARGS].data, "one\0\0\xfftwo", 10);
	assert_int_equal(number(&ran, IX_RES), 0);
	assert_string_equal(text(&ran, IX_EXE), "my name");
	assert_memory_equal(ran.at[IX_ARGS].data, "one\0\0\xfftwo", 10);
	assert_int_equal(ran.at[E_ENV].len, 7);
	assert_memory_equal(ran.at[E_ENV].data, "A=1\0B=", 7);
	assert_string_equal(text(&ran, IX_COMM), "true");
	assert_string_equal(text(&ran, E_FILENAME), "/bin/true");
	assert_non_null(realpath("/bin/true", path));
	assert_string_equal(text(&ran, E_EXEPATH), path);
	assert_int_equal(stat("/bin/true", &st), 0);
	assert_int_equal(number(&ran, E_INO), (long)st.st_ino);
	assert_int_equal(number(&ran, IX_PTID), getpid());
	assert_string_equal(text(&ran, IX_CWD), watch_dir());
	assert_true(number(&ran, E_FLAGS) & PPM_EXE_WRITABLE); /* by root */
}

static void act_execveat(struct told *t)
{
	char name[] = "at",
	     *const argv[] = {name,
			      NULL}; /* on the stack: nobody else reads it if the call fails */

	syscall(SYS_execveat, AT_FDCWD, "/no/such/program", argv, environ, 0);
	t->r[0] = open("/bin/true", O_PATH | O_CLOEXEC);
	syscall(SYS_execveat, t->r[0], "", argv, environ, AT_EMPTY_PATH);
}

static void execveat_is_told_like_execve(void **state)
{
	const struct seen *s = run(act_execveat);
	struct gyr_params failed = find(s, s->family[0], EXECVEAT_X, 0),
			  ran = find(s, s->family[0], EXECVE_X, 0);

	(void)state;
	assert_int_equal(number(&failed, IX_RES), -ENOENT);
	assert_string_equal(text(&failed, IX_EXE), "at");
	assert_int_equal(number(&ran, IX_RES), 0);
	assert_string_equal(text(&ran, IX_EXE), "at");
}

static void act_memfd(struct told *t)
{
	char *const argv[] = {(char *)"ghost", NULL};
	char buf[65536];
	const int from = open("/bin/true", O_RDONLY), to = memfd_create("payload", MFD_CLOEXEC);
	ssize_t n;

	(void)t;
	while ((n = read(from, buf, sizeof buf)) > 0)
		if (write(to, buf, (size_t)n) != n)
			_exit(1);
	fexecve(to, argv, environ);
}

static void a_program_in_memory_is_told_as_such(void **state)
{
	const struct seen *s = run(act_memfd);
	struct gyr_params ran = find(s, s->family[0], EXECVE_X, 0);

	(void)state;
	assert_true(number(&ran, E_FLAGS) & PPM_EXE_FROM_MEMFD);
	assert_string_equal(text(&ran, E_EXEPATH), "memfd:payload");
}

enum { LONG_ARGS = 1 << 20, ARG = 1000 };

static void act_long_args(struct told *t)
{
	static char *argv[LONG_ARGS / ARG + 2];
	static char arg[ARG];

	memset(arg, 'x', ARG - 1);
	argv[0] = (char *)"long";
	for (int i = 1; i <= LONG_ARGS / ARG; i++)
		argv[i] = arg;
	t->r[0] = execve("/bin/true", argv, environ);
}

static void a_long_argument_list_is_cut_and_counted(void **state)
{
	struct drv_counters before, after;
	const struct seen *s;
	struct gyr_params ran;

	(void)state;
	drv_counters(watch_driver(), &before);
	s = run(act_long_args);
	drv_counters(watch_driver(), &after);
	ran = find(s, s->family[0], EXECVE_X, 0);
	assert_int_equal(number(&ran, IX_RES), 0);
	assert_int_equal(ran.at[IX_ARGS].len, WIRE_TEXT_MAX);
	assert_int_equal(ran.at[IX_ARGS].data[ARG - 1], 0);
	assert_int_equal(ran.at[IX_ARGS].data[WIRE_TEXT_MAX - 1], 0);
	assert_true(after.truncated > before.truncated);
}

/* A thread executes: it gets the number of its process, and the others end. */
static void *exec_thread(void *arg)
{
	char *const argv[] = {(char *)"from-thread", NULL};

	(void)arg;
	execve("/bin/true", argv, environ);
	return NULL;
}

static void act_thread_exec(struct told *t)
{
	pthread_t id;

	(void)t;
	pthread_create(&id, NULL, exec_thread, NULL);
	for (;;)
		pause();
}

static void a_thread_that_executes_becomes_its_process(void **state)
{
	const struct seen *s = run(act_thread_exec);
	struct gyr_params ran = find(s, s->family[0], EXECVE_X, 0);

	(void)state;
	assert_int_equal(number(&ran, IX_RES), 0);
	assert_string_equal(text(&ran, IX_EXE), "from-thread");
	assert_int_equal(number(&ran, IX_TID), s->family[0]);
}

int main(void)
{
	static const char *const none[] = {NULL};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork_has_two_sides),
		cmocka_unit_test(vfork_says_so),
		cmocka_unit_test(clone3_tells_its_flags),
		cmocka_unit_test(threads_belong_to_their_process),
		cmocka_unit_test(a_deep_tree_has_each_parent),
		cmocka_unit_test(short_lives_are_all_seen),
		cmocka_unit_test(an_end_by_signal_has_its_number),
		cmocka_unit_test(a_pid_namespace_has_numbers_of_its_own),
		cmocka_unit_test(exec_tells_what_runs),
		cmocka_unit_test(execveat_is_told_like_execve),
		cmocka_unit_test(a_program_in_memory_is_told_as_such),
		cmocka_unit_test(a_long_argument_list_is_cut_and_counted),
		cmocka_unit_test(a_thread_that_executes_becomes_its_process),
	};
	int failed;

	watch_open(none);
	failed = cmocka_run_group_tests_name("process", tests, NULL, NULL);
	watch_close();
	return failed;
}
