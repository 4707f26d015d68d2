/*
 * filehash: which files a run was made of: SHA-256 of the configuration and the rules as read.
 *
 * Threads: [main] while they are added.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { FILEHASH_MAX = 256, FILEHASH_PATH = 512 };

struct filehash {
	char path[FILEHASH_PATH];
	char hex[65];
	bool is_config;
};

struct filehashes {
	uint32_t n, n_lost; /* lost: more than are kept */
	struct filehash files[FILEHASH_MAX];
};

/* Adds a regular file; what is none, or cannot be read, is left out. */
void filehash_add(struct filehashes *h, const char *path, bool is_config);

/* The name without its folders. */
const char *filehash_name(const struct filehash *f);
