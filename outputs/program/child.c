/*
 * child: starting, feeding, waiting. posix_spawn() and not fork(), since the router has many
 * threads: between fork and exec of a threaded process next to nothing may be called.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gyr/sigpipe.h>

enum { SLICE_MS = 10, TERM_MS = 500 };

uint64_t child_clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int ms_left(uint64_t until_ms)
{
	const uint64_t now = child_clock_ms();

	if (now >= until_ms)
		return 0;
	return until_ms - now > INT32_MAX ? INT32_MAX : (int)(until_ms - now);
}

/* Signals as a program expects them: none blocked, the ones the router changes at their default. */
static int set_attributes(posix_spawnattr_t *a)
{
	sigset_t none, all;
	int r = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						    POSIX_SPAWN_SETPGROUP);

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGKILL);
	(void)sigdelset(&all, SIGSTOP);
	if (r == 0)
		r = posix_spawnattr_setsigmask(a, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(a, &all);
	if (r == 0)
		r = posix_spawnattr_setpgroup(a, 0);
	return r;
}

static int spawn(const char *line, int input, pid_t *ret)
{
	const char *const argv[] = {"sh", "-c", line, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&files);

	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r) {
		(void)posix_spawn_file_actions_destroy(&files);
		return -r;
	}
	r = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	if (r == 0)
		r = set_attributes(&attr);
	if (r == 0)
		r = posix_spawn(ret, "/bin/sh", &files, &attr, (char *const *)argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}

int child_start(struct child *c, const char *line)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	const int r = spawn(line, ends[0], &pid);
	(void)close(ends[0]);
	if (r < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0) {
		(void)close(ends[1]);
		if (r < 0)
			return r;
	}
	*c = (struct child){
		.pid = pid, .in = ends[1], .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
	return 0;
}

int child_write(struct child *c, const char *data, size_t len, uint64_t until_ms, size_t *ret_done)
{
	struct gyr_sigpipe held;
	size_t done = 0;
	int r = 0;

	gyr_sigpipe_hold(&held);
	while (r == 0 && done < len) {
		const ssize_t n = write(c->in, data + done, len - done);
		struct pollfd p = {.fd = c->in, .events = POLLOUT};
		const int left = ms_left(until_ms);

		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN && left == 0)
			r = -EAGAIN;
		else if (errno == EAGAIN)
			(void)poll(&p, 1, left);
		else if (errno != EINTR)
			r = -errno;
	}
	gyr_sigpipe_release(&held);
	*ret_done = done;
	return r;
}

size_t child_unread(const struct child *c)
{
	int n = 0;

	return c->in >= 0 && ioctl(c->in, FIONREAD, &n) == 0 && n > 0 ? (size_t)n : 0;
}

void child_close_input(struct child *c)
{
	if (c->in >= 0)
		(void)close(c->in);
	c->in = -1;
}

static bool reap(struct child *c)
{
	const pid_t r = waitpid(c->pid, &c->status, WNOHANG);

	if (r == 0 || (r < 0 && errno == EINTR))
		return false;
	if (r < 0)
		c->status = 0; /* somebody else took it */
	c->pid = 0;
	if (c->pidfd >= 0)
		(void)close(c->pidfd);
	c->pidfd = -1;
	return true;
}

bool child_wait(struct child *c, uint64_t until_ms)
{
	while (c->pid && !reap(c)) {
		struct pollfd p = {.fd = c->pidfd, .events = POLLIN};
		int left = ms_left(until_ms);

		if (left == 0)
			return false;
		if (c->pidfd < 0 && left > SLICE_MS)
			left = SLICE_MS;
		(void)poll(&p, 1, left);
	}
	return true;
}

bool child_end(struct child *c, uint64_t until_ms)
{
	const pid_t group = c->pid;
	bool by_itself;

	child_close_input(c);
	if (!group)
		return true;
	by_itself = child_wait(c, until_ms);
	if (!by_itself) {
		(void)kill(-group, SIGTERM);
		if (!child_wait(c, child_clock_ms() + TERM_MS)) {
			(void)kill(-group, SIGKILL);
			(void)child_wait(c, UINT64_MAX);
		}
	}
	return by_itself;
}

void child_describe(const struct child *c, char *out, size_t size)
{
	if (WIFSIGNALED(c->status))
		(void)snprintf(out, size, "killed by signal %d", WTERMSIG(c->status));
	else
		(void)snprintf(out, size, "exit status %d", WEXITSTATUS(c->status));
}
