/*
 * tokens: the bearer tokens that may post, one a line of a file that is read anew when it changes.
 *
 * Empty lines and those that begin with # are none. A token is compared in a time that does not
 * depend on where it differs. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "watchfile.h"

struct tokens {
	struct watchfile file; /* path NULL: none is asked for */
};

/* Reads them for the first time. Errnos as of watchfile_read(); -ENOKEY: there is none in it. */
int tokens_load(struct tokens *t) __attribute__((warn_unused_result));

/* Reads them anew when they have changed: 1 when it did, 0, or errnos as above: the old ones stay. */
int tokens_refresh(struct tokens *t) __attribute__((warn_unused_result));

/* Whether @header, the value of an Authorization header or NULL, has one of them. */
bool tokens_allow(const struct tokens *t, const char *header);

void tokens_deinit(struct tokens *t);
