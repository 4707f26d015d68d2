/*
 * profile: what rules and fields cost in a run.
 */
#pragma once

#include <stdio.h>

struct matcher;

/* A table of the rules that were looked at, dearest first, and how often each field was asked for.
 * @m may be NULL. */
void profile_print(FILE *f, const struct matcher *m);
