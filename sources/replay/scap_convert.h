/*
 * scap_convert: events of older schemas become events of the current one.
 *
 * Older schemas recorded most calls as two events, the first with the arguments. The current one has
 * one event a call, at its exit, with everything. So an enter event is remembered by thread until
 * its exit event, which takes what it needs from it; and events with fewer parameters, or of types
 * that were replaced, are rebuilt step by step, as rows of sdk/events/converter.def say.
 *
 * Memory is bounded: a fixed number of enter events is remembered; the oldest gives way.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

#include "scap_pool.h"

enum {
	_SCAP_CONVERT_E_SAME,      /* it is of the current schema */
	SCAP_CONVERT_E_CHANGED,    /* *ret_event has taken its place */
	SCAP_CONVERT_E_FILTERED,   /* nothing is to be delivered */
	SCAP_CONVERT_E_IMPOSSIBLE, /* no row, or it contradicts what is remembered */
};

struct scap_convert;

struct scap_convert *scap_convert_new(void);
struct scap_convert *scap_convert_free(struct scap_convert *c);

/* Forgets all enter events: a new section begins. */
void scap_convert_reset(struct scap_convert *c);

/* One event, whose bytes were checked, with a type below gyr_event_count(). A new event is from
 * @pool. -ENOMEM. */
int scap_convert_event(struct scap_convert *c, const ss_plugin_event *evt, struct scap_pool *pool,
		       ss_plugin_event **ret_event);

/* How many parameters an event of this code has that needs no look here: SCAP_CONVERT_ANY: any
 * number; SCAP_CONVERT_NONE: there is no such event. */
enum { SCAP_CONVERT_ANY = 254, SCAP_CONVERT_NONE = 255 };
uint8_t scap_convert_current(uint16_t code);

/* Enter events that were forgotten for lack of room. */
uint64_t scap_convert_lost(const struct scap_convert *c);
