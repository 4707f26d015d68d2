#include "util/thread.h"

#include <signal.h>

int thread_start(pthread_t *ret, void *(*main)(void *arg), void *arg)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(ret, NULL, main, arg);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}
