/*
 * outset: the outputs that there are at a time, by the numbers that routes have for them.
 *
 * A reload makes a new set. Source threads use the old one until they take up the new rules; an
 * output that is in no set any more gets nothing, and may go.
 *
 * Lifetime: by references; the outputs outlive the sets they are in. Threads: any.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "route/routes.h"

enum { OUTSET_MAX = 32 }; /* bits of a route_set */

struct output;

struct outset {
	atomic_uint refs;
	uint32_t n;
	route_set required; /* those that must have an alert before its event is finished */
	struct output *list[OUTSET_MAX];
};

/* One reference, the caller's; @n is at most OUTSET_MAX. NULL: memory is short. */
struct outset *outset_new(struct output *const *list, uint32_t n);
struct outset *outset_ref(struct outset *s);
struct outset *outset_unref(struct outset *s); /* NULL is fine, returns NULL */

/* Whether nobody but the caller has a reference. */
bool outset_is_alone(const struct outset *s);

bool outset_has(const struct outset *s, const struct output *o);
