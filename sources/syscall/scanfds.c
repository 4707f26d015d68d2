/*
 * scanfds: a descriptor is a link; where it points says what it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <gyr/ppm.h>

#include "scanimpl.h"

static const struct {
	const char *link;
	enum gyr_meta_fd_type type;
} anonymous[] = {
	{"[eventfd]", GYR_META_FD_EVENT},
	{"[eventpoll]", GYR_META_FD_EVENTPOLL},
	{"inotify", GYR_META_FD_INOTIFY},
	{"[inotify]", GYR_META_FD_INOTIFY},
	{"[signalfd]", GYR_META_FD_SIGNALFD},
	{"[timerfd]", GYR_META_FD_TIMERFD},
	{"bpf-map", GYR_META_FD_BPF},
	{"bpf-prog", GYR_META_FD_BPF},
	{"bpf_link", GYR_META_FD_BPF},
	{"bpf-link", GYR_META_FD_BPF},
	{"[bpf-map]", GYR_META_FD_BPF},
	{"[bpf-prog]", GYR_META_FD_BPF},
	{"[perf_event]", GYR_META_FD_UNSUPPORTED},
	{"[io_uring]", GYR_META_FD_IOURING},
	{"[pidfd]", GYR_META_FD_PIDFD},
	{"[userfaultfd]", GYR_META_FD_USERFAULTFD},
};

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* What the kernel calls O_LARGEFILE; the C library of a 64-bit machine calls it 0. */
#if defined __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

/* Flags of open() as this machine has them, in those of recordings. */
static uint32_t open_flags(uint32_t flags)
{
	static const struct {
		uint32_t from, to;
	} rows[] = {
		{O_CREAT, PPM_O_CREAT},       {O_APPEND, PPM_O_APPEND},
		{O_DSYNC, PPM_O_DSYNC},       {O_EXCL, PPM_O_EXCL},
		{O_NONBLOCK, PPM_O_NONBLOCK}, {O_TRUNC, PPM_O_TRUNC},
		{O_DIRECT, PPM_O_DIRECT},     {O_DIRECTORY, PPM_O_DIRECTORY},
		{O_CLOEXEC, PPM_O_CLOEXEC},   {KERNEL_O_LARGEFILE, PPM_O_LARGEFILE},
	};
	static const uint32_t modes[] = {PPM_O_RDONLY, PPM_O_WRONLY, PPM_O_RDWR, 0};
	uint32_t ret = modes[flags & O_ACCMODE];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (flags & rows[i].from)
			ret |= rows[i].to;
	if ((flags & O_SYNC) == O_SYNC)
		ret |= PPM_O_SYNC;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		ret |= PPM_O_TMPFILE;
	return ret;
}

/* A number as the kernel gives devices to user space. */
static uint32_t device(uint32_t major_nr, uint32_t minor_nr)
{
	return (minor_nr & 0xff) | major_nr << 8 | (minor_nr & ~0xffU) << 12;
}

/* A path, or what looks like one. Remote file systems are not asked: they may not answer. */
static int on_disk(struct procscan *s, int fds, const char *nr, struct gyr_meta_fd *x)
{
	char info[64];
	struct statx st;
	ssize_t n;

	if (statx(fds, nr, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &st) < 0)
		return -errno;
	x->ino = st.stx_ino;
	x->dev = device(st.stx_dev_major, st.stx_dev_minor);
	x->type = GYR_META_FD_FILE_V2;
	if (S_ISDIR(st.stx_mode))
		x->type = GYR_META_FD_DIRECTORY;
	else if (S_ISFIFO(st.stx_mode))
		x->type = GYR_META_FD_FIFO;
	else if (begins(x->name.p, "/memfd:"))
		x->type = GYR_META_FD_MEMFD;
	if (x->type != GYR_META_FD_FILE_V2)
		return 0;
	(void)snprintf(info, sizeof info, "../fdinfo/%.20s", nr);
	n = procfile_read_whole(&s->buf, fds, info, 4096);
	x->open_flags = n > 0 ? open_flags(proctext_open_flags(s->buf.buf, (size_t)n)) : 0;
	return 0;
}

static void socket_of(struct procscan *s, struct gyr_meta_fd *x)
{
	const struct socket_row *row = socktable_find(&s->sockets, x->ino);

	if (!row) {
		x->type = GYR_META_FD_UNSUPPORTED;
		return;
	}
	x->type = row->fd_type;
	x->l4 = row->l4;
	x->sport = row->sport;
	x->dport = row->dport;
	memcpy(x->saddr, row->saddr, sizeof x->saddr);
	memcpy(x->daddr, row->daddr, sizeof x->daddr);
	x->name = (struct gyr_meta_text){.p = "", .len = 0};
	if (row->fd_type == GYR_META_FD_UNIX_SOCK) {
		x->unix_source = row->address;
		x->name = socktable_path(&s->sockets, row);
	}
}

static void anonymous_of(const char *link, struct gyr_meta_fd *x)
{
	x->type = GYR_META_FD_UNSUPPORTED;
	if (!begins(link, "anon_inode:"))
		return;
	link += strlen("anon_inode:");
	for (size_t i = 0; i < sizeof anonymous / sizeof *anonymous; i++)
		if (begins(link, anonymous[i].link))
			x->type = anonymous[i].type;
}

/* Fills in all but tid and fd from the link @nr. A negative errno when it is gone. */
static int describe(struct procscan *s, int fds, const char *nr, struct gyr_meta_fd *x)
{
	char *link = s->cwd; /* the process has been told about: its room is free */
	const ssize_t n = procfile_link(&s->buf, fds, nr);
	size_t len = n < 0 ? 0 : (size_t)n;

	if (n < 0)
		return (int)n;
	if (len > PROCSCAN_TEXT_MAX - 1) {
		len = PROCSCAN_TEXT_MAX - 1;
		s->counters.cut++;
	}
	memcpy(link, s->buf.buf, len);
	link[len] = '\0';
	x->name = (struct gyr_meta_text){.p = link, .len = len};
	if (link[0] == '/')
		return on_disk(s, fds, nr, x);
	x->ino = proctext_link_ino(link, len, "socket");
	if (x->ino) {
		socket_of(s, x);
		return 0;
	}
	x->ino = proctext_link_ino(link, len, "pipe");
	if (x->ino)
		x->type = GYR_META_FD_FIFO;
	else
		anonymous_of(link, x);
	return 0;
}

static int one_fd(struct procscan *s, int fds, const char *nr, int64_t pid)
{
	const uint64_t fd = proctext_number(nr, strlen(nr), UINT64_MAX);
	struct gyr_meta_fd x = {.tid = pid, .fd = (int64_t)fd};
	int r;

	if (fd > INT32_MAX)
		return 0;
	r = describe(s, fds, nr, &x);
	if (r < 0) {
		procscan_miss(s, r);
		return r == -ENOMEM ? r : 0;
	}
	s->counters.fds++;
	return s->setup.emit(s->setup.ctx, GYR_META_SHAPE(GYR_META_FD, x, name));
}

int procscan_fds(struct procscan *s, int proc, int64_t pid)
{
	const int fds = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fds < 0 ? NULL : fdopendir(fds);
	uint32_t n = 0;
	int r = 0;

	if (!dir) {
		procscan_miss(s, -errno);
		if (fds >= 0)
			(void)close(fds);
		return 0;
	}
	for (struct dirent *d; r == 0 && (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		if (n++ < PROCSCAN_FDS_MAX)
			r = one_fd(s, fds, d->d_name, pid);
		else
			s->counters.refused++;
	}
	(void)closedir(dir);
	return r;
}
