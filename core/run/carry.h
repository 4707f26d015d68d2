/*
 * carry: plugins whose events come from the source of another, as out of a recording.
 *
 * Threads: [main].
 */
#pragma once

#include "host/source.h"
#include "run/setup.h"

enum { CARRY_MAX = 32 };

/* Marks the plugs whose events @o may give, and opens them: those of the configuration, and those it begins
 * with. One that is not installed is told. The errnos of plugset_open() with @err. */
int carry_open(struct setup *s, const struct opening *o, struct err *err);

/* What is carried by @o, with the names of the event sources; returns how many, at most CARRY_MAX. */
uint32_t carry_list(const struct setup *s, const struct opening *o, struct source_carried *ret);
