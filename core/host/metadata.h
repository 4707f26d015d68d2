/*
 * metadata: the JSON texts by which a plugin describes itself, read into rows.
 *
 * Formats: plugin API 3.12, get_fields and the lists of names; the key "gyr" of a field row is
 * described in part 7 of gyr/abi.h. Unknown keys are left alone, wrong ones are refused.
 *
 * Lifetime: what is read is in the arena given. Threads: any.
 */
#pragma once

#include <stdint.h>

#include "event/field.h"
#include "host/module.h"
#include "util/arena.h"
#include "util/err.h"

enum { METADATA_MAX_FIELDS = 65536, METADATA_MAX_NAMES = 4096 };

/* The array of plugin_get_fields. -EINVAL with @err, -ENOMEM. */
int metadata_fields(const char *json, struct arena *arena, const struct field **ret_fields,
		    uint32_t *ret_n, struct err *err);

/* An array of strings; empty ones are dropped, NULL and "" are an empty array. -EINVAL with @err.
 */
int metadata_names(const char *json, struct arena *arena, struct module_sources *ret_names,
		   struct err *err);
