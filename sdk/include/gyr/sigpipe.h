/*
 * sigpipe: writing to a pipe or socket whose reader may be gone, without the signal that would end
 * the process. The write just answers EPIPE.
 *
 *	struct gyr_sigpipe s;
 *
 *	gyr_sigpipe_hold(&s);
 *	n = write(...);
 *	gyr_sigpipe_release(&s);
 *
 * Nothing of the process changes: the signal is blocked in the calling thread only, and one that
 * came meanwhile is taken away before the thread gets its own mask back. errno is kept.
 *
 * Threads: any; hold and release in one thread.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gyr_sigpipe {
	sigset_t old;
	bool was_pending;
};

void gyr_sigpipe_hold(struct gyr_sigpipe *ret);
void gyr_sigpipe_release(const struct gyr_sigpipe *s);

#ifdef __cplusplus
}
#endif
