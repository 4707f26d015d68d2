/*
 * live: what the runtimes on this machine tell about their containers.
 *
 * The parser asks about a container it sees for the first time; a worker asks the runtimes' sockets,
 * one container after the other, and what they answer comes back as an event, in its turn among all
 * others. Nothing here makes the parser wait: a full queue drops the question, and counts it.
 *
 * A runtime that does not know the container yet is asked again: up to 5 times within 4 seconds or so.
 * Each request ends after 1 second.
 *
 * Lifetime: live_start() to live_stop(), which waits for the request that is running.
 * Threads: all functions on that of the state; the counters are read from any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cgroup.h"

/* Events that tell of a container and of its end; the data is JSON text as of cinfo.h. */
#define LIVE_EVENT_NEW "container"
#define LIVE_EVENT_END "container_removed"

enum { LIVE_QUEUE = 1024 };

struct gyr;
struct live;

struct live_counters {
	uint64_t n_asked, n_told; /* questions taken; descriptions pushed */
	uint64_t n_full;          /* questions dropped */
	uint64_t n_unknown;       /* no runtime knew the container */
	uint64_t n_errors;        /* requests that failed, timeouts among them */
	uint64_t n_unsent;        /* descriptions the host did not take */
};

struct options;

/* NULL: no memory, or no thread. @o lives longer. */
struct live *live_start(struct gyr *p, const struct options *o);
struct live *live_stop(struct live *l); /* NULL is fine; answers NULL */

void live_ask(struct live *l, const struct cgroup_match *m);
void live_tell(struct live *l, const char *json, size_t len);
void live_end(struct live *l, const char *json, size_t len);
void live_count(const struct live *l, struct live_counters *ret);

/* Writes the description of a container of which only type and ID are known. Returns its length; 0
 * when it does not fit. */
int live_describe(char *json, size_t size, uint32_t type, const char *id);

/* The same for the one container of engines.static. */
int live_describe_static(char *json, size_t size, const struct options *o);
