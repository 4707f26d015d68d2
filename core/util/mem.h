/*
 * mem: the one door to the heap, so that tests can refuse the n-th allocation.
 *
 * All functions: [any] thread; return NULL when memory is short (or a test says so).
 */
#pragma once

#include <stddef.h>

/* @size zeroed bytes, @size > 0; freed with mem_free(). */
void *mem_new(size_t size) __attribute__((warn_unused_result));

/* Room for @n members of @size bytes; overflow of the product is refused. The old block is still
 * owned by the caller on failure. Grown bytes are not zeroed. */
void *mem_grow(void *old, size_t n, size_t size) __attribute__((warn_unused_result));

/* A NUL-terminated copy of @len bytes. */
char *mem_dup(const char *p, size_t len) __attribute__((warn_unused_result));

/* Frees @p, which may be NULL; returns NULL, so that `x = mem_free(x)` is always right. */
void *mem_free(void *p);

/* Tests only: the @n-th allocation from now on fails, once; 0 turns it off. */
void mem_fail_at(unsigned long n);

/* Tests only: allocations made by the calling thread so far. Of all threads it would also count
 * what is made ready in the background. */
unsigned long mem_count(void);

/* Gives memory that is free back to the system, after much of it was needed for a short time. */
void mem_trim(void);
