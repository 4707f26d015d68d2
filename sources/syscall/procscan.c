/*
 * procscan: a process is its folder in /proc; a thread is a folder below it.
 */
#include "procscan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gyr/ppm.h>

#include "scanimpl.h"

enum {
	SMALL_FILE = 32 << 10,
	CAP_DAC_OVERRIDE_BIT = 1,
	NS_A_SECOND = 1000000000,
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_A_SECOND + (uint64_t)t.tv_nsec;
}

int procscan_new(const struct procscan_setup *setup, struct procscan **ret)
{
	struct procscan *s = calloc(1, sizeof *s);
	const long hz = sysconf(_SC_CLK_TCK);
	int r;

	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->ticks_a_second = hz > 0 ? (uint64_t)hz : 100;
	s->boot_ts = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	s->dir = opendir(setup->proc);
	if (!s->dir) {
		r = -errno;
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

struct procscan *procscan_free(struct procscan *s)
{
	if (!s)
		return NULL;
	(void)closedir(s->dir);
	procfile_deinit(&s->buf);
	socktable_deinit(&s->sockets);
	free(s);
	return NULL;
}

void procscan_count(const struct procscan *s, struct procscan_counters *ret)
{
	*ret = s->counters;
	ret->refused += s->sockets.n_refused;
}

void procscan_miss(struct procscan *s, int r)
{
	if (r == -ENOENT || r == -ESRCH)
		s->counters.vanished++;
	else if (r < 0)
		s->counters.unreadable++;
}

/* ---- texts of a process ---- */

static struct gyr_meta_text text(const char *p, size_t len)
{
	return (struct gyr_meta_text){.p = p, .len = len};
}

static struct gyr_meta_text keep(struct procscan *s, char *room, const char *from, size_t len)
{
	if (len > PROCSCAN_TEXT_MAX) {
		len = PROCSCAN_TEXT_MAX;
		s->counters.cut++;
	}
	memcpy(room, from, len);
	return text(room, len);
}

static struct gyr_meta_text link_text(struct procscan *s, int proc, const char *name, char *room)
{
	const ssize_t n = procfile_link(&s->buf, proc, name);

	/* Threads of the kernel have no program: that is no fault. */
	if (n == -EACCES || n == -EPERM)
		s->counters.unreadable++;
	return n > 0 ? keep(s, room, s->buf.buf, (size_t)n) : text("", 0);
}

/* A list of texts that each end in NUL; the last one may lack it. */
static struct gyr_meta_text keep_list(struct procscan *s, char *room, const char *list, size_t len,
				      bool cut)
{
	bool cut_too;

	len = proctext_list_cut(list, len, PROCSCAN_LIST_MAX - 1, &cut_too);
	memcpy(room, list, len);
	if (len && room[len - 1] != '\0')
		room[len++] = '\0';
	s->counters.cut += cut || cut_too;
	return text(room, len);
}

/* What the process was started with: its own name for itself, then the arguments. */
static void read_cmdline(struct procscan *s, int proc, struct gyr_meta_proc *x)
{
	bool cut = false;
	const ssize_t n = procfile_read(&s->buf, proc, "cmdline",
					PROCSCAN_LIST_MAX + PROCSCAN_TEXT_MAX, &cut);
	const char *nul = n > 0 ? memchr(s->buf.buf, '\0', (size_t)n) : NULL;
	size_t len;

	if (n <= 0)
		return;
	len = nul ? (size_t)(nul - s->buf.buf) : (size_t)n;
	x->exe = keep(s, s->exe, s->buf.buf, len);
	if (nul)
		x->args = keep_list(s, s->args, nul + 1, (size_t)n - len - 1, cut);
}

static void read_texts(struct procscan *s, int proc, struct gyr_meta_proc *x)
{
	bool cut = false;
	uint32_t left_out;
	ssize_t n;

	read_cmdline(s, proc, x);
	n = procfile_read(&s->buf, proc, "environ", PROCSCAN_LIST_MAX, &cut);
	if (n > 0)
		x->env = keep_list(s, s->env, s->buf.buf, (size_t)n, cut);
	n = procfile_read_whole(&s->buf, proc, "cgroup", SMALL_FILE);
	if (n > 0) {
		x->cgroups = text(s->cgroups, proctext_cgroups(s->buf.buf, (size_t)n, s->cgroups,
							       sizeof s->cgroups, &left_out));
		s->counters.cut += left_out;
	}
	x->exepath = link_text(s, proc, "exe", s->exepath);
	x->cwd = link_text(s, proc, "cwd", s->cwd);
	x->root = link_text(s, proc, "root", s->root);
}

/* ---- numbers of a process ---- */

/* Whether whoever runs as the process could write its program. */
static bool may_write(const struct stat *st, const struct gyr_meta_proc *x)
{
	if (x->cap_effective >> CAP_DAC_OVERRIDE_BIT & 1)
		return true;
	if (st->st_uid == x->uid)
		return st->st_mode & S_IWUSR;
	return st->st_mode & (st->st_gid == x->gid ? S_IWGRP | S_IWOTH : S_IWOTH);
}

static uint64_t time_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * NS_A_SECOND + (uint64_t)t.tv_nsec;
}

static void read_program(int proc, struct gyr_meta_proc *x)
{
	static const char memfd[] = "/memfd:";
	struct stat st;

	x->exe_from_memfd = x->exepath.len >= sizeof memfd - 1 &&
			    !memcmp(x->exepath.p, memfd, sizeof memfd - 1);
	if (!x->exepath.len || fstatat(proc, "exe", &st, 0) < 0)
		return;
	x->exe_ino = st.st_ino;
	x->exe_ino_ctime = time_ns(st.st_ctim);
	x->exe_ino_mtime = time_ns(st.st_mtim);
	x->exe_writable = may_write(&st, x);
}

/* The pid namespace that the link ns/pid names begins with its first process. */
static uint64_t pidns_start(struct procscan *s, int proc, const struct proctext_status *st,
			    uint64_t start_ts)
{
	const ssize_t n = st->n_pid_ns > 1 ? procfile_link(&s->buf, proc, "ns/pid") : 0;
	const uint64_t ino = n > 0 ? proctext_link_ino(s->buf.buf, (size_t)n, "pid") : 0;

	if (st->n_pid_ns == 1)
		return s->boot_ts;
	for (uint32_t i = s->n_pidns; ino && i-- > 0;)
		if (s->pidns[i].ino == ino)
			return s->pidns[i].start_ts;
	if (!ino || st->vtgid != 1 || s->n_pidns == PIDNS_MAX)
		return 0;
	s->pidns[s->n_pidns++] = (struct pidns){.ino = ino, .start_ts = start_ts};
	return start_ts;
}

static uint64_t small_number(struct procscan *s, int proc, const char *name, uint64_t absent)
{
	const ssize_t n = procfile_read_whole(&s->buf, proc, name, SMALL_FILE);

	return n > 0 ? proctext_number(s->buf.buf, (size_t)n, absent) : absent;
}

/* What stat and status of a thread's folder say. A negative errno when it is gone. */
static int read_thread(struct procscan *s, int dir, struct gyr_meta_proc *x,
		       struct proctext_status *ret_status, uint64_t *ret_start_ts)
{
	struct proctext_stat st;
	ssize_t n = procfile_read_whole(&s->buf, dir, "stat", SMALL_FILE);

	if (n < 0)
		return (int)n;
	if (proctext_stat(s->buf.buf, (size_t)n, &st))
		return -ESRCH;
	if (st.has_ended && st.n_threads <= 1) /* its end was told already */
		return -ESRCH;
	memcpy(s->comm, st.comm, st.comm_len);
	x->comm = text(s->comm, st.comm_len);
	x->ptid = st.ppid;
	x->pgid = st.pgid;
	x->sid = st.sid;
	x->tty = st.tty;
	x->pfmajor = st.majflt;
	x->pfminor = st.minflt;
	*ret_start_ts = s->boot_ts + st.start_ticks * (NS_A_SECOND / s->ticks_a_second);
	n = procfile_read_whole(&s->buf, dir, "status", SMALL_FILE);
	if (n < 0)
		return (int)n;
	proctext_status(s->buf.buf, (size_t)n, ret_status);
	x->vtid = ret_status->vtid;
	x->vpid = ret_status->vtgid;
	x->vpgid = ret_status->vpgid;
	x->uid = ret_status->uid;
	x->gid = ret_status->gid;
	x->vmsize_kb = ret_status->vmsize_kb;
	x->vmrss_kb = ret_status->vmrss_kb;
	x->vmswap_kb = ret_status->vmswap_kb;
	x->cap_inheritable = ret_status->cap_inheritable;
	x->cap_permitted = ret_status->cap_permitted;
	x->cap_effective = ret_status->cap_effective;
	return 0;
}

static void read_rest(struct procscan *s, int proc, struct gyr_meta_proc *x,
		      const struct proctext_status *status, uint64_t start_ts)
{
	ssize_t n;

	read_texts(s, proc, x);
	read_program(proc, x);
	x->pidns_init_start_ts = pidns_start(s, proc, status, start_ts);
	x->loginuid = (uint32_t)small_number(s, proc, "loginuid", UINT32_MAX);
	n = procfile_read_whole(&s->buf, proc, "limits", SMALL_FILE);
	x->fdlimit = n > 0 ? proctext_limit_files(s->buf.buf, (size_t)n) : 0;
	x->flags = status->n_pid_ns > 1 ? PPM_CL_CHILD_IN_PIDNS : 0;
}

/* ---- records ---- */

static int emit_thread(struct procscan *s, const struct gyr_meta_proc *x, uint64_t ts)
{
	if (s->counters.threads >= PROCSCAN_THREADS_MAX) {
		s->counters.refused++;
		return 0;
	}
	s->counters.threads++;
	if (s->setup.seen)
		s->setup.seen(s->setup.ctx, x->tid, ts);
	return s->setup.emit(s->setup.ctx, GYR_META_SHAPE(GYR_META_PROC, *x, comm));
}

/* The number that the name of a folder is; -1 for any other name. */
static int64_t folder_id(const struct dirent *d)
{
	const uint64_t n = proctext_number(d->d_name, strlen(d->d_name), 0);

	return n > 0 && n <= INT32_MAX && d->d_name[0] != ' ' ? (int64_t)n : -1;
}

static int one_thread(struct procscan *s, int task, const char *name, int64_t tid,
		      const struct gyr_meta_proc *leader)
{
	struct gyr_meta_proc x = *leader;
	struct proctext_status status;
	uint64_t start_ts, ts = clock_ns(CLOCK_REALTIME);
	const int dir = openat(task, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 ? -errno : read_thread(s, dir, &x, &status, &start_ts);

	if (dir >= 0)
		(void)close(dir);
	if (r < 0) {
		procscan_miss(s, r);
		return r == -ENOMEM ? r : 0;
	}
	x.tid = tid;
	x.env = x.cwd = text("", 0); /* the process has them */
	x.flags |= PPM_CL_CLONE_THREAD | PPM_CL_CLONE_FILES;
	return emit_thread(s, &x, ts);
}

static int threads(struct procscan *s, int proc, const struct gyr_meta_proc *leader)
{
	const int task = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = task < 0 ? NULL : fdopendir(task);
	int r = 0;

	if (!dir) {
		procscan_miss(s, -errno);
		if (task >= 0)
			(void)close(task);
		return 0;
	}
	for (struct dirent *d; r == 0 && (d = readdir(dir));) {
		const int64_t tid = folder_id(d);

		if (tid > 0 && tid != leader->tid)
			r = one_thread(s, task, d->d_name, tid, leader);
	}
	(void)closedir(dir);
	return r;
}

static void read_sockets(struct procscan *s, int proc)
{
	const ssize_t n = procfile_link(&s->buf, proc, "ns/net");
	const uint64_t ns = n > 0 ? proctext_link_ino(s->buf.buf, (size_t)n, "net") : 0;

	if (ns)
		socktable_read(&s->sockets, ns, proc);
}

static int one_process(struct procscan *s, int proc, int64_t pid)
{
	const struct gyr_meta_text none = text("", 0);
	struct gyr_meta_proc x = {
		.tid = pid,
		.pid = pid,
		.comm = none,
		.exe = none,
		.exepath = none,
		.args = none,
		.cwd = none,
		.env = none,
		.cgroups = none,
		.root = none,
	};
	struct proctext_status status;
	uint64_t start_ts, ts = clock_ns(CLOCK_REALTIME);
	int r = read_thread(s, proc, &x, &status, &start_ts);

	if (r < 0) {
		procscan_miss(s, r);
		return r == -ENOMEM ? r : 0;
	}
	read_rest(s, proc, &x, &status, start_ts);
	s->counters.processes++;
	r = emit_thread(s, &x, ts);
	if (r == 0)
		r = threads(s, proc, &x);
	if (r)
		return r;
	read_sockets(s, proc);
	return procscan_fds(s, proc, pid);
}

int procscan_step(struct procscan *s)
{
	int64_t pid = -1;
	struct dirent *d = NULL;
	int proc, r;

	while (pid < 0 && (d = readdir(s->dir)))
		pid = folder_id(d);
	if (!d)
		return PROCSCAN_E_END;
	proc = openat(dirfd(s->dir), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0) {
		procscan_miss(s, -errno);
		return 0;
	}
	r = one_process(s, proc, pid);
	(void)close(proc);
	return r;
}
