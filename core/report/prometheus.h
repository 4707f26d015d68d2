/*
 * prometheus: a status as the text that Prometheus scrapes (exposition format 0.0.4).
 *
 * Names are those that Falco's metrics have where there is one (falcosecurity_*), and gyr_* for what
 * Falco does not tell: sources, outputs with their queues, rules, suppression.
 */
#pragma once

#include "report/status.h"
#include "util/buf.h"

void prometheus_write(const struct status *s, struct buf *b);
