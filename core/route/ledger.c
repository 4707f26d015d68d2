#include "route/ledger.h"

#include <pthread.h>

#include "util/mem.h"

struct ledger {
	struct line *lines;
	uint32_t mask;
	ledger_tell_fn tell;
	void *ctx;
	_Atomic uint64_t head;   /* lines ever added */
	_Atomic uint64_t judged; /* number of the last event that has all its lines */
	_Atomic uint64_t broken; /* number of the first event with a lost alert; UINT64_MAX: none */
	pthread_mutex_t lock;    /* one settles */
	_Atomic uint64_t tail;   /* lines ever finished in order; written under the lock */
	_Atomic uint64_t told;   /* the watermark the source knows; likewise */
};

struct ledger *ledger_new(uint32_t n_lines, ledger_tell_fn tell, void *ctx)
{
	struct ledger *l = mem_new(sizeof(*l));

	if (!l)
		return NULL;
	l->lines = mem_new(n_lines * sizeof(*l->lines));
	if (!l->lines)
		return mem_free(l);
	l->mask = n_lines - 1;
	l->tell = tell;
	l->ctx = ctx;
	l->broken = UINT64_MAX;
	(void)pthread_mutex_init(&l->lock, NULL);
	return l;
}

struct ledger *ledger_free(struct ledger *l)
{
	if (!l)
		return NULL;
	(void)pthread_mutex_destroy(&l->lock);
	(void)mem_free(l->lines);
	return mem_free(l);
}

/* The order of the two loads matters: all lines of the events that count as judged are among those
 * looked at. */
static void settle(struct ledger *l)
{
	uint64_t mark = atomic_load_explicit(&l->judged, memory_order_acquire);
	const uint64_t broken = atomic_load_explicit(&l->broken, memory_order_relaxed);
	const uint64_t head = atomic_load_explicit(&l->head, memory_order_acquire);
	uint64_t tail = atomic_load_explicit(&l->tail, memory_order_relaxed);

	for (; tail != head; tail++) {
		struct line *line = &l->lines[tail & l->mask];

		if (!atomic_load_explicit(&line->n_holders, memory_order_acquire))
			continue;
		if (line->num <= mark)
			mark = line->num ? line->num - 1 : 0;
		break;
	}
	atomic_store_explicit(&l->tail, tail, memory_order_release);
	if (mark >= broken)
		mark = broken ? broken - 1 : 0;
	if (mark <= atomic_load_explicit(&l->told, memory_order_relaxed))
		return;
	l->tell(l->ctx, mark);
	atomic_store_explicit(&l->told, mark, memory_order_relaxed);
}

void ledger_settle(struct ledger *l)
{
	(void)pthread_mutex_lock(&l->lock);
	settle(l);
	(void)pthread_mutex_unlock(&l->lock);
}

void ledger_try_settle(struct ledger *l)
{
	if (pthread_mutex_trylock(&l->lock) != 0)
		return;
	settle(l);
	(void)pthread_mutex_unlock(&l->lock);
}

static bool is_full(struct ledger *l)
{
	return atomic_load_explicit(&l->head, memory_order_relaxed) -
		       atomic_load_explicit(&l->tail, memory_order_acquire) >
	       l->mask;
}

void ledger_judged(struct ledger *l, uint64_t num)
{
	if (num > atomic_load_explicit(&l->judged, memory_order_relaxed))
		atomic_store_explicit(&l->judged, num, memory_order_release);
}

struct line *ledger_add(struct ledger *l, uint64_t num)
{
	const uint64_t head = atomic_load_explicit(&l->head, memory_order_relaxed);
	struct line *line = &l->lines[head & l->mask];

	if (num)
		ledger_judged(l, num - 1);
	if (is_full(l)) {
		ledger_settle(l);
		if (is_full(l))
			return NULL;
	}
	line->num = num;
	if (!line->ledger) /* others may still read it */
		line->ledger = l;
	atomic_store_explicit(&line->n_holders, 1, memory_order_relaxed);
	atomic_store_explicit(&l->head, head + 1, memory_order_release);
	return line;
}

void ledger_break(struct ledger *l, uint64_t num)
{
	if (num < atomic_load_explicit(&l->broken, memory_order_relaxed))
		atomic_store_explicit(&l->broken, num, memory_order_relaxed);
}

struct ledger *line_settle(const struct line *line, struct ledger *last)
{
	if (!line || line->ledger == last)
		return last;
	ledger_settle(line->ledger);
	return line->ledger;
}

void line_hold(struct line *l)
{
	if (l)
		(void)atomic_fetch_add_explicit(&l->n_holders, 1, memory_order_relaxed);
}

void line_done(struct line *l)
{
	if (l)
		(void)atomic_fetch_sub_explicit(&l->n_holders, 1, memory_order_release);
}
