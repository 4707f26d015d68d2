/*
 * feed: lines held until read, and a child started anew with growing pauses.
 */
#include "feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_MIN_MS = 100, PAUSE_MAX_MS = 30000, STEADY_MS = 10000 };

void feed_init(struct feed *f, const char *line)
{
	*f = (struct feed){.line = line, .child = CHILD_NULL};
}

/* Forgets the lines of which the child has read the last byte. */
static void feed_forget_read(struct feed *f)
{
	const size_t unread = child_unread(&f->child);
	const size_t read = unread < f->n_written ? f->n_written - unread : 0;
	const char *end = read ? memrchr(f->held, '\n', read) : NULL;

	if (!end)
		return;
	const size_t n = (size_t)(end - f->held) + 1;
	memmove(f->held, f->held + n, f->len - n);
	f->len -= n;
	f->n_written -= n;
}

/* The child is gone: all that it has not read is to be written again. */
static void feed_mourn(struct feed *f, struct feed_news *ret_news)
{
	const bool was_steady = child_clock_ms() - f->started_ms >= STEADY_MS;
	char how[48];

	feed_forget_read(f);
	f->n_written = 0;
	(void)child_end(&f->child, child_clock_ms() + PAUSE_MIN_MS);
	child_describe(&f->child, how, sizeof how);
	f->pause_ms = was_steady || !f->pause_ms ? PAUSE_MIN_MS : f->pause_ms * 2;
	if (f->pause_ms > PAUSE_MAX_MS)
		f->pause_ms = PAUSE_MAX_MS;
	f->not_before_ms = child_clock_ms() + f->pause_ms;
	(void)snprintf(ret_news->text, sizeof ret_news->text,
		       "ended (%s) with %zu bytes unread; a new one in %llu ms", how, f->len,
		       (unsigned long long)f->pause_ms);
}

static int feed_start(struct feed *f)
{
	int r;

	if (child_clock_ms() < f->not_before_ms)
		return -ECHILD;
	r = child_start(&f->child, f->line);
	if (r == 0)
		f->started_ms = child_clock_ms();
	return r;
}

/* Writes what is held and not yet written. */
static int feed_push(struct feed *f, uint64_t until_ms)
{
	size_t done;
	int r;

	if (f->n_written == f->len)
		return 0;
	r = child_write(&f->child, f->held + f->n_written, f->len - f->n_written, until_ms, &done);
	f->n_written += done;
	return r;
}

int feed_ready(struct feed *f, uint64_t until_ms, struct feed_news *ret_news)
{
	int r = 0;

	ret_news->text[0] = '\0';
	if (f->child.in >= 0 && child_wait(&f->child, 0))
		feed_mourn(f, ret_news);
	if (f->child.in < 0)
		r = feed_start(f);
	if (r == 0) {
		feed_forget_read(f);
		r = feed_push(f, until_ms);
	}
	if (r == -EPIPE)
		feed_mourn(f, ret_news);
	return r;
}

static int feed_hold(struct feed *f, const char *line, size_t len)
{
	const size_t need = f->len + len + 1;

	if (need > f->cap) {
		const size_t cap = need * 2 > 4096 ? need * 2 : 4096;
		char *bigger = realloc(f->held, cap);

		if (!bigger)
			return -ENOMEM;
		f->held = bigger;
		f->cap = cap;
	}
	memcpy(f->held + f->len, line, len);
	f->held[f->len + len] = '\n';
	f->len = need;
	return 0;
}

int feed_line(struct feed *f, uint64_t id, const char *line, size_t len, uint64_t until_ms)
{
	const size_t before = f->len;
	int r = 0;

	/* All held bytes are out, the rest of this line with them: feed_ready() saw to it. */
	if (f->unfinished && f->unfinished == id) {
		f->unfinished = 0;
		return 0;
	}
	f->unfinished = 0;
	if (before > (1 << 17))
		feed_forget_read(f);

	const size_t start = f->len;
	r = feed_hold(f, line, len);
	if (r == 0)
		r = feed_push(f, until_ms);
	if (r == 0 || r == -ENOMEM)
		return r;
	if (f->n_written > start && id)
		f->unfinished = id;
	else if (f->n_written <= start)
		f->len = start;
	return r;
}

size_t feed_end(struct feed *f, uint64_t until_ms)
{
	if (f->child.in >= 0) {
		(void)feed_push(f, until_ms);
		while (child_unread(&f->child) && !child_wait(&f->child, 0) &&
		       child_clock_ms() < until_ms)
			(void)child_wait(&f->child, child_clock_ms() + 1);
		feed_forget_read(f);
		f->n_written = 0;
		(void)child_end(&f->child, until_ms);
	}
	return f->len;
}

void feed_deinit(struct feed *f)
{
	(void)feed_end(f, child_clock_ms());
	free(f->held);
	f->held = NULL;
	f->len = f->cap = f->n_written = 0;
}
