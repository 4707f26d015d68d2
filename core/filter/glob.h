/*
 * glob: shell patterns over whole values, as fnmatch(3) without flags: "*" and "?" match slashes,
 * "[...]" and "[!...]" sets with ranges and classes, a backslash takes the next byte as it is.
 *
 * Time is at most the product of the two lengths. Bytes, not characters. Threads: any.
 */
#pragma once

#include <stdbool.h>

#include "util/str.h"

/* @fold: upper and lower case (ASCII) are alike. */
bool glob_match(struct str pattern, struct str text, bool fold);
