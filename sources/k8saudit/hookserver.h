/*
 * hookserver: the server that API servers post audit events to: libmicrohttpd on a thread of its own.
 *
 *	POST PATH         200 when all events of the body are taken, else why not
 *	GET /healthz      200
 *
 * The thread runs the library's loop itself, so that it also hears of finished events, keeps the
 * times and reads changed files: nothing of a connection is touched by another thread.
 *
 *	       accept            header           body              the end
 *	header ------> (time) ---------> body ----------> waiting? ---------> answer, header again
 *
 * Bounds: connections in all and of an address; the time of a header, of a body, of silence between
 * requests, of waiting for events to be finished; bytes of a body, of an event, of all that is being
 * received. Whatever a bound stops is counted (webhook_stats.h).
 *
 * Lifetime: hookserver_new() to hookserver_free(); the setup's pointers outlive it.
 * Threads: [main]; hookserver_finished() on any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

#include "eventq.h"
#include "webhook_stats.h"

struct hookserver;

struct hookserver_setup {
	const char *certificate; /* PEM with certificate and key, for https */
	const char *ca;          /* PEM: who signs clients; "": none is asked for */
	const char **names;      /* of clients that may post; empty: all with a certificate */
	const char *token_file;  /* bearer tokens; "": none is asked for */
	bool is_ack_processed;   /* answer when the events are finished, not when they are queued */
	uint64_t max_event, max_body, max_held; /* bytes */
	uint64_t n_connections, n_per_address;
	uint64_t header_s, body_s, idle_s, ack_s; /* seconds */
	uint64_t n_seen;      /* events remembered, to know those that come again */
	struct eventq *queue; /* where events go */
	struct webhook_stats *stats;
};

/* Listens at @url; the text of an error is kept by gyr_fail(). */
int hookserver_new(struct gyr *p, const struct hookserver_setup *setup, const char *url,
		   struct hookserver **ret) __attribute__((warn_unused_result));

/* All events up to @number are finished. [any] */
void hookserver_finished(struct hookserver *s, uint64_t number);

/* Answers those that wait, and ends the thread. Takes NULL, returns NULL. */
struct hookserver *hookserver_free(struct hookserver *s);
