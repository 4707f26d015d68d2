/*
 * A slot is 64 bytes: one line of the cache for what is saved.
 */
#include "plan/atom.h"

#include <string.h>

#include "util/mem.h"

struct slot {
	uint64_t id, version;
	uint32_t asked_n; /* question << 4 | how many, plus one; 0: free */
	uint32_t numbers[ATOM_MAX];
};

struct atoms {
	uint64_t n_found, n_missed;
	struct slot slots[ATOM_SLOTS];
};

struct atoms *atoms_new(void)
{
	return mem_new(sizeof(struct atoms));
}

struct atoms *atoms_free(struct atoms *a)
{
	return mem_free(a);
}

static struct slot *slot_of(struct atoms *a, uint32_t asked, const struct gyr_entry *e)
{
	uint64_t h = (e->id * 64 + asked) * 0x9e3779b97f4a7c15U;

	return &a->slots[h >> 52 & (ATOM_SLOTS - 1)];
}

const uint32_t *atoms_find(struct atoms *a, uint32_t asked, const struct gyr_entry *e,
			   uint32_t *ret_n)
{
	const struct slot *s = slot_of(a, asked, e);

	if (s->asked_n == 0 || (s->asked_n - 1) >> 4 != asked || s->id != e->id ||
	    s->version != e->version) {
		a->n_missed++;
		return NULL;
	}
	a->n_found++;
	*ret_n = (s->asked_n - 1) & 15;
	return s->numbers;
}

bool atoms_has_none(struct atoms *a, uint32_t asked, const struct gyr_entry *e)
{
	const struct slot *s = slot_of(a, asked, e);

	if (s->asked_n != (asked << 4) + 1 || s->id != e->id || s->version != e->version)
		return false;
	a->n_found++;
	return true;
}

void atoms_add(struct atoms *a, uint32_t asked, const struct gyr_entry *e, const uint32_t *numbers,
	       uint32_t n)
{
	struct slot *s = slot_of(a, asked, e);

	if (n > ATOM_MAX || asked >= ATOM_ASKED_MAX)
		return;
	s->id = e->id;
	s->version = e->version;
	s->asked_n = (asked << 4 | n) + 1;
	if (n)
		memcpy(s->numbers, numbers, n * sizeof *numbers);
}

void atoms_count(const struct atoms *a, uint64_t *ret_found, uint64_t *ret_missed)
{
	*ret_found = a->n_found;
	*ret_missed = a->n_missed;
}
