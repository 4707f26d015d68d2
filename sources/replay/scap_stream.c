/* scap_stream: a file descriptor or memory, through zlib when it begins like gzip. */
#include "scap_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum {
	INPUT_SIZE = 128 << 10,
	GZIP_WINDOW = 15 + 16, /* the largest window, gzip framing */
	NOTHING = -100000,     /* no errno */
	HEAD_SIZE = 256,
};

struct scap_stream {
	int fd; /* -1: memory */
	const uint8_t *memory;
	size_t memory_len;
	uint64_t taken, size;
	uint8_t *input; /* bytes read but not yet given: input[at .. len] */
	size_t at, len;
	bool is_started, is_gzip, is_input_end;
	bool is_in_member; /* gzip: between the head and the end of a member */
	z_stream z;
	const char *error;
	uint8_t head
		[HEAD_SIZE]; /* what was peeked at and not yet given: head[head_at .. head_len] */
	long head_at, head_len; /* head_len may be a negative errno */
};

int scap_stream_open(const char *path, struct scap_stream **ret_stream)
{
	struct scap_stream *s = calloc(1, sizeof *s);
	struct stat st;

	if (!s)
		return -ENOMEM;
	s->error = "";
	s->input = malloc(INPUT_SIZE);
	s->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || !s->input || fstat(s->fd, &st)) {
		const int r = s->input ? -errno : -ENOMEM;

		(void)scap_stream_close(s);
		return r;
	}
	if (S_ISDIR(st.st_mode)) {
		(void)scap_stream_close(s);
		return -EISDIR;
	}
	s->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	*ret_stream = s;
	return 0;
}

int scap_stream_open_memory(const void *bytes, size_t len, struct scap_stream **ret_stream)
{
	struct scap_stream *s = calloc(1, sizeof *s);

	if (!s)
		return -ENOMEM;
	s->error = "";
	s->fd = -1;
	s->memory = bytes;
	s->memory_len = s->size = len;
	s->input = malloc(INPUT_SIZE);
	if (!s->input) {
		(void)scap_stream_close(s);
		return -ENOMEM;
	}
	*ret_stream = s;
	return 0;
}

struct scap_stream *scap_stream_close(struct scap_stream *s)
{
	if (!s)
		return NULL;
	if (s->is_gzip)
		(void)inflateEnd(&s->z);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->input);
	free(s);
	return NULL;
}

/* Bytes of the file itself. */
static long raw_read(struct scap_stream *s, void *ret, size_t size)
{
	ssize_t n;

	if (s->fd < 0) {
		n = (ssize_t)(size < s->memory_len - s->taken ? size : s->memory_len - s->taken);
		if (n)
			memcpy(ret, s->memory + s->taken, (size_t)n);
	} else {
		do
			n = read(s->fd, ret, size);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
	}
	s->taken += (uint64_t)n;
	s->is_input_end = n == 0;
	return n;
}

/* More input behind what is left of it. */
static int fill(struct scap_stream *s)
{
	long n;

	if (s->at == s->len)
		s->at = s->len = 0;
	if (s->len == INPUT_SIZE || s->is_input_end)
		return 0;
	n = raw_read(s, s->input + s->len, INPUT_SIZE - s->len);
	if (n < 0)
		return (int)n;
	s->len += (size_t)n;
	return 0;
}

static int start(struct scap_stream *s)
{
	int r = 0;

	while (r == 0 && s->len < 2 && !s->is_input_end)
		r = fill(s);
	if (r)
		return r;
	s->is_started = true;
	if (s->len < 2 || s->input[0] != 0x1f || s->input[1] != 0x8b)
		return 0;
	if (inflateInit2(&s->z, GZIP_WINDOW) != Z_OK)
		return -ENOMEM;
	s->is_gzip = s->is_in_member = true;
	return 0;
}

/* The end of a member: another one follows, or the end. Padding of zeros counts as the end. */
static long next_member(struct scap_stream *s)
{
	int r = fill(s);

	if (r)
		return r;
	if (s->at == s->len || s->input[s->at] != 0x1f) {
		s->at = s->len;
		s->is_input_end = true;
		return 0;
	}
	(void)inflateReset(&s->z);
	s->is_in_member = true;
	return 1;
}

static long damaged(struct scap_stream *s, const char *what)
{
	s->error = what;
	return -EBADMSG;
}

/* One call of inflate: bytes given, or NOTHING: there were none, and it is not the end. */
static long inflate_some(struct scap_stream *s, void *ret, size_t size)
{
	int r = s->at == s->len ? fill(s) : 0;

	if (r)
		return r;
	if (s->at == s->len)
		return damaged(s, "the compressed data ends too early");
	s->z.next_in = s->input + s->at;
	s->z.avail_in = (uInt)(s->len - s->at);
	s->z.next_out = ret;
	s->z.avail_out = (uInt)size;
	r = inflate(&s->z, Z_NO_FLUSH);
	s->at = s->len - s->z.avail_in;
	if (r == Z_STREAM_END)
		s->is_in_member = false;
	else if (r == Z_MEM_ERROR)
		return -ENOMEM;
	else if (r != Z_OK && r != Z_BUF_ERROR && s->z.avail_out == size)
		return damaged(s, "the compressed data is damaged");
	return s->z.avail_out < size ? (long)(size - s->z.avail_out) : NOTHING;
}

static long read_on(struct scap_stream *s, void *ret, size_t size)
{
	long n = s->is_started ? 0 : start(s);

	if (n < 0)
		return n;
	if (!s->is_gzip && s->at < s->len) {
		n = (long)(size < s->len - s->at ? size : s->len - s->at);
		memcpy(ret, s->input + s->at, (size_t)n);
		s->at += (size_t)n;
		return n;
	}
	if (!s->is_gzip)
		return s->is_input_end ? 0 : raw_read(s, ret, size);
	do {
		if (!s->is_in_member) {
			n = next_member(s);
			if (n <= 0)
				return n;
		}
		n = inflate_some(s, ret, size);
	} while (n == NOTHING);
	return n;
}

long scap_stream_read(struct scap_stream *s, void *ret, size_t size)
{
	long n = s->head_len - s->head_at;

	size = size < 1U << 30 ? size : 1U << 30;
	if (s->head_len < 0)
		return s->head_len;
	if (!n)
		return read_on(s, ret, size);
	n = n < (long)size ? n : (long)size;
	memcpy(ret, s->head + s->head_at, (size_t)n);
	s->head_at += n;
	return n;
}

int scap_stream_peek(struct scap_stream *s)
{
	static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
	long i = 0;

	s->head_len = read_on(s, s->head, HEAD_SIZE);
	if (s->head_len >= 3 && memcmp(s->head, mark, sizeof mark) == 0)
		i = sizeof mark;
	while (i < s->head_len && strchr(" \t\r\n", s->head[i]) && s->head[i])
		i++;
	return i < s->head_len ? s->head[i] : -1;
}

const char *scap_stream_error(const struct scap_stream *s)
{
	return s->error;
}

void scap_stream_position(const struct scap_stream *s, uint64_t *ret_at, uint64_t *ret_size)
{
	*ret_at = s->taken - (s->len - s->at);
	*ret_size = s->size;
}
