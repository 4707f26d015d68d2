/*
 * child: one run of a shell line with a pipe to its standard input.
 *
 * The child gets the standard descriptors and nothing else, no blocked signal, and a process group
 * of its own, so that an interrupt typed at the terminal lets it finish what it was given, and
 * ending it ends all that it started.
 *
 * Lifetime: child_start() to the call of child_wait() or child_end() that reaps it. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;  /* 0: none runs */
	int in;     /* our end of its standard input, never blocking; -1: closed */
	int pidfd;  /* readable when it has ended; -1 where the kernel has none */
	int status; /* of wait, once reaped */
};

#define CHILD_NULL                    \
	{                             \
		.in = -1, .pidfd = -1 \
	}

/* Milliseconds of a clock that only goes forward. */
uint64_t child_clock_ms(void);

/* Runs @line by /bin/sh -c. 0, or a negative errno. */
int child_start(struct child *c, const char *line);

/*
 * Writes up to @len bytes and counts them in *ret_done whatever happens: 0 when all went, -EAGAIN
 * when time was up at @until_ms, -EPIPE when nobody reads any more, or another negative errno.
 */
int child_write(struct child *c, const char *data, size_t len, uint64_t until_ms, size_t *ret_done);

/* Bytes written that it has not read. */
size_t child_unread(const struct child *c);

/* End of its input. */
void child_close_input(struct child *c);

/* Waits until it has ended and reaps it: true, or false when time was up. */
bool child_wait(struct child *c, uint64_t until_ms);

/* End of input, then time until @until_ms, then SIGTERM, then SIGKILL to it and all it started.
 * Returns whether it ended by itself. */
bool child_end(struct child *c, uint64_t until_ms);

/* What became of it, in words: "exit status 3", "killed by signal 9". */
void child_describe(const struct child *c, char *out, size_t size);
