/*
 * ccache: the containers that are known, by the ID that container.id shows, and those whose
 * description was asked for and is not there yet.
 *
 * Full, the one that was put in first makes room. What is replaced or taken out stays until
 * ccache_begin(), so that questions about the event that did it still see it.
 *
 * Lifetime: ccache_new() to ccache_free(). Threads: that of the state.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cinfo.h"

enum { CCACHE_MAX = 8192, CCACHE_BYTES_MAX = 256 << 20 };

#define CCACHE_ASK_AGAIN_NS 60000000000ULL

struct ccache;

struct ccache_counters {
	uint64_t n, n_described; /* entries; those of them with a description */
	uint64_t n_evicted;      /* made room for others */
	uint64_t n_no_memory;
};

struct ccache *ccache_new(void);
struct ccache *ccache_free(struct ccache *c);

/* A new event: what the last one took out is freed. */
void ccache_begin(struct ccache *c);

/* The description; NULL when there is none. cinfo_host for "". */
const struct cinfo *ccache_find(const struct ccache *c, const char *id);

/* Takes a description over, in place of an older one. False (and freed): no memory. */
bool ccache_put(struct ccache *c, struct cinfo *info);

/* Notes that one is asked for. True: for the first time, or again after a minute without a description.
 * @ts: ns, of the event at hand. */
bool ccache_ask(struct ccache *c, const char *id, uint64_t ts);

void ccache_remove(struct ccache *c, const char *id);

/* The descriptions, oldest first: the one after @id (NULL: the first); NULL at the end. */
const struct cinfo *ccache_next(const struct ccache *c, const char *id);

void ccache_count(const struct ccache *c, struct ccache_counters *ret);
