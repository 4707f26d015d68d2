/*
 * finished: two tables with open addressing, and the file behind them.
 */
#include "finished.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "gyr-objects 1\n"

enum { FIRST_SLOTS = 1024, LINE_BYTES = 64, MAX_SCOPES = 1 << 18 };

struct entry {
	uint64_t hash, scope; /* hash 0: free */
	uint32_t minute;
};

struct table {
	struct entry *slots;
	size_t n, cap; /* cap: a power of two, or 0 */
};

struct finished {
	struct gyr *p;
	struct table objects, cursors;
	char *path; /* NULL: in memory only */
	int fd;
	size_t n_lines;
	bool has_failed, is_full; /* which was said */
};

uint64_t finished_hash(const char *a, const char *b)
{
	const char *const parts[] = {a, "\n", b};
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		for (const char *c = parts[i]; *c; c++)
			h = (h ^ (unsigned char)*c) * 0x100000001b3;
	return h ? h : 1;
}

/* ---- tables ---- */

/* Where @hash is, or would be. */
static struct entry *slot(const struct table *t, uint64_t hash)
{
	size_t i = (size_t)(hash ^ hash >> 32) & (t->cap - 1);

	while (t->slots[i].hash && t->slots[i].hash != hash)
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

static const struct entry *table_find(const struct table *t, uint64_t hash)
{
	const struct entry *e = t->cap ? slot(t, hash) : NULL;

	return e && e->hash ? e : NULL;
}

static bool table_grow(struct table *t)
{
	struct table more = {.cap = t->cap ? t->cap * 2 : FIRST_SLOTS};

	more.slots = calloc(more.cap, sizeof *more.slots);
	if (!more.slots)
		return false;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].hash) {
			*slot(&more, t->slots[i].hash) = t->slots[i];
			more.n++;
		}
	free(t->slots);
	*t = more;
	return true;
}

static bool table_set(struct table *t, const struct entry *e, size_t max)
{
	struct entry *at;

	if ((t->n + 1) * 2 > t->cap && (t->n >= max || !table_grow(t)))
		return false;
	at = slot(t, e->hash);
	t->n += !at->hash;
	*at = *e;
	return true;
}

/* ---- the file ---- */

static void complain(struct finished *f, const char *what)
{
	if (!f->has_failed)
		gyr_log(f->p, GYR_ERROR, "'%s': %s: %s; objects will be read again after a restart",
			f->path, what, strerror(errno));
	f->has_failed = true;
}

static int object_line(const struct entry *e, char line[LINE_BYTES])
{
	return snprintf(line, LINE_BYTES, "o %" PRIx64 " %" PRIx64 " %" PRIx32 "\n", e->hash,
			e->scope, e->minute);
}

static int cursor_line(const struct entry *e, char line[LINE_BYTES])
{
	return snprintf(line, LINE_BYTES, "c %" PRIx64 " %" PRIx32 "\n", e->hash, e->minute);
}

static void append(struct finished *f, const char *line, int len)
{
	if (f->fd < 0)
		return;
	if (write(f->fd, line, (size_t)len) != len)
		complain(f, "cannot be written");
	f->n_lines++;
}

static void put_table(FILE *out, const struct table *t, int (*form)(const struct entry *, char *))
{
	char line[LINE_BYTES];

	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].hash && form(&t->slots[i], line) > 0)
			(void)fputs(line, out);
}

/* The file anew, with what is known. */
static void rewrite(struct finished *f)
{
	char *next = NULL;
	FILE *out;
	bool good;
	int fd;

	if (!f->path || asprintf(&next, "%s.new", f->path) < 0)
		return;
	out = fopen(next, "we");
	good = out && fputs(MAGIC, out) >= 0;
	if (good) {
		put_table(out, &f->cursors, cursor_line);
		put_table(out, &f->objects, object_line);
		good = fflush(out) == 0 && fsync(fileno(out)) == 0;
	}
	if (out)
		good = fclose(out) == 0 && good;
	good = good && rename(next, f->path) == 0;
	fd = good ? open(f->path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	/* The lock goes with the file: that of the new one is taken before the old is let go. */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		(void)close(f->fd);
		f->fd = fd;
		f->n_lines = f->objects.n + f->cursors.n;
	} else {
		complain(f, "cannot be written anew");
		if (fd >= 0)
			(void)close(fd);
	}
	free(next);
}

static bool read_line(struct finished *f, const char *line)
{
	struct entry e = {0};
	char end;

	if (sscanf(line, "o %" SCNx64 " %" SCNx64 " %" SCNx32 "%c", &e.hash, &e.scope, &e.minute,
		   &end) == 4 &&
	    end == '\n' && e.hash)
		return table_set(&f->objects, &e, FINISHED_MAX) || true;
	e = (struct entry){0};
	if (sscanf(line, "c %" SCNx64 " %" SCNx32 "%c", &e.hash, &e.minute, &end) == 3 &&
	    end == '\n' && e.hash)
		return table_set(&f->cursors, &e, MAX_SCOPES) || true;
	return false;
}

/* What an earlier run left. A last line that was cut by a crash is left out; others that are no lines
 * of such a file mean that it is another. */
static int read_file(struct finished *f)
{
	FILE *in = fopen(f->path, "re");
	char line[LINE_BYTES * 2];
	int r = 0;

	if (!in)
		return -errno;
	if (fgets(line, sizeof line, in) && strcmp(line, MAGIC) != 0)
		r = -EBADMSG;
	while (r == 0 && fgets(line, sizeof line, in)) {
		if (!read_line(f, line) && strchr(line, '\n'))
			r = -EBADMSG;
		f->n_lines++;
	}
	(void)fclose(in);
	return r;
}

static int open_file(struct finished *f, const char *dir, const char *root)
{
	int r;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return gyr_fail(f->p, -errno, "open: stateDir '%s': %s", dir, strerror(errno));
	if (asprintf(&f->path, "%s/%016" PRIx64 ".objects", dir, finished_hash(root, "")) < 0) {
		f->path = NULL;
		return gyr_fail(f->p, -ENOMEM, "open: '%s': no memory", dir);
	}
	f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return gyr_fail(f->p, -errno, "open: '%s': %s", f->path, strerror(errno));
	if (flock(f->fd, LOCK_EX | LOCK_NB))
		return gyr_fail(f->p, -EBUSY,
				"open: '%s': another gyr is reading '%s' with this state", f->path,
				root);
	r = read_file(f);
	if (r < 0)
		return gyr_fail(f->p, r, "open: '%s': %s", f->path,
				r == -EBADMSG ? "no file of this kind" : strerror(-r));
	rewrite(f);
	return 0;
}

int finished_open(struct gyr *p, const char *dir, const char *root, struct finished **ret)
{
	struct finished *f = calloc(1, sizeof *f);
	int r = 0;

	if (!f)
		return gyr_fail(p, -ENOMEM, "open: '%s': no memory", root);
	f->p = p;
	f->fd = -1;
	if (*dir)
		r = open_file(f, dir, root);
	if (r < 0)
		f = finished_close(f);
	else
		*ret = f;
	return r;
}

struct finished *finished_close(struct finished *f)
{
	if (!f)
		return NULL;
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->objects.slots);
	free(f->cursors.slots);
	free(f->path);
	free(f);
	return NULL;
}

/* ---- what is known ---- */

bool finished_has(const struct finished *f, uint64_t hash)
{
	return table_find(&f->objects, hash);
}

void finished_add(struct finished *f, uint64_t hash, uint64_t scope, uint32_t minute)
{
	const struct entry e = {.hash = hash, .scope = scope, .minute = minute};
	char line[LINE_BYTES];

	if (!table_set(&f->objects, &e, FINISHED_MAX)) {
		if (!f->is_full)
			gyr_log(f->p, GYR_WARN,
				"more than %d finished objects are not remembered: some may be "
				"read again",
				FINISHED_MAX);
		f->is_full = true;
		return;
	}
	append(f, line, object_line(&e, line));
}

uint32_t finished_cursor(const struct finished *f, uint64_t scope)
{
	const struct entry *e = table_find(&f->cursors, scope);

	return e ? e->minute : 0;
}

void finished_set_cursor(struct finished *f, uint64_t scope, uint32_t minute)
{
	const struct entry e = {.hash = scope, .minute = minute};
	char line[LINE_BYTES];

	if (minute == finished_cursor(f, scope) || !table_set(&f->cursors, &e, MAX_SCOPES))
		return;
	append(f, line, cursor_line(&e, line));
}

static bool is_old(const struct finished *f, const struct entry *e, uint32_t minutes)
{
	return e->minute && (uint64_t)e->minute + minutes < finished_cursor(f, e->scope);
}

void finished_forget(struct finished *f, uint32_t minutes)
{
	struct table kept = {0};

	for (size_t i = 0; i < f->objects.cap; i++) {
		const struct entry *e = &f->objects.slots[i];

		if (e->hash && !is_old(f, e, minutes) && !table_set(&kept, e, FINISHED_MAX)) {
			free(kept.slots); /* no memory: next time, then */
			return;
		}
	}
	free(f->objects.slots);
	f->objects = kept;
	f->is_full = false;
	if (f->path && f->n_lines > FIRST_SLOTS && f->n_lines > 2 * (f->objects.n + f->cursors.n))
		rewrite(f);
}
