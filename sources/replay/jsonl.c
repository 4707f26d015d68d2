/*
 * jsonl: bytes to lines, a line to values, values to records.
 *
 * What is left of the line in hand is a text and, inside of it, the lists that were opened and are not
 * yet at their end; a record is the next value of the innermost.
 */
#include "jsonl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_SIZE = 256 << 10,
	STRETCH_BYTES = 8 << 20, /* read without a record, after which the caller gets a word in */
	LISTS_MAX = 3,           /* an array of envelopes is two */
};

struct jsonl {
	struct jsonl_setup setup;
	struct scap_stream *stream;
	struct jsonl_finder *finder;
	char *buf; /* buf[at .. len] was read and is not yet in a line; no newline before searched */
	size_t at, searched, len, cap;
	uint64_t line;
	bool is_skipping;     /* the rest of a line that is too long */
	const char *p, *stop; /* what is left of the line in hand */
	struct gyr_json_iter lists[LISTS_MAX];
	unsigned n_lists;
	int end; /* what every further call answers; 0: not at the end */
};

int jsonl_open(struct scap_stream *stream, const struct jsonl_setup *setup, struct jsonl **ret)
{
	const struct jsonl_kind *only = jsonl_kind_of(setup->source);
	struct jsonl *j = NULL;

	if (only || !*setup->source)
		j = calloc(1, sizeof *j);
	if (j)
		j->finder = jsonl_finder_new(only);
	if (!j || !j->finder) {
		free(j);
		(void)scap_stream_close(stream);
		return only || !*setup->source ? -ENOMEM : -EINVAL;
	}
	j->setup = *setup;
	j->stream = stream;
	*ret = j;
	return 0;
}

struct jsonl *jsonl_close(struct jsonl *j)
{
	if (!j)
		return NULL;
	(void)scap_stream_close(j->stream);
	(void)jsonl_finder_free(j->finder);
	free(j->buf);
	free(j);
	return NULL;
}

static void skip(struct jsonl *j, uint64_t *counter, const char *why)
{
	++*counter;
	j->setup.note(j->setup.arg, j->line, why);
}

/* ---- lines ---- */

static int make_room(struct jsonl *j)
{
	size_t cap = j->cap ? j->cap * 2 : FIRST_SIZE;
	char *bigger;

	if (j->at) {
		memmove(j->buf, j->buf + j->at, j->len - j->at);
		j->searched -= j->at;
		j->len -= j->at;
		j->at = 0;
	}
	if (j->len < j->cap)
		return 0;
	bigger = realloc(j->buf, cap);
	if (!bigger)
		return -ENOMEM;
	j->buf = bigger;
	j->cap = cap;
	return 0;
}

/* A line that is longer than may be: of what was read of it nothing is kept. */
static void give_up_line(struct jsonl *j)
{
	if (!j->is_skipping) {
		j->line++;
		skip(j, &j->setup.stats->skipped_too_large, "line too long, skipped");
	}
	j->is_skipping = true;
	j->at = j->searched = j->len;
}

/* More bytes behind those that are there; 0 bytes at the end of the stream. */
static long read_more(struct jsonl *j)
{
	long n = make_room(j);

	if (n == 0)
		n = scap_stream_read(j->stream, j->buf + j->len, j->cap - j->len);
	if (n > 0)
		j->len += (size_t)n;
	return n;
}

/* The bytes up to @stop are the line in hand. */
static void set_line(struct jsonl *j, size_t stop, size_t next)
{
	if (j->is_skipping || stop - j->at > j->setup.max_line) {
		give_up_line(j);
		j->is_skipping = false;
	} else {
		j->line++;
		j->p = j->buf + j->at;
		j->stop = j->buf + stop;
	}
	j->at = j->searched = next;
}

/* The stream ends, or breaks: what is left is a line of its own. */
static int end_lines(struct jsonl *j, long n)
{
	j->end = n < 0 ? (int)n : JSONL_E_EOF;
	if (j->at == j->len && !j->is_skipping)
		return j->end;
	set_line(j, j->len, j->len);
	if (n == 0)
		return 0;
	j->p = j->stop;
	skip(j, &j->setup.stats->skipped_malformed, "cut short by damage");
	return j->end;
}

/* Takes the next line in hand: 0, or what jsonl_next() answers. */
static int next_line(struct jsonl *j)
{
	size_t n_read = 0;

	if (j->end)
		return j->end;
	j->p = j->stop = NULL;
	for (;;) {
		const char *newline = j->len > j->searched ? memchr(j->buf + j->searched, '\n',
								    j->len - j->searched)
							   : NULL;
		long n;

		if (newline) {
			const size_t stop = (size_t)(newline - j->buf);

			set_line(j, stop, stop + 1);
			return 0;
		}
		j->searched = j->len;
		if (j->len - j->at > j->setup.max_line)
			give_up_line(j);
		if (n_read >= STRETCH_BYTES)
			return JSONL_E_STRETCH;
		n = read_more(j);
		if (n <= 0)
			return end_lines(j, n);
		n_read += (size_t)n;
	}
}

/* ---- values ---- */

static void drop_line(struct jsonl *j)
{
	j->n_lists = 0;
	j->p = j->stop;
}

/* The next value of the line in hand: 1, 0 when there is none, -EBADMSG for what is no JSON. */
static int next_value(struct jsonl *j, struct gyr_json *ret)
{
	while (j->n_lists) {
		const int r = gyr_json_next(&j->lists[j->n_lists - 1], NULL, ret);

		if (r)
			return r;
		j->n_lists--;
	}
	while (j->p < j->stop && *j->p && strchr(" \t\r\xef\xbb\xbf", *j->p))
		j->p++;
	if (j->p == j->stop)
		return 0;
	if (*j->p != '{' && *j->p != '[')
		return -EBADMSG;
	if (gyr_json_value(j->p, (size_t)(j->stop - j->p), ret))
		return -EBADMSG;
	j->p = ret->p + ret->len;
	return 1;
}

static void open_list(struct jsonl *j, const struct gyr_json *list)
{
	if (j->n_lists == LISTS_MAX)
		skip(j, &j->setup.stats->skipped_unknown, "lists inside lists, skipped");
	else
		gyr_json_iter_init(&j->lists[j->n_lists++], list);
}

/* Whether the object is a record; what it is otherwise is dealt with. */
static bool take(struct jsonl *j, struct jsonl_record *ret)
{
	struct jsonl_stats *stats = j->setup.stats;
	struct gyr_json list;

	switch (jsonl_find(j->finder, &ret->value, &ret->kind, &ret->ts, &list)) {
	case JSONL_FIND_RECORD:
		stats->records++;
		ret->line = j->line;
		return true;
	case JSONL_FIND_LIST:
		open_list(j, &list);
		break;
	case JSONL_FIND_LEFT_OUT:
		stats->skipped_by_type++;
		break;
	case JSONL_FIND_NO_TIME:
		skip(j, &stats->skipped_no_time, "no usable time, record skipped");
		break;
	case JSONL_FIND_NO_TYPE:
		skip(j, &stats->skipped_no_type, "no event type, record skipped");
		break;
	case JSONL_FIND_UNKNOWN:
		skip(j, &stats->skipped_unknown, "a record of no known source, skipped");
		break;
	case JSONL_FIND_BROKEN:
		skip(j, &stats->skipped_malformed, "not JSON, record skipped");
	}
	return false;
}

int jsonl_next(struct jsonl *j, struct jsonl_record *ret)
{
	for (;;) {
		int r = next_value(j, &ret->value);

		if (r == 0) {
			r = next_line(j);
			if (r)
				return r;
			j->setup.stats->lines = j->line;
		} else if (r < 0) {
			skip(j, &j->setup.stats->skipped_malformed,
			     "not JSON, or cut short; the rest of the line is skipped");
			drop_line(j);
		} else if (ret->value.type == GYR_JSON_ARRAY) {
			open_list(j, &ret->value);
		} else if (ret->value.type != GYR_JSON_OBJECT) {
			skip(j, &j->setup.stats->skipped_malformed, "no object, skipped");
		} else if (take(j, ret)) {
			return 0;
		}
	}
}

const char *jsonl_error(const struct jsonl *j)
{
	if (j->end >= 0)
		return "";
	return j->end == -EBADMSG ? scap_stream_error(j->stream) : strerror(-j->end);
}

uint32_t jsonl_progress(const struct jsonl *j)
{
	uint64_t at, size;

	scap_stream_position(j->stream, &at, &size);
	if (size == 0)
		return 0;
	return at < size ? (uint32_t)((double)at / (double)size * 10000.0) : 10000;
}

uint64_t jsonl_line(const struct jsonl *j)
{
	return j->line;
}
