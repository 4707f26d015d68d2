/*
 * ccache: a table of chains over entries that also stand in a row by age.
 */
#include "ccache.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = CCACHE_MAX };

struct entry {
	struct entry *next;            /* of the chain */
	struct entry *older, *younger; /* of the row */
	struct cinfo *info;            /* NULL: asked for */
	uint64_t asked_ts;
	char id[];
};

struct ccache {
	struct entry *slots[SLOTS];
	struct entry *oldest, *youngest;
	struct cinfo *gone; /* what the event at hand took out last */
	uint64_t bytes;     /* of descriptions */
	struct ccache_counters counters;
};

static struct entry **chain(const struct ccache *c, const char *id)
{
	uint64_t h = 1469598103934665603ULL; /* FNV-1a */

	for (const char *p = id; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	return (struct entry **)&c->slots[h % SLOTS];
}

/* Where the pointer to the entry is, or would go. */
static struct entry **place(const struct ccache *c, const char *id)
{
	struct entry **at = chain(c, id);

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->next;
	return at;
}

static uint64_t size_of(const struct cinfo *i)
{
	return i ? 2 * i->json_len + sizeof *i : 0;
}

struct ccache *ccache_new(void)
{
	return calloc(1, sizeof(struct ccache));
}

void ccache_begin(struct ccache *c)
{
	c->gone = cinfo_free(c->gone);
}

static void set_info(struct ccache *c, struct entry *e, struct cinfo *info)
{
	c->bytes += size_of(info) - size_of(e->info);
	c->counters.n_described += (info != NULL) - (e->info != NULL);
	if (e->info) {
		(void)cinfo_free(c->gone);
		c->gone = e->info;
	}
	e->info = info;
}

static void take_out(struct ccache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	if (e->older)
		e->older->younger = e->younger;
	else
		c->oldest = e->younger;
	if (e->younger)
		e->younger->older = e->older;
	else
		c->youngest = e->older;
	set_info(c, e, NULL);
	c->counters.n--;
	free(e);
}

static void make_room(struct ccache *c, uint64_t bytes)
{
	while (c->oldest && (c->counters.n >= CCACHE_MAX || c->bytes + bytes > CCACHE_BYTES_MAX)) {
		c->counters.n_evicted++;
		take_out(c, place(c, c->oldest->id));
	}
}

static struct entry *put_in(struct ccache *c, const char *id)
{
	const size_t len = strlen(id) + 1;
	struct entry *e = malloc(sizeof *e + len);
	struct entry **at = chain(c, id);

	if (!e) {
		c->counters.n_no_memory++;
		return NULL;
	}
	*e = (struct entry){.next = *at, .older = c->youngest};
	memcpy(e->id, id, len);
	*at = e;
	if (c->youngest)
		c->youngest->younger = e;
	else
		c->oldest = e;
	c->youngest = e;
	c->counters.n++;
	return e;
}

const struct cinfo *ccache_find(const struct ccache *c, const char *id)
{
	const struct entry *e;

	if (!*id)
		return &cinfo_host;
	e = *place(c, id);
	return e ? e->info : NULL;
}

bool ccache_put(struct ccache *c, struct cinfo *info)
{
	struct entry *e = *place(c, info->id);

	if (!e) {
		make_room(c, size_of(info));
		e = put_in(c, info->id);
	}
	if (!e) {
		(void)cinfo_free(info);
		return false;
	}
	set_info(c, e, info);
	return true;
}

bool ccache_ask(struct ccache *c, const char *id, uint64_t ts)
{
	struct entry *e = *place(c, id);

	if (e && !e->asked_ts)
		e->asked_ts = ts; /* before any event told the time */
	if (e && (e->info || ts - e->asked_ts < CCACHE_ASK_AGAIN_NS))
		return false;
	if (!e) {
		make_room(c, 0);
		e = put_in(c, id);
	}
	if (e)
		e->asked_ts = ts;
	return e != NULL;
}

void ccache_remove(struct ccache *c, const char *id)
{
	struct entry **at = place(c, id);

	if (*at)
		take_out(c, at);
}

void ccache_count(const struct ccache *c, struct ccache_counters *ret)
{
	*ret = c->counters;
}

struct ccache *ccache_free(struct ccache *c)
{
	if (!c)
		return NULL;
	while (c->oldest)
		take_out(c, place(c, c->oldest->id));
	(void)cinfo_free(c->gone);
	free(c);
	return NULL;
}

const struct cinfo *ccache_next(const struct ccache *c, const char *id)
{
	const struct entry *e = id ? *place(c, id) : NULL;

	e = !id ? c->oldest : e ? e->younger : NULL;
	while (e && !e->info)
		e = e->younger;
	return e ? e->info : NULL;
}
