/* rtext: counted texts; see rtext.h. */
#include "rtext.h"

#include <stdlib.h>
#include <string.h>

struct rtext *rtext_new(const char *s, size_t len)
{
	struct rtext *t = len < UINT32_MAX ? malloc(sizeof *t + len + 1) : NULL;

	if (!t)
		return NULL;
	t->refs = 1;
	t->len = (uint32_t)len;
	if (len)
		memcpy(t->s, s, len);
	t->s[len] = '\0';
	return t;
}

struct rtext *rtext_ref(struct rtext *t)
{
	if (t)
		t->refs++;
	return t;
}

struct rtext *rtext_unref(struct rtext *t)
{
	if (t && --t->refs == 0)
		free(t);
	return NULL;
}

void rtext_set(struct rtext **at, const char *s, size_t len)
{
	if (*at && (*at)->len == len && (!len || !memcmp((*at)->s, s, len)))
		return;

	struct rtext *old = *at;
	*at = rtext_new(s, len);
	(void)rtext_unref(old); /* after the copy: @s may lie in it */
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
