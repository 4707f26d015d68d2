/*
 * bytes: a buffer that grows, and the sentence that says what was wrong with a description.
 *
 * Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_MAX = 16 << 20 };

struct bytes {
	uint8_t *p;
	size_t len, cap;
	bool failed; /* memory was short, or it would be over BYTES_MAX; what came since is lost */
};

struct fault {
	char text[256];
};

void bytes_add(struct bytes *b, const void *p, size_t len);
void bytes_reset(struct bytes *b);
void bytes_deinit(struct bytes *b);

/* Keeps the sentence and returns -EINVAL. */
int fault_set(struct fault *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
