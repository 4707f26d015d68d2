/*
 * interval: a stretch of time as s3Interval writes it.
 *
 *	5d   5d-2d   2024-01-02T03:04:05Z   2024-01-02T00:00:00Z-2024-01-03T00:00:00Z
 *	2024-01-02T00:00:00Z-5d
 *
 * A span, one or more numbers with w, d, h, m or s, is counted back from now; a time is RFC 3339.
 * One end alone is the beginning, and the end is open.
 */
#pragma once

#include <stdint.h>

/* Nanoseconds since the epoch; *ret_to is UINT64_MAX when the end is open. Outputs are written on
 * success only. -EINVAL: no such text; -ERANGE: before 1970, or it ends before it begins. */
int interval_parse(const char *text, uint64_t now_ns, uint64_t *ret_from, uint64_t *ret_to)
	__attribute__((warn_unused_result));
