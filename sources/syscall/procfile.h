/*
 * procfile: files and links below a folder of /proc, read into memory that is reused.
 *
 * Lifetime: what a function returns is valid until the next call with the same struct.
 * Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	PROCFILE_LINK_MAX = 4096, /* bytes of a link that are kept */
};

struct procfile {
	char *buf;
	size_t cap;
};

/* Reads up to @max bytes of @name below folder @dir (AT_FDCWD too). Its length, also 0; a negative
 * errno. *ret_cut, which may be NULL: the file is longer. */
ssize_t procfile_read(struct procfile *p, int dir, const char *name, size_t max, bool *ret_cut);

/* The same for a file that the kernel gives whole in one read, as all are that describe one thing (and
 * none is that lists many): what is not asked for twice takes half the time. */
ssize_t procfile_read_whole(struct procfile *p, int dir, const char *name, size_t max);

/* Where link @name points: its length, and text with a NUL in p->buf; a negative errno. */
ssize_t procfile_link(struct procfile *p, int dir, const char *name);

void procfile_deinit(struct procfile *p);
