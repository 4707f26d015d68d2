/* Calls on descriptors: made, multiplied, closed, read and written. */
#include "calls.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

static int file(void)
{
	return open("data", O_CREAT | O_RDWR | O_TRUNC, 0600);
}

static void act_close(struct told *t)
{
	t->r[0] = file();
	close((int)t->r[0]);
	close(777);
}

static void act_dup(struct told *t)
{
	t->r[0] = file();
	t->r[1] = dup((int)t->r[0]);
	syscall(SYS_dup2, t->r[0], 40);
	syscall(SYS_dup3, t->r[0], 41, O_CLOEXEC);
	syscall(SYS_dup3, t->r[0], t->r[0], 0);
}

static void act_fcntl(struct told *t)
{
	t->r[0] = file();
	t->r[1] = fcntl((int)t->r[0], F_DUPFD_CLOEXEC, 50);
	fcntl((int)t->r[0], F_SETFL, O_NONBLOCK);
	t->r[2] = fcntl((int)t->r[0], F_GETFD);
}

static void act_close_range(struct told *t)
{
	t->r[0] = file();
	syscall(SYS_close_range, 60, 70, 0);
	syscall(SYS_close_range, 60, 70, 4);
	syscall(SYS_close_range, 9, 3, 0);
}

static void act_pipe(struct told *t)
{
	struct stat st;
	int a[2], b[2];

	syscall(SYS_pipe, a);
	t->r[0] = a[0];
	t->r[1] = a[1];
	t->r[2] = fstat(a[0], &st) ? 0 : (long)st.st_ino;
	syscall(SYS_pipe2, b, O_CLOEXEC | O_NONBLOCK);
	t->r[3] = b[0];
	t->r[4] = b[1];
	t->r[5] = fstat(b[0], &st) ? 0 : (long)st.st_ino;
}

static void act_makers(struct told *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	t->r[0] = syscall(SYS_eventfd2, 7, EFD_CLOEXEC);
	t->r[1] = syscall(SYS_inotify_init1, IN_NONBLOCK);
	t->r[2] = syscall(SYS_signalfd4, -1, &set, 8, SFD_CLOEXEC);
	t->r[3] = syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	t->r[4] = syscall(SYS_epoll_create1, EPOLL_CLOEXEC);
	t->r[5] = syscall(SYS_memfd_create, "mem", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static void act_old_makers(struct told *t)
{
	unsigned long set = 1 << 9;

	t->r[0] = syscall(SYS_eventfd, 3);
	t->r[1] = syscall(SYS_inotify_init);
	t->r[2] = syscall(SYS_signalfd, -1, &set, 8);
	t->r[3] = syscall(SYS_epoll_create, 5);
}

static void act_pidfd(struct told *t)
{
	t->r[0] = syscall(SYS_pidfd_open, getpid(), 0);
	t->r[1] = syscall(SYS_pidfd_getfd, t->r[0], 0, 0);
	t->r[2] = syscall(SYS_userfaultfd, O_CLOEXEC);
}

static void act_flock(struct told *t)
{
	t->r[0] = file();
	flock((int)t->r[0], LOCK_EX | LOCK_NB);
	flock((int)t->r[0], LOCK_UN);
	syscall(SYS_ioctl, t->r[0], 0x5401, 0x1234);
	lseek((int)t->r[0], 77, SEEK_SET);
	lseek((int)t->r[0], -1, SEEK_END);
}

static void act_read_write(struct told *t)
{
	char b[100];

	t->r[0] = file();
	(void)!write((int)t->r[0], "hello", 5);
	(void)!pread((int)t->r[0], b, 3, 1);
	lseek((int)t->r[0], 0, SEEK_SET);
	(void)!read((int)t->r[0], b, sizeof b);
	(void)!pwrite((int)t->r[0], "xy", 2, 9);
	(void)!read(888, b, 10);
	(void)!write(888, "gone", 4);
}

static void act_long_write(struct told *t)
{
	char b[200];

	memset(b, 'a', sizeof b);
	t->r[0] = file();
	(void)!write((int)t->r[0], b, sizeof b);
	memset(t->text, 'a', 80);
}

static void act_vectors(struct told *t)
{
	char a[3], b[4];
	struct iovec out[] = {{(void *)"ab", 2}, {(void *)"cde", 3}}, in[] = {{a, 3}, {b, 4}};

	t->r[0] = file();
	(void)!writev((int)t->r[0], out, 2);
	lseek((int)t->r[0], 0, SEEK_SET);
	(void)!readv((int)t->r[0], in, 2);
	(void)!pwritev((int)t->r[0], out, 2, 10);
	(void)!preadv((int)t->r[0], in, 2, 10);
}

static void act_copies(struct told *t)
{
	off_t off = 1;
	int ends[2];

	t->r[0] = file();
	(void)!write((int)t->r[0], "0123456789", 10);
	(void)!pipe(ends);
	t->r[1] = ends[0];
	t->r[2] = ends[1];
	sendfile(ends[1], (int)t->r[0], &off, 4);
	t->r[3] = open("other", O_CREAT | O_RDWR, 0600);
	splice(ends[0], NULL, (int)t->r[3], NULL, 4, SPLICE_F_MOVE);
	off = 2;
	copy_file_range((int)t->r[0], &off, (int)t->r[3], NULL, 3, 0);
}

static void act_waits(struct told *t)
{
	struct timespec none = {0, 5000}, left = none; /* the kernel writes back what is left */
	struct epoll_event ev;
	struct pollfd p;
	int ends[2];

	(void)!pipe(ends);
	(void)!write(ends[1], "x", 1);
	p = (struct pollfd){.fd = ends[0], .events = POLLIN};
	t->r[0] = ends[0];
	syscall(SYS_poll, &p, 1, 9);
	syscall(SYS_ppoll, &p, 1, &left, NULL, 8);
	syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){0, 1});
	t->r[1] = epoll_create1(0);
	syscall(SYS_epoll_wait, t->r[1], &ev, 3, 0);
	syscall(SYS_nanosleep, &none, NULL);
}

static const struct call_case rows[] = {
	{"close", act_close, {"close res=0 fd={0}", "close res=-9 fd=777"}},
	{"dup in three ways",
	 act_dup,
	 {"dup res={1} oldfd={0}", "dup2 res=40 oldfd={0} newfd=40",
	  "dup3 res=41 oldfd={0} newfd=41 flags=O_CLOEXEC",
	  "dup3 res=-22 oldfd={0} newfd={0} flags=0"}},
	{"fcntl",
	 act_fcntl,
	 {"fcntl res={1} fd={0} cmd=F_DUPFD_CLOEXEC arg=50",
	  "fcntl res=0 fd={0} cmd=F_SETFL arg=2048", "fcntl res={2} fd={0} cmd=F_GETFD arg=*"}},
	{"close_range",
	 act_close_range,
	 {"close_range res=0 first=60 last=70 flags=0",
	  "close_range res=0 first=60 last=70 flags=CLOSE_RANGE_CLOEXEC",
	  "close_range res=-22 first=9 last=3 flags=0"}},
	{"pipe and pipe2 tell both ends and the inode",
	 act_pipe,
	 {"pipe res=0 fd1={0} fd2={1} ino={2}",
	  "pipe2 res=0 fd1={3} fd2={4} ino={5} flags=O_NONBLOCK|O_CLOEXEC"}},
	{"calls that make descriptors",
	 act_makers,
	 {"eventfd2 res={0} flags=O_CLOEXEC initval=7", "inotify_init1 res={1} flags=O_NONBLOCK",
	  "signalfd4 res={2} flags=O_CLOEXEC fd=-1 mask=512",
	  "timerfd_create res={3} clockid=1 flags=0", "epoll_create1 res={4} flags=EPOLL_CLOEXEC",
	  "memfd_create fd={5} name=mem flags=MFD_CLOEXEC|MFD_ALLOW_SEALING"}},
	{"their older forms",
	 act_old_makers,
	 {"eventfd res={0} initval=3 flags=0", "inotify_init res={1} flags=0",
	  "signalfd res={2} fd=-1 mask=512 flags=0", "epoll_create res={3} size=5"}},
	{"pidfd_open, pidfd_getfd, userfaultfd",
	 act_pidfd,
	 {"pidfd_open fd={0} pid={pid} flags=0",
	  "pidfd_getfd fd={1} pid_fd={0} target_fd=0 flags=0",
	  "userfaultfd res=* flags=O_CLOEXEC"}},
	{"flock, ioctl, lseek",
	 act_flock,
	 {"flock res=0 fd={0} operation=LOCK_EX|LOCK_NB", "flock res=0 fd={0} operation=LOCK_UN",
	  "ioctl res=-25 fd={0} request=21505 argument=4660",
	  "lseek res=77 fd={0} offset=77 whence=SEEK_SET",
	  "lseek res=-22 fd={0} offset=18446744073709551615 whence=SEEK_END"}},
	{"read and write carry their data",
	 act_read_write,
	 {"write res=5 data=hello fd={0} size=5", "pread res=3 data=ell fd={0} size=3 pos=1",
	  "read res=5 data=hello fd={0} size=100", "pwrite res=2 data=xy fd={0} size=2 pos=9",
	  "read res=-9 data= fd=888 size=10", "write res=-9 data=gone fd=888 size=4"}},
	{"data is cut where the consumer wants",
	 act_long_write,
	 {"write res=200 data={text} fd={0} size=200"}},
	{"vectors of data",
	 act_vectors,
	 {"writev res=5 data=abcde fd={0} size=5", "readv res=5 size=7 data=abcde fd={0}",
	  "pwritev res=5 data=abcde fd={0} size=5 pos=10",
	  "preadv res=5 size=7 data=abcde fd={0} pos=10"}},
	{"sendfile, splice, copy_file_range",
	 act_copies,
	 {"sendfile res=4 offset=5 out_fd={2} in_fd={0} size=4",
	  "splice res=4 fd_in={1} fd_out={3} size=4 flags=SPLICE_F_MOVE",
	  "copy_file_range res=3 fdout={3} offout=0 fdin={0} offin=5 len=3"}},
	{"calls that wait",
	 act_waits,
	 {"poll res=1 fds=* timeout=9", "ppoll res=1 fds=* timeout=* sigmask=0", "select res=0",
	  "epoll_wait res=0 maxevents=3", "nanosleep res=0 interval=5000"}},
};
const struct call_cases calls_fds = CASES(rows);
