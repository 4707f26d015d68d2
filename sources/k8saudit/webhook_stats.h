/*
 * webhook_stats: what the webhook counts. Every request is counted by how it was answered, every
 * event by what became of it.
 *
 * Threads: any.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include <gyr/plugin.h>

/* Member and what it counts. */
#define WEBHOOK_COUNTERS(X)                                                                      \
	X(webhook_events, "events taken")                                                        \
	X(webhook_bytes, "bytes of bodies")                                                      \
	X(webhook_requests, "requests")                                                          \
	X(webhook_accepted, "requests answered 200: all their events are taken")                 \
	X(webhook_duplicates, "events that came again, not taken twice")                         \
	X(webhook_reduced, "events above maxEventSize, taken without their objects")             \
	X(webhook_too_large, "events above maxEventSize even so, left out")                      \
	X(webhook_no_time, "events without a usable time, left out")                             \
	X(webhook_invalid_bytes, "events taken although JSON forbids some of their bytes")       \
	X(webhook_malformed, "requests answered 400: not JSON, or no audit events")              \
	X(webhook_unauthorized, "requests answered 401: no bearer token, or a wrong one")        \
	X(webhook_forbidden, "requests answered 403: no certificate, or a name not allowed")     \
	X(webhook_not_found, "requests answered 404: another path")                              \
	X(webhook_bad_method, "requests answered 405: not POST")                                 \
	X(webhook_body_too_large, "requests answered 413: above webhookMaxBatchSize")            \
	X(webhook_bad_type, "requests answered 415: not application/json")                       \
	X(webhook_pushed_back, "requests answered 429, for one of the three that follow")        \
	X(webhook_queue_full, "the queue is full")                                               \
	X(webhook_memory_full, "too much is being received at once")                             \
	X(webhook_ack_late, "the events were not finished in time")                              \
	X(webhook_closing, "requests answered 503: the source is closing")                       \
	X(webhook_cut, "requests that ended before their body did")                              \
	X(webhook_connections, "connections accepted")                                           \
	X(webhook_connections_refused, "connections refused: too many")                          \
	X(webhook_connections_silent, "connections closed: nothing came for too long")           \
	X(webhook_bad_certificates, "connections closed: a client certificate that is not good") \
	X(webhook_reloads, "times that certificates or tokens were read anew")                   \
	X(webhook_reloads_failed, "times that they could not be: those of before stay")          \
	X(webhook_lost_at_close, "events answered 200 and not judged when the source was closed")

struct webhook_stats {
#define X(name, what) _Atomic uint64_t name;
	WEBHOOK_COUNTERS(X)
#undef X
};

static inline void webhook_count(_Atomic uint64_t *counter)
{
	(void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* As gyr_plugin.metrics: those that are not zero. */
uint32_t webhook_metrics(const struct webhook_stats *stats, ss_plugin_metric *ret, uint32_t cap);
