/*
 * watch: whether files that were read have changed since.
 *
 * What is compared is what stat() says (inode, size, time), so that it does not matter how a file was
 * replaced: in place, by rename, by a link that points elsewhere. A folder changes when something in
 * it comes or goes. A change counts once the file has been the same for two looks, so that one that
 * is being written is left alone.
 *
 * Lifetime: watch_init() to watch_deinit(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"

enum { WATCH_MAX = 4096 };

struct watch_file;

struct watch {
	struct arena arena;
	struct watch_file *first;
	uint32_t n;
	bool is_settling; /* a change was seen and may still be going on */
};

void watch_init(struct watch *w);
void watch_deinit(struct watch *w);

/* Forgets all files. */
void watch_reset(struct watch *w);

/* Adds @path, which need not exist. -ENOMEM, -ENOSPC. */
int watch_add(struct watch *w, const char *path);

/* Calls @each for every path, in no order. */
void watch_each(const struct watch *w, void (*each)(void *ctx, const char *path), void *ctx);

/* Looks at all files: whether there was a change that is over. */
bool watch_look(struct watch *w);
