/*
 * countalloc: a library to be preloaded, which counts how often memory is asked for and, when the
 * program ends, writes the number to the file that COUNTALLOC names.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The functions of glibc behind those that are replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static atomic_ulong count;

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	(void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
	(void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	return __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t size)
{
	(void)atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	return __libc_realloc(p, size);
}

static __attribute__((destructor)) void tell(void)
{
	const char *path = getenv("COUNTALLOC");
	char line[32];
	int fd, n;

	if (!path)
		return;
	n = snprintf(line, sizeof line, "%lu\n", atomic_load(&count));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, line, (size_t)n) != n)
		(void)unlink(path);
	(void)close(fd);
}
