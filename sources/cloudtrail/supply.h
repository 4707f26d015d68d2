/*
 * supply: where the objects to read come from: a queue or a list.
 *
 * Lifetime: open to .close(), before the client and the flow. Threads: that of the source.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <gyr/plugin.h>

#include "origin.h"
#include "trailkey.h"
#include "transfer.h"

struct aws_client;
struct cloud_stats;
struct flow;

/* As in the configuration. */
struct cloud_options {
	uint64_t s3DownloadConcurrency, inflightBytes;
	const char *s3Interval, *s3AccountList, *sqsOwnerAccount;
	const char *const *regions;
	bool sqsDelete, includeInsights, follow;
	uint64_t sqsMessages, sqsWait, sqsVisibility, sqsMaxReceive, sqsReceivers;
	uint64_t s3Poll, lookback;
	const char *startPosition;
	const char *profile, *region, *config, *credentials;
	const char *endpoint, *endpoint_sqs, *endpoint_sts;
	const char *role_arn, *external_id, *session_name;
	bool use_fips, use_dualstack, path_style;
	uint64_t max_retries;
	const char *imds, *ca_file, *proxy;
};

/* The time that a supply works by: monotonic. */
static inline uint64_t supply_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* What a supply works with; all of it outlives the supply. */
struct supply_setup {
	struct gyr *p;
	struct aws_client *client;
	struct flow *flow;
	struct cloud_stats *stats;
	const struct cloud_options *options;
	const struct origin *origin;
	struct trailkey_filter filter;
	uint64_t from_ns, to_ns; /* of the interval; 0 and UINT64_MAX: none */
	const char *state_dir, *params;
};

struct supply {
	/* Does what is due. 0; GYR_EOF: there will be no more objects; a negative errno, its text kept. */
	int (*work)(void *arg, uint64_t now_ns);
	/* An object to read, lent until it ended; NULL: none now. */
	struct object *(*take)(void *arg);
	void (*ended)(void *arg, struct object *o, enum object_end end, const char *why);
	uint32_t (*progress)(void *arg, struct gyr_text *out);
	/* Says what is finished to whoever must know; some seconds at most. */
	void (*close)(void *arg);
	void *arg;
};

/* A negative errno, its text kept by gyr_fail(). */
int queue_open(const struct supply_setup *setup, struct supply *ret)
	__attribute__((warn_unused_result));
int bucket_open(const struct supply_setup *setup, struct supply *ret)
	__attribute__((warn_unused_result));
