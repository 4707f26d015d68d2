/*
 * sigpipe: SIGPIPE is sent to the thread that writes, so blocking it there is enough; a signal that
 * was pending before is somebody else's and stays.
 */
#include <gyr/sigpipe.h>

#include <errno.h>
#include <time.h>

static sigset_t pipe_only(void)
{
	sigset_t s;

	(void)sigemptyset(&s);
	(void)sigaddset(&s, SIGPIPE);
	return s;
}

static bool is_pending(void)
{
	sigset_t s;

	return sigpending(&s) == 0 && sigismember(&s, SIGPIPE) == 1;
}

void gyr_sigpipe_hold(struct gyr_sigpipe *ret)
{
	const sigset_t s = pipe_only();

	ret->was_pending = is_pending();
	(void)pthread_sigmask(SIG_BLOCK, &s, &ret->old);
}

void gyr_sigpipe_release(const struct gyr_sigpipe *s)
{
	const sigset_t only = pipe_only();
	const struct timespec now = {0};
	const int kept = errno;

	if (!s->was_pending && is_pending())
		while (sigtimedwait(&only, NULL, &now) < 0 && errno == EINTR)
			continue;
	(void)pthread_sigmask(SIG_SETMASK, &s->old, NULL);
	errno = kept;
}
