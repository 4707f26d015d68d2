/* imap: linear probing; see imap.h. */
#include "imap.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t home(const struct imap *m, int64_t key)
{
	return (uint32_t)(((uint64_t)key * 0x9e3779b97f4a7c15U) >> 32) & (m->cap - 1);
}

/* The slot of @key, or the free one where it would go. Needs a free slot. */
static uint32_t find(const struct imap *m, int64_t key)
{
	uint32_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *imap_get(const struct imap *m, int64_t key)
{
	return m->cap ? m->slots[find(m, key)].value : NULL;
}

static int grow(struct imap *m)
{
	struct imap bigger = {.n = m->n, .cap = m->cap ? m->cap * 2 : 8};

	bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->cap; i++)
		if (m->slots[i].value)
			bigger.slots[find(&bigger, m->slots[i].key)] = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

int imap_add(struct imap *m, int64_t key, void *value)
{
	if (m->n + 1 > m->cap - m->cap / 4) {
		const int r = grow(m);

		if (r)
			return r;
	}
	m->slots[find(m, key)] = (struct imap_slot){.key = key, .value = value};
	m->n++;
	return 0;
}

void *imap_take(struct imap *m, int64_t key)
{
	const uint32_t mask = m->cap - 1;

	if (!m->cap)
		return NULL;
	uint32_t gap = find(m, key);
	void *value = m->slots[gap].value;

	if (!value)
		return NULL;
	m->n--;
	for (uint32_t i = (gap + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
		/* An entry may fill the gap unless its home lies cyclically in (gap, i]. */
		if (((i - home(m, m->slots[i].key)) & mask) < ((i - gap) & mask))
			continue;
		m->slots[gap] = m->slots[i];
		gap = i;
	}
	m->slots[gap].value = NULL;
	return value;
}

void *imap_next(const struct imap *m, uint32_t *at)
{
	while (*at < m->cap) {
		void *value = m->slots[(*at)++].value;

		if (value)
			return value;
	}
	return NULL;
}

void imap_deinit(struct imap *m)
{
	free(m->slots);
	*m = (struct imap){0};
}
