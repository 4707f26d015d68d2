/*
 * scope: the parts of a bucket that are listed one by one, down the tree that CloudTrail delivers into.
 *
 *	.../AWSLogs/ [o-ORG/] ACCOUNT/ CloudTrail/ REGION/ YYYY/MM/DD/
 *
 * A prefix that ends inside of that tree can be listed by account and region, each from the time that
 * matters; any other is listed as a whole.
 *
 * Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "listing.h"
#include "trailkey.h"

enum scope_level {
	SCOPE_ACCOUNTS, /* organisations or accounts are below */
	SCOPE_ACCOUNT,  /* CloudTrail/ is below */
	SCOPE_REGIONS,  /* regions are below */
	SCOPE_DAYS,     /* objects in order of time are below */
	SCOPE_WHOLE,    /* whatever is below */
};

enum scope_level scope_level(const char *prefix);

struct scope {
	struct scope *next;
	char *prefix;
	enum scope_level level;
	uint64_t hash;                /* of bucket and prefix */
	uint32_t from_minute, newest; /* older objects are not wanted; of those that were found */
	size_t n_open;                /* objects that are not done with */
	bool is_listed, has_failed;   /* no more pages; some object or page was not to be had */
	char after[1100];             /* where the list begins; "": at its beginning */
	char token[LISTING_TOKEN];    /* where it goes on */
};

/* NULL: no memory. */
struct scope *scope_new(const char *bucket, const char *prefix, enum scope_level level);
struct scope *scope_free(struct scope *s); /* takes NULL, returns NULL */

/* Begins the list at a time, if the scope is in order of time. */
void scope_start_at(struct scope *s, uint32_t minute);
