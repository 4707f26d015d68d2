/*
 * socktable: which socket an inode is, in every network namespace that was asked for.
 *
 * The files of /proc/PID/net list the sockets of the namespace that PID is in; each namespace is
 * read once, when the first of its processes is seen.
 *
 * Lifetime: rows until socktable_deinit(). Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/scapmeta.h>

enum {
	SOCKTABLE_MAX = 1 << 20,         /* sockets */
	SOCKTABLE_NAMESPACES_MAX = 4096, /* network namespaces */
	SOCKTABLE_FILE_MAX = 256 << 20,  /* bytes of one file of /proc/PID/net */
};

struct socket_row {
	uint64_t ino;
	uint64_t address; /* unix: of the kernel's object, else the inode */
	uint32_t fd_type; /* enum gyr_meta_fd_type */
	uint32_t path;    /* unix: offset of its name in socktable.paths */
	uint16_t path_len;
	uint16_t sport, dport;
	uint8_t l4; /* as gyr_meta_fd has it */
	uint8_t saddr[16], daddr[16];
};

struct socktable {
	struct socket_row *rows; /* open addressing; an inode of 0 is free */
	uint32_t n, cap;
	char *paths;
	size_t paths_len, paths_cap;
	uint64_t *namespaces;
	uint32_t n_namespaces, namespaces_cap;
	uint64_t n_refused; /* sockets and namespaces over the bounds, or no memory for them */
};

/* Reads the namespace whose inode is @ns, unless it was read before: @proc is the folder of a process
 * in it. */
void socktable_read(struct socktable *t, uint64_t ns, int proc);

/* The socket; NULL when it is unknown. */
const struct socket_row *socktable_find(const struct socktable *t, uint64_t ino);

struct gyr_meta_text socktable_path(const struct socktable *t, const struct socket_row *row);

void socktable_deinit(struct socktable *t);
