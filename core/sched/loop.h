/*
 * loop: signals, timers and wake-ups of the main thread. The only file that knows libuv.
 *
 * Lifetime: loop_new() to loop_free(). Threads: all on [main] but loop_wake().
 */
#pragma once

#include <stdint.h>

typedef void (*loop_fn)(void *ctx);

struct loop;

int loop_new(struct loop **ret); /* -ENOMEM or what the system says */
struct loop *loop_free(struct loop *l);

/* At most 16 signals and timers together: -ENOSPC. */
int loop_on_signal(struct loop *l, int signum, loop_fn fn, void *ctx);
int loop_every(struct loop *l, uint64_t ms, loop_fn fn, void *ctx);
/* The same for one that there may be: its time is @ms from now on. 0 stops it. */
int loop_change(struct loop *l, uint64_t ms, loop_fn fn, void *ctx);
int loop_after(struct loop *l, uint64_t ms, loop_fn fn, void *ctx);

/* What loop_wake() calls, on [main]; wakes that come close together are one. */
void loop_on_wake(struct loop *l, loop_fn fn, void *ctx);
void loop_wake(struct loop *l); /* [any] */

void loop_run(struct loop *l); /* until loop_stop() */
void loop_stop(struct loop *l);
