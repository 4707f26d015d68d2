#include "seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

struct entry {
	unsigned char digest[SEEN_DIGEST];
	uint64_t number;
	uint32_t chain; /* the next of the same bucket */
	uint32_t newer, older;
};

/* Entry 0 is none; it is also where the list of all, by time, begins (older) and ends (newer). */
struct seen {
	uint32_t cap, n, mask;
	struct entry *entries;
	uint32_t *buckets;
};

int seen_digest(const void *bytes, size_t len, unsigned char ret[SEEN_DIGEST])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, len, ret) < 0 ? -EIO : 0;
}

struct seen *seen_new(uint32_t n)
{
	struct seen *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->cap = n;
	s->mask = 1;
	while (s->mask < n && s->mask < UINT32_MAX / 2)
		s->mask = s->mask << 1 | 1;
	s->entries = calloc((size_t)n + 1, sizeof *s->entries);
	s->buckets = calloc((size_t)s->mask + 1, sizeof *s->buckets);
	return s->entries && s->buckets ? s : seen_free(s);
}

struct seen *seen_free(struct seen *s)
{
	if (!s)
		return NULL;
	free(s->entries);
	free(s->buckets);
	free(s);
	return NULL;
}

/* A digest is as good as random; those who send events cannot choose the bucket cheaply. */
static uint32_t *bucket(struct seen *s, const unsigned char *digest)
{
	uint32_t h;

	memcpy(&h, digest, sizeof h);
	return &s->buckets[h & s->mask];
}

static void unlink_time(struct seen *s, uint32_t i)
{
	struct entry *e = &s->entries[i];

	s->entries[e->newer].older = e->older;
	s->entries[e->older].newer = e->newer;
}

static void link_newest(struct seen *s, uint32_t i)
{
	struct entry *e = &s->entries[i];

	e->newer = 0;
	e->older = s->entries[0].older;
	s->entries[e->older].newer = i;
	s->entries[0].older = i;
}

static void unlink_bucket(struct seen *s, uint32_t i)
{
	uint32_t *at = bucket(s, s->entries[i].digest);

	while (*at != i)
		at = &s->entries[*at].chain;
	*at = s->entries[i].chain;
}

uint64_t seen_find(struct seen *s, const unsigned char digest[SEEN_DIGEST])
{
	for (uint32_t i = *bucket(s, digest); i; i = s->entries[i].chain) {
		if (memcmp(s->entries[i].digest, digest, SEEN_DIGEST) != 0)
			continue;
		unlink_time(s, i);
		link_newest(s, i);
		return s->entries[i].number;
	}
	return 0;
}

void seen_add(struct seen *s, const unsigned char digest[SEEN_DIGEST], uint64_t number)
{
	uint32_t *at = bucket(s, digest);
	uint32_t i;

	if (s->cap == 0)
		return;
	if (s->n < s->cap) {
		i = ++s->n;
	} else {
		i = s->entries[0].newer; /* the oldest */
		unlink_time(s, i);
		unlink_bucket(s, i);
	}
	memcpy(s->entries[i].digest, digest, SEEN_DIGEST);
	s->entries[i].number = number;
	s->entries[i].chain = *at;
	*at = i;
	link_newest(s, i);
}
