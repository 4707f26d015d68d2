/*
 * transform: what transformers make of bytes. Results are written to the caller's scratch.
 *
 * Threads: one scratch, one thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/value.h"
#include "filter/operator.h"
#include "util/arena.h"

/* One text through tolower, toupper, b64 or basename. False when there is no result: not decodable,
 * or no room. */
bool transform_text(enum filter_call call, struct str s, struct arena *a, struct str *ret);

/* The options in @args, as getopt(3) reads them, up to the first word that is none. Letters, each
 * followed by its value if it takes one; an unknown letter as "?", one whose value is missing as ""
 * . With @select the value of the last option of that letter (for one without value the letter
 * itself); false when it was not given, or there is no room. */
bool transform_getopt(const struct values *args, struct str options, const char *select,
		      struct arena *a, struct values *ret);
