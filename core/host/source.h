/*
 * source: the host side of one open source: pulls its batches and checks what is in them.
 *
 * States: open --pull--> batch in hand --next until it says no--> pull again ... end (EOF,
 * failure). A batch that comes together with EOF or a failure is delivered first (plugin API 3.12).
 *
 * Lifetime: events until the next pull; events that async_take() gave, until the next one of them.
 * Threads: one, the source thread, but for source_commit(). Nobody interrupts a pull: a source returns by itself within its
 * own poll time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "host/async.h"
#include "host/instance.h"
#include "util/buf.h"
#include "util/err.h"

enum {
	_SOURCE_E_SUCCESS,
	SOURCE_E_TIMEOUT, /* nothing now; pull again */
	SOURCE_E_EOF,     /* no more, ever */
};

struct source;

/* A plugin whose events a source without an ID may give, as a recording does. */
struct source_carried {
	uint32_t id;
	const char *source; /* name of its event source */
};

struct source_setup {
	const char *params;       /* open parameters, as written; NULL = "" */
	const char *name;         /* event source of events without a plugin ID of their own */
	struct async *async;      /* merged in by time; may be NULL */
	uint32_t event_cap_bytes; /* larger events are skipped and counted; 0 = 64 MiB */
	const struct source_carried *carried; /* outlives the source */
	uint32_t n_carried;
	uint32_t shard, n_shards; /* open shard @shard of @n_shards, when that is more than 1 */
};

struct source_counters {
	uint64_t n_batches, n_events, n_bytes;
	uint64_t n_too_large; /* skipped: longer than the cap */
	uint64_t n_malformed; /* skipped: lengths that do not add up */
	uint64_t
		n_strange; /* given, of no source: they carry the ID of a plugin that is not here */
};

/* Opens it. -EIO with @err holding what the plugin said. @inst stays the caller's and must outlive
 * the source. */
int source_open(struct instance *inst, const struct source_setup *setup, struct source **ret_source,
		struct err *err);

/* Closes it; NULL is fine. Async handlers are stopped by their owner. */
struct source *source_close(struct source *s);

/* Pulls the next batch: 0 (see source_next()), SOURCE_E_TIMEOUT, SOURCE_E_EOF; -EIO with @err when
 * the plugin failed, -EPROTO with @err when it broke a rule of the plugin API. After EOF or an
 * error the answer stays the same. After a TIMEOUT source_next() still may give asynchronous
 * events. */
int source_pull(struct source *s, struct err *err);

/* The next event in hand; false when there is none and it is time to pull. An event that was pushed
 * (code 402) has the number of the source's event before it: commits count the source's alone. */
bool source_next(struct source *s, struct event *ret_evt);

/* Events one after the other that are of the source itself and whose bytes need no other look. */
struct source_stretch {
	ss_plugin_event *const *events;
	uint32_t n;
	uint64_t num; /* of the first */
	const char *source;
};

/* Takes from the events in hand those that come next, as long as they are of @types (by code, EVENT_CODES of
 * them; not those of plugins) and not later than @until. Their number, 0 when the next one is another:
 * source_next() gives it then. */
uint32_t source_stretch(struct source *s, const bool *types, uint64_t until,
			struct source_stretch *ret);

/* How far it is: hundredths of a percent (0 to 10000) and a text, which may be "" and is valid
 * until the next call. false when the plugin does not tell. */
bool source_progress(struct source *s, uint32_t *ret_hundredths, const char **ret_text);

/* Appends the plugin's one-line text of an event of this source; "datalen=... data=..." when the
 * plugin has none. */
void source_print(struct source *s, const struct event *evt, struct buf *out);

/* Number of the last event that source_next() gave or that was skipped before it; 0: none yet. */
uint64_t source_num(const struct source *s);

/* Whether the source wants to be told which of its events are finished. */
bool source_commits(const struct source *s);

/* Tells the source that its events up to and including number @num are finished. Does nothing for a
 * source without the capability. [any, one at a time] */
void source_commit(const struct source *s, uint64_t num);

/* Tells the source what the rules are about. 1 when it does not want to know; -EIO with @err holding
 * what it said. */
int source_interest(struct source *s, const struct gyr_interest *interest, struct err *err);

/* How many instances may be opened side by side for these parameters; 1 without the capability. */
uint32_t source_shards(struct instance *inst, const char *params);

/* Whether events of sources of @m may be those of other plugins; and which they begin with for @params, at most
 * @cap of them, by ID. [main] */
bool source_can_carry(const struct module *m);
uint32_t source_carries(struct instance *inst, const char *params, uint32_t *ret_ids, uint32_t cap);

void source_count(const struct source *s, struct source_counters *ret_counters);
