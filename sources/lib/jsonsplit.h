/*
 * jsonsplit: the records of a JSON log, cut out of a stream of chunks of any size.
 *
 * A log is a sequence of documents, with or without newlines between them. A document is an object
 * (one record), an envelope (an object whose member of a given name is an array: its elements are
 * records) or an array of either. Records come out as their original bytes: inside the caller's
 * chunk when they lie in it whole, otherwise from a buffer here that never grows beyond max_bytes.
 *
 * Only the structure is checked: brackets, keys, commas. Words and numbers are for the reader of
 * the record to judge. Where the structure breaks, the record it breaks in is given up and the next
 * place where a record can start is looked for: a line that begins with a bracket or, inside an
 * array, a comma followed by the same bytes that the first record of the array began with. Quotes
 * inside strings are escaped, so what a log's author quotes cannot look like such a place.
 *
 * Lifetime: a record's bytes are valid until the next call. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSONSPLIT_MAX_DEPTH = 512, /* nesting; deeper is malformed */
	JSONSPLIT_MAX_PREFIX = 64, /* bytes remembered of how records begin */
};

/* Outcomes of jsonsplit_next(). */
enum {
	JSONSPLIT_MORE = 0,  /* the chunk is used up */
	JSONSPLIT_RECORD,    /* *ret is a record */
	JSONSPLIT_MALFORMED, /* what is at ret->offset is no JSON, cut short, or no object */
	JSONSPLIT_TOO_LARGE, /* the record at ret->offset has more than max_bytes */
};

struct jsonsplit_record {
	const char *p;
	size_t len;
	uint64_t offset; /* of its first byte in the stream */
	bool has_blanks; /* between tokens */
	bool has_odd;    /* bytes in strings that are not ASCII, or control characters */
};

struct jsonsplit {
	const char *envelope; /* name of the member that holds records; lent */
	size_t envelope_len, max_bytes;

	/* Private. Containers open now, one bit each, 1 = object; how many; records are the objects
	 * opened at depth `level`; `outer` is the level around the envelope. */
	uint64_t kinds[JSONSPLIT_MAX_DEPTH / 64];
	unsigned depth, level, outer;
	int state;
	bool in_envelope, in_tail, is_recording, is_oversize, is_key, is_first_key, has_newline;
	bool key_ok, is_envelope_key, is_lenient, is_lines, is_soft, at_line, in_zeros;
	bool has_blanks, has_odd;

	const char *begin, *cur, *end; /* the chunk */
	uint64_t offset;               /* of the chunk's first byte */
	char last;                     /* byte before the chunk */

	const char *rec; /* where the record starts in this chunk, or goes on */
	uint64_t rec_offset;
	size_t key_pos;
	char *buf; /* what earlier chunks held of it */
	size_t len, size;

	char prefix[JSONSPLIT_MAX_PREFIX]; /* a comma and how records begin */
	unsigned prefix_len, match;
};

/* @envelope must outlive the splitter. */
void jsonsplit_init(struct jsonsplit *s, const char *envelope, size_t max_bytes);

void jsonsplit_deinit(struct jsonsplit *s);

/* Ready for another stream; keeps the buffer unless a very large record made it grow. */
void jsonsplit_reset(struct jsonsplit *s);

/* Takes bytes from *p on, up to @end, moves *p behind what is done with. Returns an outcome above;
 * all but MORE fill *ret and want another call, which may be with the same chunk only. -ENOMEM. */
int jsonsplit_next(struct jsonsplit *s, const char **p, const char *end,
		   struct jsonsplit_record *ret) __attribute__((warn_unused_result));

/* The stream has ended: JSONSPLIT_MALFORMED or JSONSPLIT_TOO_LARGE with ret->offset when something
 * was cut short, JSONSPLIT_MORE when all was complete. */
int jsonsplit_end(struct jsonsplit *s, struct jsonsplit_record *ret)
	__attribute__((warn_unused_result));
