/*
 * spool_dir: the inside of a spool, and what its folder holds when it is opened.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "route/spool.h"
#include "util/arena.h"
#include "util/buf.h"

enum { SPOOL_NAME = 24, SPOOL_MAX_SEGMENTS = 1 << 20 };

struct segment {
	uint64_t no;   /* sequence number of its first record */
	uint64_t size; /* bytes that can be read */
};

struct spool {
	struct spool_setup setup;
	int dir_fd, lock_fd, cursor_fd;
	pthread_mutex_t lock;     /* of the following */
	struct segment *segments; /* oldest first */
	uint32_t n_segments, cap_segments;
	uint64_t bytes, next_seq;
	struct spool_place read, acked;
	uint64_t generation; /* of the cursor */
	/* [writer] */
	int write_fd; /* of the last segment; -1: a new one has to be begun */
	struct buf out;
	/* [reader] */
	int read_fd;
	uint64_t read_segment;
	struct buf in;
	struct arena tags;
	struct gyr_alert *views;
	struct spool_place *places;
	uint32_t n_batch, cap_batch;
	_Atomic uint64_t n_written, n_acked, n_dropped, n_full, n_disk_full, n_failed, n_damaged,
		n_missing;
};

/* Locks the folder, lists its segments, finds the cursor and the next sequence number. */
int spool_dir_open(struct spool *s, struct err *err);

/* Writes the cursor. A failure costs repetitions after a crash, nothing else. With the lock held. */
void spool_dir_save(struct spool *s);

void spool_segment_name(uint64_t no, char name[SPOOL_NAME]);
