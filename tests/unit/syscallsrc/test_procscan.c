/*
 * procscan, scan: this very process and its children, found by the records about them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <gyr/ppm.h>

#include "metabuild.h"
#include "scan.h"

enum { FDS_MAX = 64, THREADS_MAX = 16, NAMES_MAX = 1 << 16 };

struct found_fd {
	struct gyr_meta_fd at;
	char name[256];
};

/* What the records say of one process. */
struct found {
	int64_t pid;
	struct gyr_meta_proc procs[THREADS_MAX];
	char comm[64], exe[256], exepath[256], cwd[256], args[256], env[4096];
	struct found_fd fds[FDS_MAX];
	uint32_t n_procs, n_fds;
	char order[NAMES_MAX]; /* the first letter of each record's name behind "gyr." */
	uint32_t n_order;
	char passwd[64];
};

static void copy(char *to, size_t size, struct gyr_meta_text from)
{
	const size_t n = from.len < size - 1 ? from.len : size - 1;

	memcpy(to, from.p, n);
	to[n] = '\0';
}

static void see_proc(struct found *f, const struct gyr_meta_proc *x)
{
	if (x->pid != f->pid || f->n_procs == THREADS_MAX)
		return;
	f->procs[f->n_procs++] = *x;
	copy(f->comm, sizeof f->comm, x->comm);
	if (x->tid != x->pid)
		return;
	copy(f->exe, sizeof f->exe, x->exe);
	copy(f->exepath, sizeof f->exepath, x->exepath);
	copy(f->cwd, sizeof f->cwd, x->cwd);
	copy(f->args, sizeof f->args, x->args);
	copy(f->env, sizeof f->env, x->env);
}

static int see(void *ctx, const struct gyr_meta_shape *shape)
{
	struct found *f = ctx;

	if (f->n_order < NAMES_MAX)
		f->order[f->n_order++] = shape->name[4];
	if (!strcmp(shape->name, GYR_META_PROC) || !strcmp(shape->name, GYR_META_AGAIN_PROC))
		see_proc(f, shape->p);
	if (!strcmp(shape->name, GYR_META_FD)) {
		const struct gyr_meta_fd *x = shape->p;

		if (x->tid == f->pid && f->n_fds < FDS_MAX) {
			f->fds[f->n_fds].at = *x;
			copy(f->fds[f->n_fds].name, sizeof f->fds[0].name, x->name);
			f->n_fds++;
		}
	}
	if (!strcmp(shape->name, GYR_META_USER) && !f->passwd[0])
		copy(f->passwd, sizeof f->passwd, ((const struct gyr_meta_user *)shape->p)->name);
	return 0;
}

/* Of an event without parameters that counts. */
static bool settles(const struct scan *s, uint16_t type, int64_t tid, uint64_t ts)
{
	const ss_plugin_event evt = {
		.ts = ts, .tid = (uint64_t)tid, .len = sizeof evt, .type = type};

	return scan_settles(s, &evt);
}

/* A clone told by @tid, which calls itself @vtid. */
static bool settles_clone(const struct scan *s, int64_t tid, int64_t res, int64_t vtid)
{
	uint32_t lens[19] = {[0] = 8, [18] = 8};
	struct metabuild b;
	const ss_plugin_event *evt = mb_event(&b, 223, (uint64_t)tid, lens, 19);

	mb_put(&b, &res, sizeof res);
	mb_put(&b, &vtid, sizeof vtid);
	return scan_settles(s, evt);
}

static void settles_beginnings(const struct scan *s, int64_t pid)
{
	assert_true(settles_clone(s, pid, 0, pid));
	assert_true(settles_clone(s, pid, 0, 7));
	assert_true(settles_clone(s, INT32_MAX, pid, INT32_MAX));
	assert_false(settles_clone(s, INT32_MAX, pid, 7)); /* another name space */
	assert_false(settles_clone(s, pid, INT32_MAX, pid));
	assert_false(settles_clone(s, pid, -11, pid));
	assert_false(settles(s, 223, pid, 1)); /* who began is not told */
	assert_false(settles(s, 3, pid, 1));   /* says what is */
}

static struct found *scan_as(int64_t pid, bool again)
{
	struct found *f = calloc(1, sizeof *f);
	const struct scan_setup setup = {.proc = "/proc",
					 .passwd = "/etc/passwd",
					 .group = "/etc/group",
					 .again = again,
					 .emit = see,
					 .ctx = f};
	struct scan *s;
	int r;

	assert_non_null(f);
	f->pid = pid;
	assert_int_equal(scan_new(&setup, &s), 0);
	assert_true(scan_end(s) == UINT64_MAX);
	while ((r = scan_step(s)) == 0)
		;
	assert_int_equal(r, SCAN_E_END);
	assert_true(scan_end(s) != UINT64_MAX);
	assert_int_equal(settles(s, 95, pid, 1), f->n_procs > 0);
	assert_false(settles(s, 95, pid, scan_end(s)));
	assert_false(settles(s, 95, INT32_MAX, 1));
	if (f->n_procs)
		settles_beginnings(s, pid);
	(void)scan_free(s);
	return f;
}

static struct found *scan(int64_t pid)
{
	return scan_as(pid, false);
}

static const struct found_fd *fd_of(const struct found *f, int fd)
{
	for (uint32_t i = 0; i < f->n_fds; i++)
		if (f->fds[i].at.fd == fd)
			return &f->fds[i];
	fail_msg("descriptor %d was not found", fd);
	return NULL;
}

static void test_this_process_is_told_as_it_is(void **state)
{
	struct found *f = scan(getpid());
	char cwd[256], exe[256] = "";

	(void)state;
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_true(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
	assert_int_equal(f->n_procs, 1);
	assert_int_equal(f->procs[0].tid, getpid());
	assert_int_equal(f->procs[0].ptid, getppid());
	assert_int_equal(f->procs[0].sid, getsid(0));
	assert_int_equal(f->procs[0].pgid, getpgrp());
	assert_int_equal(f->procs[0].uid, geteuid());
	assert_string_equal(f->comm, "test_procscan");
	assert_string_equal(f->cwd, cwd);
	assert_string_equal(f->exepath, exe);
	assert_non_null(strstr(f->exe, "test_procscan"));
	assert_true(f->procs[0].exe_ino != 0 && f->procs[0].exe_ino_mtime != 0);
	free(f);
}

static void test_records_come_in_their_order(void **state)
{
	struct found *f = scan(getpid());
	const char *end = f->order + f->n_order;

	(void)state;
	/* section machine (proc fd*)* link iface* user* group* ready */
	assert_memory_equal(f->order, "smp", 3);
	assert_int_equal(end[-1], 'r');
	assert_null(memchr(memchr(f->order, 'l', f->n_order), 'p',
			   (size_t)(end - (char *)memchr(f->order, 'l', f->n_order))));
	assert_string_equal(f->passwd, "root");
	free(f);
}

static void *wait_for(void *pipe_end)
{
	char c;

	(void)pthread_setname_np(pthread_self(), "second one");
	return (void *)(intptr_t)read(*(int *)pipe_end, &c, 1);
}

static void test_threads_are_told_with_their_names(void **state)
{
	int ends[2];
	char name[32] = "";
	pthread_t thread;
	struct found *f;
	size_t last;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for, &ends[0]), 0);
	while (strcmp(name, "second one") != 0)
		assert_int_equal(pthread_getname_np(thread, name, sizeof name), 0);
	f = scan(getpid());
	last = f->n_procs - 1; /* a sanitizer may have a thread of its own, between the two */
	assert_in_range(last, 1, 2);
	assert_string_equal(f->comm, "second one");
	assert_int_equal(f->procs[last].pid, getpid());
	assert_true(f->procs[last].flags & PPM_CL_CLONE_THREAD);
	assert_false(f->procs[0].flags & PPM_CL_CLONE_THREAD);
	free(f);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static void test_files_are_told_with_flags_and_numbers(void **state)
{
	char path[] = "/tmp/procscan_XXXXXX";
	int file = mkstemp(path), dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	int again = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	struct found *f = scan(getpid());
	struct stat st;

	(void)state;
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(fd_of(f, file)->at.type, GYR_META_FD_FILE_V2);
	assert_string_equal(fd_of(f, file)->name, path);
	assert_int_equal(fd_of(f, file)->at.ino, st.st_ino);
	assert_int_equal(fd_of(f, file)->at.open_flags & PPM_O_RDWR, PPM_O_RDWR);
	assert_int_equal(fd_of(f, again)->at.open_flags & ~(uint32_t)PPM_O_LARGEFILE,
			 PPM_O_WRONLY | PPM_O_APPEND | PPM_O_CLOEXEC);
	assert_int_equal(fd_of(f, dir)->at.type, GYR_META_FD_DIRECTORY);
	free(f);
	(void)close(file);
	(void)close(again);
	(void)close(dir);
	(void)unlink(path);
}

static void test_descriptors_of_other_kinds_are_told_apart(void **state)
{
	int ends[2], event = eventfd(0, 0), mem = memfd_create("room", 0);
	struct found *f;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	f = scan(getpid());
	assert_int_equal(fd_of(f, ends[0])->at.type, GYR_META_FD_FIFO);
	assert_int_equal(fd_of(f, event)->at.type, GYR_META_FD_EVENT);
	assert_int_equal(fd_of(f, mem)->at.type, GYR_META_FD_MEMFD);
	free(f);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(event);
	(void)close(mem);
}

static void test_sockets_are_told_with_both_ends(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_un there = {.sun_family = AF_UNIX};
	socklen_t len = sizeof at;
	int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int unix_ = socket(AF_UNIX, SOCK_STREAM, 0);
	struct found *f;

	(void)state;
	(void)snprintf(there.sun_path, sizeof there.sun_path, "/tmp/procscan_%d", getpid());
	assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(bind(unix_, (struct sockaddr *)&there, sizeof there), 0);
	f = scan(getpid());
	assert_int_equal(fd_of(f, server)->at.type, GYR_META_FD_IPV4_SERVSOCK);
	assert_int_equal(fd_of(f, server)->at.sport, ntohs(at.sin_port));
	assert_int_equal(fd_of(f, client)->at.type, GYR_META_FD_IPV4_SOCK);
	assert_int_equal(fd_of(f, client)->at.dport, ntohs(at.sin_port));
	assert_memory_equal(fd_of(f, client)->at.daddr, &at.sin_addr, 4);
	assert_int_equal(fd_of(f, client)->at.l4, 2);
	assert_int_equal(fd_of(f, unix_)->at.type, GYR_META_FD_UNIX_SOCK);
	assert_string_equal(fd_of(f, unix_)->name, there.sun_path);
	free(f);
	(void)unlink(there.sun_path);
	(void)close(server);
	(void)close(client);
	(void)close(unix_);
}

static void test_arguments_and_environment_are_lists(void **state)
{
	static char *const argv[] = {(char *)"me myself", (char *)"-c", (char *)"read x; exit",
				     NULL};
	static char *const envp[] = {(char *)"COLOUR=blue", NULL};
	int ends[2], ready[2];
	struct found *f;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(ends[0], STDIN_FILENO);
		(void)close(ends[1]);
		(void)execve("/bin/sh", argv, envp);
		_exit(127);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], ready, 1), 0); /* exec closed the other end */
	f = scan(pid);
	assert_string_equal(f->exe, "me myself");
	assert_memory_equal(f->args, "-c\0read x; exit", 16);
	assert_string_equal(f->env, "COLOUR=blue");
	assert_string_equal(f->comm, "sh");
	free(f);
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(ready[0]);
}

static void test_a_process_that_ended_is_not_told(void **state)
{
	const pid_t pid = fork();
	siginfo_t info;
	struct found *f;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	f = scan(pid);
	assert_int_equal(f->n_procs, 0);
	free(f);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_again_tells_processes_alone_under_names_of_its_own(void **state)
{
	struct found *f = scan_as(getpid(), true);

	(void)state;
	assert_in_range(f->n_procs, 1, 2); /* a sanitizer may have a thread of its own */
	assert_true(f->n_order > 2);
	for (uint32_t i = 0; i < f->n_order; i++)
		assert_int_equal(f->order[i], 'a'); /* gyr.again... */
	assert_string_equal(f->passwd, "");
	free(f);
}

static int refuse(void *ctx, const struct gyr_meta_shape *shape)
{
	(void)ctx;
	return strcmp(shape->name, GYR_META_PROC) == 0 ? -ENOBUFS : 0;
}

static void test_the_receiver_can_end_it(void **state)
{
	const struct scan_setup setup = {
		.proc = "/proc", .passwd = "/etc/passwd", .group = "/etc/group", .emit = refuse};
	struct scan *s;
	int r;

	(void)state;
	assert_int_equal(scan_new(&setup, &s), 0);
	while ((r = scan_step(s)) == 0)
		;
	assert_int_equal(r, -ENOBUFS);
	(void)scan_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_process_is_told_as_it_is),
		cmocka_unit_test(test_records_come_in_their_order),
		cmocka_unit_test(test_threads_are_told_with_their_names),
		cmocka_unit_test(test_files_are_told_with_flags_and_numbers),
		cmocka_unit_test(test_descriptors_of_other_kinds_are_told_apart),
		cmocka_unit_test(test_sockets_are_told_with_both_ends),
		cmocka_unit_test(test_arguments_and_environment_are_lists),
		cmocka_unit_test(test_a_process_that_ended_is_not_told),
		cmocka_unit_test(test_again_tells_processes_alone_under_names_of_its_own),
		cmocka_unit_test(test_the_receiver_can_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
