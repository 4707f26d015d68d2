/*
 * watchfile: a small file that is read anew when it has changed.
 *
 * Whether it has is asked when its content is needed, by stat(2): so what was written before a
 * request is in force for it, and nothing has to watch.
 *
 * Lifetime: zeroed with the path set, to watchfile_deinit(). Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { WATCHFILE_MAX = 1 << 20 };

struct watchfile {
	const char *path; /* lent */
	char *text;       /* NUL behind it; may hold others */
	size_t len;
	struct stat seen;
};

/* Whether the file is another than the one that was read, or none was. False when it is not there. */
bool watchfile_has_changed(const struct watchfile *f);

/* Reads it; keeps what was read before when it cannot. Errnos of files; -EFBIG; -EINVAL: empty. */
int watchfile_read(struct watchfile *f) __attribute__((warn_unused_result));

/* Forgets the bytes, not when they were read; overwrites them first. */
void watchfile_wipe(struct watchfile *f);

void watchfile_deinit(struct watchfile *f);
