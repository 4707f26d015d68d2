/*
 * radix: all keys that are a prefix of a value, on one walk.
 *
 * Keys come sorted, so that a node is a run of them: the label is what they have in common beyond
 * the depth, the kids are the runs by their next byte. Kids of a node are neighbours, and so are
 * their first bytes, which are what a walk looks at.
 */
#include "plan/index.h"

#include "util/mem.h"

struct radix_node {
	const char *label;
	uint32_t len;
	uint32_t kids;   /* number of the first kid, and of its first byte */
	uint32_t n_kids; /* 0 to 256 */
	uint32_t first, n;
};

struct builder {
	const struct index_entry *entries;
	struct radix_node *nodes;
	uint8_t *first;
	uint32_t n_nodes;
};

/* Bytes that entries [lo, hi) share beyond @depth; they are sorted, so first and last decide. */
static uint32_t common(const struct builder *b, uint32_t lo, uint32_t hi, uint32_t depth)
{
	struct str x = b->entries[lo].key, y = b->entries[hi - 1].key;
	uint32_t i = depth;

	while (i < x.len && i < y.len && x.p[i] == y.p[i])
		i++;
	return i - depth;
}

struct run {
	uint32_t node, lo, hi, depth;
};

/* Fills @r->node and lays out its kids, to be filled in turn; they go to @queue. */
static void fill(struct builder *b, struct run r, struct run *queue, uint32_t *n_queue)
{
	struct radix_node *node = &b->nodes[r.node];
	uint32_t len = common(b, r.lo, r.hi, r.depth), at = r.lo;

	node->label = b->entries[r.lo].key.p + r.depth;
	node->len = len;
	r.depth += len;
	if (b->entries[at].key.len == r.depth) {
		node->first = b->entries[at].first;
		node->n = b->entries[at].n;
		at++;
	}
	node->kids = b->n_nodes;
	while (at < r.hi) {
		uint32_t from = at;
		char c = b->entries[at].key.p[r.depth];

		while (at < r.hi && b->entries[at].key.p[r.depth] == c)
			at++;
		b->first[b->n_nodes] = (uint8_t)c;
		queue[(*n_queue)++] = (struct run){b->n_nodes++, from, at, r.depth};
		node->n_kids++;
	}
}

bool radix_index_init(struct radix_index *x, struct arena *a, const struct index_entries *e,
		      bool reverse)
{
	uint32_t room = e->n * 2 + 1, n_queue = 1;
	struct builder b = {.entries = e->items, .n_nodes = 1};
	struct run *queue = mem_grow(NULL, room, sizeof *queue);
	struct radix_node *nodes = NULL;
	uint8_t *first = NULL;

	b.nodes = mem_new(room * sizeof *b.nodes);
	b.first = mem_new(room);
	if (queue && b.nodes && b.first) {
		queue[0] = (struct run){0, 0, e->n, 0};
		for (uint32_t i = 0; e->n && i < n_queue; i++)
			fill(&b, queue[i], queue, &n_queue);
		nodes = arena_alloc(a, b.n_nodes * sizeof *nodes);
		first = arena_alloc(a, b.n_nodes);
	}
	if (nodes && first) {
		memcpy(nodes, b.nodes, b.n_nodes * sizeof *nodes);
		memcpy(first, b.first, b.n_nodes);
	}
	mem_free(queue);
	mem_free(b.nodes);
	mem_free(b.first);
	*x = (struct radix_index){
		.nodes = nodes, .first = first, .preds = e->preds, .reverse = reverse};
	return nodes && first;
}

static const struct radix_node *kid(const struct radix_index *x, const struct radix_node *node,
				    uint8_t c)
{
	const uint8_t *first = x->first + node->kids;
	uint32_t lo = 0, hi = node->n_kids;

	while (hi - lo > 8) {
		uint32_t mid = (lo + hi) / 2;

		if (first[mid] <= c)
			lo = mid;
		else
			hi = mid;
	}
	for (; lo < hi; lo++)
		if (first[lo] == c)
			return &x->nodes[node->kids + lo];
	return NULL;
}

/* Byte @i of the value, counted from its end for reversed keys. */
static uint8_t byte(const struct radix_index *x, struct str v, size_t i)
{
	return (uint8_t)(x->reverse ? v.p[v.len - 1 - i] : v.p[i]);
}

static bool label_fits(const struct radix_index *x, const struct radix_node *node, struct str v,
		       size_t at)
{
	if (v.len - at < node->len)
		return false;
	if (!x->reverse)
		return node->len == 0 || memcmp(v.p + at, node->label, node->len) == 0;
	for (uint32_t i = 0; i < node->len; i++)
		if (byte(x, v, at + i) != (uint8_t)node->label[i])
			return false;
	return true;
}

void radix_index_find(const struct radix_index *x, struct str value, struct hits *h)
{
	const struct radix_node *node = x->nodes;
	size_t at = 0;

	while (node && label_fits(x, node, value, at)) {
		at += node->len;
		hits_add(h, x->preds + node->first, node->n);
		node = at < value.len ? kid(x, node, byte(x, value, at)) : NULL;
	}
}
