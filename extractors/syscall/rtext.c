/* rtext: counted texts; see rtext.h. */
#include "rtext.h"

#include <string.h>

struct rtext *rtext_make(struct pool *home, size_t len)
{
	struct rtext *t = len < UINT32_MAX ? pool_get(home, sizeof *t + len + 1) : NULL;

	if (!t)
		return NULL;
	t->home = home;
	t->id = 0;
	t->refs = 1;
	t->len = (uint32_t)len;
	t->s[len] = '\0';
	return t;
}

struct rtext *rtext_new(struct pool *home, const char *s, size_t len)
{
	struct rtext *t = rtext_make(home, len);

	if (t && len)
		memcpy(t->s, s, len);
	return t;
}

void rtext_free(struct rtext *t)
{
	pool_put(t->home, t, sizeof *t + t->len + 1);
}

bool rtext_set(struct pool *home, struct rtext **at, const char *s, size_t len)
{
	if (*at && (*at)->len == len && (!len || !memcmp((*at)->s, s, len)))
		return false;

	struct rtext *old = *at;
	*at = rtext_new(home, s, len);
	(void)rtext_unref(old); /* after the copy: @s may lie in it */
	return true;
}

size_t text_clean(char *out, size_t size, const char *s, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	enum { BYTES = sizeof replacement - 1 };
	size_t n = 0;

	for (size_t i = 0; i < len && n + BYTES < size; i++) {
		const bool is_control = (unsigned char)s[i] < ' ' || s[i] == '\x7f';

		memcpy(out + n, is_control ? replacement : s + i, is_control ? BYTES : 1);
		n += is_control ? BYTES : 1;
	}
	out[n] = '\0';
	return n;
}

void rtext_share(struct rtext **at, struct rtext *t)
{
	struct rtext *old = *at;

	*at = rtext_ref(t);
	(void)rtext_unref(old);
}

const char *rtext_str(const struct rtext *t)
{
	return t ? t->s : "";
}
