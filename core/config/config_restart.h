/*
 * config_restart: what of a changed configuration only a restart takes up.
 *
 * Threads: [main].
 */
#pragma once

#include "config/config.h"
#include "util/buf.h"

/* Appends the keys that differ between @was and @now and are read at the start alone: "'a', 'b'".
 * How many. */
uint32_t config_restart_keys(const struct config *was, const struct config *now, struct buf *ret);

/* Whether the values at @path are the same. */
bool config_is_same(const struct config *a, const struct config *b, const char *path);
