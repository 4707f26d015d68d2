/*
 * logfeed: the chain from files to events, and the book of what did not make it.
 */
#include "logfeed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytestream.h"
#include "filewalk.h"
#include "logrecord.h"
#include "place.h"

enum {
	STRETCH_BYTES = 8 << 20, /* input without an event after which the host gets a word in */
	FULL_PAUSE_NS = 5000000, /* when too many records are on their way */
};

struct logfeed {
	struct gyr *p;
	const struct logfeed_kind *kind;
	struct logfeed_stats *stats;
	struct filewalk walk;
	size_t next_file;
	uint64_t done_bytes; /* sizes of the files behind us */
	bool is_open;        /* walk.files[next_file] is being read */
	struct bytestream *stream;
	struct logrecord_input in;
	struct logrecord records;
	struct place *place;     /* NULL: it is not kept */
	uint64_t finished_below; /* records of this file that an earlier run finished */
	uint64_t n_events;       /* ever emitted */
	uint64_t n_before;       /* of those, before this file */
};

static const char *file_path(const struct logfeed *f)
{
	return f->walk.files[f->next_file].path;
}

static void left_out(void *arg, const char *path, const char *why)
{
	struct logfeed *f = arg;

	logrecord_left_out(&f->records, path, why);
}

/* ---- open and close ---- */

static int make_parts(struct logfeed *f, const struct logfeed_limits *limits)
{
	jsonsplit_init(&f->in.split, f->kind->envelope, limits->max_event_bytes);
	f->stream = bytestream_new(&(struct bytestream_limits){
		.max_bytes = limits->max_inflated_bytes, .max_ratio = limits->max_ratio});
	if (!f->stream)
		return -ENOMEM;
	return logrecord_init(&f->records, f->p, f->kind, f->stats);
}

static int find_files(struct logfeed *f, const char *path)
{
	int r;

	f->walk = (struct filewalk){.wants = f->kind->wants,
				    .left_out = left_out,
				    .arg = f,
				    .by_time = f->kind->by_time};
	r = filewalk_run(&f->walk, path);
	f->stats->skipped_links += f->walk.n_links;
	f->stats->skipped_special += f->walk.n_special;
	f->stats->files_failed += f->walk.n_failed;
	if (r == -EINVAL)
		return gyr_fail(f->p, r, "open: '%s': neither a file nor a directory", path);
	if (r < 0)
		return gyr_fail(f->p, r, "open: '%s': %s", path, strerror(-r));
	if (f->walk.n == 1 && strcmp(f->walk.files[0].path, path) == 0 && access(path, R_OK))
		return gyr_fail(f->p, -errno, "open: '%s': %s", path, strerror(errno));
	if (f->walk.n == 0 && f->kind->must_find)
		return gyr_fail(f->p, -ENOENT, "open: '%s': no log files in this directory", path);
	return 0;
}

int logfeed_open(struct gyr *p, const struct logfeed_kind *kind,
		 const struct logfeed_limits *limits, struct logfeed_stats *stats, const char *path,
		 struct logfeed **ret)
{
	struct logfeed *f = calloc(1, sizeof *f);
	int r;

	if (!f)
		return gyr_fail(p, -ENOMEM, "open: '%s': no memory", path);
	f->p = p;
	f->kind = kind;
	f->stats = stats;
	r = make_parts(f, limits);
	if (r < 0)
		(void)gyr_fail(p, r, "open: '%s': %s", path, strerror(-r));
	else
		r = find_files(f, path);
	if (r == 0 && *limits->state_dir)
		r = place_open(p, limits->state_dir, path, &f->walk, &f->place);
	if (r < 0) {
		(void)logfeed_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

struct logfeed *logfeed_close(struct logfeed *f)
{
	if (!f)
		return NULL;
	(void)place_close(f->place);
	filewalk_deinit(&f->walk);
	jsonsplit_deinit(&f->in.split);
	(void)bytestream_free(f->stream);
	logrecord_deinit(&f->records);
	free(f);
	return NULL;
}

/* ---- one record ---- */

/* 1: an event was emitted; 0: the record was skipped. */
static int take(struct logfeed *f, const struct jsonsplit_record *rec, struct gyr_batch *out)
{
	int r;

	if (rec->offset < f->finished_below) {
		f->stats->finished++;
		return 0;
	}
	r = logrecord_emit(&f->records, &f->in, rec, out);
	if (r <= 0)
		return r;
	f->n_events++;
	if (f->place)
		place_mark(f->place, f->n_events, f->next_file, rec->offset);
	return 1;
}

/* ---- files ---- */

static void finish_file(struct logfeed *f)
{
	bytestream_close(f->stream);
	f->done_bytes += f->walk.files[f->next_file].size;
	f->next_file++;
	f->is_open = false;
}

static void close_file(struct logfeed *f)
{
	logrecord_end(&f->records, &f->in);
	if (f->place)
		place_end(f->place, f->next_file, bytestream_position(f->stream),
			  f->n_events - f->n_before);
	finish_file(f);
}

static void open_file(struct logfeed *f)
{
	int r;

	f->n_before = f->n_events;
	f->finished_below = f->place ? place_begin(f->place, f->next_file) : 0;
	if (f->finished_below == UINT64_MAX) {
		f->stats->files_finished++;
		finish_file(f);
		return;
	}
	r = bytestream_open(f->stream, file_path(f));
	if (r < 0) {
		f->stats->files_failed++;
		left_out(f, file_path(f), bytestream_strerror(r));
		finish_file(f);
		return;
	}
	f->stats->files++;
	if (f->walk.files[f->next_file].size == 0)
		f->stats->files_empty++;
	f->is_open = true;
	f->in.name = file_path(f);
	f->in.at = f->in.end = NULL;
	jsonsplit_reset(&f->in.split);
}

/* The next bytes of the file; closes it when there are none. Returns how many. */
static size_t read_chunk(struct logfeed *f)
{
	size_t len = 0;
	int r = bytestream_read(f->stream, &f->in.at, &len);

	if (r > 0) {
		f->in.end = f->in.at + len;
		f->stats->bytes += len;
		return len;
	}
	if (r < 0) {
		f->stats->files_failed++;
		logrecord_note(&f->records, file_path(f), bytestream_position(f->stream),
			       bytestream_strerror(r));
	}
	close_file(f);
	return 0;
}

/* Cuts records off the chunk until one becomes an event (1) or the chunk ends (0). */
static int cut(struct logfeed *f, struct gyr_batch *out)
{
	struct jsonsplit_record rec;
	int r, n = 0;

	while (n == 0 && (r = logrecord_cut(&f->records, &f->in, &rec)) != 0) {
		if (r < 0)
			return r;
		n = take(f, &rec, out);
	}
	return n;
}

int logfeed_next(struct logfeed *f, struct gyr_batch *out)
{
	const struct timespec pause = {.tv_nsec = FULL_PAUSE_NS};
	size_t n_read = 0;
	int r;

	if (f->place && !place_has_room(f->place)) {
		(void)nanosleep(&pause, NULL);
		return GYR_TIMEOUT;
	}
	for (;;) {
		if (f->is_open) {
			r = cut(f, out);
			if (r != 0)
				return r < 0 ? r : 0;
			if (n_read > STRETCH_BYTES)
				return GYR_TIMEOUT;
			n_read += read_chunk(f);
			continue;
		}
		if (f->next_file == f->walk.n)
			return GYR_EOF;
		open_file(f);
	}
}

void logfeed_commit(struct logfeed *f, uint64_t num)
{
	if (f->place)
		place_commit(f->place, num);
}

/* ---- how far, how much ---- */

uint32_t logfeed_progress(const struct logfeed *f, struct gyr_text *out)
{
	uint64_t done = f->done_bytes, all = f->walk.bytes;

	if (f->is_open)
		done += bytestream_position(f->stream);
	gyr_text_addf(out, "file %zu of %zu", f->next_file + f->is_open, f->walk.n);
	if (done >= all)
		return 10000;
	return (uint32_t)((double)done / (double)all * 10000.0);
}

uint32_t logfeed_metrics(const struct logfeed_stats *stats, ss_plugin_metric *ret, uint32_t cap)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
#define X(counter, what) {#counter, stats->counter},
		LOGFEED_COUNTERS(X)
#undef X
	};
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows && n < cap; i++) {
		if (i > 0 && rows[i].value == 0)
			continue;
		ret[n++] = (ss_plugin_metric){.name = rows[i].name,
					      .type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
					      .value.u64 = rows[i].value,
					      .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
	}
	return n;
}
