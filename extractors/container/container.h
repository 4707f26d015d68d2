/*
 * container: what the parts of this plugin share.
 */
#pragma once

#include <gyr/plugin.h>

/* Head of the function of a field; an argument it has no use for is fine. */
#define FIELD_FN(fn)                                                               \
	int fn(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out); \
	int fn(__attribute__((unused)) struct gyr *p,                              \
	       __attribute__((unused)) const struct gyr_event *evt,                \
	       __attribute__((unused)) struct gyr_value *out)
