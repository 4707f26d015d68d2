/*
 * queue: alerts on their way from source threads to the thread of one output. Bounded in number and
 * in bytes.
 *
 * What happens when it is full is the output's policy: block the source until there is room, refuse
 * the alert, or put the oldest out. Whatever does not stay is handed to `drop`, which counts it and
 * gives it back. Closing refuses what comes from then on and lets what is in it be taken out.
 *
 * Threads: any number push, one takes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct alert;
struct queue;

enum queue_policy { QUEUE_BLOCK, QUEUE_DROP_NEWEST, QUEUE_DROP_OLDEST };

enum {
	_QUEUE_E_SUCCESS,
	QUEUE_E_TIMEOUT,
	QUEUE_E_CLOSED, /* closed and empty */
	QUEUE_E_WOKEN,
};

struct queue_setup {
	uint32_t capacity;  /* alerts, at least 1 */
	uint64_t cap_bytes; /* memory of them together; one alert fits whatever its size */
	enum queue_policy policy;
	/* Takes over one reference to an alert that does not stay, because the queue is full or
	 * @is_closed. Called with the queue locked. [any] */
	void (*drop)(void *ctx, struct alert *a, bool is_closed);
	void *ctx;
};

/* NULL when memory is short. */
struct queue *queue_new(const struct queue_setup *setup);

/* Gives back the alerts still in it. NULL is fine. */
struct queue *queue_free(struct queue *q);

/* Hands over one reference to each of @n alerts, in order. */
void queue_push(struct queue *q, struct alert *const *alerts, uint32_t n);

/* The same for one, without waiting and without dropping: false, and it stays the caller's, when
 * there is no room. */
bool queue_try(struct queue *q, struct alert *a);

/* Takes up to @cap alerts, waiting for the first for @timeout_ms (UINT32_MAX: for ever). 0 and
 * *ret_n at least 1; QUEUE_E_TIMEOUT; QUEUE_E_WOKEN after queue_wake(); QUEUE_E_CLOSED. */
int queue_take(struct queue *q, struct alert **ret, uint32_t cap, uint32_t timeout_ms,
	       uint32_t *ret_n);

/* Waits @timeout_ms, or less when the queue is closed or woken meanwhile. */
void queue_pause(struct queue *q, uint32_t timeout_ms);

/* Ends one take that waits, or one pause: the one under way, or the next. */
void queue_wake(struct queue *q);

/* Refuses what comes from now on and lets blocked pushers go. */
void queue_close(struct queue *q);

/* How many alerts are in it, and with how many bytes. */
uint32_t queue_depth(struct queue *q, uint64_t *ret_bytes);
bool queue_is_closed(struct queue *q);

/* Whether somebody waits for room. */
bool queue_is_waited_for(struct queue *q);
