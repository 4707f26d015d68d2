/*
 * value: one JSON value to the bytes of one parameter.
 *
 * Numbers, names of flags ("O_WRONLY|O_CREAT"), "AT_FDCWD" for a descriptor, true and false, texts,
 * lists of texts, addresses; the type of the parameter says which of them it may be.
 *
 * Threads: any.
 */
#pragma once

#include <gyr/events.h>
#include <json-c/json.h>

#include "bytes.h"

/* Appends it to @out. -EINVAL with @f, which names the parameter. */
int value_put(const struct gyr_param_info *info, json_object *value, struct bytes *out,
	      struct fault *f);

/* Appends texts, each with its NUL: those of a list, or the one that @value is; "K=V" for the members
 * of an object. -EINVAL with @f. */
int value_put_texts(json_object *value, struct bytes *out, struct fault *f);
