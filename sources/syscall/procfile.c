#include "procfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIRST_CAP = 8192 };

static bool has_room(struct procfile *p, size_t cap)
{
	char *bigger;

	if (p->cap >= cap)
		return true;
	bigger = realloc(p->buf, cap);
	if (!bigger)
		return false;
	p->buf = bigger;
	p->cap = cap;
	return true;
}

/* Everything there is, to at most @max bytes. */
static ssize_t read_all(struct procfile *p, int fd, size_t max, bool *ret_cut)
{
	size_t len = 0;

	for (;;) {
		size_t want;
		ssize_t n;

		if (len == p->cap && !has_room(p, p->cap * 2))
			return -ENOMEM;
		want = p->cap - len;
		if (want > max + 1 - len)
			want = max + 1 - len;
		n = want ? read(fd, p->buf + len, want) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0)
			break;
	}
	*ret_cut = len > max;
	return (ssize_t)(len > max ? max : len);
}

ssize_t procfile_read(struct procfile *p, int dir, const char *name, size_t max, bool *ret_cut)
{
	bool cut = false;
	ssize_t n;
	int fd;

	if (!has_room(p, FIRST_CAP))
		return -ENOMEM;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read_all(p, fd, max, &cut);
	(void)close(fd);
	if (ret_cut)
		*ret_cut = cut;
	return n;
}

ssize_t procfile_read_whole(struct procfile *p, int dir, const char *name, size_t max)
{
	ssize_t n;
	int fd;

	if (!has_room(p, max > FIRST_CAP ? max : FIRST_CAP))
		return -ENOMEM;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do
		n = read(fd, p->buf, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		n = -errno;
	(void)close(fd);
	return n;
}

ssize_t procfile_link(struct procfile *p, int dir, const char *name)
{
	ssize_t n;

	if (!has_room(p, FIRST_CAP))
		return -ENOMEM;
	n = readlinkat(dir, name, p->buf, PROCFILE_LINK_MAX);
	if (n < 0)
		return -errno;
	p->buf[n] = '\0';
	return n;
}

void procfile_deinit(struct procfile *p)
{
	free(p->buf);
	*p = (struct procfile){.buf = NULL};
}
