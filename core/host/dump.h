/*
 * dump: what plugins know, as events at the head of a recording that begins now (plugin API,
 * plugin_dump_state). Without it a recording that begins in the middle would know of no process that
 * was there before.
 *
 * Threads: the source thread of the instances, between two events.
 */
#pragma once

#include "host/instance.h"

/* An event that was checked; it is the caller's to copy. */
typedef void (*dump_fn)(void *ctx, const ss_plugin_event *evt);

/* Asks all of @instances (NULLs are skipped): first those that describe the system, then those whose events
 * tell more about it. One that fails is told in its log, and the others go on. */
void dump_state(struct instance *const *instances, uint32_t n, dump_fn each, void *ctx);
