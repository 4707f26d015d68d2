/*
 * strmap: from a name to a pointer. Open addressing, the names borrowed.
 *
 * Lifetime: strmap_deinit(); names must live as long as the map. Threads: one writer or many
 * readers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

struct strmap_slot {
	const char *key;
	void *value; /* NULL: free */
	uint32_t len, hash;
};

struct strmap {
	struct strmap_slot *slots;
	uint32_t n, size; /* size is a power of two, or 0 */
};

#define STRMAP_NULL \
	{           \
		0   \
	}

void strmap_deinit(struct strmap *m);

/* The value of @key; NULL when there is none. */
void *strmap_find(const struct strmap *m, struct str key);

/* Adds @value, which is not NULL. -EEXIST when the key is taken (the old value stays), -ENOMEM, also
 * for a key of 4 GiB or more. */
int strmap_add(struct strmap *m, struct str key, void *value);

/* Names that stand near @key: the nearest one within a third of its length in edits; empty when
 * there is none. Only for complaints: it looks at all names. */
struct str strmap_nearest(const struct strmap *m, struct str key);

/* How many edits (insert, delete, replace, swap of neighbours) make @a out of @b; at most @limit +
 * 1 is told, and names beyond 64 bytes are never near. */
uint32_t str_distance(struct str a, struct str b, uint32_t limit);
