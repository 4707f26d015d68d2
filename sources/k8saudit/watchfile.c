#include "watchfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool watchfile_has_changed(const struct watchfile *f)
{
	struct stat now;

	return stat(f->path, &now) == 0 && !is_same(&now, &f->seen);
}

/* All of it, up to WATCHFILE_MAX and one byte more. */
static ssize_t read_all(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while (len <= WATCHFILE_MAX) {
		n = read(fd, text + len, WATCHFILE_MAX + 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : (ssize_t)len;
		len += (size_t)n;
	}
	return -EFBIG;
}

static int fill(struct watchfile *f, int fd)
{
	char *text = malloc(WATCHFILE_MAX + 2), *fit;
	struct stat st;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	if (fstat(fd, &st) < 0) {
		free(text);
		return -errno;
	}
	n = read_all(fd, text);
	f->seen = st; /* a file that cannot be used is not tried again either, until it changes */
	if (n <= 0) {
		free(text);
		return n < 0 ? (int)n : -EINVAL;
	}
	watchfile_wipe(f);
	text[n] = '\0';
	fit = realloc(text, (size_t)n + 1);
	f->text = fit ? fit : text;
	f->len = (size_t)n;
	return 0;
}

int watchfile_read(struct watchfile *f)
{
	const int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return -errno;
	r = fill(f, fd);
	(void)close(fd);
	return r;
}

void watchfile_wipe(struct watchfile *f)
{
	if (f->text)
		explicit_bzero(f->text, f->len);
	free(f->text);
	f->text = NULL;
	f->len = 0;
}

void watchfile_deinit(struct watchfile *f)
{
	watchfile_wipe(f);
}
