/*
 * pmatch: is a path, or one of its parents, named by a pattern?
 *
 * Both are cut at slashes, empty parts dropped; the pattern's parts must be the first parts of the
 * value. A part with "*", "?" or "[" is a shell pattern for the value's part.
 *
 * Threads: any.
 */
#pragma once

#include <stdbool.h>

#include "util/str.h"

bool pmatch(struct str pattern, struct str path);
