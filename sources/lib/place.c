#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "gyr-place 1 "
#define LINE "%c %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64
#define SCAN "%c %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64

enum { LINE_MAX_BYTES = 2 + 7 * 17 };

struct entry {
	uint64_t dev, ino, birth, hash;
	uint64_t size;      /* packed bytes: all of it when it is done, else what it had at least */
	uint64_t beginning; /* hash of its first bytes; 0: it was shorter */
	uint64_t offset;    /* records that begin below it are finished */
	uint64_t order;     /* of its line; the slot is the last */
	bool is_done;
};

struct mark {
	uint64_t num, offset, read;
	size_t file;
};

struct place {
	struct gyr *p;
	const struct filewalk *walk;
	int slot_fd, lines_fd, lock_fd;
	struct entry *files; /* of the walk; those with marks do not change any more */
	uint64_t *ends;      /* packed bytes of those that were read to their end */
	size_t n;
	struct mark *marks;
	_Atomic uint64_t head, tail; /* marks ever made, marks ever committed */
	atomic_bool has_failed;      /* which was said */
	/* Of the thread that commits. */
	size_t at; /* the file of the slot */
	uint64_t offset, read;
	bool has_at;
};

/* FNV-1a. */
static uint64_t hash(const char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3;
	return h;
}

/* --- what is on disk -------------------------------------------------------------------------- */

/* By file, then in the order of their lines. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const uint64_t pairs[][2] = {
		{x->dev, y->dev}, {x->ino, y->ino}, {x->birth, y->birth}, {x->order, y->order}};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (pairs[i][0] != pairs[i][1])
			return pairs[i][0] < pairs[i][1] ? -1 : 1;
	return 0;
}

static bool parse(const char *line, struct entry *e)
{
	char kind;

	if (sscanf(line, SCAN, &kind, &e->dev, &e->ino, &e->birth, &e->hash, &e->size,
		   &e->beginning, &e->offset) != 8)
		return false;
	e->is_done = kind == 'd';
	return true;
}

struct known {
	struct entry *entries;
	size_t n, cap;
};

static int know(struct known *k, const struct entry *e)
{
	if (k->n == k->cap) {
		size_t cap = k->cap ? k->cap * 2 : 64;
		void *more = reallocarray(k->entries, cap, sizeof *k->entries);

		if (!more)
			return -ENOMEM;
		k->entries = more;
		k->cap = cap;
	}
	k->entries[k->n++] = *e;
	return 0;
}

/* A line that is torn or no line is passed over: what it said is repeated. */
static int read_lines(FILE *f, struct known *k)
{
	char line[PLACE_SLOT + 2];
	struct entry e = {0}, slot = {0};
	bool has_slot;
	int r = 0;

	if (!fgets(line, sizeof line, f))
		return 0;
	if (strncmp(line, MAGIC, strlen(MAGIC)) != 0)
		return -EINVAL;
	has_slot = parse(line + strlen(MAGIC), &slot);
	for (; r == 0 && fgets(line, sizeof line, f); e.order++)
		if (strchr(line, '\n') && parse(line, &e))
			r = know(k, &e);
	slot.order = e.order;
	return r == 0 && has_slot ? know(k, &slot) : r;
}

/* What is known of the file @e, which says who it is; NULL: nothing. */
static const struct entry *find(const struct known *k, const struct entry *e)
{
	const struct entry *found = NULL;
	size_t low = 0, high = k->n;

	while (low < high) { /* the first one behind all of the same file */
		const size_t middle = low + (high - low) / 2;
		struct entry last = *e;

		last.order = UINT64_MAX;
		if (compare(&k->entries[middle], &last) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0; low--) {
		const struct entry *x = &k->entries[low - 1];

		if (x->dev != e->dev || x->ino != e->ino || x->birth != e->birth)
			break;
		if (e->birth || x->hash == e->hash) {
			found = x;
			break;
		}
	}
	return found;
}

static void identify(const char *path, struct entry *e)
{
	struct statx st;

	*e = (struct entry){.hash = hash(path, strlen(path))};
	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return;
	e->dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	e->ino = st.stx_ino;
	if (st.stx_mask & STATX_BTIME)
		e->birth = (uint64_t)st.stx_btime.tv_sec * 1000000000U + st.stx_btime.tv_nsec;
	e->size = st.stx_size;
}

static uint64_t beginning_of(const char *path)
{
	char bytes[PLACE_BEGINNING];
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);

	if (fd >= 0)
		(void)close(fd);
	return n == sizeof bytes ? hash(bytes, sizeof bytes) : 0;
}

/* Whether what is known as @was is still true of the file @e at @path. */
static bool is_true(const struct entry *was, struct entry *e, const char *path)
{
	if (was->size > e->size)
		return false;
	if (was->is_done && was->size == e->size) {
		e->beginning = was->beginning;
		return true;
	}
	e->beginning = beginning_of(path);
	return !was->beginning || was->beginning == e->beginning;
}

static void match(struct place *pl, const struct known *k)
{
	for (size_t i = 0; i < pl->n; i++) {
		const char *path = pl->walk->files[i].path;
		struct entry *e = &pl->files[i];
		const struct entry *was;

		identify(path, e);
		was = e->ino ? find(k, e) : NULL;
		if (!was || !is_true(was, e, path))
			continue;
		e->is_done = was->is_done && was->size == e->size;
		e->offset = was->offset;
	}
}

static int print(const struct entry *e, char *ret, size_t size)
{
	return snprintf(ret, size, LINE, e->is_done ? 'd' : 'a', e->dev, e->ino, e->birth, e->hash,
			e->size, e->beginning, e->offset);
}

static int write_slot(const struct place *pl, const struct entry *e)
{
	char slot[PLACE_SLOT + 1], text[LINE_MAX_BYTES + 1] = "";

	if (e)
		(void)print(e, text, sizeof text);
	(void)snprintf(slot, sizeof slot, MAGIC "%-*s\n", (int)(PLACE_SLOT - 1 - strlen(MAGIC)),
		       text);
	return pwrite(pl->slot_fd, slot, PLACE_SLOT, 0) == PLACE_SLOT ? 0 : -errno;
}

static int append(const struct place *pl, const struct entry *e)
{
	char line[LINE_MAX_BYTES + 2];
	int len = print(e, line, sizeof line);

	line[len++] = '\n';
	return write(pl->lines_fd, line, (size_t)len) == len ? 0 : -errno;
}

/* Begins the file anew with what is known of the files there are. */
static int rewrite(struct place *pl, const char *path, const char *temporary)
{
	int r;

	pl->slot_fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pl->lines_fd = open(temporary, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (pl->slot_fd < 0 || pl->lines_fd < 0)
		return -errno;
	r = write_slot(pl, NULL);
	for (size_t i = 0; i < pl->n && r == 0; i++)
		if (pl->files[i].offset || pl->files[i].is_done)
			r = append(pl, &pl->files[i]);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	return r;
}

/* --- open and close --------------------------------------------------------------------------- */

static int load(struct place *pl, const char *path)
{
	struct known k = {0};
	FILE *f = fopen(path, "re");
	int r = f ? read_lines(f, &k) : errno == ENOENT ? 0 : -errno;

	if (f)
		(void)fclose(f);
	if (k.n)
		qsort(k.entries, k.n, sizeof *k.entries, compare);
	if (r == 0)
		match(pl, &k);
	free(k.entries);
	return r;
}

static int lock(struct place *pl, const char *path)
{
	pl->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (pl->lock_fd < 0)
		return -errno;
	if (flock(pl->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int open_file(struct place *pl, const char *dir, const char *root)
{
	char path[PATH_MAX], other[PATH_MAX], whole[PATH_MAX];
	const char *real = realpath(root, whole) ? whole : root;
	const uint64_t id = hash(real, strlen(real));
	int r = mkdir(dir, 0700) < 0 && errno != EEXIST ? -errno : 0;

	if (snprintf(path, sizeof path, "%s/%016" PRIx64 ".place", dir, id) >= (int)sizeof path - 8)
		return -ENAMETOOLONG;
	(void)snprintf(other, sizeof other, "%.*s.lock", (int)sizeof path - 8, path);
	if (r == 0)
		r = lock(pl, other);
	if (r == 0)
		r = load(pl, path);
	(void)snprintf(other, sizeof other, "%.*s.new", (int)sizeof path - 8, path);
	return r < 0 ? r : rewrite(pl, path, other);
}

int place_open(struct gyr *p, const char *dir, const char *root, const struct filewalk *walk,
	       struct place **ret)
{
	struct place *pl = calloc(1, sizeof *pl);
	int r = -ENOMEM;

	if (pl) {
		*pl = (struct place){.p = p,
				     .walk = walk,
				     .slot_fd = -1,
				     .lines_fd = -1,
				     .lock_fd = -1,
				     .n = walk->n};
		pl->files = calloc(walk->n + 1, sizeof *pl->files);
		pl->ends = calloc(walk->n + 1, sizeof *pl->ends);
		pl->marks = calloc(PLACE_MARKS, sizeof *pl->marks);
		if (pl->files && pl->ends && pl->marks)
			r = open_file(pl, dir, root);
	}
	if (r < 0) {
		(void)place_close(pl);
		return gyr_fail(p, r, "open: stateDir '%s': %s", dir,
				r == -EBUSY    ? "another program reads the same logs with it"
				: r == -EINVAL ? "what is there is no place in logs"
					       : strerror(-r));
	}
	*ret = pl;
	return 0;
}

struct place *place_close(struct place *pl)
{
	if (!pl)
		return NULL;
	if (pl->slot_fd >= 0)
		(void)close(pl->slot_fd);
	if (pl->lines_fd >= 0)
		(void)close(pl->lines_fd);
	if (pl->lock_fd >= 0)
		(void)close(pl->lock_fd);
	free(pl->files);
	free(pl->ends);
	free(pl->marks);
	free(pl);
	return NULL;
}

/* --- while it is read ------------------------------------------------------------------------- */

uint64_t place_begin(struct place *pl, size_t i)
{
	const char *path = pl->walk->files[i].path;
	struct entry *e = &pl->files[i], now;

	identify(path, &now);
	if (now.dev != e->dev || now.ino != e->ino || now.birth != e->birth || now.size < e->size)
		*e = now; /* another one by now */
	if (e->is_done && now.size == e->size)
		return UINT64_MAX;
	e->is_done = false;
	e->size = now.size;
	if (!e->beginning)
		e->beginning = beginning_of(path);
	return e->offset;
}

bool place_has_room(const struct place *pl)
{
	return atomic_load_explicit(&pl->head, memory_order_relaxed) -
		       atomic_load_explicit(&pl->tail, memory_order_acquire) <
	       PLACE_MARKS;
}

void place_mark(struct place *pl, uint64_t num, size_t i, uint64_t offset, uint64_t size)
{
	const uint64_t head = atomic_load_explicit(&pl->head, memory_order_relaxed);

	pl->marks[head % PLACE_MARKS] = (struct mark){num, offset, size, i};
	atomic_store_explicit(&pl->head, head + 1, memory_order_release);
}

static void complain(struct place *pl, int r)
{
	if (r < 0 && !atomic_exchange(&pl->has_failed, true))
		gyr_log(pl->p, GYR_WARN, "stateDir: %s: more will be read again after a restart",
			strerror(-r));
	else if (r == 0)
		atomic_store(&pl->has_failed, false);
}

/* A file with events is finished when those are; place_commit() sees to that. */
void place_end(struct place *pl, size_t i, uint64_t size, uint64_t n)
{
	struct entry *e = &pl->files[i];

	pl->ends[i] = size;
	if (n)
		return;
	e->size = size;
	e->is_done = true;
	complain(pl, append(pl, e));
}

/* --- what is finished ------------------------------------------------------------------------- */

/* The slot is about file @i from now on: the one it was about is finished, as it was read before. */
static int move_on(struct place *pl, size_t i)
{
	struct entry e = pl->files[pl->at];
	const bool is_other = pl->has_at && pl->at != i;

	e.size = pl->ends[pl->at];
	pl->at = i;
	pl->has_at = true;
	if (!is_other)
		return 0;
	e.is_done = true;
	e.offset = pl->offset;
	return append(pl, &e);
}

void place_commit(struct place *pl, uint64_t num)
{
	const uint64_t head = atomic_load_explicit(&pl->head, memory_order_acquire);
	const uint64_t first = atomic_load_explicit(&pl->tail, memory_order_relaxed);
	uint64_t tail = first;
	struct entry e;
	int r = 0;

	for (; tail != head && pl->marks[tail % PLACE_MARKS].num <= num; tail++) {
		const struct mark *m = &pl->marks[tail % PLACE_MARKS];

		if (!pl->has_at || m->file != pl->at)
			r = r < 0 ? r : move_on(pl, m->file);
		pl->offset = m->offset + 1;
		pl->read = m->read;
	}
	if (tail == first)
		return;
	e = pl->files[pl->at];
	e.is_done = false;
	e.offset = pl->offset;
	e.size = e.size > pl->read ? e.size : pl->read;
	complain(pl, r < 0 ? r : write_slot(pl, &e));
	/* Last: who finds all committed may change what is above. */
	atomic_store_explicit(&pl->tail, tail, memory_order_release);
}

/* --- a file that is followed ------------------------------------------------------------------ */

bool place_knows(const struct place *pl, size_t i)
{
	return pl->files[i].offset > 0 || pl->files[i].is_done;
}

bool place_is_idle(const struct place *pl)
{
	return atomic_load_explicit(&pl->head, memory_order_relaxed) ==
	       atomic_load_explicit(&pl->tail, memory_order_acquire);
}

void place_learn(struct place *pl, size_t i)
{
	const char *path = pl->walk->files[i].path;
	struct entry *e = &pl->files[i], now;

	if (e->beginning)
		return;
	identify(path, &now);
	if (now.dev == e->dev && now.ino == e->ino && now.birth == e->birth)
		e->beginning = beginning_of(path);
}

void place_renew(struct place *pl, size_t i)
{
	struct entry *e = &pl->files[i];

	identify(pl->walk->files[i].path, e);
	e->beginning = beginning_of(pl->walk->files[i].path);
	pl->at = i;
	pl->has_at = true;
	pl->offset = pl->read = 0;
	complain(pl, write_slot(pl, e));
}
