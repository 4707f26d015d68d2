/*
 * auditbody: the body of a request to events in the queue, while it arrives.
 *
 *	chunk -> jsonsplit -> element -> cut down to size -> time -> compact -> seen before? -> queue
 *
 * A body is an EventList, an event, an array or any number of them one after another. Elements go
 * into the queue one by one as they are complete: when there is no room for one, those in front of it
 * are in, the request fails as a whole, and is expected again; what is in is known then.
 *
 * What the events are made of is held in memory until an element is complete: a bounded number of
 * bytes an element, and of all bodies together.
 *
 * Lifetime: one auditintake for a server; an auditbody for a connection, init to deinit, for any
 * number of requests. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auditedit.h"
#include "eventq.h"
#include "jsonsplit.h"
#include "seen.h"
#include "webhook_stats.h"

struct gyr_json_reader;

/* Of auditbody_feed() and auditbody_end(). */
enum auditbody_outcome {
	AUDITBODY_OK,
	AUDITBODY_MALFORMED,   /* something in it is no audit event; the others are taken */
	AUDITBODY_QUEUE_FULL,  /* no more is taken of this request */
	AUDITBODY_MEMORY_FULL, /* no more is taken of this request */
};

struct auditintake {
	size_t max_event; /* bytes of an event that is queued */
	size_t max_held;  /* bytes of all elements that are being received */
	struct eventq *queue;
	struct seen *seen;
	struct webhook_stats *stats;
	/* A line about something that is left out. */
	void (*note)(void *ctx, uint64_t offset, const char *why);
	void *note_ctx;
	/* ---- private ---- */
	struct gyr_json_reader *reader;
	uint32_t time_id, audit_id, stage_id;
	size_t held;
	char *scratch;
	size_t scratch_size;
};

struct auditbody {
	struct auditintake *in;
	struct jsonsplit split;
	char cluster[AUDITEDIT_MAX_NAME + 1]; /* "": none */
	size_t held;                          /* of what in->held counts */
	enum auditbody_outcome outcome;
	uint64_t
		last_number; /* of the newest event in the queue that the request is about; 0: none */
};

/* What is above the line in @in is filled. -ENOMEM; deinit either way. */
int auditintake_init(struct auditintake *in) __attribute__((warn_unused_result));
void auditintake_deinit(struct auditintake *in);

void auditbody_init(struct auditbody *b, struct auditintake *in);
void auditbody_deinit(struct auditbody *b);

/* A new body. @cluster is copied; NULL: none. */
void auditbody_begin(struct auditbody *b, const char *cluster);

/* Takes all of the chunk; after an outcome that ends the request, none of it. */
void auditbody_feed(struct auditbody *b, const char *bytes, size_t len);

/* The body is complete (@is_whole), or will never be. The outcome is in b->outcome. */
void auditbody_end(struct auditbody *b, bool is_whole);
