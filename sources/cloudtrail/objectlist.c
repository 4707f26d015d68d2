/*
 * objectlist: two singly linked lists.
 */
#include "objectlist.h"

void objectlist_add(struct objectlist *l, struct object *o)
{
	o->next = NULL;
	if (l->last)
		l->last->next = o;
	else
		l->first = o;
	l->last = o;
	l->n++;
}

void objectlist_add_later(struct objectlist *l, struct object *o, uint64_t now_ns)
{
	o->try_at_ns = now_ns + (UINT64_C(1000000000) << o->tries++);
	o->next = l->later;
	l->later = o;
	l->n++;
}

struct object *objectlist_take(struct objectlist *l, uint64_t now_ns)
{
	struct object *o;

	for (struct object **at = &l->later; (o = *at); at = &o->next) {
		if (o->try_at_ns > now_ns)
			continue;
		*at = o->next;
		l->n--;
		return o;
	}
	o = l->first;
	if (!o)
		return NULL;
	l->first = o->next;
	if (!l->first)
		l->last = NULL;
	l->n--;
	return o;
}

void objectlist_deinit(struct objectlist *l)
{
	struct object *o;

	while ((o = objectlist_take(l, UINT64_MAX)))
		(void)object_free(o);
}
