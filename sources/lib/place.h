/*
 * place: how far the logs under a path were read and judged, kept in a file, so that a restart goes
 * on where all is finished.
 *
 * The place in a file is the offset of the last finished record, unpacked; a file that was finished
 * is not opened again as long as its size stays. A file is the same while device, inode and time of
 * birth are (where the file system has no such time, the path), so that it may be renamed; one that
 * became shorter, or begins otherwise, is new. On disk:
 *
 *	slot    PLACE_SLOT bytes: "gyr-place 1 " and the file being read, blanks, a newline
 *	lines   a file each, in the order they were finished
 *
 * with a file as "kind dev ino birth path-hash size beginning-hash offset", hexadecimal; the kind is
 * "d" when it was finished at that size, else "a". A line is appended in one write, the slot is written in one, so a crash leaves what was there before or after; nothing is
 * synced, so a power cut may take some back. Where there are several lines of one file the last
 * counts. At the start files that are gone are left out.
 *
 * Lifetime: place_open() to place_close(); the walk outlives it. Threads: place_commit() on any, one
 * at a time, beside all else; the others on that of the source.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

#include "filewalk.h"

enum {
	PLACE_SLOT = 160,
	PLACE_MARKS = 1 << 16, /* records on their way at most, before the source waits */
	PLACE_BEGINNING =
		256, /* bytes that tell a file from another in its place; shorter ones are told by less */
};

struct place;

/* Reads, or makes, the file for @root in the folder @dir, which is made if need be. The text of an
 * error is kept by gyr_fail(): errnos of files, -EBUSY when another has it. */
int place_open(struct gyr *p, const char *dir, const char *root, const struct filewalk *walk,
	       struct place **ret) __attribute__((warn_unused_result));
struct place *place_close(struct place *pl); /* takes NULL, returns NULL */

/* The @i-th file of the walk is read from now on: below which offset its records are finished.
 * UINT64_MAX: there is nothing new in it. */
uint64_t place_begin(struct place *pl, size_t i);

/* Whether place_mark() has room for one more. */
bool place_has_room(const struct place *pl);

/* Event number @num is the record at @offset of the @i-th file, of which @size packed bytes were read. */
void place_mark(struct place *pl, uint64_t num, size_t i, uint64_t offset, uint64_t size);

/* The file was read to its end, @size packed bytes, and gave @n events. */
void place_end(struct place *pl, size_t i, uint64_t size, uint64_t n);

/* Whether an earlier run has read of the @i-th file. */
bool place_knows(const struct place *pl, size_t i);

/* Whether all events that were marked are finished. */
bool place_is_idle(const struct place *pl);

/* The @i-th file has grown: how it begins is learned, when it was too short before. Not beside
 * place_commit(). */
void place_learn(struct place *pl, size_t i);

/* The @i-th file begins anew; only while all is finished, and not beside place_commit(). */
void place_renew(struct place *pl, size_t i);

/* All events up to @num are finished. What cannot be written is said once, and only costs repetition. */
void place_commit(struct place *pl, uint64_t num);
