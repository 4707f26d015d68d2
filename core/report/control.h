/*
 * control: the control endpoint: what a run answers over HTTP.
 *
 *	/healthz   {"status": "ok"}; 503 when the main loop has not turned for CONTROL_DEAD_S
 *	/readyz    every source, output and plugin with its state; 503 unless all is well
 *	/versions  versions of the program and of what it is compatible with
 *	/metrics   for Prometheus; with metrics.enabled and webserver.prometheus_metrics_enabled
 *	/status    sources, outputs, rules with their counts; what `gyr top` reads
 *	/rules     the rules in use
 *	/config    the configuration, secrets masked
 *
 * Lifetime: control_start() to control_stop(). Threads: [main]; answers are made on the server's
 * threads from what status.h gathers, so that no question holds up an event.
 */
#pragma once

#include "util/err.h"

struct control;
struct engine;

enum { CONTROL_DEAD_S = 30 };

/* Does nothing, and *ret is NULL, when the configuration wants none. -EINVAL and other errnos with
 * @err. */
int control_start(struct engine *e, struct control **ret, struct err *err);
struct control *control_stop(struct control *c); /* NULL is fine */

/* The main loop turned. */
void control_beat(struct control *c);
