#include "route/spool_dir.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "route/frame.h"
#include "util/crc32c.h"
#include "util/vec.h"

enum { PLACE_BYTES = 64, PLACE_CRC = 32, SCAN_MAX = 256 << 20 };

void spool_segment_name(uint64_t no, char name[SPOOL_NAME])
{
	(void)snprintf(name, SPOOL_NAME, "%016llx.seg", (unsigned long long)no);
}

/* --- folder ----------------------------------------------------------------------------------- */

/* Makes the folder and those above it. */
static int make_folders(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);

	if (len == 0 || len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, dir, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		path[i] = i < len ? '/' : '\0';
	}
	return 0;
}

static int fail(struct err *err, int r, const char *what)
{
	err_set(err, 0, 0, "%s: %s", what, strerror(-r));
	return r;
}

static int open_folder(struct spool *s, struct err *err)
{
	int r = make_folders(s->setup.dir);

	if (r < 0)
		return fail(err, r, "making the folder");
	s->dir_fd = open(s->setup.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return fail(err, -errno, "opening the folder");
	s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return fail(err, -errno, "'lock'");
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail(err, -errno, "locking");
	err_set(err, 0, 0, "another output or program uses it");
	return -EBUSY;
}

/* --- segments --------------------------------------------------------------------------------- */

static bool parse_name(const char *name, uint64_t *ret)
{
	char expected[SPOOL_NAME];
	char *end;

	*ret = strtoull(name, &end, 16);
	spool_segment_name(*ret, expected);
	return strcmp(name, expected) == 0;
}

static int by_number(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return (x->no > y->no) - (x->no < y->no);
}

static int list_segments(struct spool *s, struct err *err)
{
	DIR *d = fdopendir(dup(s->dir_fd));
	struct dirent *e;
	struct stat st;
	uint64_t no;

	if (!d)
		return fail(err, -errno, "reading the folder");
	while ((e = readdir(d))) {
		if (!parse_name(e->d_name, &no) || fstatat(s->dir_fd, e->d_name, &st, 0) < 0)
			continue;
		if (s->n_segments == SPOOL_MAX_SEGMENTS ||
		    !VEC_ROOM(s->segments, s->cap_segments, s->n_segments)) {
			(void)closedir(d);
			return -ENOMEM;
		}
		s->segments[s->n_segments++] =
			(struct segment){.no = no, .size = (uint64_t)st.st_size};
		s->bytes += (uint64_t)st.st_size;
	}
	(void)closedir(d);
	if (s->n_segments)
		qsort(s->segments, s->n_segments, sizeof(struct segment), by_number);
	return 0;
}

/* The sequence number behind the last whole record of segment @g, or 0 when there is none. */
static uint64_t scan(struct spool *s, const struct segment *g)
{
	char name[SPOOL_NAME];
	uint64_t next = 0;
	struct frame f;
	size_t at = 0;
	int fd;

	spool_segment_name(g->no, name);
	fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC);
	buf_reset(&s->in);
	s->in.cap_bytes = SCAN_MAX;
	while (fd >= 0 && s->in.len < g->size && buf_reserve(&s->in, g->size - s->in.len)) {
		ssize_t n = read(fd, s->in.p + s->in.len, g->size - s->in.len);

		if (n <= 0)
			break;
		s->in.len += (size_t)n;
	}
	if (fd >= 0)
		(void)close(fd);
	while (frame_find((struct str){s->in.p + at, s->in.len - at}, true, &f) == 0) {
		at += f.skipped + f.len;
		next = f.seq + 1;
	}
	return next;
}

/* Sets the next sequence number. Segments at the end that hold nothing go. */
static void find_end(struct spool *s)
{
	char name[SPOOL_NAME];
	uint64_t next = 0;

	while (s->n_segments) {
		const struct segment *last = &s->segments[s->n_segments - 1];

		next = scan(s, last);
		if (next > last->no)
			break;
		spool_segment_name(last->no, name);
		if (last->size) {
			atomic_fetch_add(&s->n_damaged, 1);
			log_warn(s->setup.log,
				 "output '%s': spool: segment %s holds no record: removed",
				 s->setup.name, name);
		}
		(void)unlinkat(s->dir_fd, name, 0);
		s->bytes -= last->size;
		s->n_segments--;
		next = last->no;
	}
	s->next_seq = next ? next : 1;
}

/* --- cursor ----------------------------------------------------------------------------------- */

static void put(char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, 8);
}

static uint64_t get(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

void spool_dir_save(struct spool *s)
{
	char b[PLACE_BYTES] = {0};
	uint32_t crc;

	s->generation++;
	put(b, s->generation);
	put(b + 8, s->acked.segment);
	put(b + 16, s->acked.offset);
	put(b + 24, s->acked.seq);
	crc = htole32(crc32c(0, b, PLACE_CRC));
	memcpy(b + PLACE_CRC, &crc, 4);
	(void)!pwrite(s->cursor_fd, b, sizeof(b), (off_t)(s->generation % 2 * PLACE_BYTES));
}

static int load_cursor(struct spool *s, struct err *err)
{
	char b[2 * PLACE_BYTES];
	ssize_t n;

	s->cursor_fd = openat(s->dir_fd, "cursor", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->cursor_fd < 0)
		return fail(err, -errno, "'cursor'");
	n = pread(s->cursor_fd, b, sizeof(b), 0);
	for (ssize_t at = 0; at + PLACE_BYTES <= n; at += PLACE_BYTES) {
		const char *p = b + at;
		uint32_t crc;

		memcpy(&crc, p + PLACE_CRC, 4);
		if (le32toh(crc) != crc32c(0, p, PLACE_CRC) || get(p) <= s->generation)
			continue;
		s->generation = get(p);
		s->acked = (struct spool_place){get(p + 8), get(p + 16), get(p + 24)};
	}
	return 0;
}

/* Brings the cursor and the segments together. Without a cursor, or with one of other segments,
 * everything there is has yet to be delivered. */
static void match_cursor(struct spool *s)
{
	const struct segment *first = s->n_segments ? &s->segments[0] : NULL;

	if (s->acked.seq > s->next_seq) /* what came behind the last whole record was given up */
		s->next_seq = s->acked.seq;
	if (!first)
		s->acked = (struct spool_place){.segment = s->next_seq, .seq = s->next_seq};
	else if (s->acked.segment < first->no || s->acked.seq < first->no)
		s->acked = (struct spool_place){.segment = first->no, .seq = first->no};
	s->read = s->acked;
}

int spool_dir_open(struct spool *s, struct err *err)
{
	int r = open_folder(s, err);

	if (r == 0)
		r = list_segments(s, err);
	if (r == 0)
		r = load_cursor(s, err);
	if (r < 0)
		return r;
	find_end(s);
	match_cursor(s);
	return 0;
}
