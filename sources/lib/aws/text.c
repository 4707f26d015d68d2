#include "text.h"

#include <stdlib.h>
#include <string.h>

static void fail(struct aws_text *t)
{
	aws_text_free(t);
	t->failed = true;
}

static bool reserve(struct aws_text *t, size_t n)
{
	const size_t max = t->max ? t->max : AWS_TEXT_MAX;
	size_t cap = t->cap ? t->cap : 256;
	char *p;

	if (t->failed || n > max || t->len > max - n) {
		fail(t);
		return false;
	}
	while (cap < t->len + n + 1)
		cap *= 2;
	if (cap == t->cap)
		return true;
	p = malloc(cap);
	if (!p) {
		fail(t);
		return false;
	}
	if (t->p) {
		memcpy(p, t->p, t->len + 1);
		explicit_bzero(t->p, t->cap);
		free(t->p);
	}
	t->p = p;
	t->cap = cap;
	return true;
}

void aws_text_add(struct aws_text *t, const void *bytes, size_t n)
{
	if (!reserve(t, n))
		return;
	if (n)
		memcpy(t->p + t->len, bytes, n);
	t->len += n;
	t->p[t->len] = '\0';
}

void aws_text_puts(struct aws_text *t, const char *s)
{
	aws_text_add(t, s, strlen(s));
}

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void aws_text_encode(struct aws_text *t, const char *bytes, size_t n, bool keep_slash)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)bytes[i];

		if (is_plain(c) || (c == '/' && keep_slash))
			aws_text_add(t, &bytes[i], 1);
		else
			aws_text_add(t, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
	}
}

void aws_text_reset(struct aws_text *t)
{
	if (t->p) {
		explicit_bzero(t->p, t->cap);
		t->len = 0;
	}
	t->failed = false;
}

void aws_text_free(struct aws_text *t)
{
	if (t->p) {
		explicit_bzero(t->p, t->cap);
		free(t->p);
	}
	*t = (struct aws_text){.max = t->max, .failed = t->failed};
}

const char *aws_text_get(const struct aws_text *t)
{
	return t->p ? t->p : "";
}

char *aws_dup(const char *s)
{
	return s ? strdup(s) : NULL;
}

void aws_wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

bool aws_copy(char *dst, size_t size, const char *src, size_t n)
{
	const bool fits = n < size;

	if (!fits)
		n = size - 1;
	memcpy(dst, src, n);
	dst[n] = '\0';
	return fits;
}
