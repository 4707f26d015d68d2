/*
 * logrecord: from the bytes of a log to events, wherever the bytes come from.
 *
 *	chunk -> jsonsplit -> time and type of the record -> event
 *
 * What is skipped is counted by its cause, and described in the log with the name of the input and
 * the offset, up to a number of lines.
 *
 * Lifetime: init to deinit; kind and stats outlive it. One serves any number of inputs, each with a
 * splitter of its own. Threads: one owner.
 */
#pragma once

#include <stdint.h>

#include <gyr/plugin.h>

#include "jsonsplit.h"
#include "logkind.h"

enum {
	LOGRECORD_MAX_NOTES = 20, /* lines about skipped input that are written */
};

struct gyr_json_reader;

/* Embedded; all private. */
struct logrecord {
	struct gyr *p;
	const struct logfeed_kind *kind;
	struct logfeed_stats *stats;
	struct gyr_json_reader *reader;
	uint32_t time_id, type_id;
	unsigned n_notes;
};

/* Where one input stands. */
struct logrecord_input {
	const char *name; /* said in notes */
	struct jsonsplit split;
	const char *at, *end; /* what is left of the chunk */
};

/* -ENOMEM, -EINVAL for a pointer of @kind that is none; deinit either way. */
int logrecord_init(struct logrecord *l, struct gyr *p, const struct logfeed_kind *kind,
		   struct logfeed_stats *stats) __attribute__((warn_unused_result));
void logrecord_deinit(struct logrecord *l);

/* A line about something in the input @name, with an offset or as a whole. */
void logrecord_note(struct logrecord *l, const char *name, uint64_t offset, const char *why);
void logrecord_left_out(struct logrecord *l, const char *name, const char *why);

/* Cuts off the next record: 1 and *ret; 0: the chunk is used up; a negative errno with its text
 * kept by gyr_fail(). */
int logrecord_cut(struct logrecord *l, struct logrecord_input *in, struct jsonsplit_record *ret)
	__attribute__((warn_unused_result));

/* Makes an event of the record: 1; 0: it is skipped; a negative errno with its text kept. */
int logrecord_emit(struct logrecord *l, const struct logrecord_input *in,
		   const struct jsonsplit_record *rec, struct gyr_batch *out)
	__attribute__((warn_unused_result));

/* The input has ended: what was cut short is told. */
void logrecord_end(struct logrecord *l, struct logrecord_input *in);
