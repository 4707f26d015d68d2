/*
 * suppress: too many alerts of the same kind are held back, counted, and told of in summaries.
 *
 * A policy selects rules and names the fields that make alerts the same (its key). It may throttle
 * them with a token bucket, and it may drop repetitions within a window after one that was sent.
 * Time is that of the events, so that a recording is judged as it was live; time that goes backwards
 * stands still.
 *
 * The table of keys has a fixed size. When it is full, the key that was used longest ago is forgotten
 * and counted: its next alert is sent, so a full table lets through too much, never too little. Keys
 * are known by a keyed hash of 64 bits: nobody outside can make two of them meet.
 *
 * Lifetime: suppress_new() to suppress_free(); plans live in the arena they were planned in.
 * Threads: planned on [main]; suppress_check() from any, under a lock that only rules with a policy
 * take and that is held for a few instructions; no allocation but that of the caller's scratch.
 */
#pragma once

#include "event/event.h"
#include "event/fetch.h"
#include "route/selector.h"
#include "route/tally.h"
#include "util/buf.h"
#include "util/err.h"

enum {
	SUPPRESS_POLICIES_MAX = 64,
	SUPPRESS_KEY_MAX = 8,         /* fields */
	SUPPRESS_KEY_SHOWN = 112,     /* bytes of a key that summaries show */
	SUPPRESS_TABLE_MAX = 1 << 20, /* keys */
	SUPPRESS_TABLE_DEFAULT = 1 << 14,
	SUPPRESS_SUMMARY_KEYS = 5, /* keys that a summary names */
};

struct suppress_policy {
	struct selector match;
	uint32_t n_key;
	const char *const *key; /* fields; absent values are equal to each other */
	bool is_shared;         /* the rules share one budget for a key, rather than one each */
	double rate;            /* tokens a second; 0: no throttle */
	double burst;           /* tokens at most, at least 1 */
	uint64_t dedupe_ms;     /* 0: no dedupe */
};

struct suppress_policies {
	uint32_t n;
	const struct suppress_policy *policies;
};

struct alert_subject;
struct suppress;
struct suppress_plan;

/* @capacity keys, 1 to SUPPRESS_TABLE_MAX. NULL when memory is short. */
struct suppress *suppress_new(uint32_t capacity);
struct suppress *suppress_free(struct suppress *s);

/* For the rules of @rs, before a matcher is made of it; policies are copied. -EINVAL with @err for a
 * key that is a field of none of the sources whose rules the policy selects; a policy is not for
 * rules of sources that lack one of its fields. -ENOMEM. */
int suppress_plan(struct ruleset *rs, const struct suppress_policies *p, struct arena *arena,
		  const struct suppress_plan **ret, struct err *err);

/* Whether an alert is held back. @scratch is overwritten; @row is the rule's and counts what was held
 * back. @s may be NULL when no policies were planned. */
bool suppress_check(struct suppress *s, const struct suppress_plan *p,
		    const struct alert_subject *subject, struct tally_row *row,
		    struct buf *scratch);

/* What was held back of one rule since it was last told. */
struct suppress_summary {
	const struct tally_row *row;
	uint64_t n;
	uint32_t n_keys; /* that can still be told apart */
	struct {
		uint64_t n;
		char text[SUPPRESS_KEY_SHOWN]; /* "a, b"; any bytes of events */
	} keys[SUPPRESS_SUMMARY_KEYS];         /* most first */
	uint64_t first_ts, last_ts;
};

/* Calls @each for each rule of which something was held back, and forgets it. [main] */
typedef void (*suppress_summary_fn)(void *ctx, const struct suppress_summary *s);
void suppress_tell(struct suppress *s, suppress_summary_fn each, void *ctx);

struct suppress_counters {
	uint64_t n_suppressed, n_evicted;
	uint32_t n_keys, capacity;
};

void suppress_count(struct suppress *s, struct suppress_counters *ret);
