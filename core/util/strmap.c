#include "util/strmap.h"

#include <errno.h>

#include "util/hash.h"
#include "util/mem.h"

enum {
	SIZE_MIN = 16,
	NEAR_MAX = 64,
};

static uint32_t hash_of(struct str s)
{
	return (uint32_t)(hash_bytes(s) >> 32);
}

static struct str key_of(const struct strmap_slot *slot)
{
	return (struct str){slot->key, slot->len};
}

void strmap_deinit(struct strmap *m)
{
	mem_free(m->slots);
	*m = (struct strmap)STRMAP_NULL;
}

static struct strmap_slot *slot_of(const struct strmap *m, struct str key, uint32_t hash)
{
	uint32_t i = hash & (m->size - 1);

	while (m->slots[i].value &&
	       (m->slots[i].hash != hash || !str_eq(key_of(&m->slots[i]), key)))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

void *strmap_find(const struct strmap *m, struct str key)
{
	return m->size ? slot_of(m, key, hash_of(key))->value : NULL;
}

/* Where a key that is not in the map goes. */
static struct strmap_slot *free_slot(const struct strmap *m, uint32_t hash)
{
	uint32_t i = hash & (m->size - 1);

	while (m->slots[i].value)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static int grow(struct strmap *m)
{
	struct strmap bigger = {.size = m->size ? m->size * 2 : SIZE_MIN, .n = m->n};

	if (bigger.size < m->size)
		return -ENOMEM;
	bigger.slots = mem_new((size_t)bigger.size * sizeof *bigger.slots);
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->size; i++) {
		if (m->slots[i].value)
			*free_slot(&bigger, m->slots[i].hash) = m->slots[i];
	}
	mem_free(m->slots);
	*m = bigger;
	return 0;
}

int strmap_add(struct strmap *m, struct str key, void *value)
{
	uint32_t hash = hash_of(key);
	struct strmap_slot *slot;
	int r = key.len > UINT32_MAX ? -ENOMEM : 0;

	if (r == 0 && m->n >= m->size / 4 * 3)
		r = grow(m);
	if (r < 0)
		return r;
	slot = slot_of(m, key, hash);
	if (slot->value)
		return -EEXIST;
	*slot = (struct strmap_slot){
		.key = key.p, .value = value, .len = (uint32_t)key.len, .hash = hash};
	m->n++;
	return 0;
}

static uint32_t min3(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Damerau's distance with adjacent swaps, row by row. */
uint32_t str_distance(struct str a, struct str b, uint32_t limit)
{
	uint32_t rows[3][NEAR_MAX + 1];
	uint32_t *before = rows[0], *last = rows[1], *row = rows[2];
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;

	if (a.len > NEAR_MAX || b.len > NEAR_MAX || gap > limit)
		return limit + 1;
	for (uint32_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (uint32_t i = 1; i <= a.len; i++) {
		uint32_t *spare = before;

		row[0] = i;
		for (uint32_t j = 1; j <= b.len; j++) {
			uint32_t differ = a.p[i - 1] != b.p[j - 1];

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + differ);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				row[j] = min3(row[j], before[j - 2] + 1, row[j]);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len] > limit ? limit + 1 : last[b.len];
}

static bool str_less(struct str a, struct str b)
{
	int r = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

	return r < 0 || (r == 0 && a.len < b.len);
}

struct str strmap_nearest(const struct strmap *m, struct str key)
{
	uint32_t best = (uint32_t)(key.len < 3 ? 1 : key.len / 3) + 1;
	struct str found = {0};

	for (uint32_t i = 0; i < m->size; i++) {
		uint32_t d;

		if (!m->slots[i].value)
			continue;
		d = str_distance(key, key_of(&m->slots[i]), best);
		/* Of equally near names the first by alphabet, so that a message is always the
		 * same. */
		if (d < best || (d == best && found.p && str_less(key_of(&m->slots[i]), found)))
			found = key_of(&m->slots[i]);
		if (d < best)
			best = d;
	}
	return found;
}
