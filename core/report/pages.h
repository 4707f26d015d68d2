/*
 * pages: the JSON that the control endpoint answers with. Threads: any.
 */
#pragma once

#include <stdbool.h>

#include "report/status.h"
#include "util/buf.h"

/* Returns whether all is well: no source failed, an output is left, no circuit is open. */
bool page_ready(const struct status *s, struct buf *b);
void page_status(const struct status *s, struct buf *b);
void page_rules(const struct status *s, struct buf *b);

/* Values whose key or text says that they are secret are shown as "***". */
void page_config(const struct config *c, struct buf *b);
