#include "util/ptrmap.h"

#include <errno.h>

#include "util/mem.h"

enum {
	SIZE_MIN = 64,
};

void ptrmap_deinit(struct ptrmap *m)
{
	mem_free(m->slots);
	*m = (struct ptrmap){0};
}

/* Where @key is, or would go. */
static struct ptrmap_slot *slot_of(const struct ptrmap *m, const void *key)
{
	uint64_t h = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15U;
	uint32_t i = (uint32_t)(h >> 32) & (m->size - 1);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

const void *ptrmap_find(const struct ptrmap *m, const void *key)
{
	return m->size ? slot_of(m, key)->value : NULL;
}

static int grow(struct ptrmap *m)
{
	struct ptrmap bigger = {.size = m->size ? m->size * 2 : SIZE_MIN, .n = m->n};

	if (bigger.size < m->size)
		return -ENOMEM;
	bigger.slots = mem_new((size_t)bigger.size * sizeof *bigger.slots);
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->size; i++) {
		if (m->slots[i].key)
			*slot_of(&bigger, m->slots[i].key) = m->slots[i];
	}
	mem_free(m->slots);
	*m = bigger;
	return 0;
}

int ptrmap_set(struct ptrmap *m, const void *key, const void *value)
{
	struct ptrmap_slot *slot;
	int r = m->n >= m->size / 4 * 3 ? grow(m) : 0;

	if (r < 0)
		return r;
	slot = slot_of(m, key);
	m->n += !slot->key;
	*slot = (struct ptrmap_slot){key, value};
	return 0;
}
