/*
 * listen: tells the plugins that want to know when a capture starts and when it ends.
 *
 * Order (plugin API 3.12): the source is opened, handlers of asynchronous events are set, then
 * listen_open(); at the end the source is closed, the handlers taken back, then listen_close(), then
 * the pool of routines ends.
 *
 * Threads: the source thread.
 */
#pragma once

#include "host/instance.h"

/* Calls capture_open of every listening plugin among @instances (NULLs are skipped). -EIO with @err
 * naming the plugin that failed: those opened before it were closed again. */
int listen_open(struct instance *const *instances, uint32_t n, struct err *err);

/* Calls capture_close of each, whatever the others say; failures are logged. */
void listen_close(struct instance *const *instances, uint32_t n);
