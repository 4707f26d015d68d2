/*
 * text: a string that grows up to a bound and remembers that it could not.
 *
 * What is built here ends up in requests, so it may hold secrets: memory is wiped before it is given
 * back. A text that failed (no memory, or over its bound) stays failed and empty; it is enough to ask once,
 * at the end.
 *
 * Lifetime: zero-initialised, or with `max` set, to aws_text_free(). Threads: the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct aws_text {
	char *p; /* NUL-terminated once something was added; NULL before */
	size_t len, cap;
	size_t max; /* bytes at most; 0: AWS_TEXT_MAX */
	bool failed;
};

enum { AWS_TEXT_MAX = 1 << 20 };

void aws_text_add(struct aws_text *t, const void *bytes, size_t n);
void aws_text_puts(struct aws_text *t, const char *s);
/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986 section 2.3, as signatures want it), and '/'
 * where @keep_slash. */
void aws_text_encode(struct aws_text *t, const char *bytes, size_t n, bool keep_slash);
void aws_text_reset(struct aws_text *t); /* empty, and no longer failed; wiped */
void aws_text_free(struct aws_text *t);

/* The text, or "" while there is none. */
const char *aws_text_get(const struct aws_text *t);

/* A copy that the caller frees by aws_wipe(); NULL for NULL, or without memory. */
char *aws_dup(const char *s);
/* Overwrites and frees a string; NULL is fine. */
void aws_wipe(char *s);

/* Copies what fits and terminates it; true when all did. @size is not 0. */
bool aws_copy(char *dst, size_t size, const char *src, size_t n);
