/*
 * scap: reads recordings of system call events, from the first byte to the last event.
 *
 * In: a file, plain or gzip-compressed, of sections one after the other; a section is a header, a
 * description of the system (processes, files, users ...) and events. Out: events of the current
 * schema in order, with what gyr/scapmeta.h describes in front of each section's. What an older
 * schema recorded is converted on the way.
 *
 * Events lie in the window through which the file is read wherever possible: nothing is copied.
 * They are lent until scap_recycle(). When the window cannot move on without taking back what it
 * lent, scap_next() says SCAP_E_RECYCLE.
 *
 * Damage ends a recording: every event before it is delivered, then scap_next() fails, and
 * scap_error() says what was found and where.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

enum {
	_SCAP_E_SUCCESS,
	SCAP_E_EOF,     /* the end, in order */
	SCAP_E_RECYCLE, /* call scap_recycle() first */
};

enum scap_kind {
	SCAP_KIND_OTHER, /* unknown: skipped */
	SCAP_KIND_SHB,
	SCAP_KIND_MI,
	SCAP_KIND_PL,
	SCAP_KIND_FDL,
	SCAP_KIND_IL,
	SCAP_KIND_UL,
	SCAP_KIND_EV,
};

enum { SCAP_N_BLOCK_TYPES = 27 };

struct scap_stats {
	uint64_t
		n_blocks[SCAP_N_BLOCK_TYPES]; /* scap_block_name() has the order; 0: unknown ones */
	uint64_t n_events;                    /* delivered, hidden ones included */
	uint64_t n_hidden;
	uint64_t n_converted;
	uint64_t n_unknown_events; /* of a newer schema: skipped */
	uint64_t n_filtered;       /* taken into other events, or no longer recorded */
	uint64_t n_enters_lost;    /* enter events forgotten for lack of room */
};

struct scap;

/* Opens @path; "-" is standard input. A negative errno of the file; @err (of @err_size bytes) then
 * has a text. */
int scap_open(const char *path, struct scap **ret_scap, char *err, size_t err_size);

/* The same over a stream that nobody read from, which it takes, also when it fails. -ENOMEM. */
struct scap_stream;
int scap_open_stream(struct scap_stream *stream, struct scap **ret_scap);

/* The same over bytes in memory, which must outlive it. */
int scap_open_memory(const void *bytes, size_t len, struct scap **ret_scap);

/* NULL is fine. Returns NULL. */
struct scap *scap_close(struct scap *s);

/*
 * The next event. SCAP_E_EOF, SCAP_E_RECYCLE; -EBADMSG for what is no recording, or a damaged one,
 * -EIO and others of the file, -ENOMEM. After the end or an error the answer stays the same. The
 * event is the caller's to change.
 */
int scap_next(struct scap *s, ss_plugin_event **ret_event);

/* Up to @cap events at once: 0 with all of them, or what scap_next() answers after *ret_n of them. */
int scap_next_some(struct scap *s, ss_plugin_event **ret_events, uint32_t cap, uint32_t *ret_n);

/* Takes back all events that were lent. */
void scap_recycle(struct scap *s);

/* What went wrong; "" when nothing did. Lives as long as @s. */
const char *scap_error(const struct scap *s);

/* How far it is, in hundredths of a percent of the file's bytes; 0 when the size is not known. */
uint32_t scap_progress(const struct scap *s);

/* Counts; they live as long as @s. */
const struct scap_stats *scap_stats(struct scap *s);

/* Name of a row of scap_stats.n_blocks: "EV_V2" ...; NULL past the end. */
const char *scap_block_name(unsigned i);
