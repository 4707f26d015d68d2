/*
 * schema: checks a configuration against the JSON Schema that its plugin gives.
 *
 * The part of draft 7 that configurations use: type (one or a list), properties, required,
 * additionalProperties (false or a schema), items, enum, const, minimum, maximum,
 * exclusiveMinimum/Maximum, minLength, maxLength, minItems, maxItems, and $ref to "#/definitions/x"
 * or
 * "#/$defs/x". Other keywords are let through.
 *
 * Threads: any.
 */
#pragma once

#include "util/err.h"
#include "util/str.h"

/* 0; -EINVAL with @err, whose text starts with where in the configuration it is ("$.a.b"). Texts
 * are NUL-terminated in memory or not: both are taken by length. Depth is bounded at 64. */
int schema_check(struct str schema, struct str config, struct err *err);
