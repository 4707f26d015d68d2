/*
 * objectlist: objects that wait to be read, and those that are to be tried again later.
 *
 * Lifetime: zeroed to objectlist_deinit(). Threads: one owner.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "transfer.h"

struct objectlist {
	struct object *first, *last;
	struct object *later; /* in no order */
	size_t n;             /* of both */
};

void objectlist_add(struct objectlist *l, struct object *o);
/* Again: after a second the first time, then after twice as long each. */
void objectlist_add_later(struct objectlist *l, struct object *o, uint64_t now_ns);
/* NULL: none now. */
struct object *objectlist_take(struct objectlist *l, uint64_t now_ns);
void objectlist_deinit(struct objectlist *l);
