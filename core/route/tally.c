/*
 * tally: alerts by rule.
 */
#include "route/tally.h"

void tally_init(struct tally *t)
{
	*t = (struct tally){.arena = {.chunk_max = ARENA_CHUNK_KEPT}};
}

void tally_deinit(struct tally *t)
{
	strmap_deinit(&t->rows);
	arena_deinit(&t->arena);
	*t = (struct tally){0};
}

struct tally_row *tally_row(struct tally *t, struct str rule, uint32_t priority)
{
	struct tally_row *row = strmap_find(&t->rows, rule);

	if (row) {
		row->priority = priority;
		return row;
	}
	row = arena_alloc(&t->arena, sizeof(*row));
	if (!row)
		return NULL;
	row->rule = arena_str(&t->arena, rule);
	row->priority = priority;
	if (!row->rule.p || strmap_add(&t->rows, row->rule, row) < 0)
		return NULL;
	if (t->last)
		t->last->next = row;
	else
		t->first = row;
	t->last = row;
	return row;
}

const struct tally_row *tally_find(const struct tally *t, struct str rule)
{
	return strmap_find(&t->rows, rule);
}
