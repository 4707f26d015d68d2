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

enum { MULTI_MIN = 8 }; /* fewer texts are as fast in the automaton */

/* For the keys of @entries; with @fold they are lower case and ASCII case does not count. NULL when
 * vectorscan is not there or refuses them. */
struct multi *multi_new(const struct index_entry *entries, uint32_t n, bool fold);
struct multi *multi_free(struct multi *m);

/* Makes *@scratch (NULL at first) fit for @m too. false: no memory. */
bool multi_scratch(const struct multi *m, void **scratch);
void *multi_scratch_free(void *scratch);

/* Stamps preds[first .. first + n) of every key that is in @value. false: the scan failed. */
bool multi_find(const struct multi *m, const uint32_t *preds, struct str value, void *scratch,
		struct hits *h);
