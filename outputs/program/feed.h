/*
 * feed: a child that stays, and what it has been given and not yet read.
 *
 * A pipe takes more than its reader has seen. When the reader dies, what is in the pipe would be
 * gone, though it was accepted. So a copy of every line stays here until the child has read all of
 * it (the kernel tells how many bytes are unread), and a new child gets those lines again, whole.
 * What a child has read is its own.
 *
 *	lines:  [ read, forgotten ][ in the pipe | not yet written ]
 *	                           ^ line[0]     ^ n_written        ^ len
 *
 * Bounds: a pipe (64 KiB) and one line. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "child.h"

struct feed {
	const char *line; /* the shell line */
	struct child child;
	char *held;
	size_t len, cap, n_written;
	uint64_t started_ms, not_before_ms, pause_ms;
	uint64_t unfinished; /* id of an alert of whose line only a part is written; 0: none */
};

/* What happened to the child, to be told: text of @size bytes, "" when nothing did. */
struct feed_news {
	char text[160];
};

void feed_init(struct feed *f, const char *line);

/*
 * Makes sure that a child runs and that everything held is in its pipe. 0; -EAGAIN when it does not
 * read; -ECHILD while a new one is not due; a negative errno when none can be started.
 */
int feed_ready(struct feed *f, uint64_t until_ms, struct feed_news *ret_news);

/* Writes a line of @len bytes and a newline. 0: it is on its way. -EAGAIN, -EPIPE and the like: it is
 * not, offer it again under the same @id (0 is none). -ENOMEM. */
int feed_line(struct feed *f, uint64_t id, const char *line, size_t len, uint64_t until_ms);

/* Ends the child as child_end() does. Returns the bytes that nobody read. */
size_t feed_end(struct feed *f, uint64_t until_ms);

/* feed_end() and forget all. */
void feed_deinit(struct feed *f);
