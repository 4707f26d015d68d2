/*
 * text: small readings of text that several parts share. Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

/* Whether all of @text fits @pattern, in which '*' stands for any run of bytes. */
bool text_wildcard(struct str pattern, struct str text);

/* A duration as Prometheus writes it, "1h30m" or "300ms" (units y w d h m s ms, each once at most,
 * largest first), in milliseconds; 0 for anything else. */
uint64_t text_interval_ms(struct str text);

/* Appends @name with what a metric's label cannot hold as '_': runs of it once, none at the end. */
void text_metric_name(struct buf *b, struct str name);
