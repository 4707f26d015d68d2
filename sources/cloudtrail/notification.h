/*
 * notification: which objects a message of a queue is about.
 *
 * Who sends it is told by its shape, so that no option has to say it. Known are: what CloudTrail
 * itself publishes ({"s3Bucket", "s3ObjectKey": []}), event notifications of S3 ({"Records": []}, keys
 * encoded as in forms), those of S3 by way of EventBridge, and each of these inside the envelope of
 * SNS. What services send to try a new topic or queue, and what is about objects that are gone, is
 * nothing to do.
 *
 * Lifetime: parse to deinit; nothing points into the body. Threads: any; no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	NOTIFICATION_MAX_OBJECTS = 4096,
	NOTIFICATION_MAX_BODY = 1 << 20,
	NOTIFICATION_MAX_KEY = 1024, /* bytes of a key, as S3 has it */
};

enum notification_kind {
	NOTIFICATION_OBJECTS, /* at least one object was created */
	NOTIFICATION_NOTHING, /* understood, and nothing to do */
	NOTIFICATION_UNKNOWN, /* no such message */
};

struct notification_object {
	char *bucket, *key; /* key decoded */
	char *region;       /* of the bucket; NULL: not said */
};

struct notification {
	enum notification_kind kind;
	const char *why; /* for people, of NOTHING and UNKNOWN; a constant */
	struct notification_object *objects;
	size_t n;
};

/* -ENOMEM. */
int notification_parse(const char *body, size_t len, struct notification *ret)
	__attribute__((warn_unused_result));
void notification_deinit(struct notification *n);
