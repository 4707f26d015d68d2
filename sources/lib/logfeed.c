/*
 * logfeed: the chain from files to events, and the book of what did not make it.
 */
#include "logfeed.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bytestream.h"
#include "counters.h"
#include "filewalk.h"
#include "logfollow.h"
#include "logrecord.h"
#include "place.h"

enum {
	STRETCH_BYTES = 8 << 20,    /* input without an event after which the host gets a word in */
	FULL_PAUSE_NS = 5000000,    /* when too many records are on their way */
	FOLLOW_PAUSE_NS = 20000000, /* between two looks at a file that does not grow */
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

	/* Of the last file, when it is followed. */
	bool is_followed, is_waiting,
		is_broken; /* nothing new at the last look; cannot be read on */
	struct logfollow follow;
	uint64_t n_at_rest; /* events when it was waited for the last time */
	char *path, *state_dir;
	pthread_mutex_t
		lock; /* of the place: between who commits, and going over to another file */
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

static int make_parts(struct logfeed *f, const struct logfeed_setup *setup)
{
	jsonsplit_init(&f->in.split, f->kind->envelope, setup->max_event_bytes);
	f->stream = bytestream_new(&(struct bytestream_limits){
		.max_bytes = setup->max_inflated_bytes, .max_ratio = setup->max_ratio});
	if (!f->stream)
		return -ENOMEM;
	return logrecord_init(&f->records, f->p, f->kind, f->stats);
}

/* Of what the file was renamed to before, only that is read which an earlier run did not finish. */
static void skip_what_is_old(struct logfeed *f)
{
	f->next_file = f->walk.n - 1;
	for (size_t i = f->walk.n; f->place && i-- > 0;) {
		if (!place_knows(f->place, i))
			continue;
		f->next_file = i;
		break;
	}
}

static int find_files(struct logfeed *f, const char *path)
{
	int r;

	f->walk = (struct filewalk){.wants = f->kind->wants,
				    .left_out = left_out,
				    .arg = f,
				    .by_time = f->kind->by_time};
	r = f->is_followed ? filewalk_siblings(&f->walk, path) : filewalk_run(&f->walk, path);
	f->stats->skipped_links += f->walk.n_links;
	f->stats->skipped_special += f->walk.n_special;
	f->stats->files_failed += f->walk.n_failed;
	if (r == -EINVAL)
		return gyr_fail(f->p, r, "open: '%s': %s", path,
				f->is_followed ? "no file that could be followed"
					       : "neither a file nor a directory");
	if (r < 0)
		return gyr_fail(f->p, r, "open: '%s': %s", path, strerror(-r));
	if (f->walk.n > 0 && strcmp(f->walk.files[f->walk.n - 1].path, path) == 0 &&
	    access(path, R_OK))
		return gyr_fail(f->p, -errno, "open: '%s': %s", path, strerror(errno));
	if (f->walk.n == 0 && f->kind->must_find)
		return gyr_fail(f->p, -ENOENT, "open: '%s': no log files in this directory", path);
	return 0;
}

/* Which files there are, and how far they were read. */
static int open_files(struct logfeed *f)
{
	int r = find_files(f, f->path);

	if (r == 0 && *f->state_dir)
		r = place_open(f->p, f->state_dir, f->path, &f->walk, &f->place);
	if (r == 0 && f->is_followed)
		skip_what_is_old(f);
	return r;
}

int logfeed_open(struct gyr *p, const struct logfeed_setup *setup, const char *path,
		 struct logfeed **ret)
{
	struct logfeed *f = calloc(1, sizeof *f);
	int r;

	if (!f || pthread_mutex_init(&f->lock, NULL)) {
		free(f);
		return gyr_fail(p, -ENOMEM, "open: '%s': no memory", path);
	}
	f->p = p;
	f->kind = setup->kind;
	f->stats = setup->stats;
	f->is_followed = setup->is_followed;
	f->path = strdup(path);
	f->state_dir = strdup(setup->state_dir);
	r = make_parts(f, setup);
	if (r == 0 && (!f->path || !f->state_dir))
		r = -ENOMEM;
	if (r < 0)
		(void)gyr_fail(p, r, "open: '%s': %s", path, strerror(-r));
	else
		r = open_files(f);
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
	(void)pthread_mutex_destroy(&f->lock);
	free(f->path);
	free(f->state_dir);
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
		place_mark(f->place, f->n_events, f->next_file, rec->offset,
			   bytestream_position(f->stream));
	return 1;
}

/* ---- files ---- */

/* Whether the file has no end: more may come. */
static bool is_endless(const struct logfeed *f)
{
	return f->is_followed && f->next_file + 1 == f->walk.n;
}

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
	if (f->finished_below == UINT64_MAX && is_endless(f)) {
		f->finished_below = f->walk.files[f->next_file].size;
	} else if (f->finished_below == UINT64_MAX) {
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
	f->is_waiting = f->is_broken = false;
	if (is_endless(f))
		logfollow_begin(&f->follow, bytestream_fd(f->stream));
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
		f->is_broken = true;
	}
	if (is_endless(f))
		f->is_waiting = true;
	else
		close_file(f);
	return 0;
}

/* ---- a file that is followed ---- */

/* Looks for the files anew. When its name is gone for the moment there are none. */
static void find_again(struct logfeed *f)
{
	f->place = place_close(f->place);
	filewalk_deinit(&f->walk);
	f->next_file = 0;
	if (open_files(f) < 0) {
		left_out(f, f->path, gyr_error(f->p));
		filewalk_deinit(&f->walk);
		f->next_file = 0;
	}
}

/* What was put in place of the one with @old comes next, also when it was renamed in its turn. */
static void go_behind(struct logfeed *f, const struct stat *old)
{
	struct stat st;

	for (size_t i = 0; i + 1 < f->walk.n; i++)
		if (stat(f->walk.files[i].path, &st) == 0 && st.st_dev == old->st_dev &&
		    st.st_ino == old->st_ino)
			f->next_file = i + 1;
}

/* Goes over to what is in the place of the file, once all of it is finished. */
static bool replace(struct logfeed *f, bool is_moved)
{
	const size_t i = f->next_file;
	struct stat st;

	if ((f->place && !place_is_idle(f->place)) || fstat(bytestream_fd(f->stream), &st) < 0)
		return false;
	(void)pthread_mutex_lock(&f->lock);
	close_file(f);
	f->next_file = i;
	if (!is_moved && f->place)
		place_renew(f->place, i);
	if (is_moved) {
		find_again(f);
		go_behind(f, &st);
	}
	(void)pthread_mutex_unlock(&f->lock);
	return true;
}

static void read_on(struct logfeed *f)
{
	f->is_waiting = false;
	bytestream_again(f->stream);
	if (!f->place)
		return;
	(void)pthread_mutex_lock(&f->lock);
	place_learn(f->place, f->next_file);
	(void)pthread_mutex_unlock(&f->lock);
}

/* At the end of the file: whether there is something to do now. */
static bool look(struct logfeed *f)
{
	switch (logfollow_look(&f->follow, file_path(f), bytestream_fd(f->stream),
			       bytestream_position(f->stream))) {
	case LOGFOLLOW_MORE:
		if (f->is_broken && !f->follow.is_moved)
			return false;
		read_on(f);
		return true;
	case LOGFOLLOW_ANEW:
		return replace(f, false);
	case LOGFOLLOW_MOVED:
		return replace(f, true);
	case LOGFOLLOW_NOTHING:
		break;
	}
	return false;
}

/* Nothing to read: waits a little, unless something was there just now. */
static void rest(struct logfeed *f)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_NS};

	if (f->n_events == f->n_at_rest)
		(void)nanosleep(&pause, NULL);
	f->n_at_rest = f->n_events;
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

/* The file that is followed could not be opened: tries again. */
static bool wait_for_file(struct logfeed *f)
{
	rest(f);
	if (f->place && !place_is_idle(f->place))
		return false;
	(void)pthread_mutex_lock(&f->lock);
	find_again(f);
	(void)pthread_mutex_unlock(&f->lock);
	return f->walk.n > 0;
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
			if (f->is_waiting && !look(f)) {
				rest(f);
				return GYR_TIMEOUT;
			}
			if (f->is_open)
				n_read += read_chunk(f);
			continue;
		}
		if (f->next_file >= f->walk.n && !f->is_followed)
			return GYR_EOF;
		if (f->next_file >= f->walk.n && !wait_for_file(f))
			return GYR_TIMEOUT;
		open_file(f);
	}
}

void logfeed_commit(struct logfeed *f, uint64_t num)
{
	(void)pthread_mutex_lock(&f->lock);
	if (f->place)
		place_commit(f->place, num);
	(void)pthread_mutex_unlock(&f->lock);
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
	const struct counter rows[] = {
#define X(counter, what) {#counter, stats->counter},
		LOGFEED_COUNTERS(X)
#undef X
	};
	const size_t n = sizeof rows / sizeof *rows;

	if (cap == 0)
		return 0;
	ret[0] = counter_metric(&rows[0]);
	return 1 + counters_metrics(rows + 1, n - 1, ret + 1, cap - 1);
}
