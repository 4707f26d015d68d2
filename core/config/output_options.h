/*
 * output_options: how alerts are delivered to one output: the keys delivery, queue, batching, retry,
 * breaker, dead_letter, spool and drain of its map in the configuration, as outputs[].* of
 * config_keys.def has them.
 *
 * Threads: [main].
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "route/output.h"

enum { OUTPUT_CAPACITY = 16384, OUTPUT_CAPACITY_MAX = 1 << 20 };

#define OUTPUT_SPOOL_DIR "/var/lib/gyr/spool" /* one folder an output in it */

/* Whether @key is one of them, and so nothing for the plugin. */
bool output_options_has(struct str key);

/* Fills @ret, whose name is set, from the map @n, which may be NULL, and the keys outputs_queue.* of
 * @c; texts are borrowed from it or in its arena. @blocks: what "auto" means for a full queue. -EINVAL with @err at the
 * value's place. */
int output_options_read(struct config *c, const struct config_node *n, bool blocks,
			struct output_setup *ret, struct err *err);
