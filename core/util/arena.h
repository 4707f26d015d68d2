/*
 * arena: memory that lives for one epoch (a ruleset, a batch, an event) and goes all at once.
 *
 * Lifetime: what arena_alloc() returns is valid until arena_reset() or arena_deinit().
 * Threads: one owner at a time.
 */
#pragma once

#include <stddef.h>

#include "util/str.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *head;
	size_t used, cap_bytes; /* bytes handed out, and how many may be; 0 = no cap */
	size_t chunk_max;       /* largest chunk taken ahead; 0 = ARENA_CHUNK_MAX */
};

enum {
	ARENA_CHUNK_MAX = 4 << 20,
	ARENA_CHUNK_KEPT = 128 << 10, /* for chunk_max of what lives long: leaves little unused */
};

#define ARENA_NULL ((struct arena){0})

/* @size zeroed bytes, aligned for pointers and 64-bit numbers; NULL when memory or the cap is used up. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((warn_unused_result));

/* A NUL-terminated copy of @s in the arena, not aligned; .p is NULL when memory is short. */
struct str arena_str(struct arena *a, struct str s);

/* printf into the arena; NULL when memory is short. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets everything but keeps the largest chunk for the next epoch. */
void arena_reset(struct arena *a);

void arena_deinit(struct arena *a);
