/*
 * queue: alerts on their way from source threads to the thread of one output. Bounded.
 *
 * What happens when it is full is the output's policy: block the source until there is room, or
 * refuse the alert, which the caller counts as dropped. Closing lets what is in it be taken out.
 *
 * Threads: any number push, one takes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct alert;
struct queue;

enum queue_policy { QUEUE_BLOCK, QUEUE_DROP };

enum {
	_QUEUE_E_SUCCESS,
	QUEUE_E_FULL, /* refused: no room, or closed */
	QUEUE_E_TIMEOUT,
	QUEUE_E_CLOSED, /* closed and empty */
	QUEUE_E_WOKEN,
};

/* NULL when memory is short. @capacity at least 1. */
struct queue *queue_new(uint32_t capacity, enum queue_policy policy);

/* Gives back the alerts still in it. NULL is fine. */
struct queue *queue_free(struct queue *q);

/* Hands over one reference to @a: 0, or QUEUE_E_FULL and it stays the caller's. */
int queue_push(struct queue *q, struct alert *a);

/* Takes up to @cap alerts, waiting for the first for @timeout_ms (UINT32_MAX: for ever). 0 and
 * *ret_n at least 1; QUEUE_E_TIMEOUT; QUEUE_E_WOKEN after queue_wake(); QUEUE_E_CLOSED. */
int queue_take(struct queue *q, struct alert **ret, uint32_t cap, uint32_t timeout_ms,
	       uint32_t *ret_n);

/* Waits @timeout_ms, or less when the queue is closed or woken meanwhile. */
void queue_pause(struct queue *q, uint32_t timeout_ms);

void queue_wake(struct queue *q);

/* Refuses what comes from now on and lets blocked pushers go. */
void queue_close(struct queue *q);

uint32_t queue_depth(struct queue *q);
bool queue_is_closed(struct queue *q);
