/*
 * program: what runs in a thread, as a number.
 *
 * Machines run the same few programs again and again. What rules make of name, file and arguments of one is
 * remembered by this number, for every process that runs it.
 */
#include <string.h>

#include "state.h"

/* The texts one behind the other, with their lengths before them. */
struct blob {
	char bytes[NAME_MAX_KEPT];
	size_t n;
	bool is_full;
};

static void put(struct blob *b, const void *p, size_t len)
{
	b->is_full = b->is_full || len > sizeof b->bytes - b->n;
	if (b->is_full || !len)
		return;
	memcpy(b->bytes + b->n, p, len);
	b->n += len;
}

static void put_text(struct blob *b, const struct rtext *t)
{
	const uint32_t len = t ? t->len : 0;

	put(b, &len, sizeof len);
	put(b, rtext_str(t), len);
}

static uint64_t find(struct state *s, const struct thread *t)
{
	struct blob b;

	b.n = 0; /* the rest need not be cleared */
	b.is_full = false;
	put_text(&b, t->comm);
	put_text(&b, t->exe);
	put_text(&b, t->exepath);
	put_text(&b, t->args);
	if (b.is_full)
		return 0;

	struct rtext *kept = names_get(&s->names, &s->pool, b.bytes, b.n);
	const uint64_t id = kept ? kept->id : 0;

	(void)rtext_unref(kept);
	return id;
}

uint64_t thread_program(struct state *s, struct thread *t)
{
	if (t->program_at == (uint64_t)t->version + 1)
		return t->program;
	t->program_at = (uint64_t)t->version + 1;
	t->program = find(s, t);
	return t->program;
}
