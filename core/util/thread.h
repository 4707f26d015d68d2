/*
 * thread: starting one. Signals are the main thread's: all others block them.
 */
#pragma once

#include <pthread.h>

/* Starts @main with @arg; -EAGAIN when the system has no room for another. */
int thread_start(pthread_t *ret, void *(*main)(void *arg), void *arg);
