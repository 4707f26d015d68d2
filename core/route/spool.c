/*
 * spool: writing, reading, acknowledging. What the folder holds at start is spool_dir's matter.
 */
#include "route/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "route/frame.h"
#include "route/spool_dir.h"
#include "util/mem.h"
#include "util/vec.h"

enum {
	WRITE_BYTES = 4 << 20, /* of one write, about */
	READ_BYTES = 256 << 10,
	OUT_MAX = 128 << 20,
};

static void count(_Atomic uint64_t *c, uint64_t n)
{
	(void)atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

/* --- life ------------------------------------------------------------------------------------- */

int spool_open(const struct spool_setup *setup, struct spool **ret, struct err *err)
{
	struct spool *s = mem_new(sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->dir_fd = s->lock_fd = s->cursor_fd = s->write_fd = s->read_fd = -1;
	(void)pthread_mutex_init(&s->lock, NULL);
	buf_init(&s->out, OUT_MAX);
	buf_init(&s->in, OUT_MAX);
	r = spool_dir_open(s, err);
	if (r < 0) {
		if (r != -ENOMEM)
			err_context(err, "spool '%s'", setup->dir);
		(void)spool_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

struct spool *spool_close(struct spool *s)
{
	if (!s)
		return NULL;
	s->write_fd = close_fd(s->write_fd);
	s->read_fd = close_fd(s->read_fd);
	s->cursor_fd = close_fd(s->cursor_fd);
	s->lock_fd = close_fd(s->lock_fd);
	s->dir_fd = close_fd(s->dir_fd);
	buf_deinit(&s->out);
	buf_deinit(&s->in);
	arena_deinit(&s->tags);
	(void)mem_free(s->views);
	(void)mem_free(s->places);
	(void)mem_free(s->segments);
	(void)pthread_mutex_destroy(&s->lock);
	return mem_free(s);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Packs as many as go in one write and have room. */
static int pack(struct spool *s, const struct gyr_alert *const *alerts, uint32_t n, uint64_t room,
		uint32_t *ret_n)
{
	const size_t enough =
		s->setup.segment_bytes < WRITE_BYTES ? s->setup.segment_bytes : (size_t)WRITE_BYTES;
	uint32_t i;

	buf_reset(&s->out);
	for (i = 0; i < n && s->out.len < enough; i++) {
		const size_t before = s->out.len;
		int r = frame_add(&s->out, s->next_seq + i, alerts[i]);

		if (r < 0 && i == 0)
			return r;
		if (r < 0 || s->out.len > room) {
			s->out.len = before;
			s->out.failed = false;
			if (i == 0)
				return s->out.len > s->setup.max_bytes ? -EMSGSIZE : SPOOL_E_FULL;
			break;
		}
	}
	*ret_n = i;
	return 0;
}

/* Removes the first @n segments. With the lock held. */
static void remove_first(struct spool *s, uint32_t n)
{
	char name[SPOOL_NAME];

	for (uint32_t i = 0; i < n; i++) {
		spool_segment_name(s->segments[i].no, name);
		(void)unlinkat(s->dir_fd, name, 0);
		s->bytes -= s->segments[i].size;
	}
	s->n_segments -= n;
	memmove(s->segments, s->segments + n, s->n_segments * sizeof(struct segment));
}

/* Whether a segment has to be begun, and how much room there is. What was delivered to the last
 * record needs no room any more. */
static bool wants_segment(struct spool *s, uint64_t *ret_room)
{
	bool wants;

	(void)pthread_mutex_lock(&s->lock);
	if (s->acked.seq == s->next_seq && s->bytes >= s->setup.segment_bytes / 4) {
		remove_first(s, s->n_segments);
		s->write_fd = close_fd(s->write_fd);
	}
	wants = s->write_fd < 0 || s->n_segments == 0 ||
		s->segments[s->n_segments - 1].size >= s->setup.segment_bytes;
	*ret_room = s->setup.max_bytes > s->bytes ? s->setup.max_bytes - s->bytes : 0;
	(void)pthread_mutex_unlock(&s->lock);
	return wants;
}

/* Begins a segment. With a file of that name in the way, of which nothing was ever readable, anew. */
static int begin_segment(struct spool *s)
{
	char name[SPOOL_NAME];
	bool has_room;
	int fd;

	spool_segment_name(s->next_seq, name);
	fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (s->setup.sync && fsync(s->dir_fd) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	(void)pthread_mutex_lock(&s->lock);
	has_room = VEC_ROOM(s->segments, s->cap_segments, s->n_segments);
	if (has_room)
		s->segments[s->n_segments++] = (struct segment){.no = s->next_seq};
	(void)pthread_mutex_unlock(&s->lock);
	if (!has_room) {
		(void)close(fd);
		return -ENOMEM;
	}
	(void)close_fd(s->write_fd);
	s->write_fd = fd;
	return 0;
}

/* Lets go of the segment in hand; what was not published of it is cut off. */
static void end_segment(struct spool *s, uint64_t size)
{
	(void)!ftruncate(s->write_fd, (off_t)size);
	s->write_fd = close_fd(s->write_fd);
	(void)pthread_mutex_lock(&s->lock);
	if (s->n_segments && s->segments[s->n_segments - 1].size == 0)
		s->n_segments--; /* its name comes again */
	(void)pthread_mutex_unlock(&s->lock);
}

static int write_out(struct spool *s, uint64_t at)
{
	size_t done = 0;

	while (done < s->out.len) {
		ssize_t n =
			pwrite(s->write_fd, s->out.p + done, s->out.len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return s->setup.sync && fdatasync(s->write_fd) < 0 ? -errno : 0;
}

/* Writes one pack of the first of @n alerts. */
static int write_pack(struct spool *s, const struct gyr_alert *const *alerts, uint32_t n,
		      uint32_t *ret_n)
{
	uint64_t size, room;
	int r = wants_segment(s, &room) ? begin_segment(s) : 0;

	*ret_n = 0;
	if (r < 0)
		return r;
	r = pack(s, alerts, n, room, ret_n);
	if (r)
		return r;
	(void)pthread_mutex_lock(&s->lock); /* the reader may be removing segments before it */
	size = s->segments[s->n_segments - 1].size;
	(void)pthread_mutex_unlock(&s->lock);
	r = write_out(s, size);
	if (r < 0) {
		/* After a failed sync nobody knows what is on disk: the next write begins anew. */
		end_segment(s, size);
		return r;
	}
	(void)pthread_mutex_lock(&s->lock);
	s->segments[s->n_segments - 1].size += s->out.len;
	s->bytes += s->out.len;
	s->next_seq += *ret_n;
	(void)pthread_mutex_unlock(&s->lock);
	count(&s->n_written, *ret_n);
	return 0;
}

/* A disk that is nearly full may have room for a few. */
int spool_write(struct spool *s, const struct gyr_alert *const *alerts, uint32_t n, uint32_t *ret_n)
{
	uint32_t n_tried = n;
	int r = write_pack(s, alerts, n, &n_tried);

	while ((r == -ENOSPC || r == -EDQUOT) && n_tried > 1)
		r = write_pack(s, alerts, n_tried / 2, &n_tried);
	*ret_n = n_tried;
	if (r == -ENOSPC || r == -EDQUOT) {
		count(&s->n_disk_full, 1);
		return SPOOL_E_FULL;
	}
	count(&s->n_full, r == SPOOL_E_FULL);
	count(&s->n_failed, r < 0 && r != -EMSGSIZE);
	return r;
}

bool spool_drop_oldest(struct spool *s)
{
	struct spool_place next;

	(void)pthread_mutex_lock(&s->lock);
	if (s->n_segments == 0 || s->bytes == 0) {
		(void)pthread_mutex_unlock(&s->lock);
		return false;
	}
	next.segment = next.seq = s->n_segments > 1 ? s->segments[1].no : s->next_seq;
	next.offset = 0;
	if (s->n_segments == 1)
		s->write_fd = close_fd(s->write_fd);
	remove_first(s, 1);
	if (s->read.seq < next.seq) {
		count(&s->n_dropped, next.seq - s->read.seq);
		s->read = next;
	}
	if (s->acked.seq < next.seq)
		s->acked = next;
	(void)pthread_mutex_unlock(&s->lock);
	return true;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool spool_has_unread(struct spool *s)
{
	const struct segment *last;
	bool has;

	(void)pthread_mutex_lock(&s->lock);
	last = s->n_segments ? &s->segments[s->n_segments - 1] : NULL;
	has = last && (s->read.segment < last->no || s->read.offset < last->size);
	(void)pthread_mutex_unlock(&s->lock);
	return has;
}

/* The segment to read from and its size; moves on from one that was read to its end. False when
 * there is nothing to read. */
static bool find_segment(struct spool *s, struct spool_place *at, uint64_t *ret_size)
{
	bool found = false;

	(void)pthread_mutex_lock(&s->lock);
	*at = s->read;
	for (uint32_t i = 0; i < s->n_segments && !found; i++) {
		const struct segment *g = &s->segments[i];

		if (g->no < at->segment || (g->no == at->segment && at->offset >= g->size))
			continue;
		if (g->no > at->segment)
			*at = (struct spool_place){.segment = g->no, .seq = at->seq};
		*ret_size = g->size;
		found = at->offset < g->size;
	}
	if (found)
		s->read = *at;
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

/* The next place to read, unless the writer has removed the segment meanwhile. */
static void set_read(struct spool *s, struct spool_place at)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->read.segment <= at.segment)
		s->read = at;
	(void)pthread_mutex_unlock(&s->lock);
}

static void damaged(struct spool *s, const struct spool_place *at, uint64_t len, const char *what)
{
	count(&s->n_damaged, 1);
	log_warn(s->setup.log,
		 "output '%s': spool: segment %016llx: %llu bytes at %llu are damaged (%s): passed "
		 "over",
		 s->setup.name, (unsigned long long)at->segment, (unsigned long long)len,
		 (unsigned long long)at->offset, what);
}

/* Fills the input with up to @len bytes at @at; false when they cannot be read. */
static bool load(struct spool *s, const struct spool_place *at, uint64_t len)
{
	char name[SPOOL_NAME];

	if (s->read_fd < 0 || s->read_segment != at->segment) {
		spool_segment_name(at->segment, name);
		(void)close_fd(s->read_fd);
		s->read_fd = openat(s->dir_fd, name, O_RDONLY | O_CLOEXEC);
		s->read_segment = at->segment;
	}
	buf_reset(&s->in);
	if (s->read_fd < 0 || !buf_reserve(&s->in, len))
		return false;
	while (s->in.len < len) {
		ssize_t n = pread(s->read_fd, s->in.p + s->in.len, len - s->in.len,
				  (off_t)(at->offset + s->in.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s->in.len += (size_t)n;
	}
	return true;
}

/* Takes a frame into the batch, unless it was there before (its segment was written twice) or is of
 * no known shape. */
static void take_frame(struct spool *s, const struct frame *f, struct spool_place *at)
{
	struct gyr_alert *view = &s->views[s->n_batch];

	if (f->seq < at->seq)
		return;
	if (f->seq > at->seq)
		count(&s->n_missing, f->seq - at->seq);
	at->seq = f->seq + 1;
	if (frame_unpack(f->body, &s->tags, view) < 0) {
		damaged(s, at, f->len, "not an alert");
		return;
	}
	s->places[s->n_batch++] = (struct spool_place){at->segment, at->offset, f->seq};
}

/* Takes frames of the bytes in hand, which end the segment if @is_end. Returns how many bytes are
 * wanted when not one frame fits in them, else 0. */
static uint64_t take_frames(struct spool *s, uint32_t max, bool is_end, struct spool_place *at)
{
	const uint64_t from = at->offset;

	while (s->n_batch < max) {
		struct frame f;
		size_t done = (size_t)(at->offset - from);
		int r = frame_find((struct str){s->in.p + done, s->in.len - done}, is_end, &f);

		if (f.skipped)
			damaged(s, at, f.skipped,
				is_end ? "no record" : "no record before the next");
		at->offset += f.skipped;
		if (r == FRAME_E_NONE)
			return 0;
		if (r == FRAME_E_MORE)
			return s->n_batch ? 0 : f.len > READ_BYTES ? f.len : READ_BYTES;
		take_frame(s, &f, at);
		at->offset += f.len;
	}
	return 0;
}

static bool has_batch_room(struct spool *s, uint32_t max)
{
	void *views, *places;

	if (max <= s->cap_batch)
		return true;
	views = mem_grow(s->views, max, sizeof(struct gyr_alert));
	if (views)
		s->views = views;
	places = mem_grow(s->places, max, sizeof(struct spool_place));
	if (places)
		s->places = places;
	if (!views || !places)
		return false;
	s->cap_batch = max;
	return true;
}

/* There is nothing left to read, and what was read before is acknowledged: so is damage behind it,
 * which must not take up room for ever. */
static void pass_end(struct spool *s)
{
	struct spool_place at;
	bool is_end;

	(void)pthread_mutex_lock(&s->lock);
	at = s->read;
	is_end = s->n_segments && at.segment == s->segments[s->n_segments - 1].no &&
		 at.offset >= s->segments[s->n_segments - 1].size && s->acked.seq < s->next_seq;
	if (is_end) {
		count(&s->n_missing, s->next_seq - at.seq);
		at.seq = s->read.seq = s->next_seq;
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (is_end)
		spool_ack(s, at);
}

uint32_t spool_read(struct spool *s, uint32_t max, const struct gyr_alert **ret_views,
		    const struct spool_place **ret_places, struct spool_place *ret_end)
{
	struct spool_place at;
	uint64_t size = 0, want = READ_BYTES;

	s->n_batch = 0;
	arena_reset(&s->tags);
	if (!has_batch_room(s, max))
		return 0;
	while (s->n_batch == 0 && find_segment(s, &at, &size)) {
		const uint64_t left = size - at.offset, len = left < want ? left : want;

		want = READ_BYTES;
		if (load(s, &at, len)) {
			want = take_frames(s, max, len == left, &at);
			want = want ? want : READ_BYTES;
		} else {
			damaged(s, &at, left, "it cannot be read");
			at.offset = size;
		}
		set_read(s, at);
	}
	*ret_views = s->views;
	*ret_places = s->places;
	if (s->n_batch)
		*ret_end = at;
	else
		pass_end(s);
	return s->n_batch;
}

void spool_ack(struct spool *s, struct spool_place to)
{
	uint32_t n_done = 0;

	(void)pthread_mutex_lock(&s->lock);
	if (to.seq < s->acked.seq) {
		(void)pthread_mutex_unlock(&s->lock);
		return;
	}
	count(&s->n_acked, to.seq - s->acked.seq);
	s->acked = to;
	while (n_done + 1 < s->n_segments &&
	       (s->segments[n_done].no < to.segment ||
		(s->segments[n_done].no == to.segment && s->segments[n_done].size <= to.offset)))
		n_done++;
	remove_first(s, n_done);
	spool_dir_save(s);
	(void)pthread_mutex_unlock(&s->lock);
}

void spool_count(struct spool *s, struct spool_counters *ret)
{
	*ret = (struct spool_counters){
		.n_written = atomic_load(&s->n_written),
		.n_acked = atomic_load(&s->n_acked),
		.n_dropped = atomic_load(&s->n_dropped),
		.n_full = atomic_load(&s->n_full),
		.n_disk_full = atomic_load(&s->n_disk_full),
		.n_failed = atomic_load(&s->n_failed),
		.n_damaged = atomic_load(&s->n_damaged),
		.n_missing = atomic_load(&s->n_missing),
	};
	(void)pthread_mutex_lock(&s->lock);
	ret->n_records = s->next_seq - s->acked.seq;
	ret->n_bytes = s->bytes;
	(void)pthread_mutex_unlock(&s->lock);
}
