/*
 * scap_enter: the last enter event of each thread, remembered until its exit event.
 *
 * A table of sets: a thread may lie in one of a few places; when all are taken, the oldest gives
 * way. Places keep their memory, so that nothing is allocated once warm.
 */
#pragma once

#include <stdint.h>

#include <gyr/abi.h>

struct scap_enters;

struct scap_enters *scap_enters_new(void);
struct scap_enters *scap_enters_free(struct scap_enters *t);
void scap_enters_reset(struct scap_enters *t);

/* Remembers a copy of @evt for its thread. One that is too large, or for which there is no memory,
 * is counted and not remembered. */
void scap_enters_put(struct scap_enters *t, const ss_plugin_event *evt);

/* What is remembered of thread @tid; NULL when nothing is. Valid until the next put or reset. */
const ss_plugin_event *scap_enters_find(const struct scap_enters *t, uint64_t tid);

void scap_enters_forget(struct scap_enters *t, uint64_t tid);

uint64_t scap_enters_lost(const struct scap_enters *t);
