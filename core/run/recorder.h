/*
 * recorder: every event of a source, as parsers see it, to a file that can be played back.
 *
 * A failure ends the recording, not the run: it is told when the recorder is closed.
 *
 * Threads: recorder_event() on the thread of the source, the rest [main] while it does not run.
 */
#pragma once

#include "event/event.h"
#include "util/err.h"

struct recorder;

/* Makes the file. A negative errno with @err. */
int recorder_new(const char *path, struct recorder **ret, struct err *err);

void recorder_event(struct recorder *r, const struct event *evt);

/* An event that describes what was there before the others; see host/dump.h. */
void recorder_head(struct recorder *r, const ss_plugin_event *evt);

/* Closes the file. What went wrong, as text for @err, with a negative errno; NULL is fine. */
int recorder_close(struct recorder *r, struct err *err);
