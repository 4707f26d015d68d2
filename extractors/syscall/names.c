/* names: see names.h. */
#include "names.h"

#include <string.h>

/* Eight bytes a step; whoever makes paths collide on purpose makes a slot change hands, no more. */
static uint64_t hash(const char *s, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
		memcpy(&word, s, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15U;
		h ^= h >> 32;
	}
	word = 0;
	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)(unsigned char)s[i] << 8 * i;
	return (h ^ word) * 0x9e3779b97f4a7c15U;
}

struct rtext *names_get(struct names *n, struct pool *home, const char *s, size_t len)
{
	struct rtext **slot, *t;

	if (len > NAME_MAX_KEPT)
		return rtext_new(home, s, len);
	slot = &n->slots[hash(s, len) >> 52 & (NAMES_SLOTS - 1)];
	if (*slot && (*slot)->len == len && !memcmp((*slot)->s, s, len))
		return rtext_ref(*slot);
	t = rtext_new(home, s, len);
	if (!t)
		return NULL;
	t->id = ++n->last_id;
	rtext_share(slot, t);
	return t;
}

void names_clear(struct names *n)
{
	for (size_t i = 0; i < NAMES_SLOTS; i++)
		n->slots[i] = rtext_unref(n->slots[i]);
}
