/* live_robust: the driver itself: versions, rights, interest, guards, full rings, order, and a sudden end. */
#include <sched.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <gyr/events.h>
#include <gyr/params.h>

#include "driver.h"

enum { OPENAT_X = 307, MKDIR_X = 277, CLOSE_X = 5, CLONE_X = 223 };
enum { KILLS = 8, KILLS_MAX = 1000, IDS = 1024, AFTER_NS = 2000000 };

static uint16_t code_of(const char *name)
{
	const struct gyr_syscall_info *call = gyr_syscall_find(name, strlen(name));

	assert_non_null(call);
	return call->code;
}

static struct drv_interest wanting(const char *a, const char *b)
{
	struct drv_interest i = {{0}, {0}};

	drv_want(&i, code_of(a));
	if (b)
		drv_want(&i, code_of(b));
	return i;
}

static struct drv *opened(const struct drv_options *options)
{
	struct drv_problem why = {""};
	struct drv *d = NULL;

	if (drv_open(options, &d, &why) < 0)
		fail_msg("%s", why.text);
	return d;
}

static void watch_for(struct drv *d, const struct drv_interest *i)
{
	struct drv_problem why = {""};

	if (drv_interest(d, i, &why) < 0 || drv_attach(d, &why) < 0)
		fail_msg("%s", why.text);
}

/* What a child does that is looked at: a directory, a file that is not there, a file that is. */
static pid_t work(void)
{
	const pid_t pid = fork();

	if (!pid) {
		(void)mkdir("/tmp", 0700);
		(void)!open("/no/such/file", O_RDONLY);
		close(open("/etc/passwd", O_RDONLY));
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	return pid;
}

struct count {
	uint64_t tid;
	int of[512];
	bool ordered;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Counts events of thread @tid, by type: all that happened before this call, and a little after. */
static struct count count(struct drv *d, pid_t tid)
{
	const uint64_t until = now_ns() + AFTER_NS;
	struct count c = {.tid = (uint64_t)tid, .ordered = true};
	struct drv_batch batch;
	uint64_t last = 0;

	do {
		assert_true(drv_poll(d, 50, &batch) >= 0);
		for (uint32_t i = 0; i < batch.n; i++) {
			c.ordered &= batch.events[i]->ts >= last;
			last = batch.events[i]->ts;
			if (batch.events[i]->tid == c.tid && batch.events[i]->type < 512)
				c.of[batch.events[i]->type]++;
		}
	} while (batch.n && last < until);
	return c;
}

/* ---- opening ---- */

static void another_major_version_is_refused(void **state)
{
	struct drv_options o = {.size = sizeof o,
				.api = WIRE_VERSION(WIRE_MAJOR(WIRE_API) + 1, 0, 0)};
	struct drv_problem why;
	struct drv *d = NULL;

	(void)state;
	assert_int_equal(drv_open(&o, &d, &why), -EPROTO);
	assert_non_null(strstr(why.text, "driver interface"));
	o.api = WIRE_API;
	o.schema = WIRE_VERSION(WIRE_MAJOR(WIRE_SCHEMA), WIRE_MINOR(WIRE_SCHEMA) + 1, 0);
	assert_int_equal(drv_open(&o, &d, &why), -EPROTO);
	assert_non_null(strstr(why.text, "event schema"));
	assert_null(d);
}

static void too_large_a_ring_is_refused(void **state)
{
	const struct drv_options o = {.size = sizeof o, .ring_bytes = UINT32_MAX};
	struct drv_problem why;
	struct drv *d;

	(void)state;
	assert_int_equal(drv_open(&o, &d, &why), -EINVAL);
}

/* In a child that has all capabilities but @missing. */
static int open_without(const unsigned int *missing)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	struct drv_problem why = {""};
	struct drv *d;

	if (syscall(SYS_capget, &head, data))
		return 1;
	for (; *missing; missing++)
		data[*missing / 32].effective &= ~(1u << (*missing % 32));
	if (syscall(SYS_capset, &head, data))
		return 2;
	if (drv_open(&(struct drv_options){.size = sizeof(struct drv_options)}, &d, &why) != -EPERM)
		return 3;
	return strstr(why.text, "capability CAP_") && strstr(why.text, "run as root") ? 0 : 4;
}

static void a_missing_capability_is_named(void **state)
{
	static const unsigned int sets[][3] = {
		{CAP_SYS_ADMIN, CAP_BPF}, {CAP_SYS_ADMIN, CAP_PERFMON}, {CAP_SYS_PTRACE}};

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		const pid_t pid = fork();
		int status;

		if (!pid)
			_exit(open_without(sets[i]));
		(void)waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
	}
}

static void without_sys_resource_it_works(void **state)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const pid_t pid = fork();
	struct drv *d;
	int status;

	(void)state;
	if (!pid) {
		if (syscall(SYS_capget, &head, data))
			_exit(1);
		for (int i = 0; i < 2; i++)
			data[i].effective = 0;
		data[CAP_BPF / 32].effective |= 1u << (CAP_BPF % 32);
		data[CAP_PERFMON / 32].effective |= 1u << (CAP_PERFMON % 32);
		data[CAP_SYS_PTRACE / 32].effective |= 1u << (CAP_SYS_PTRACE % 32);
		if (syscall(SYS_capset, &head, data))
			_exit(2);
		_exit(drv_open(&(struct drv_options){.size = sizeof(struct drv_options)}, &d,
			       NULL) < 0
			      ? 3
			      : 0);
	}
	(void)waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- interest ---- */

static void interest_changes_while_it_runs(void **state)
{
	const struct drv_options o = {.size = sizeof o};
	struct drv_interest narrow = wanting("mkdir", NULL), wide = wanting("mkdir", "openat");
	struct drv *d = opened(&o);
	struct count c;

	(void)state;
	watch_for(d, &narrow);
	c = count(d, work());
	assert_int_equal(c.of[MKDIR_X], 1);
	assert_int_equal(c.of[OPENAT_X], 0);
	assert_int_equal(drv_interest(d, &wide, NULL), 0);
	c = count(d, work());
	assert_int_equal(c.of[MKDIR_X], 1);
	assert_int_equal(c.of[OPENAT_X], 2);
	assert_int_equal(drv_interest(d, &narrow, NULL), 0);
	c = count(d, work());
	assert_int_equal(c.of[MKDIR_X], 1);
	assert_int_equal(c.of[OPENAT_X], 0);
	drv_close(d);
}

static void guards_keep_back_and_count(void **state)
{
	const struct drv_options o = {.size = sizeof o};
	struct drv_interest i = wanting("openat", "mkdir");
	struct drv *d = opened(&o);
	struct drv_counters k;
	struct count c;

	(void)state;
	i.guards[code_of("openat")] = DRV_GUARD_FAILED;
	i.guards[code_of("mkdir")] = DRV_GUARD_SUCCEEDED;
	watch_for(d, &i);
	c = count(d, work());
	assert_int_equal(c.of[OPENAT_X], 1);
	assert_int_equal(c.of[MKDIR_X], 1); /* it failed: the directory was there */
	i.guards[code_of("openat")] = DRV_GUARD_READ_OPEN;
	assert_int_equal(drv_interest(d, &i, NULL), 0);
	c = count(d, work());
	assert_int_equal(c.of[OPENAT_X], 0);
	drv_counters(d, &k);
	assert_true(k.guarded >= 3);
	drv_close(d);
}

static void its_own_calls_are_left_out(void **state)
{
	const struct drv_options o = {.size = sizeof o};
	struct drv_interest i = wanting("mkdir", NULL);
	struct drv *d = opened(&o);
	struct count c;

	(void)state;
	watch_for(d, &i);
	(void)mkdir("/tmp", 0700);
	c = count(d, getpid());
	assert_int_equal(c.of[MKDIR_X], 0);
	drv_close(d);
}

/* ---- names that change ---- */

static struct {
	char name[32];
	char fifo[32];
	pid_t opener;
} race;

/* Changes the name while the call that was given it waits inside the kernel, then lets it go on. */
static void *change(void *arg)
{
	char path[64], text[64];

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/syscall", race.opener);
	for (;;) {
		FILE *f = fopen(path, "r");
		const bool inside =
			f && fgets(text, sizeof text, f) && strtol(text, NULL, 10) == SYS_openat;

		if (f)
			fclose(f);
		if (inside)
			break;
	}
	(void)snprintf(race.name, sizeof race.name, "/nothing/like/it");
	close(open(race.fifo, O_WRONLY));
	return arg;
}

static void open_raced(void)
{
	pthread_t id;
	long fd;

	(void)snprintf(race.fifo, sizeof race.fifo, "/tmp/gyr-live-%d", getpid());
	(void)snprintf(race.name, sizeof race.name, "%s", race.fifo);
	race.opener = gettid();
	if (mkfifo(race.fifo, 0600) || pthread_create(&id, NULL, change, NULL))
		_exit(1);
	fd = syscall(SYS_openat, AT_FDCWD, race.name, O_RDONLY);
	pthread_join(id, NULL);
	unlink(race.fifo);
	_exit(fd < 0);
}

/* Whether thread @tid has an event of openat with @name. */
static bool opened_name(struct drv *d, pid_t tid, const char *name)
{
	const uint64_t until = now_ns() + AFTER_NS;
	struct drv_batch batch;
	bool seen = false;
	uint64_t last = 0;

	do {
		assert_true(drv_poll(d, 50, &batch) >= 0);
		for (uint32_t i = 0; i < batch.n; i++) {
			struct gyr_params p;

			last = batch.events[i]->ts;
			if (batch.events[i]->tid == (uint64_t)tid &&
			    batch.events[i]->type == OPENAT_X &&
			    !gyr_params_read(batch.events[i], &p))
				seen |= !strcmp(gyr_param_str(&p, 2, ""), name);
		}
	} while (batch.n && last < until);
	return seen;
}

static void a_name_is_what_it_was_when_the_call_began(void **state)
{
	const struct drv_options o = {.size = sizeof o, .entry = true};
	struct drv_interest i = wanting("openat", NULL);
	struct drv *d = opened(&o);
	char name[32];
	int status;
	pid_t pid;

	(void)state;
	watch_for(d, &i);
	pid = fork();
	if (!pid)
		open_raced();
	(void)waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	(void)snprintf(name, sizeof name, "/tmp/gyr-live-%d", pid);
	assert_true(opened_name(d, pid, name));
	drv_close(d);
}

static void *stay(void *arg)
{
	char byte;

	(void)!read(*(int *)arg, &byte, 1);
	return NULL;
}

/* Opens with a thread beside it, then without: both times the name is at the same address. */
static void open_twice(void)
{
	char name[32] = "/nothing/like/it";
	int pipes[2];
	struct stat st;
	pthread_t id;

	if (pipe(pipes) || pthread_create(&id, NULL, stay, pipes))
		_exit(1);
	if (syscall(SYS_openat, AT_FDCWD, name, O_RDONLY) >= 0)
		_exit(1);
	close(pipes[1]);
	pthread_join(id, NULL);
	while (!stat("/proc/self/task", &st) && st.st_nlink > 3) /* joined is not gone */
		(void)sched_yield();
	(void)snprintf(name, sizeof name, "/proc/%d/maps", getpid());
	_exit(syscall(SYS_openat, AT_FDCWD, name, O_RDONLY) < 0);
}

static void a_name_kept_for_a_call_that_is_not_told_is_forgotten(void **state)
{
	const struct drv_options o = {.size = sizeof o, .entry = true, .drop_failed = true};
	struct drv_interest i = wanting("openat", NULL);
	struct drv *d = opened(&o);
	char name[32];
	int status;
	pid_t pid;

	(void)state;
	watch_for(d, &i);
	pid = fork();
	if (!pid)
		open_twice();
	(void)waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	(void)snprintf(name, sizeof name, "/proc/%d/maps", pid);
	assert_true(opened_name(d, pid, name));
	drv_close(d);
}

/* ---- rings ---- */

static void a_full_ring_is_counted_and_life_goes_on(void **state)
{
	const struct drv_options o = {.size = sizeof o, .ring_bytes = 16384};
	struct drv_interest i = wanting("openat", "clone");
	struct drv *d = opened(&o);
	uint64_t by_cpu = 0;
	struct drv_counters k;
	struct count c;
	pid_t pid;

	(void)state;
	watch_for(d, &i);
	for (int n = 0; n < 3; n++) {
		pid = fork();
		if (!pid) {
			for (int j = 0; j < 2000; j++)
				(void)!open("/no/such/file", O_RDONLY);
			_exit(0);
		}
		(void)waitpid(pid, NULL, 0);
	}
	drv_counters(d, &k);
	assert_true(k.dropped_by[WIRE_DROP_RING][WIRE_CLASS_OPEN] > 0);
	assert_int_equal(k.dropped_by[WIRE_DROP_RING][WIRE_CLASS_CLONE_FORK], 0);
	for (uint32_t cpu = 0; cpu < k.cpus; cpu++)
		by_cpu += drv_counters_cpu(d, cpu)->dropped[WIRE_DROP_RING][WIRE_CLASS_OPEN];
	assert_true(by_cpu >= k.dropped_by[WIRE_DROP_RING][WIRE_CLASS_OPEN]);
	c = count(d, pid);
	assert_int_equal(c.of[CLONE_X], 1);
	assert_true(c.ordered);
	drv_close(d);
}

/* Rings run round many times; every event comes, once, in the order of time. */
static void nothing_is_lost_when_rings_run_round(void **state)
{
	enum { ROUNDS = 20, CALLS = 300 };
	const struct drv_options o = {.size = sizeof o, .ring_bytes = 65536};
	struct drv_interest i = wanting("mkdir", NULL);
	struct drv *d = opened(&o);
	struct drv_counters k;

	(void)state;
	watch_for(d, &i);
	for (int n = 0; n < ROUNDS; n++) {
		const pid_t pid = fork();
		struct count c;

		if (!pid) {
			for (int j = 0; j < CALLS; j++)
				(void)mkdir("/tmp", 0700);
			_exit(0);
		}
		(void)waitpid(pid, NULL, 0);
		c = count(d, pid);
		assert_int_equal(c.of[MKDIR_X], CALLS);
		assert_true(c.ordered);
	}
	drv_counters(d, &k);
	assert_int_equal(k.malformed, 0);
	assert_int_equal(k.dropped, 0);
	drv_close(d);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void a_poll_ends_when_it_is_woken(void **state)
{
	const struct drv_options o = {.size = sizeof o};
	struct drv *d = opened(&o);
	struct drv_batch batch;

	(void)state;
	signal(SIGALRM, on_alarm);
	drv_wake(d);
	assert_int_equal(drv_poll(d, -1, &batch), 0);
	assert_int_equal(batch.n, 0);
	drv_close(d);
}

/* ---- a sudden end ---- */

struct ids {
	enum bpf_cmd cmd;
	uint32_t id[IDS];
	size_t n;
};

/* What the descriptors of @pid say about objects in the kernel. */
static void collect(pid_t pid, const char *key, struct ids *ids)
{
	char path[300], line[200];
	struct dirent *e;
	DIR *dir;

	(void)snprintf(path, sizeof path, "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		FILE *f;

		(void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%s", pid, e->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof line, f))
			if (!strncmp(line, key, strlen(key)) && ids->n < IDS)
				ids->id[ids->n++] = (uint32_t)strtoul(line + strlen(key), NULL, 10);
		if (f)
			fclose(f);
	}
	closedir(dir);
}

/* The kernel frees them a moment after the last descriptor is gone. */
static void assert_gone(const struct ids *ids)
{
	assert_true(ids->n > 0);
	for (size_t i = 0; i < ids->n; i++) {
		int fd = 0;

		for (int patience = 0; patience < 3000 && fd >= 0; patience++) {
			union bpf_attr a;

			memset(&a, 0, sizeof a);
			a.prog_id = ids->id[i]; /* the same place as map_id */
			fd = (int)syscall(SYS_bpf, ids->cmd, &a, sizeof a);
			if (fd >= 0) {
				close(fd);
				(void)poll(NULL, 0, 10);
			}
		}
		assert_true(fd < 0);
	}
}

static pid_t start_watching(int *ret_ready)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		const struct drv_options o = {.size = sizeof o};
		struct drv_interest i = wanting("openat", "execve");
		struct drv *d = NULL;

		if (drv_open(&o, &d, NULL) < 0 || drv_interest(d, &i, NULL) < 0 ||
		    drv_attach(d, NULL) < 0 || write(ends[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	*ret_ready = ends[0];
	return pid;
}

static void killed_it_leaves_nothing_behind(void **state)
{
	const char *often = getenv("GYR_KILLS");
	long kills = often ? strtol(often, NULL, 10) : KILLS;

	(void)state;
	for (long i = 0; i < kills && i < KILLS_MAX; i++) {
		static struct ids programs, maps;
		int ready;
		const pid_t pid = start_watching(&ready);
		char byte;

		programs = (struct ids){.cmd = BPF_PROG_GET_FD_BY_ID};
		maps = (struct ids){.cmd = BPF_MAP_GET_FD_BY_ID};
		assert_int_equal(read(ready, &byte, 1), 1);
		close(ready);
		collect(pid, "prog_id:", &programs);
		collect(pid, "map_id:", &maps);
		kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		assert_gone(&programs);
		assert_gone(&maps);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_major_version_is_refused),
		cmocka_unit_test(too_large_a_ring_is_refused),
		cmocka_unit_test(a_missing_capability_is_named),
		cmocka_unit_test(without_sys_resource_it_works),
		cmocka_unit_test(interest_changes_while_it_runs),
		cmocka_unit_test(guards_keep_back_and_count),
		cmocka_unit_test(its_own_calls_are_left_out),
		cmocka_unit_test(a_name_is_what_it_was_when_the_call_began),
		cmocka_unit_test(a_name_kept_for_a_call_that_is_not_told_is_forgotten),
		cmocka_unit_test(a_full_ring_is_counted_and_life_goes_on),
		cmocka_unit_test(nothing_is_lost_when_rings_run_round),
		cmocka_unit_test(a_poll_ends_when_it_is_woken),
		cmocka_unit_test(killed_it_leaves_nothing_behind),
	};

	if (geteuid()) {
		fprintf(stderr, "live: these tests need root\n");
		return getenv("CI") ? 1 : 77;
	}
	return cmocka_run_group_tests_name("robust", tests, NULL, NULL);
}
