#include "logfollow.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t read_head(int fd, char *head)
{
	const ssize_t n = pread(fd, head, LOGFOLLOW_HEAD, 0);

	return n < 0 ? 0 : (size_t)n;
}

void logfollow_begin(struct logfollow *f, int fd)
{
	f->is_moved = false;
	f->n_head = read_head(fd, f->head);
}

/* Whether it begins as it did; remembers more of it where it was short. */
static bool begins_as_before(struct logfollow *f, int fd)
{
	char head[LOGFOLLOW_HEAD];
	const size_t n = read_head(fd, head);

	if (n < f->n_head || memcmp(head, f->head, f->n_head) != 0)
		return false;
	memcpy(f->head + f->n_head, head + f->n_head, n - f->n_head);
	f->n_head = n;
	return true;
}

enum logfollow_state logfollow_look(struct logfollow *f, const char *path, int fd,
				    uint64_t position)
{
	struct stat here, there;
	bool is_other;

	if (fstat(fd, &here) < 0)
		return LOGFOLLOW_NOTHING;
	if ((uint64_t)here.st_size < position || !begins_as_before(f, fd))
		return LOGFOLLOW_ANEW;
	if ((uint64_t)here.st_size > position)
		return LOGFOLLOW_MORE;
	is_other = stat(path, &there) == 0 && S_ISREG(there.st_mode) && there.st_size > 0 &&
		   (there.st_dev != here.st_dev || there.st_ino != here.st_ino);
	if (!is_other)
		return LOGFOLLOW_NOTHING;
	if (f->is_moved)
		return LOGFOLLOW_MOVED;
	f->is_moved = true; /* what was written to it before the other one is there by now */
	return LOGFOLLOW_MORE;
}
