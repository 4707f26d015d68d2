/*
 * jsonl_kind: what is known of audit sources whose records are JSON: by what one is recognised, when
 * it happened, what delivers it in bulk.
 *
 * Formats: Kubernetes audit.k8s.io/v1 Event and EventList; AWS CloudTrail record contents and log
 * files.
 *
 * Threads: a finder belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/json.h>

struct jsonl_kind {
	const char *source; /* event source */
	uint32_t id;        /* of the plugin whose events they are */
	bool is_compact;    /* an event is without blanks between tokens */
	/* JSON pointers: members that every record has, all of them; NULL: no more. The first two are a
	 * time (RFC 3339), without which no record is an event, and a type, likewise, where there is one. */
	const char *time, *type, *mark;
	const char *left_out_type; /* a type whose records are no events */
	const char *envelope;      /* member whose array holds records */
};

enum jsonl_find {
	JSONL_FIND_RECORD,
	JSONL_FIND_LIST, /* an envelope: *ret_list holds records */
	JSONL_FIND_LEFT_OUT,
	JSONL_FIND_NO_TIME,
	JSONL_FIND_NO_TYPE,
	JSONL_FIND_UNKNOWN,
	JSONL_FIND_BROKEN, /* no JSON */
};

struct jsonl_finder;

/* The n-th kind; NULL past the end. */
const struct jsonl_kind *jsonl_kind_at(unsigned n);

/* The kind of an event source; NULL when there is none. */
const struct jsonl_kind *jsonl_kind_of(const char *source);

/* Finds records of @only, or of all kinds when it is NULL. NULL when memory is short. */
struct jsonl_finder *jsonl_finder_new(const struct jsonl_kind *only);
struct jsonl_finder *jsonl_finder_free(struct jsonl_finder *f);

/* What an object is. JSONL_FIND_RECORD sets *ret_kind and *ret_ts, JSONL_FIND_LIST sets *ret_list. */
enum jsonl_find jsonl_find(struct jsonl_finder *f, const struct gyr_json *object,
			   const struct jsonl_kind **ret_kind, uint64_t *ret_ts,
			   struct gyr_json *ret_list);
