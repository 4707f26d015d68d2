/*
 * spool: alerts on disk, for an output that takes them later, perhaps in another run.
 *
 * A folder with segment files. A segment's name is the sequence number of its first record, as 16
 * hexadecimal digits and ".seg"; it holds frames (route/frame.h) and nothing else. One writer
 * appends, one reader follows; a segment that was read and acknowledged to its end is removed. What
 * the reader has acknowledged is in the file "cursor", in two places that take turns, so that a torn
 * write leaves the other. The file "lock" is locked (flock) as long as the spool is open.
 *
 *	cursor place (64 bytes, little endian): generation 8, segment 8, offset 8, sequence number 8,
 *	CRC32C of these 4, zeros
 *
 * After a crash the spool begins a new segment, so that a torn end is never written behind. Damage is
 * passed over to the next record that is whole, and counted, in places and in records that the
 * sequence numbers show missing.
 *
 * Lifetime: spool_open() to spool_close(). Threads: [writer] and [reader], one each at a time;
 * counters from any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gyr/abi.h"
#include "util/err.h"
#include "util/log.h"

enum {
	SPOOL_SEGMENT_BYTES = 16 << 20,
	SPOOL_MAX_BYTES = 1 << 30,
	SPOOL_MIN_SEGMENT_BYTES = 4096,
};

enum {
	_SPOOL_E_SUCCESS,
	SPOOL_E_FULL, /* as large as it may be, or the disk is full */
};

struct spool;

struct spool_setup {
	const char *dir;        /* made when it is not there; borrowed */
	uint64_t max_bytes;     /* of all segments */
	uint32_t segment_bytes; /* a segment that has as many is followed by another */
	bool sync;              /* written is on disk */
	const char *name;       /* of the output, for messages; borrowed */
	const struct log *log;
};

struct spool_counters {
	uint64_t n_records, n_bytes;  /* waiting in it; bytes on disk */
	uint64_t n_written, n_acked;  /* records of this run */
	uint64_t n_dropped;           /* unread records removed to make room */
	uint64_t n_full, n_disk_full; /* writes refused for want of room: of its own, of the disk */
	uint64_t n_failed;            /* writes that failed for another reason */
	uint64_t n_damaged, n_missing; /* damaged places passed over; records missing there */
};

/* Opens the folder and finds where the last run ended. -EBUSY when another has it open, other errnos
 * of files; all with @err. -ENOMEM. */
int spool_open(const struct spool_setup *setup, struct spool **ret, struct err *err);
struct spool *spool_close(struct spool *s); /* NULL is fine */

/* Appends the first of @n alerts, at least 1 and as many as go in one write; *ret_n says how many.
 * They are on disk then (with sync) and can be read. SPOOL_E_FULL; -EMSGSIZE when the first is too
 * large ever to fit; other errnos: nothing was written. [writer] */
int spool_write(struct spool *s, const struct gyr_alert *const *alerts, uint32_t n,
		uint32_t *ret_n);

/* Removes the oldest segment, read or not. False when there is nothing to remove. [writer] */
bool spool_drop_oldest(struct spool *s);

/* Whether there is a record that was not read. [any] */
bool spool_has_unread(struct spool *s);

/* Where a record begins. */
struct spool_place {
	uint64_t segment, offset, seq;
};

/* Once all that was read before is acknowledged: the next records, up to @max: their number, views of them and where each begins, valid until the
 * next call; 0 when there is none. *ret_end: where the next begins. [reader] */
uint32_t spool_read(struct spool *s, uint32_t max, const struct gyr_alert **ret_views,
		    const struct spool_place **ret_places, struct spool_place *ret_end);

/* Everything before @to is done with. [reader] */
void spool_ack(struct spool *s, struct spool_place to);

void spool_count(struct spool *s, struct spool_counters *ret);
