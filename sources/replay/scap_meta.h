/*
 * scap_meta: the blocks of a recording that describe the system, entry by entry, as the records of
 * gyr/scapmeta.h.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

#include "scap_pool.h"

enum {
	_SCAP_META_E_SUCCESS,
	SCAP_META_E_END, /* no entry left */
};

/* Where one stands in a block. */
struct scap_meta {
	const uint8_t *at, *end;
	int kind;    /* enum scap_kind */
	int version; /* of the block: 1 ... 9 */
	uint64_t tid;
	bool has_tid;
	const char *error; /* of -EBADMSG: what is wrong at @at */
	bool failed;       /* an entry ended before its last member */
};

/* Begins the block whose body is @len bytes at @body; they must stay. NULL with 0 is fine. */
void scap_meta_begin(struct scap_meta *m, int kind, int version, const void *body, size_t len);

/* The next entry as an event, from @pool. SCAP_META_E_END; -EBADMSG with m->error; -ENOMEM. */
int scap_meta_next(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event);

/* A record without data. NULL without memory. */
ss_plugin_event *scap_meta_mark(const char *name, struct scap_pool *pool);

/* The record that hides @evt. NULL without memory. */
ss_plugin_event *scap_meta_hide(const ss_plugin_event *evt, struct scap_pool *pool);
