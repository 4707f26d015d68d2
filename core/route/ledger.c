#include "route/ledger.h"

#include "util/mem.h"

struct ledger {
	struct line *lines;
	uint32_t mask;
	uint64_t head, tail; /* lines ever added, lines ever finished in order */
	uint64_t broken_num; /* 0: none */
};

struct ledger *ledger_new(uint32_t n_lines)
{
	struct ledger *l = mem_new(sizeof(*l));

	if (!l)
		return NULL;
	l->lines = mem_new(n_lines * sizeof(*l->lines));
	if (!l->lines)
		return mem_free(l);
	l->mask = n_lines - 1;
	return l;
}

struct ledger *ledger_free(struct ledger *l)
{
	if (!l)
		return NULL;
	(void)mem_free(l->lines);
	return mem_free(l);
}

static struct line *oldest_held(struct ledger *l)
{
	for (; l->tail != l->head; l->tail++) {
		struct line *line = &l->lines[l->tail & l->mask];

		if (atomic_load_explicit(&line->n_holders, memory_order_acquire))
			return line;
	}
	return NULL;
}

struct line *ledger_add(struct ledger *l, uint64_t num)
{
	struct line *line;

	if (l->head - l->tail > l->mask) {
		(void)oldest_held(l);
		if (l->head - l->tail > l->mask)
			return NULL;
	}
	line = &l->lines[l->head++ & l->mask];
	line->num = num;
	atomic_store_explicit(&line->n_holders, 1, memory_order_relaxed);
	return line;
}

uint64_t ledger_mark(struct ledger *l, uint64_t last)
{
	const struct line *line = oldest_held(l);
	uint64_t mark = last;

	if (line)
		mark = line->num ? line->num - 1 : 0;
	return l->broken_num && mark >= l->broken_num ? l->broken_num - 1 : mark;
}

void ledger_break(struct ledger *l, uint64_t num)
{
	if (!l->broken_num || num < l->broken_num)
		l->broken_num = num;
}

uint32_t ledger_depth(struct ledger *l)
{
	(void)oldest_held(l);
	return (uint32_t)(l->head - l->tail);
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
