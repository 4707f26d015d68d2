#include "plan/index.h"

#include <stdlib.h>

#include "util/hash.h"

/* Order of keys: bytes, then length, then bits. */
static int by_key(const void *a, const void *b)
{
	const struct index_key *x = a, *y = b;
	size_t n = x->key.len < y->key.len ? x->key.len : y->key.len;
	int c = n ? memcmp(x->key.p, y->key.p, n) : 0;

	if (c)
		return c;
	if (x->key.len != y->key.len)
		return x->key.len < y->key.len ? -1 : 1;
	if (x->bits != y->bits)
		return x->bits < y->bits ? -1 : 1;
	return x->pred < y->pred ? -1 : x->pred > y->pred;
}

bool index_group(struct arena *scratch, struct arena *a, struct index_key *keys, uint32_t n,
		 struct index_entries *ret_entries)
{
	struct index_entry *entries = arena_alloc(scratch, n * sizeof *entries);
	uint32_t *preds = arena_alloc(a, n * sizeof *preds);
	uint32_t n_entries = 0;

	if (!entries || !preds)
		return false;
	if (n)
		qsort(keys, n, sizeof *keys, by_key);
	for (uint32_t i = 0; i < n; i++) {
		struct index_entry *last = n_entries ? &entries[n_entries - 1] : NULL;

		preds[i] = keys[i].pred;
		if (last && last->bits == keys[i].bits && str_eq(last->key, keys[i].key)) {
			last->n++;
			continue;
		}
		entries[n_entries++] = (struct index_entry){
			.key = keys[i].key, .bits = keys[i].bits, .first = i, .n = 1};
	}
	*ret_entries = (struct index_entries){entries, n_entries, preds};
	return true;
}

/* --- hash ---------------------------------------------------------------------------------------
 */

/* Slots are small, so that many share a line; what a look-up that hits needs besides is in one place:
 * length of the key, number of predicates, predicates, key. */
struct hash_slot {
	uint32_t tag; /* 0: free */
	uint32_t at;  /* in records */
};

enum {
	RECORD_HEAD = 2, /* words before the predicates */
};

/* The keys are the rules', not an attacker's, and a value that collides on purpose costs one comparison.
 */
static uint32_t tag_of(uint64_t h)
{
	return (uint32_t)(h >> 32) | 1;
}

static size_t record_words(const struct index_entry *e)
{
	return RECORD_HEAD + (size_t)e->n + (e->key.len + 3) / 4;
}

/* Writes the record of @e at @to. */
static void record_put(uint32_t *to, const struct index_entry *e, const uint32_t *preds)
{
	to[0] = (uint32_t)e->key.len;
	to[1] = e->n;
	memcpy(to + RECORD_HEAD, preds + e->first, e->n * sizeof *preds);
	if (e->key.len)
		memcpy(to + RECORD_HEAD + e->n, e->key.p, e->key.len);
}

bool hash_index_init(struct hash_index *x, struct arena *a, const struct index_entries *e)
{
	struct hash_slot *slots;
	uint32_t size = 4, *records, used = 0;
	size_t words = 0;

	while (size < e->n * 2)
		size *= 2;
	for (uint32_t i = 0; i < e->n; i++)
		words += record_words(&e->items[i]);
	if (words > UINT32_MAX)
		return false;
	slots = arena_alloc(a, size * sizeof *slots);
	records = arena_alloc(a, words * sizeof *records);
	if (!slots || !records)
		return false;
	for (uint32_t i = 0; i < e->n; i++) {
		uint64_t h = hash_bytes(e->items[i].key);
		uint32_t at = (uint32_t)h & (size - 1);

		while (slots[at].tag)
			at = (at + 1) & (size - 1);
		slots[at] = (struct hash_slot){.tag = tag_of(h), .at = used};
		record_put(records + used, &e->items[i], e->preds);
		used += (uint32_t)record_words(&e->items[i]);
	}
	*x = (struct hash_index){.slots = slots, .mask = size - 1, .records = records};
	return true;
}

void hash_index_find(const struct hash_index *x, struct str value, struct hits *h)
{
	uint64_t hash = hash_bytes(value);
	uint32_t tag = tag_of(hash), at = (uint32_t)hash & x->mask;

	for (; x->slots[at].tag; at = (at + 1) & x->mask) {
		const uint32_t *r = x->records + x->slots[at].at;

		if (x->slots[at].tag != tag || r[0] != value.len ||
		    (value.len && memcmp(r + RECORD_HEAD + r[1], value.p, value.len) != 0))
			continue;
		hits_add(h, r + RECORD_HEAD, r[1]);
		return;
	}
}

/* --- networks -----------------------------------------------------------------------------------
 */

struct net_node {
	uint32_t kids[2]; /* 0: none (the roots are nobody's kids) */
	uint32_t first, n;
};

static unsigned bit_at(struct str key, uint32_t i)
{
	return (unsigned)((unsigned char)key.p[i / 8] >> (7 - i % 8)) & 1;
}

bool net_index_init(struct net_index *x, struct arena *a, const struct index_entries *e)
{
	const struct index_entry *entries = e->items;
	uint32_t room = 2, used = 2, n = e->n;
	struct net_node *nodes;

	for (uint32_t i = 0; i < n; i++)
		room += entries[i].bits;
	nodes = arena_alloc(a, room * sizeof *nodes);
	if (!nodes)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = entries[i].key.len == 16;

		for (uint32_t b = 0; b < entries[i].bits; b++) {
			uint32_t *kid = &nodes[at].kids[bit_at(entries[i].key, b)];

			if (!*kid)
				*kid = used++;
			at = *kid;
		}
		nodes[at].first = entries[i].first;
		nodes[at].n = entries[i].n;
	}
	*x = (struct net_index){.nodes = nodes, .preds = e->preds};
	return true;
}

void net_index_find(const struct net_index *x, struct str address, struct hits *h)
{
	uint32_t at = address.len == 16, bits = (uint32_t)address.len * 8;

	if (address.len != 4 && address.len != 16)
		return;
	for (uint32_t b = 0;; b++) {
		hits_add(h, x->preds + x->nodes[at].first, x->nodes[at].n);
		if (b == bits)
			return;
		at = x->nodes[at].kids[bit_at(address, b)];
		if (!at)
			return;
	}
}

/* --- ranges -------------------------------------------------------------------------------------
 */

static int by_bound(const void *a, const void *b)
{
	const struct range_key *x = a, *y = b;

	return x->bound < y->bound ? -1 : x->bound > y->bound;
}

static bool sorted(struct arena *a, struct range_keys keys, struct range_keys *ret)
{
	struct range_key *copy = arena_alloc(a, (keys.n ? keys.n : 1) * sizeof *copy);

	if (!copy)
		return false;
	if (keys.n) {
		memcpy(copy, keys.items, keys.n * sizeof *copy);
		qsort(copy, keys.n, sizeof *copy, by_bound);
	}
	*ret = (struct range_keys){copy, keys.n};
	return true;
}

bool range_index_init(struct range_index *x, struct arena *a, struct range_keys below,
		      struct range_keys above)
{
	return sorted(a, below, &x->below) && sorted(a, above, &x->above);
}

void range_index_find(const struct range_index *x, uint64_t value, struct hits *h)
{
	const struct range_key *below = x->below.items, *above = x->above.items;

	for (uint32_t i = x->below.n; i && value < below[i - 1].bound; i--)
		hits_add(h, &below[i - 1].pred, 1);
	for (uint32_t i = 0; i < x->above.n && value >= above[i].bound; i++)
		hits_add(h, &above[i].pred, 1);
}
