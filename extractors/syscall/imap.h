/*
 * imap: a map from a 64-bit number to a pointer, for thread ids and descriptor numbers.
 *
 * Open addressing with linear probing; removal closes the gap behind it, so there are no marks and a
 * map that only ever holds a few entries stays small. The pointers are the caller's.
 *
 * Lifetime: starts as zeroes, imap_deinit gives the memory back. Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct imap_slot {
	int64_t key;
	void *value; /* NULL: free */
};

struct imap {
	struct imap_slot *slots;
	uint32_t n, cap; /* cap is a power of two, or 0 */
};

/* The pointer under @key; NULL when there is none. */
void *imap_get(const struct imap *m, int64_t key);

/* Puts @value (not NULL) under a key that is not there yet. -ENOMEM. */
int imap_add(struct imap *m, int64_t key, void *value);

/* Takes a key out; answers its pointer, NULL when it was not there. */
void *imap_take(struct imap *m, int64_t key);

/* Walks all entries: start with *at 0; NULL at the end. Nothing may be added or taken meanwhile. */
void *imap_next(const struct imap *m, uint32_t *at);

void imap_deinit(struct imap *m);
