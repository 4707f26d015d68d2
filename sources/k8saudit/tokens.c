#include "tokens.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* The next token at or behind @at; its length in *ret_len, 0 when there is none. */
static const char *next_token(const char *at, size_t *ret_len)
{
	for (;;) {
		size_t len = strcspn(at, "\n"), n = len;

		while (n > 0 && strchr(" \t\r", at[n - 1]))
			n--;
		if ((n > 0 && *at != '#') || at[len] == '\0') {
			*ret_len = *at == '#' ? 0 : n;
			return at;
		}
		at += len + 1;
	}
}

static bool has_any(const struct watchfile *f)
{
	size_t len;

	(void)next_token(f->text, &len);
	return len > 0;
}

int tokens_load(struct tokens *t)
{
	struct watchfile next = {.path = t->file.path, .seen = t->file.seen};
	int r = watchfile_read(&next);

	t->file.seen = next.seen;
	if (r == 0 && !has_any(&next))
		r = -ENOKEY;
	if (r < 0) {
		watchfile_deinit(&next);
		return r;
	}
	watchfile_deinit(&t->file);
	t->file = next;
	return 0;
}

int tokens_refresh(struct tokens *t)
{
	int r;

	if (!t->file.path || !watchfile_has_changed(&t->file))
		return 0;
	r = tokens_load(t);
	return r < 0 ? r : 1;
}

/* Takes as long for any two texts of these lengths. */
static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	volatile unsigned char differs = a_len != b_len;

	for (size_t i = 0; i < a_len; i++)
		differs |= (unsigned char)(a[i] ^ (b_len ? b[i % b_len] : 1));
	return !differs;
}

bool tokens_allow(const struct tokens *t, const char *header)
{
	static const char scheme[] = "Bearer ";
	const char *at = t->file.text;
	bool is_allowed = false;
	size_t len;

	if (!t->file.path)
		return true;
	if (!header || !at || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
		return false;
	header += sizeof scheme - 1;
	header += strspn(header, " ");
	for (at = next_token(at, &len); len > 0; at = next_token(at, &len)) {
		is_allowed |= is_same(at, len, header, strlen(header));
		at += len;
	}
	return is_allowed;
}

void tokens_deinit(struct tokens *t)
{
	watchfile_deinit(&t->file);
}
