/*
 * A slot is 64 bytes: one line of the cache for a look-up saved.
 */
#include "plan/atom.h"

#include "util/mem.h"

struct slot {
	uint64_t id, version;
	uint32_t sw_n; /* switch << 4 | hits, plus one; 0: free */
	uint32_t hits[ATOM_HITS];
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

static struct slot *slot_of(struct atoms *a, uint32_t sw, const struct gyr_entry *e)
{
	uint64_t h = (e->id * 64 + sw) * 0x9e3779b97f4a7c15U;

	return &a->slots[h >> 52 & (ATOM_SLOTS - 1)];
}

bool atoms_find(struct atoms *a, uint32_t sw, const struct gyr_entry *e, struct hits *h)
{
	const struct slot *s = slot_of(a, sw, e);

	if (s->sw_n == 0 || (s->sw_n - 1) >> 4 != sw || s->id != e->id ||
	    s->version != e->version) {
		a->n_missed++;
		return false;
	}
	a->n_found++;
	hits_add(h, s->hits, (s->sw_n - 1) & 15);
	return true;
}

void atoms_add(struct atoms *a, uint32_t sw, const struct gyr_entry *e, const struct hits *h,
	       uint32_t from)
{
	uint32_t n = h->n - from;
	struct slot *s = slot_of(a, sw, e);

	if (n > ATOM_HITS || sw >= UINT32_MAX >> 4)
		return;
	*s = (struct slot){.id = e->id, .version = e->version, .sw_n = (sw << 4 | n) + 1};
	if (n)
		memcpy(s->hits, h->list + from, n * sizeof *s->hits);
}

void atoms_count(const struct atoms *a, uint64_t *ret_found, uint64_t *ret_missed)
{
	*ret_found = a->n_found;
	*ret_missed = a->n_missed;
}
