#include "route/outset.h"

#include "route/output.h"
#include "util/mem.h"

struct outset *outset_new(struct output *const *list, uint32_t n)
{
	struct outset *s = mem_new(sizeof(*s));

	if (!s)
		return NULL;
	atomic_init(&s->refs, 1);
	for (uint32_t i = 0; i < n; i++) {
		s->list[s->n++] = list[i];
		if (output_is_required(list[i]))
			s->required |= (route_set)1 << i;
	}
	return s;
}

struct outset *outset_ref(struct outset *s)
{
	(void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct outset *outset_unref(struct outset *s)
{
	if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		return mem_free(s);
	return NULL;
}

bool outset_is_alone(const struct outset *s)
{
	return atomic_load_explicit(&s->refs, memory_order_acquire) == 1;
}

bool outset_has(const struct outset *s, const struct output *o)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->list[i] == o)
			return true;
	return false;
}
