/*
 * scap_stream: the bytes of a file, whether it is compressed or not.
 *
 * A file that begins with the magic of gzip is inflated, any number of members; every byte that can
 * be had before damage is given. Anything else is read as it is.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct scap_stream;

/* Opens @path ("-": standard input). A negative errno. */
int scap_stream_open(const char *path, struct scap_stream **ret_stream);
int scap_stream_open_memory(const void *bytes, size_t len, struct scap_stream **ret_stream);
struct scap_stream *scap_stream_close(struct scap_stream *s);

/* Reads up to @size bytes: how many, 0 at the end. -EBADMSG: compressed data that is damaged or ends
 * too early; a negative errno of the file. */
long scap_stream_read(struct scap_stream *s, void *ret, size_t size);

/* The first byte that is no blank and no byte order mark, of those that the first read may give;
 * they are given all the same. -1 when there is none, or for an error, which the first read gives. */
int scap_stream_peek(struct scap_stream *s);

/* What -EBADMSG was about. */
const char *scap_stream_error(const struct scap_stream *s);

/* Bytes of the file taken so far, and all of them; 0 when that is not known. */
void scap_stream_position(const struct scap_stream *s, uint64_t *ret_at, uint64_t *ret_size);
