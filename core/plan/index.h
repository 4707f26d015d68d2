/*
 * index: look-ups from a value to the predicates that are true for it.
 *
 * Each is built once from entries (a key and the predicates it stands for) and then only read:
 *   hash    the value is the key
 *   radix   the key is a prefix of the value (of its reverse, for suffixes); one walk has them all
 *   ac      the key is somewhere in the value: Aho-Corasick over byte classes
 *   net     the address lies in the network: a bit at a time
 *   range   the number lies beyond a threshold: sorted thresholds, the true ones are a run
 *
 * Lifetime: that of the arena. Threads: one while building; then read by any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/str.h"

/* What a look-up found: predicates are stamped with the number of the event and listed once. */
struct hits {
	uint32_t gen;
	uint32_t *stamp; /* by predicate */
	uint32_t *list;  /* room for every predicate */
	uint32_t n;
};

static inline void hits_add(struct hits *h, const uint32_t *preds, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (h->stamp[preds[i]] == h->gen)
			continue;
		h->stamp[preds[i]] = h->gen;
		h->list[h->n++] = preds[i];
	}
}

/* One key and its predicates: preds[first], n of them. */
struct index_entry {
	struct str key;
	uint32_t bits; /* networks: how many bits of the key count */
	uint32_t first, n;
};

struct index_entries {
	const struct index_entry *items;
	uint32_t n;
	const uint32_t *preds;
};

/* Keys to be indexed, gathered one by one and then grouped. */
struct index_key {
	struct str key;
	uint32_t bits;
	uint32_t pred;
};

/* Sorts @keys and groups equal ones. Predicates, which an index keeps, go to @a; entries, which it
 * is built from, to @scratch. false: no memory. */
bool index_group(struct arena *scratch, struct arena *a, struct index_key *keys, uint32_t n,
		 struct index_entries *ret_entries);

struct hash_index {
	const struct hash_slot *slots;
	uint32_t mask;
	const uint32_t *records; /* keys and their predicates */
};

bool hash_index_init(struct hash_index *x, struct arena *a, const struct index_entries *e);
void hash_index_find(const struct hash_index *x, struct str value, struct hits *h);

struct radix_index {
	const struct radix_node *nodes;
	const uint8_t *first; /* first bytes of the kids of all nodes, each node's ascending */
	const uint32_t *preds;
	bool reverse;
};

/* @entries sorted by key. With @reverse the keys are already reversed and values are walked from
 * their end. */
bool radix_index_init(struct radix_index *x, struct arena *a, const struct index_entries *e,
		      bool reverse);
void radix_index_find(const struct radix_index *x, struct str value, struct hits *h);

struct ac_index {
	uint8_t class_of[256];
	uint32_t n_classes;
	const uint32_t *next; /* state x class -> state */
	const struct ac_out *outs;
	const uint32_t *preds;
};

/* With @fold the keys are lower case and values are folded (ASCII). false: no memory, or too many
 * states (AC_MAX_CELLS): the predicates are then asked directly. */
enum { AC_MAX_CELLS = 2 * 1024 * 1024 };
bool ac_index_init(struct ac_index *x, struct arena *a, const struct index_entries *e, bool fold);
void ac_index_find(const struct ac_index *x, struct str value, struct hits *h);

struct net_index {
	const struct net_node *nodes; /* 0 is the IPv4 root, 1 the IPv6 root */
	const uint32_t *preds;
};

bool net_index_init(struct net_index *x, struct arena *a, const struct index_entries *e);
void net_index_find(const struct net_index *x, struct str address, struct hits *h);

/* A threshold. Numbers are mapped so that unsigned order is theirs, and "<=" and ">" so that the
 * bound is one further. */
struct range_key {
	uint64_t bound;
	uint32_t pred;
};

struct range_keys {
	const struct range_key *items;
	uint32_t n;
};

struct range_index {
	/* Ascending. A predicate of below is true when value < bound, of above when value >= bound.
	 */
	struct range_keys below, above;
};

/* The keys are copied to the arena and sorted. false: no memory. */
bool range_index_init(struct range_index *x, struct arena *a, struct range_keys below,
		      struct range_keys above);
void range_index_find(const struct range_index *x, uint64_t value, struct hits *h);
