/*
 * fields: the functions that rows of fields.def name, one a field.
 *
 * Threads: the one that runs the event. Answers live as gyr/plugin.h says.
 */
#pragma once

#include <gyr/plugin.h>

/* A field that this version knows by name and never answers. */
int absent(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out);
