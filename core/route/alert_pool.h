/*
 * alert_pool: the inside of the pool that alerts come from and go back to.
 *
 * Alerts keep their memory, so that none is asked for once as many are there as ever were on their
 * way; what a pool keeps together is bounded, beyond that memory is given back. Both sides come
 * once for many: writers take a chain, outputs give back a batch.
 */
#pragma once

#include "route/alert.h"

enum {
	ALERT_POOL_CHAIN = 64,
	ALERT_POOL_KEEP_BYTES = 64 << 20, /* memory of texts kept for later */
};

/* An alert with one reference and empty text, off @chain, which is filled from the pool when it is
 * empty. NULL when memory is short. [owner of @chain] */
struct alert *alert_pool_take(struct alert_pool *p, struct alert **chain);

/* Gives a chain back. NULL is fine, returns NULL. [any] */
struct alert *alert_pool_give(struct alert_pool *p, struct alert *chain);
