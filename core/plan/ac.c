/*
 * ac: all keys that occur in a value, in one pass (Aho and Corasick 1975).
 *
 * The automaton is complete: every state has a next state for every byte, so that a byte of the
 * value is one load. Bytes that no key holds share class 0 and lead back to the start, which keeps
 * the table small: states times classes. A state's outputs are its own key and, by a link, those of
 * its longest proper suffix that ends a key.
 */
#include "plan/index.h"

#include "util/mem.h"

struct ac_out {
	uint32_t first, n;
	uint32_t link; /* next state with outputs on the way of failures; 0: none */
};

static uint8_t fold_byte(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

struct builder {
	struct ac_index *x;
	uint32_t *next;
	struct ac_out *outs;
	uint32_t n_states;
};

/* Gives every byte that occurs in a key a class of its own. */
static void classes(struct ac_index *x, const struct index_entry *entries, uint32_t n, bool fold)
{
	x->n_classes = 1;
	for (uint32_t i = 0; i < n; i++)
		for (size_t j = 0; j < entries[i].key.len; j++) {
			uint8_t *c = &x->class_of[(uint8_t)entries[i].key.p[j]];

			if (!*c && x->n_classes < 256)
				*c = (uint8_t)x->n_classes++;
		}
	for (unsigned c = 'A'; fold && c <= 'Z'; c++)
		x->class_of[c] = x->class_of[fold_byte((uint8_t)c)];
}

static void add_key(struct builder *b, const struct index_entry *e)
{
	uint32_t at = 0;

	for (size_t j = 0; j < e->key.len; j++) {
		uint32_t *next =
			&b->next[at * b->x->n_classes + b->x->class_of[(uint8_t)e->key.p[j]]];

		if (!*next)
			*next = ++b->n_states;
		at = *next;
	}
	b->outs[at].first = e->first;
	b->outs[at].n = e->n;
}

/* Breadth first: when a state is reached, its failure state is complete already. @fail and @queue
 * have room for every state. */
static void complete(struct builder *b, uint32_t *fail, uint32_t *queue)
{
	uint32_t nc = b->x->n_classes, n_queue = 0;

	for (uint32_t c = 0; c < nc; c++)
		if (b->next[c])
			queue[n_queue++] = b->next[c];
	for (uint32_t i = 0; i < n_queue; i++) {
		uint32_t s = queue[i], f = fail[s];

		b->outs[s].link = b->outs[f].n ? f : b->outs[f].link;
		for (uint32_t c = 0; c < nc; c++) {
			uint32_t *next = &b->next[s * nc + c];
			uint32_t other = b->next[f * nc + c];

			if (!*next) {
				*next = other;
				continue;
			}
			fail[*next] = other;
			queue[n_queue++] = *next;
		}
	}
}

/* Copies what the states that there are take. */
static void freeze(struct builder *b, struct arena *a)
{
	size_t n = (size_t)b->n_states + 1, cells = n * b->x->n_classes;
	uint32_t *next = cells <= AC_MAX_CELLS ? arena_alloc(a, cells * sizeof *next) : NULL;
	struct ac_out *outs = next ? arena_alloc(a, n * sizeof *outs) : NULL;

	if (!outs)
		return;
	memcpy(next, b->next, cells * sizeof *next);
	memcpy(outs, b->outs, n * sizeof *outs);
	b->x->next = next;
	b->x->outs = outs;
}

bool ac_index_init(struct ac_index *x, struct arena *a, const struct index_entries *e, bool fold)
{
	const struct index_entry *entries = e->items;
	struct builder b = {.x = x};
	uint32_t *work, n = e->n;
	size_t room = 1;

	*x = (struct ac_index){.preds = e->preds};
	classes(x, entries, n, fold);
	for (uint32_t i = 0; i < n; i++)
		room += entries[i].key.len;
	if (x->n_classes == 256 || room > AC_MAX_CELLS ||
	    room * x->n_classes > 8 * (size_t)AC_MAX_CELLS)
		return false;
	b.next = mem_new(room * x->n_classes * sizeof *b.next);
	b.outs = mem_new(room * sizeof *b.outs);
	work = mem_new(2 * room * sizeof *work);
	if (b.next && b.outs && work) {
		for (uint32_t i = 0; i < n; i++)
			add_key(&b, &entries[i]);
		complete(&b, work, work + room);
		freeze(&b, a);
	}
	mem_free(b.next);
	mem_free(b.outs);
	mem_free(work);
	return x->next && x->outs;
}

void ac_index_find(const struct ac_index *x, struct str value, struct hits *h)
{
	uint32_t at = 0;

	hits_add(h, x->preds + x->outs[0].first, x->outs[0].n);
	for (size_t i = 0; i < value.len; i++) {
		at = x->next[at * x->n_classes + x->class_of[(uint8_t)value.p[i]]];
		for (uint32_t s = at; s; s = x->outs[s].link)
			hits_add(h, x->preds + x->outs[s].first, x->outs[s].n);
	}
}
