#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Takes the word at *from into *to, which never overtakes it; false: a quote without an end. */
static bool take_word(char **from, char **to)
{
	char *s = *from, *d = *to, quote = 0;

	for (; *s && (quote || (*s != ' ' && *s != '\t')); s++) {
		if (*s == quote) {
			quote = 0;
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else {
			if (*s == '\\' && quote != '\'' && s[1])
				s++;
			*d++ = *s;
		}
	}
	if (quote)
		return false;
	if (*s)
		s++;
	*d++ = '\0';
	*from = s;
	*to = d;
	return true;
}

int process_split(char *command, char **ret_words)
{
	char *from = command, *to = command;
	int n = 0;

	for (from += strspn(from, " \t"); *from; from += strspn(from, " \t")) {
		if (n == PROCESS_WORDS)
			return -EINVAL;
		ret_words[n++] = to;
		if (!take_word(&from, &to))
			return -EINVAL;
	}
	ret_words[n] = NULL;
	return n;
}

static int spawn(struct process *p, char **words, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	(void)sigemptyset(&none);
	r = posix_spawn_file_actions_init(&files);
	if (r)
		return -r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = posix_spawn_file_actions_adddup2(&files, out, 1);
		if (r == 0)
			r = posix_spawnattr_setsigmask(&attr, &none);
		if (r == 0)
			r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
		if (r == 0)
			r = posix_spawnp(&p->pid, words[0], &files, &attr, words, environ);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&files);
	return -r;
}

int process_start(struct process *p, const char *command, size_t max, char *err, size_t err_size)
{
	char *words[PROCESS_WORDS + 1], *copy = aws_dup(command);
	int ends[2], n, r;

	*p = (struct process){.fd = -1, .out = {.max = max}};
	n = copy ? process_split(copy, words) : -ENOMEM;
	if (n <= 0) {
		(void)snprintf(err, err_size, "%s",
			       n == 0 ? "no program in it"
				      : "a quote without an end, or more than 64 words");
		aws_wipe(copy);
		return n ? n : -EINVAL;
	}
	r = pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno;
	if (r == 0) {
		r = spawn(p, words, ends[1]);
		(void)close(ends[1]);
		if (r)
			(void)close(ends[0]);
		else
			p->fd = ends[0];
	}
	if (r) {
		(void)snprintf(err, err_size, "'%s': %s", words[0], strerror(-r));
		p->pid = 0;
	} else {
		(void)fcntl(p->fd, F_SETFL, O_NONBLOCK);
		p->end_ms = now_ms() + PROCESS_SECONDS * 1000;
	}
	aws_wipe(copy);
	return r;
}

/* It closed its output: true when it ended, too. Until then its end is what the descriptor tells. */
static bool reap(struct process *p, char *err, size_t err_size)
{
	int status = 0, fd;
	pid_t r = waitpid(p->pid, &status, WNOHANG);

	if (r == 0) {
		fd = p->is_closed ? -1 : (int)syscall(SYS_pidfd_open, p->pid, 0);
		p->is_closed = true;
		if (fd >= 0) {
			(void)close(p->fd);
			p->fd = fd;
		}
		return false;
	}
	p->pid = 0;
	if (r < 0)
		return true; /* somebody else waits for all children */
	if (WIFSIGNALED(status))
		(void)snprintf(err, err_size, "the program was ended by signal %d",
			       WTERMSIG(status));
	else if (WEXITSTATUS(status))
		(void)snprintf(err, err_size, "the program ended with status %d",
			       WEXITSTATUS(status));
	return true;
}

/* All that is there; true at the end of it. */
static bool read_out(struct process *p)
{
	char part[4096];
	ssize_t n = 1;

	while (n > 0 && !p->out.failed) {
		n = read(p->fd, part, sizeof part);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			aws_text_add(&p->out, part, (size_t)n);
	}
	explicit_bzero(part, sizeof part);
	return n == 0;
}

bool process_read(struct process *p, char *err, size_t err_size)
{
	*err = '\0';
	if (p->is_closed || read_out(p)) {
		if (reap(p, err, err_size))
			return true;
	}
	if (p->out.failed)
		(void)snprintf(err, err_size, "the program wrote more than it may");
	else if (now_ms() >= p->end_ms)
		(void)snprintf(err, err_size, "the program did not end within %d seconds",
			       PROCESS_SECONDS);
	return *err != '\0';
}

void process_stop(struct process *p)
{
	if (p->pid > 0) {
		(void)kill(p->pid, SIGKILL);
		(void)waitpid(p->pid, NULL, 0);
	}
	if (p->fd >= 0)
		(void)close(p->fd);
	aws_text_free(&p->out);
	*p = (struct process){.fd = -1};
}
