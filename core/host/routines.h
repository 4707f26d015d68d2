/*
 * routines: tasks that listening plugins keep running beside the source thread.
 *
 * A routine is called again and again, one turn at a time, until it answers 0 or is unsubscribed. The
 * pool's threads take turns over all routines, first come first served, so that a long turn delays
 * others only when every thread has one. Unsubscribing does not wait for a turn that is running; the
 * end of the pool does. A routine with nothing to do should block for a moment itself (plugin API
 * 3.12).
 *
 * Bounds: 256 routines; a subscription beyond that is refused with an error text.
 * Lifetime: routines_new() to routines_free(), before any instance is freed. Threads: subscribing
 * and unsubscribing from any, new and free on the source thread.
 */
#pragma once

#include "host/services.h"

enum { ROUTINES_MAX = 256, ROUTINES_MAX_THREADS = 8 };

struct routines;

/* A pool of @n_threads, 1 to ROUTINES_MAX_THREADS, that start with the first routine. */
struct routines *routines_new(unsigned n_threads);

/* Waits for turns that are running and ends the pool. NULL is fine. */
struct routines *routines_free(struct routines *p);

/* The functions lent to plugins; they find the pool by the owner's services. */
ss_plugin_routine_vtable *routines_lend(void);

/* How many are subscribed now. */
unsigned routines_count(struct routines *p);
