/*
 * eventq: events on their way from the thread that receives them to the thread of the source.
 *
 * One block of bytes, taken at the start, that events go round in, whole and in place: the source
 * hands them on without a copy. It is full when the next event does not fit; who puts in then says
 * so to his client. Events are numbered from 1 as they go in, which is how the host counts them.
 *
 * Lifetime: eventq_new() to eventq_free(). Threads: [put] and [take] are one thread each; the lock
 * is taken once a stretch of events, not once an event.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

struct eventq;

enum { EVENTQ_OVERHEAD = 64 }; /* bytes of an event beside its payload, at most */

/* @bytes is what all events in it take at most. -ENOMEM. */
int eventq_new(size_t bytes, uint32_t plugin_id, struct eventq **ret)
	__attribute__((warn_unused_result));
struct eventq *eventq_free(struct eventq *q); /* takes NULL, returns NULL */

/* Room for a payload of up to @len bytes; it is taken by eventq_put() alone. NULL: no room. [put] */
char *eventq_room(struct eventq *q, size_t len);

/* What was written to the room, @len bytes of it, is an event. Returns its number. [put] */
uint64_t eventq_put(struct eventq *q, uint64_t ts, size_t len);

/* Lets the other side see what was put. [put] */
void eventq_publish(struct eventq *q);

/* The next event, to stay until eventq_release(); waits for one up to @wait_ms. NULL: none. [take] */
ss_plugin_event *eventq_take(struct eventq *q, unsigned wait_ms);

/* All that was taken may be overwritten. [take] */
void eventq_release(struct eventq *q);

/* Events put but not taken, once both threads are at rest. */
uint64_t eventq_left(const struct eventq *q);
