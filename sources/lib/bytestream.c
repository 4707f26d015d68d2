/*
 * bytestream: zlib's inflate between two fixed buffers.
 *
 * zlib is told to expect the gzip wrapper, so it checks header, CRC and length of every member. At
 * the end of one, what follows decides: the magic bytes start another, zeros are padding, anything
 * else is damage.
 */
#include "bytestream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum {
	IN_BYTES = 64 << 10,
	OUT_BYTES = 256 << 10,
	RATIO_FREE_BYTES =
		32 << 20,      /* unpacked bytes before the ratio counts: more than one event */
	GZIP_WINDOW = 15 + 16, /* the largest window, gzip wrapper */
};

struct bytestream {
	struct bytestream_limits limits;
	int fd;
	bool is_gzip, is_eof, is_between; /* all read; between two members */
	bool is_fed, is_unknown;          /* no file; whether it is gzip is not known yet */
	bool has_z;
	z_stream z;
	uint64_t n_in, n_out;
	size_t at, len; /* what is left of in */
	unsigned char in[IN_BYTES];
	unsigned char out[OUT_BYTES];
};

struct bytestream *bytestream_new(const struct bytestream_limits *limits)
{
	struct bytestream *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->fd = -1;
	b->limits = *limits;
	if (inflateInit2(&b->z, GZIP_WINDOW) != Z_OK)
		return bytestream_free(b);
	b->has_z = true;
	return b;
}

struct bytestream *bytestream_free(struct bytestream *b)
{
	if (!b)
		return NULL;
	bytestream_close(b);
	if (b->has_z)
		(void)inflateEnd(&b->z);
	free(b);
	return NULL;
}

void bytestream_close(struct bytestream *b)
{
	if (b->fd >= 0)
		(void)close(b->fd);
	b->fd = -1;
}

/* Moves what is left of `in` to its beginning. */
static void make_room(struct bytestream *b)
{
	if (b->at > 0)
		memmove(b->in, b->in + b->at, b->len);
	b->at = 0;
}

/* Puts more bytes behind what is left of `in`. */
static int refill(struct bytestream *b)
{
	ssize_t n;

	if (b->is_fed)
		return -EAGAIN;
	make_room(b);
	do
		n = read(b->fd, b->in + b->len, sizeof b->in - b->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	b->is_eof = n == 0;
	b->len += (size_t)n;
	b->n_in += (uint64_t)n;
	return 0;
}

static int want(struct bytestream *b, size_t n)
{
	int r = 0;

	while (r == 0 && b->len < n && !b->is_eof)
		r = refill(b);
	return r;
}

static bool is_magic(const struct bytestream *b)
{
	const unsigned char *p = b->in + b->at;

	return b->len >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == Z_DEFLATED;
}

/* Ready for another stream of bytes. */
static void start(struct bytestream *b)
{
	bytestream_close(b);
	b->n_in = b->n_out = 0;
	b->at = b->len = 0;
	b->is_eof = b->is_between = b->is_fed = false;
	b->is_unknown = true;
}

/* Finds out whether it is gzip; what is shorter than the magic bytes is not. */
static int look(struct bytestream *b)
{
	int r = want(b, 3);

	if (r < 0)
		return r;
	b->is_unknown = false;
	b->is_gzip = is_magic(b);
	return b->is_gzip && inflateReset(&b->z) != Z_OK ? -EBADMSG : 0;
}

int bytestream_open(struct bytestream *b, const char *path)
{
	struct stat st;

	start(b);
	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (b->fd < 0)
		return -errno;
	if (fstat(b->fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	return look(b);
}

void bytestream_begin(struct bytestream *b)
{
	start(b);
	b->is_fed = true;
}

void bytestream_feed(struct bytestream *b, const void *bytes, size_t n)
{
	make_room(b);
	memcpy(b->in + b->len, bytes, n);
	b->len += n;
	b->n_in += n;
}

void bytestream_feed_end(struct bytestream *b)
{
	b->is_eof = true;
}

static int read_plain(struct bytestream *b, const char **ret_p, size_t *ret_len)
{
	int r = want(b, 1);

	if (r < 0 || b->len == 0)
		return r;
	*ret_p = (const char *)b->in + b->at;
	*ret_len = b->len;
	b->at += b->len;
	b->len = 0;
	return 1;
}

/* After a member: 1 when another starts, 0 when only padding comes. */
static int next_member(struct bytestream *b)
{
	int r;

	for (;;) {
		r = want(b, 3);
		if (r < 0)
			return r;
		if (is_magic(b))
			break;
		if (b->len == 0)
			return 0;
		if (b->in[b->at] != 0)
			return -EBADMSG;
		b->at++;
		b->len--;
	}
	b->is_between = false;
	return inflateReset(&b->z) == Z_OK ? 1 : -EBADMSG;
}

/* One call of inflate; *ret_n bytes came out. */
static int unpack(struct bytestream *b, size_t *ret_n)
{
	int z;

	b->z.next_in = b->in + b->at;
	b->z.avail_in = (uInt)b->len;
	b->z.next_out = b->out;
	b->z.avail_out = sizeof b->out;
	z = inflate(&b->z, Z_NO_FLUSH);
	b->at += b->len - b->z.avail_in;
	b->len = b->z.avail_in;
	*ret_n = sizeof b->out - b->z.avail_out;
	b->n_out += *ret_n;
	if (z == Z_MEM_ERROR)
		return -ENOMEM;
	if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
		return *ret_n > 0 ? 0 : -EBADMSG; /* what is good first; zlib says it again */
	b->is_between = z == Z_STREAM_END;
	return 0;
}

static bool is_too_much(const struct bytestream *b)
{
	uint64_t packed = b->n_in - b->len;

	return b->n_out > b->limits.max_bytes ||
	       (b->n_out > RATIO_FREE_BYTES && b->n_out / b->limits.max_ratio > packed);
}

static int read_gzip(struct bytestream *b, const char **ret_p, size_t *ret_len)
{
	size_t n = 0;
	int r;

	do {
		r = b->is_between ? next_member(b) : want(b, 1);
		if (r < 0 || (b->is_between && r == 0))
			return r;
		if (b->len == 0)
			return -ENODATA;
		r = unpack(b, &n);
		if (r < 0)
			return r;
	} while (n == 0);
	if (is_too_much(b))
		return -EFBIG;
	*ret_p = (const char *)b->out;
	*ret_len = n;
	return 1;
}

int bytestream_read(struct bytestream *b, const char **ret_p, size_t *ret_len)
{
	int r = b->is_unknown ? look(b) : 0;

	if (r < 0)
		return r;
	return b->is_gzip ? read_gzip(b, ret_p, ret_len) : read_plain(b, ret_p, ret_len);
}

void bytestream_again(struct bytestream *b)
{
	b->is_eof = false;
	if (b->len == 0 && b->n_in == 0)
		b->is_unknown = true;
}

int bytestream_fd(const struct bytestream *b)
{
	return b->fd;
}

uint64_t bytestream_position(const struct bytestream *b)
{
	return b->n_in - b->len;
}

const char *bytestream_strerror(int r)
{
	switch (r) {
	case -EBADMSG:
		return "the gzip data is damaged";
	case -ENODATA:
		return "the gzip data is cut short";
	case -EFBIG:
		return "it unpacks to more than the bound allows";
	default:
		return strerror(-r);
	}
}
