/* names: see names.h. */
#include "names.h"

#include <string.h>

static inline uint64_t load(const char *s)
{
	uint64_t word;

	memcpy(&word, s, sizeof word);
	return word;
}

/* Eight bytes a step, the last ones a second time rather than one by one; whoever makes paths collide on
 * purpose makes a slot change hands, no more. */
static inline uint64_t hash(const char *s, size_t len)
{
	const uint64_t odd = 0x9e3779b97f4a7c15U;
	uint64_t h = len, word = 0;

	if (len < sizeof word) {
		for (size_t i = 0; i < len; i++)
			word |= (uint64_t)(unsigned char)s[i] << 8 * i;
		return (h ^ word) * odd;
	}
	for (size_t i = 0; i + sizeof word < len; i += sizeof word) {
		h = (h ^ load(s + i)) * odd;
		h ^= h >> 32;
	}
	return (h ^ load(s + len - sizeof word)) * odd;
}

static inline bool is_same(const struct rtext *t, const char *s, size_t len)
{
	if (t->len != len)
		return false;
	if (len < sizeof(uint64_t))
		return !memcmp(t->s, s, len);
	for (size_t i = 0; i + sizeof(uint64_t) < len; i += sizeof(uint64_t))
		if (load(t->s + i) != load(s + i))
			return false;
	return load(t->s + len - sizeof(uint64_t)) == load(s + len - sizeof(uint64_t));
}

struct rtext *names_get(struct names *n, struct pool *home, const char *s, size_t len)
{
	struct rtext **slot, *t;

	if (len > NAME_MAX_KEPT)
		return rtext_new(home, s, len);
	slot = &n->slots[hash(s, len) >> 52 & (NAMES_SLOTS - 1)];
	if (*slot && is_same(*slot, s, len))
		return rtext_ref(*slot);
	t = rtext_new(home, s, len);
	if (!t)
		return NULL;
	t->id = ++n->last_id;
	rtext_share(slot, t);
	return t;
}

static inline uint32_t known_slot(const struct rtext *from, const char *s, size_t len)
{
	return (hash(s, len) ^ ((uintptr_t)from >> 4) * 0x9e3779b97f4a7c15U) >> 52 &
	       (NAMES_SLOTS - 1);
}

const struct named *names_known(const struct names *n, const struct rtext *from, const char *s,
				size_t len)
{
	const struct named *x;

	if (len > NAME_MAX_KEPT)
		return NULL;
	x = &n->known[known_slot(from, s, len)];
	return x->given && x->from == from && is_same(x->given, s, len) ? x : NULL;
}

void names_learn(struct names *n, const struct named *x)
{
	struct named *slot;

	if (x->given->len > NAME_MAX_KEPT || x->path->len > NAME_MAX_KEPT)
		return;
	slot = &n->known[known_slot(x->from, x->given->s, x->given->len)];
	rtext_share(&slot->given, x->given);
	rtext_share(&slot->from, x->from);
	rtext_share(&slot->path, x->path);
}

void names_clear(struct names *n)
{
	for (size_t i = 0; i < NAMES_SLOTS; i++) {
		struct named *x = &n->known[i];

		n->slots[i] = rtext_unref(n->slots[i]);
		x->given = rtext_unref(x->given);
		x->from = rtext_unref(x->from);
		x->path = rtext_unref(x->path);
	}
}
