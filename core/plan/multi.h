/*
 * multi: many texts looked for in one scan by vectorscan, where this machine has it.
 *
 * Optional twice: without its header at build time, or its library or the processor's instructions
 * at run time, multi_new() answers NULL and the automaton of index.h does the work. Both find the
 * same.
 *
 * Lifetime: multi_new() to multi_free(). Threads: shared; the scratch belongs to one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/index.h"

struct multi;

enum {
	MULTI_MIN = 8,     /* fewer texts are as fast in the automaton */
	MULTI_MAX = 16384, /* more take it seconds to compile */
};

/* For the keys of @e; with @fold they are lower case and ASCII case does not count. NULL when
 * vectorscan is not there or refuses them. */
struct multi *multi_new(const struct index_entries *e, bool fold);
struct multi *multi_free(struct multi *m);

/* Makes *@scratch (NULL at first) fit for @m too. false: no memory. */
bool multi_scratch(const struct multi *m, void **scratch);
void *multi_scratch_free(void *scratch);

/* Stamps the predicates of every key that is in @value. false: the scan failed. */
bool multi_find(const struct multi *m, struct str value, void *scratch, struct hits *h);
