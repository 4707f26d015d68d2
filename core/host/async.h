/*
 * async: events that plugins push from threads of their own, waiting for the source thread.
 *
 * The handler checks an event, copies it and queues it by time; the source thread takes it when its
 * own next event is not older, or when its source has nothing (plugin API 3.12). The queue holds
 * 4096 events; what comes when it is full is dropped and counted.
 *
 * Lifetime: async_new() to async_free(); async_stop() before any of the instances is freed.
 * Threads: async_start/stop/take/begin on the source thread; the handler on any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/instance.h"

struct async;

enum { ASYNC_CAP = 4096 };

struct async_counters {
	uint64_t n_events;  /* taken */
	uint64_t n_full;    /* dropped: queue full */
	uint64_t n_refused; /* not valid, or not for this source */
	uint64_t n_future;  /* dropped: more than 10 s ahead of the clock */
};

/* For the async plugins among @instances that go with @source (name of the event source of this
 * thread; @source_id the ID of its plugin, 0 for none), which are the only ones called. */
struct async *async_new(struct instance *const *instances, uint32_t n, const char *source,
			uint32_t source_id, const struct log *log);
struct async *async_free(struct async *a);

/* Gives every plugin its handler; 0 or -EIO with @err naming the plugin. Stop takes them back, in
 * any state, and waits for nobody but the plugins themselves. */
int async_start(struct async *a, struct err *err);
void async_stop(struct async *a);

/* The oldest event when its time is not after @not_after (UINT64_MAX: any); NULL for none. Valid
 * until the next take. */
const ss_plugin_event *async_take(struct async *a, uint64_t not_after);

/* How many events wait, to be looked at before async_take() is called; valid as long as @a. */
const atomic_uint *async_waiting(const struct async *a);

void async_count(struct async *a, struct async_counters *ret_counters);
