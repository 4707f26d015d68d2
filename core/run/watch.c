/*
 * watch: what stat() said last time.
 */
#include "run/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};

struct watch_file {
	const char *path;
	struct mark mark;
	struct watch_file *next;
};

void watch_init(struct watch *w)
{
	*w = (struct watch){0};
}

void watch_deinit(struct watch *w)
{
	arena_deinit(&w->arena);
	*w = (struct watch){0};
}

void watch_reset(struct watch *w)
{
	arena_reset(&w->arena);
	w->first = NULL;
	w->n = 0;
	w->is_settling = false;
}

/* A file that is not there has a mark of its own: all zero. */
static struct mark mark_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct mark){0};
	return (struct mark){st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

static bool mark_eq(const struct mark *a, const struct mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

int watch_add(struct watch *w, const char *path)
{
	struct watch_file *f;

	if (w->n == WATCH_MAX)
		return -ENOSPC;
	f = arena_alloc(&w->arena, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->path = arena_str(&w->arena, (struct str){path, strlen(path)}).p;
	if (!f->path)
		return -ENOMEM;
	f->mark = mark_of(path);
	f->next = w->first;
	w->first = f;
	w->n++;
	return 0;
}

bool watch_look(struct watch *w)
{
	bool changed = false, was_settling = w->is_settling;

	for (struct watch_file *f = w->first; f; f = f->next) {
		struct mark now = mark_of(f->path);

		if (mark_eq(&now, &f->mark))
			continue;
		f->mark = now;
		changed = true;
	}
	w->is_settling = changed;
	return was_settling && !changed;
}

void watch_each(const struct watch *w, void (*each)(void *ctx, const char *path), void *ctx)
{
	for (const struct watch_file *f = w->first; f; f = f->next)
		each(ctx, f->path);
}
