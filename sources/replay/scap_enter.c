#include "scap_enter.h"

#include <stdlib.h>
#include <string.h>

enum {
	N_SETS = 1024,
	N_PLACES = 8,
	EVENT_MAX = 16 << 10, /* two paths of 4 KiB, and some */
};

struct place {
	ss_plugin_event *evt;
	uint32_t cap;
	uint64_t tid;
	uint64_t since; /* 0: free */
};

struct scap_enters {
	uint64_t clock, n_lost;
	struct place places[N_SETS][N_PLACES];
};

struct scap_enters *scap_enters_new(void)
{
	return calloc(1, sizeof(struct scap_enters));
}

struct scap_enters *scap_enters_free(struct scap_enters *t)
{
	if (!t)
		return NULL;
	for (unsigned i = 0; i < N_SETS; i++) {
		for (unsigned k = 0; k < N_PLACES; k++)
			free(t->places[i][k].evt);
	}
	free(t);
	return NULL;
}

void scap_enters_reset(struct scap_enters *t)
{
	for (unsigned i = 0; i < N_SETS; i++) {
		for (unsigned k = 0; k < N_PLACES; k++)
			t->places[i][k].since = 0;
	}
}

static const struct place *set_of(const struct scap_enters *t, uint64_t tid)
{
	return t->places[(tid * 0x9e3779b97f4a7c15ULL) >> 54];
}

static struct place *find(const struct scap_enters *t, uint64_t tid)
{
	const struct place *set = set_of(t, tid);

	for (unsigned k = 0; k < N_PLACES; k++) {
		if (set[k].since && set[k].tid == tid)
			return (struct place *)&set[k];
	}
	return NULL;
}

/* Its place, or the one free for longest. */
static struct place *place_for(struct scap_enters *t, uint64_t tid)
{
	struct place *p = find(t, tid), *set = (struct place *)set_of(t, tid);

	if (p)
		return p;
	p = &set[0];
	for (unsigned k = 1; k < N_PLACES; k++) {
		if (set[k].since < p->since)
			p = &set[k];
	}
	t->n_lost += p->since != 0;
	return p;
}

void scap_enters_put(struct scap_enters *t, const ss_plugin_event *evt)
{
	struct place *p = place_for(t, evt->tid);

	p->since = 0;
	if (evt->len > EVENT_MAX) {
		t->n_lost++;
		return;
	}
	if (p->cap < evt->len) {
		const uint32_t cap = evt->len < 256 ? 256 : evt->len * 2;
		ss_plugin_event *bigger = realloc(p->evt, cap);

		if (!bigger) {
			t->n_lost++;
			return;
		}
		p->evt = bigger;
		p->cap = cap;
	}
	memcpy(p->evt, evt, evt->len);
	p->tid = evt->tid;
	p->since = ++t->clock;
}

const ss_plugin_event *scap_enters_find(const struct scap_enters *t, uint64_t tid)
{
	const struct place *p = find(t, tid);

	return p ? p->evt : NULL;
}

void scap_enters_forget(struct scap_enters *t, uint64_t tid)
{
	struct place *p = find(t, tid);

	if (p)
		p->since = 0;
}

uint64_t scap_enters_lost(const struct scap_enters *t)
{
	return t->n_lost;
}
