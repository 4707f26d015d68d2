/*
 * scap_pool: memory for events that are made, not found: given out piece by piece, taken back all
 * at once.
 */
#pragma once

#include <stddef.h>

struct scap_chunk;

struct scap_pool {
	struct scap_chunk *first; /* kept for reuse */
	struct scap_chunk *last;  /* in use */
};

/* @size bytes that stay where they are until the pool is reset; NULL without memory. */
void *scap_pool_get(struct scap_pool *p, size_t size);

/* Takes everything back. */
void scap_pool_reset(struct scap_pool *p);

/* The same, and the memory too. */
void scap_pool_deinit(struct scap_pool *p);
