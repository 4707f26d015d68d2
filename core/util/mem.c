#include "util/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static atomic_ulong n_allocs;
static _Thread_local unsigned long n_mine;
static atomic_ulong fail_at;
static _Thread_local unsigned long n_own;

void mem_fail_at(unsigned long n)
{
	atomic_store(&fail_at, n ? atomic_load(&n_allocs) + n : 0);
}

unsigned long mem_count(void)
{
	return n_own;
}

static int refused(void)
{
	unsigned long n;

	n_mine++;
	n = atomic_fetch_add_explicit(&n_allocs, 1, memory_order_relaxed) + 1;

	n_own++;
	return n == atomic_load_explicit(&fail_at, memory_order_relaxed);
}

void *mem_new(size_t size)
{
	return refused() ? NULL : calloc(1, size);
}

void *mem_grow(void *old, size_t n, size_t size)
{
	if (refused() || (size && n > SIZE_MAX / size))
		return NULL;
	return realloc(old, n * size);
}

char *mem_dup(const char *p, size_t len)
{
	char *copy = len < SIZE_MAX ? mem_new(len + 1) : NULL;

	if (copy && len)
		memcpy(copy, p, len);
	return copy;
}

void mem_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

void *mem_free(void *p)
{
	free(p);
	return NULL;
}
