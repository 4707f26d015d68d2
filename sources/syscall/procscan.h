/*
 * procscan: the processes there are, their threads and their descriptors, as records of
 * gyr/scapmeta.h.
 *
 * Goes through /proc one process a step, so that whoever scans can do other work between. Processes
 * end while they are looked at: what is gone is left out and counted.
 *
 * Lifetime: procscan_new() to procscan_free(). Threads: one at a time.
 */
#pragma once

#include <stdint.h>

#include <gyr/scapmetawrite.h>

enum {
	_PROCSCAN_E_SUCCESS,
	PROCSCAN_E_END, /* all processes were seen */
};

enum {
	PROCSCAN_THREADS_MAX = 1 << 20, /* in all */
	PROCSCAN_FDS_MAX = 65536,       /* of a process: what the state keeps, too */
	PROCSCAN_TEXT_MAX = 1024,       /* bytes of a path: as recordings have it */
	PROCSCAN_LIST_MAX = 4096,       /* bytes of arguments, environment, cgroups */
};

struct procscan;

struct procscan_setup {
	const char *proc; /* "/proc" */
	/* Takes a record; a negative errno ends the scan. */
	int (*emit)(void *ctx, const struct gyr_meta_shape *shape);
	/* Thread @tid is told about as it was at @ts (ns since the epoch), or later. */
	void (*seen)(void *ctx, int64_t tid, uint64_t ts);
	void *ctx;
};

struct procscan_counters {
	uint64_t processes, threads, fds;
	uint64_t vanished;   /* processes, threads and descriptors that ended meanwhile */
	uint64_t unreadable; /* descriptors, or facts about a process, that may not be read */
	uint64_t cut;        /* texts longer than their bound */
	uint64_t refused;    /* threads, descriptors and sockets over the bounds */
};

/* -ENOMEM; what opening the folder gave. */
int procscan_new(const struct procscan_setup *setup, struct procscan **ret);

/* One process. PROCSCAN_E_END; what emit returned; -ENOMEM. */
int procscan_step(struct procscan *s);

void procscan_count(const struct procscan *s, struct procscan_counters *ret);

struct procscan *procscan_free(struct procscan *s);
