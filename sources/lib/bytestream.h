/*
 * bytestream: the bytes of a file, or of a download as they come, in chunks, unpacked when they are
 * gzip, in constant memory.
 *
 * Whether a file is gzip is read off its first bytes, not its name. Members that follow one another
 * are one stream, as gzip itself has it; zeros behind the last are padding. What a small file may
 * unpack to is bounded twice: in all, and by its ratio once there are more than 32 MiB of it (one
 * event of repeated text packs a thousandfold, and is real).
 *
 * Lifetime: a chunk is valid until the next call. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytestream;

struct bytestream_limits {
	uint64_t max_bytes; /* unpacked bytes of one gzip file */
	uint64_t max_ratio; /* unpacked to packed */
};

enum { BYTESTREAM_FEED = 32 << 10 }; /* bytes that are taken at once at most */

/* NULL when memory is short. One stream reads any number of files, one after another. */
struct bytestream *bytestream_new(const struct bytestream_limits *limits);

/* Takes NULL; always returns NULL. */
struct bytestream *bytestream_free(struct bytestream *b);

/* -errno as of open(2); -EINVAL when it is not a plain file. */
int bytestream_open(struct bytestream *b, const char *path) __attribute__((warn_unused_result));

/* In place of a file: begin, then bytes (a copy of at most BYTESTREAM_FEED) whenever a read said
 * -EAGAIN, and the end when there are no more. */
void bytestream_begin(struct bytestream *b);
void bytestream_feed(struct bytestream *b, const void *bytes, size_t n);
void bytestream_feed_end(struct bytestream *b);

/* 1: *ret_p and *ret_len are the next bytes, at least one; 0: the end. -EAGAIN: what was fed is used up. -EBADMSG: damaged gzip;
 * -ENODATA: gzip cut short; -EFBIG: a bound above; -errno of read(2). After an error only close. */
int bytestream_read(struct bytestream *b, const char **ret_p, size_t *ret_len)
	__attribute__((warn_unused_result));

/* The file is read on from where it ended, for it may have grown. */
void bytestream_again(struct bytestream *b);

/* The file, to look at; -1 when none is open. */
int bytestream_fd(const struct bytestream *b);

/* Bytes of the file that were read so far, packed ones. */
uint64_t bytestream_position(const struct bytestream *b);

/* An error of bytestream_read() for people. */
const char *bytestream_strerror(int r);

void bytestream_close(struct bytestream *b);
