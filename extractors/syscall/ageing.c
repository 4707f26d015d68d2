/*
 * ageing: threads whose end was not seen.
 *
 * The end of a thread is an event like any other and may be lost. So from time to time those that had
 * no event for long are looked at. On the machine itself /proc tells which of them are gone. In a
 * recording nobody can tell an idle thread from one that is gone, and forgetting an idle one would
 * change what its next event shows; so there they are kept until the table is nearly full.
 *
 * A main thread stays as long as another thread of its process is known, as they share what it has.
 */
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS 1000000000ULL

enum { BATCH = 256, PATH_LEN = 512 };

static bool is_nearly_full(const struct state *s)
{
	return s->threads.n >= s->limits.threads - s->limits.threads / 8;
}

static bool is_gone(const struct state *s, const struct thread *t)
{
	char path[PATH_LEN];

	(void)snprintf(path, sizeof path, "%s/proc/%lld/task/%lld", s->root, (long long)t->pid,
		       (long long)t->tid);
	return access(path, F_OK) != 0;
}

static bool is_old(const struct state *s, const struct thread *t, bool by_time_alone)
{
	const uint64_t idle = s->limits.idle_s * NS;

	if (t == s->cur.thread || t->n_others || s->now_ts < idle || t->seen_ts > s->now_ts - idle)
		return false;
	return by_time_alone || is_gone(s, t);
}

/* Removes up to BATCH old threads: how many. *at is where in the table to go on. */
static uint32_t remove_some(struct state *s, uint32_t *at, bool by_time_alone)
{
	int64_t old[BATCH];
	uint32_t n = 0;

	for (const struct thread *t; n < BATCH && (t = imap_next(&s->threads, at));)
		if (is_old(s, t, by_time_alone))
			old[n++] = t->tid;
	for (uint32_t i = 0; i < n; i++) {
		struct thread *t = thread_find(s, old[i]);

		if (!t || t->n_others)
			continue;
		thread_end(s, t);
		s->counters.threads_aged++;
	}
	return n;
}

void threads_age(struct state *s)
{
	const bool by_time_alone = !s->is_live && is_nearly_full(s);
	uint32_t at = 0;

	s->aged_ts = s->now_ts;
	if (!s->is_live && !by_time_alone)
		return;
	/* A removal moves entries behind it towards it, so a few may be passed by until the next time. */
	while (remove_some(s, &at, by_time_alone) == BATCH)
		;
}

bool threads_make_room(struct state *s)
{
	const uint64_t interval = s->limits.purge_interval_s * NS;

	if (s->threads.n < s->limits.threads)
		return true;
	if (s->now_ts - s->aged_ts <
	    interval / 8) /* walking the table for every event would cost too much */
		return false;
	threads_age(s);
	return s->threads.n < s->limits.threads;
}
