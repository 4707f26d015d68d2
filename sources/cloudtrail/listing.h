/*
 * listing: one page of a list of objects.
 *
 * Format: Amazon S3 API reference, ListObjectsV2 with encoding-type=url.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { LISTING_TOKEN = 2048 };

/* Texts are lent until the callback returns; keys and prefixes are decoded. */
struct listing_object {
	const char *key, *etag;
	bool is_archived; /* its storage class is one that cannot be read at once */
};

struct listing_sink {
	void (*on_object)(void *arg, const struct listing_object *o);
	void (*on_prefix)(void *arg, const char *prefix);
	void *arg;
};

/* *ret_token: where the list goes on, "" at its end. -EBADMSG: no such document; -ENOMEM. */
int listing_read(const char *body, size_t len, const struct listing_sink *sink,
		 char ret_token[LISTING_TOKEN]) __attribute__((warn_unused_result));
