/*
 * text: text that grows, and JSON strings.
 *
 * Adding never fails in the caller's face: when memory or the bound is reached the text is cut and
 * remembers it. What a plugin says about itself is small; the bound guards against runaway input.
 */
#include "sdk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20, TEXT_FIRST = 256 };

/* Room for @more bytes and a NUL. */
static bool text_grow(struct gyr_text *t, size_t more)
{
	if (t->is_cut || more > TEXT_MAX - t->len - 1) {
		t->is_cut = true;
		return false;
	}

	const size_t need = t->len + more + 1;
	if (need <= t->cap)
		return true;

	size_t cap = t->cap ? t->cap : TEXT_FIRST;
	while (cap < need)
		cap *= 2;

	char *bigger = realloc(t->p, cap);
	if (!bigger) {
		t->is_cut = true;
		return false;
	}
	t->p = bigger;
	t->cap = cap;
	return true;
}

void gyr_text_addn(struct gyr_text *t, const char *text, size_t len)
{
	if (!text_grow(t, len))
		return;
	if (len)
		memcpy(t->p + t->len, text, len);
	t->len += len;
	t->p[t->len] = '\0';
}

void gyr_text_add(struct gyr_text *t, const char *text)
{
	gyr_text_addn(t, text, strlen(text));
}

void gyr_text_addf(struct gyr_text *t, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	const int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len >= 0 && text_grow(t, (size_t)len)) {
		(void)vsnprintf(t->p + t->len, (size_t)len + 1, fmt, again);
		t->len += (size_t)len;
	}
	va_end(again);
}

/* Bytes of the UTF-8 character at @p, 0 when it is none. Bounds of the second byte: RFC 3629. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char first, last, low, high, len;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (rows[i].len > left)
			return 0;
		if (rows[i].len > 1 && (p[1] < rows[i].low || p[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static void add_escaped(struct gyr_text *t, unsigned char c)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *n = names; *n; n += 2) {
		if ((unsigned char)n[0] == c) {
			gyr_text_addn(t, (const char[]){'\\', n[1]}, 2);
			return;
		}
	}
	gyr_text_addf(t, "\\u%04x", c);
}

void gyr_text_add_json(struct gyr_text *t, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	gyr_text_addn(t, "\"", 1);
	for (size_t i = 0; i < len;) {
		const size_t n = utf8_len(p + i, len - i);

		if (n == 0)
			gyr_text_add(t, "\xef\xbf\xbd");
		else if (p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] == 0x7f)
			add_escaped(t, p[i]);
		else
			gyr_text_addn(t, text + i, n);
		i += n ? n : 1;
	}
	gyr_text_addn(t, "\"", 1);
}

void gyr__text_reset(struct gyr_text *t)
{
	t->len = 0;
	t->n_rows = 0;
	t->is_cut = false;
	if (t->p)
		t->p[0] = '\0';
}

void gyr__text_deinit(struct gyr_text *t)
{
	free(t->p);
	*t = (struct gyr_text){0};
}

const char *gyr__text_get(const struct gyr_text *t)
{
	return t->p ? t->p : "";
}

char *gyr__text_take(struct gyr_text *t)
{
	char *p = t->p ? t->p : calloc(1, 1);

	*t = (struct gyr_text){0};
	return p;
}
