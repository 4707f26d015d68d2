/*
 * ptrmap: what is known about things, by their address. Open addressing.
 *
 * Lifetime: ptrmap_deinit(); keys and values are borrowed. Threads: one writer or many readers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ptrmap_slot {
	const void *key; /* NULL: free */
	const void *value;
};

struct ptrmap {
	struct ptrmap_slot *slots;
	uint32_t n, size; /* size is a power of two, or 0 */
};

void ptrmap_deinit(struct ptrmap *m);

/* The value of @key; NULL when there is none. */
const void *ptrmap_find(const struct ptrmap *m, const void *key);

/* Sets the value of @key, neither of them NULL. -ENOMEM. */
int ptrmap_set(struct ptrmap *m, const void *key, const void *value);
