/*
 * webhook: an instance of the source that API servers post to.
 *
 *	hookserver (its thread) -> auditbody -> eventq -> webhook_next() (the host's thread)
 *
 * Lifetime: webhook_open() to webhook_close(); options and stats outlive it. Threads: that of the
 * source; webhook_commit() on any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

#include "hookserver.h"

struct webhook;

struct webhook_options {
	struct hookserver_setup server;
	uint64_t queue_bytes;
	const char *ack;
};

#define WEBHOOK_ACK_QUEUE "queue"
#define WEBHOOK_ACK_PROCESSED "processed"

bool webhook_is_url(const char *params);

/* @url is http:// or https://. The text of an error is kept by gyr_fail(). */
int webhook_open(struct gyr *p, const struct webhook_options *options, struct webhook_stats *stats,
		 const char *url, struct webhook **ret) __attribute__((warn_unused_result));
struct webhook *webhook_close(struct webhook *w); /* takes NULL, returns NULL */

/* As gyr_source.begin and .next. */
void webhook_begin(struct webhook *w);
int webhook_next(struct webhook *w, struct gyr_batch *out) __attribute__((warn_unused_result));

/* As PLUGIN_SOURCE_COMMIT has it. [any] */
void webhook_commit(struct webhook *w, uint64_t number);
