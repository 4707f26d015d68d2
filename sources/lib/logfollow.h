/*
 * logfollow: what became of a log that was read to its end and is still written to.
 *
 * Asked by looking at the file and at its name (fstat, stat, and the first bytes), so it works on any
 * file system and misses nothing between two looks: a file may grow, be cut short and written anew
 * (copytruncate), also beyond its old length, or be renamed with another one in its place. A renamed
 * file is read until the new one has something, and then once more to its end.
 *
 * Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOGFOLLOW_HEAD = 256, /* bytes at the beginning that tell a file that begins anew */
};

enum logfollow_state {
	LOGFOLLOW_NOTHING,
	LOGFOLLOW_MORE,  /* there is more to read */
	LOGFOLLOW_ANEW,  /* the same file begins anew */
	LOGFOLLOW_MOVED, /* under its name is another file now, and this one is read */
};

struct logfollow {
	bool is_moved; /* was seen, and it is read once more */
	size_t n_head;
	char head[LOGFOLLOW_HEAD];
};

/* @fd was just opened. */
void logfollow_begin(struct logfollow *f, int fd);

/* @fd, opened as @path, was read up to @position. */
enum logfollow_state logfollow_look(struct logfollow *f, const char *path, int fd,
				    uint64_t position);
