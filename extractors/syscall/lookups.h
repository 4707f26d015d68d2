/*
 * lookups: answers to questions that take long, asked beside the events.
 *
 * Whatever is not known yet is asked by workers, and "not known" is the answer until they are back; a
 * caller may wait, for a recording. Answers go on to be used while they are asked for again, once they
 * are old. The table and the queue have a bound and a counter; the one not asked for longest makes room.
 * A worker that hangs is not waited for: it ends by itself, and what it needs lives as long.
 *
 * Lifetime: lookups_new() to lookups_free(); an entry and its answer while locked.
 * Threads: any between lookups_lock() and lookups_unlock(); all but these, _new and _free ask for the lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LOOKUPS_MAX = 8192,    /* known at a time */
	LOOKUPS_QUEUE = 1024,  /* waiting */
	LOOKUPS_KEY = 256,     /* bytes of a key, with a NUL behind it */
	LOOKUPS_ANSWER = 2048, /* bytes of an answer */
	LOOKUPS_SAME = LOOKUPS_ANSWER + 1,
};

struct lookup_key {
	uint8_t kind; /* the owner's: what kind of question it is */
	uint16_t len;
	char bytes[LOOKUPS_KEY];
	int64_t hint; /* not part of the key: where to ask; the latest that was given */
};

struct lookup {
	struct lookup_key key;
	const void *answer; /* @len bytes; NULL: there is none, or it is not known */
	uint16_t len;
	bool is_answered;
};

struct lookups_setup {
	const void *ctx;
	/* Asks: the bytes of the answer, written to @ret[LOOKUPS_ANSWER]; 0: there is none; LOOKUPS_SAME: it
	 * could not be asked, so what was known stays. Called by several threads. */
	uint32_t (*ask)(const void *ctx, const struct lookup_key *key, void *ret);
	uint32_t fresh_ms, fresh_unknown_ms; /* until it is asked again */
};

struct lookups_counters {
	uint64_t n_known;   /* answers and questions now */
	uint64_t n_waiting; /* questions that are not answered yet */
	uint64_t n_asked;
	uint64_t n_unknown; /* of them without an answer */
	uint64_t n_aged;    /* forgotten to make room */
	uint64_t n_refused; /* questions without room */
};

struct lookups;

/* NULL: no memory. @setup's ctx has to live for ever. No thread is started before the first question. */
struct lookups *lookups_new(const struct lookups_setup *setup);
struct lookups *lookups_free(struct lookups *l); /* NULL is fine; returns NULL */

void lookups_lock(struct lookups *l);
void lookups_unlock(struct lookups *l);

/* What is known; asked for when it is new or old. NULL: no room, counted. */
const struct lookup *lookups_want(struct lookups *l, const struct lookup_key *key);

/* What is known, asked or not; NULL: nothing. */
const struct lookup *lookups_find(struct lookups *l, const struct lookup_key *key);

/* All of them: start with *at 0; NULL at the end. */
const struct lookup *lookups_next(const struct lookups *l, uint32_t *at);

/* Until @e, just wanted, is answered, or @ms are over; lets go of the lock meanwhile. How many ms it took. */
uint64_t lookups_wait(struct lookups *l, const struct lookup *e, uint64_t ms);

/* Takes the lock itself. */
void lookups_count(struct lookups *l, struct lookups_counters *ret);
