/*
 * filewalk: the files of a log directory, found before the first is read.
 *
 * Knowing all names and sizes at the start gives an order that does not depend on the file system,
 * and a progress. Symbolic links to directories are not followed, so a walk always ends and reads
 * nothing outside the tree it was given; links to files are. Pipes, sockets and devices are left
 * alone. The root itself may be a link, or a single file of any name.
 *
 * Lifetime: filewalk_run() to filewalk_deinit(). Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FILEWALK_MAX_DEPTH = 64,      /* directories inside directories */
	FILEWALK_MAX_FILES = 1 << 20, /* files of one walk */
};

struct filewalk_file {
	char *path; /* owned */
	uint64_t size;
	int64_t mtime_ns;
};

/* Fill what is above the line, zero the rest. */
struct filewalk {
	bool (*wants)(const char *name); /* whether a file of this name is one of the log's */
	void (*left_out)(void *arg, const char *path, const char *why);
	void *arg;    /* of left_out */
	bool by_time; /* order: oldest change first; otherwise by path */
	/* ---- */
	struct filewalk_file *files;
	size_t n, cap;
	uint64_t bytes;     /* sizes of all */
	uint64_t n_links;   /* links to directories */
	uint64_t n_special; /* neither file nor directory */
	uint64_t n_failed;  /* unreadable directories, names that are gone, beyond a bound above */
};

/* -errno when @root cannot be looked at; -EINVAL when it is neither file nor directory; -ENOMEM. */
int filewalk_run(struct filewalk *w, const char *root) __attribute__((warn_unused_result));

/* In place of a walk: the file @path, last, and in front of it those of its folder that it may have
 * been rotated to, whose names begin as its own does up to its last dot; oldest change first. -errno
 * when @path cannot be looked at; -EINVAL when it is no file; -ENOMEM. */
int filewalk_siblings(struct filewalk *w, const char *path) __attribute__((warn_unused_result));

void filewalk_deinit(struct filewalk *w);
