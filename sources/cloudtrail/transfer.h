/*
 * transfer: objects on their way from S3 into events, several at once.
 *
 * Bytes are unpacked and cut as they come, so the memory of a transfer does not depend on its object.
 * Where no more fits into the batch, a transfer is paused, and the server waits.
 *
 * Lifetime: transfers_new() to transfers_free(), before the client is closed. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytestream.h"

struct aws_client;
struct cloud_stats;
struct flow;
struct transfers;

/* An object to read. Owned by who wants it read, but by the transfers from its start until it ended. */
struct object {
	struct object *next;          /* the owner's, as what follows `key` but for done_below */
	char *bucket, *region, *name; /* region NULL: the client's; name: "s3://bucket/key" */
	const char *key;              /* in name */
	uint64_t
		done_below; /* records that begin below this offset became events in an earlier try */
	uint64_t try_at_ns;
	uint64_t hash, scope; /* of a list */
	uint32_t minute;
	unsigned tries;
	void *owner;
};

/* NULL: no memory. */
struct object *object_new(const char *bucket, const char *key, const char *region);
struct object *object_free(struct object *o); /* takes NULL, returns NULL */

enum object_end {
	OBJECT_READ,
	OBJECT_CORRUPT,   /* what came before the damage became events */
	OBJECT_MISSING,   /* not there, or not yet */
	OBJECT_FORBIDDEN, /* may not be read, or something else about the request is wrong */
	OBJECT_ARCHIVED,
	OBJECT_FAILED, /* may go better later */
};

/* Counts an object that is done with, or one more try of it that failed. */
void object_count(struct cloud_stats *stats, enum object_end end);

struct transfers_setup {
	struct aws_client *client;
	struct flow *flow;
	struct cloud_stats *stats;
	size_t n; /* at once */
	struct bytestream_limits limits;
	uint64_t max_event_bytes;
	/* [why]: for people, of all but READ. */
	void (*ended)(void *arg, struct object *o, enum object_end end, const char *why);
	void *arg;
};

/* NULL: no memory. */
struct transfers *transfers_new(const struct transfers_setup *setup);
struct transfers *transfers_free(struct transfers *t); /* takes NULL, returns NULL */

bool transfers_has_room(const struct transfers *t);
size_t transfers_busy(const struct transfers *t);

/* Starts one; there is room. A negative errno of aws_client_send(), or -ENOMEM. */
int transfers_start(struct transfers *t, struct object *o) __attribute__((warn_unused_result));

/* Goes on with those that were paused, unless the flow is full. */
void transfers_resume(struct transfers *t);

/* What may not be gone on from, its text kept by gyr_fail(); 0: nothing. */
int transfers_fatal(const struct transfers *t);
