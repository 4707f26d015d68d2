/*
 * rfc3339: a time stamp as audit logs write it, to nanoseconds.
 *
 * Format: RFC 3339 section 5.6, "2023-07-10T12:34:56.789Z" or an offset in place of the Z. Digits
 * after the ninth of the fraction are dropped. A leap second counts as the first of the next
 * minute.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds since the epoch. -EINVAL: not such a time, or no such day; -ERANGE: before 1970 or
 * after 2554, when 64 bits end. [any] */
int rfc3339_parse(const char *p, size_t len, uint64_t *ret_ns) __attribute__((warn_unused_result));
