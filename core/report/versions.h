/*
 * versions: of the program, and of the interfaces it has in common with Falco.
 *
 * Lifetime: constants. Threads: any.
 */
#pragma once

#include <stdio.h>

#include "util/buf.h"

/* The versions as one JSON object, under the keys that Falco gives them. */
void versions_json(struct buf *b);

/* The same for people. */
void versions_print(FILE *f);
