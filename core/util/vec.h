/*
 * vec: growing a plain array by doubling.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/mem.h"

/* Makes room for one more member of @size bytes behind @n; false when memory is short. */
static inline bool vec_room(void **items, uint32_t *cap, uint32_t n, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return true;
	if (want <= *cap)
		return false;
	p = mem_grow(*items, want, size);
	if (!p)
		return false;
	*items = p;
	*cap = want;
	return true;
}

#define VEC_ROOM(items, cap, n) vec_room((void **)&(items), &(cap), (n), sizeof *(items))
