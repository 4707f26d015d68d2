#include "plan/dag.h"

#include <errno.h>
#include <stdlib.h>

#include "util/mem.h"
#include "util/vec.h"

enum {
	KEY_MAX = 64 * 1024 * 1024, /* bytes of canonical text of one predicate */
};

int dag_init(struct dag *d)
{
	*d = (struct dag){.arena = {.chunk_max = ARENA_CHUNK_KEPT}};
	buf_init(&d->key, KEY_MAX);
	if (!VEC_ROOM(d->nodes, d->cap_nodes, 1))
		return -ENOMEM;
	d->nodes[NODE_FALSE] = (struct node){.kind = NODE_KIND_CONST};
	d->nodes[NODE_TRUE] = (struct node){.kind = NODE_KIND_CONST};
	d->n_nodes = 2;
	return 0;
}

/* Gives back what an array has room for beyond @n members; not to get it is no harm. */
static void *shrink(void *items, uint32_t n, size_t size)
{
	void *p = n ? mem_grow(items, n, size) : NULL;

	return p ? p : items;
}

void dag_seal(struct dag *d)
{
	d->terms = shrink(d->terms, d->n_terms, sizeof *d->terms);
	d->preds = shrink(d->preds, d->n_preds, sizeof *d->preds);
	d->nodes = shrink(d->nodes, d->n_nodes, sizeof *d->nodes);
	d->kids = shrink(d->kids, d->n_kids, sizeof *d->kids);
	d->cap_terms = d->n_terms;
	d->cap_preds = d->n_preds;
	d->cap_nodes = d->n_nodes;
	d->cap_kids = d->n_kids;
	arena_deinit(&d->keys);
	strmap_deinit(&d->term_ids);
	strmap_deinit(&d->pred_ids);
	d->term_ids = d->pred_ids = (struct strmap)STRMAP_NULL;
	d->node_table = mem_free(d->node_table);
	d->node_table_size = 0;
	buf_deinit(&d->key);
}

void dag_deinit(struct dag *d)
{
	dag_seal(d);
	arena_deinit(&d->arena);
	d->terms = mem_free(d->terms);
	d->preds = mem_free(d->preds);
	d->nodes = mem_free(d->nodes);
	d->kids = mem_free(d->kids);
}

/* Canonical texts: equal if and only if the things are. Lengths go first, so that no text can be
 * read in two ways. */
static void key_num(struct buf *b, char tag, uint64_t n)
{
	buf_add_char(b, tag);
	buf_add(b, &n, sizeof n);
}

static void key_bytes(struct buf *b, struct str s)
{
	key_num(b, 's', s.len);
	buf_add_str(b, s);
}

static void key_value(struct buf *b, enum field_type t, const union value *v)
{
	if (value_kind(t) == VALUE_BYTES)
		key_bytes(b, v->bytes);
	else
		key_num(b, 'n', v->u64);
}

static void key_operand(struct buf *b, const struct operand *o)
{
	key_num(b, 'o', (uint64_t)o->kind << 32 | (uint64_t)o->type << 8 | o->is_list);
	switch (o->kind) {
	case OPERAND_FIELD:
		key_num(b, 'f', o->use->slot);
		return;
	case OPERAND_CONST:
		key_value(b, o->type, &o->value);
		return;
	case OPERAND_CALL:
		key_num(b, 'c',
			(uint64_t)o->call << 16 | (uint64_t)o->has_arg << 8 |
				(unsigned char)o->arg);
		break;
	case OPERAND_LIST:
		break;
	}
	key_num(b, 'k', o->n);
	for (uint32_t i = 0; i < o->n; i++)
		key_operand(b, o->args[i]);
}

static void key_test(struct buf *b, uint32_t term, const struct test *t)
{
	key_num(b, 't', term);
	key_num(b, 'p', (uint64_t)t->op << 8 | t->modifier);
	if (t->right)
		key_operand(b, t->right);
	key_num(b, 'v', t->n);
	for (uint32_t i = 0; i < t->n; i++) {
		key_value(b, t->left->type, &t->consts[i]->v);
		key_num(b, 'b', t->consts[i]->prefix);
		if (t->op == FILTER_OP_REGEX)
			key_bytes(b, t->consts[i]->text);
	}
}

/* The number stored under the canonical text in d->key, or DAG_NONE. */
static uint32_t id_find(const struct dag *d, const struct strmap *ids)
{
	return (uint32_t)(uintptr_t)strmap_find(ids, buf_str(&d->key)) - 1;
}

static void id_add(struct dag *d, struct strmap *ids, uint32_t id)
{
	struct str key = arena_str(&d->keys, buf_str(&d->key));

	if (!key.p || d->key.failed || strmap_add(ids, key, (void *)(uintptr_t)(id + 1)) < 0)
		d->failed = true;
}

bool operand_is_any(const struct operand *o)
{
	if (o->kind == OPERAND_FIELD)
		return o->use->field->flags & (FIELD_ANY | FIELD_NOT_ANY);
	for (uint32_t i = 0; i < o->n; i++)
		if (operand_is_any(o->args[i]))
			return true;
	return false;
}

/* Whether @o is a field whose value an entry of an extractor's state decides. */
static bool is_fact(const struct operand *o)
{
	return o->kind == OPERAND_FIELD && o->use->field->scope && !o->is_volatile;
}

static uint32_t term_add(struct dag *d, const struct operand *o)
{
	uint32_t id;

	buf_reset(&d->key);
	key_operand(&d->key, o);
	id = id_find(d, &d->term_ids);
	if (id != DAG_NONE)
		return id;
	if (!VEC_ROOM(d->terms, d->cap_terms, d->n_terms)) {
		d->failed = true;
		return 0;
	}
	id = d->n_terms++;
	d->terms[id] = (struct term){
		.operand = o,
		.slot = o->kind == OPERAND_FIELD ? o->use->slot : DAG_NONE,
		.is_list = o->is_list,
		.is_any = operand_is_any(o),
		.is_volatile = o->is_volatile,
		.fact = is_fact(o) ? o->use->field : NULL,
	};
	id_add(d, &d->term_ids, id);
	return id;
}

static bool compares_type(const struct test *t)
{
	return t->left->kind == OPERAND_FIELD && !t->right && !t->modifier &&
	       t->left->use->field->role == FIELD_ROLE_EVENT_TYPE && !t->left->use->has_arg &&
	       (t->op == FILTER_OP_EQ || t->op == FILTER_OP_IN);
}

static bool equals_number(const struct test *t)
{
	return (t->op == FILTER_OP_EQ || t->op == FILTER_OP_EQ2) && t->n == 1 &&
	       t->modifier == FILTER_MOD_NONE && !t->left->is_list &&
	       value_kind(t->left->type) <= VALUE_I64;
}

uint32_t dag_pred(struct dag *d, const struct test *t)
{
	uint32_t id, term = term_add(d, t->left);

	buf_reset(&d->key);
	key_test(&d->key, term, t);
	id = id_find(d, &d->pred_ids);
	if (id != DAG_NONE)
		return id;
	if (d->failed || !VEC_ROOM(d->preds, d->cap_preds, d->n_preds)) {
		d->failed = true;
		return 0;
	}
	id = d->n_preds++;
	d->preds[id] = (struct pred){
		.term = term,
		.sw = DAG_NONE,
		.is_type = compares_type(t),
		.is_whole = t->right || d->terms[term].is_volatile,
		.is_number = equals_number(t),
		.test = *t,
	};
	id_add(d, &d->pred_ids, id);
	return id;
}

static uint32_t node_hash(const struct node *n, const uint32_t *kids)
{
	uint64_t h = n->kind * 0x9e3779b97f4a7c15U;

	for (uint32_t i = 0; i < n->n; i++)
		h = (h ^ kids[i]) * 0xff51afd7ed558ccdU, h ^= h >> 29;
	if (n->n == 0)
		h = (h ^ n->kids) * 0xff51afd7ed558ccdU;
	return (uint32_t)(h ^ h >> 32);
}

static bool node_same(const struct dag *d, uint32_t id, const struct node *n, const uint32_t *kids)
{
	const struct node *m = &d->nodes[id];

	if (m->kind != n->kind || m->n != n->n)
		return false;
	if (n->n == 0)
		return m->kids == n->kids;
	return memcmp(d->kids + m->kids, kids, n->n * sizeof *kids) == 0;
}

static const uint32_t *kids_of(const struct dag *d, const struct node *n)
{
	return n->n ? d->kids + n->kids : NULL;
}

static bool table_grow(struct dag *d)
{
	uint32_t size = d->node_table_size ? d->node_table_size * 2 : 1024;
	uint32_t *table = mem_new(size * sizeof *table);

	if (!table)
		return false;
	for (uint32_t i = 2; i < d->n_nodes; i++) {
		uint32_t at = node_hash(&d->nodes[i], kids_of(d, &d->nodes[i])) & (size - 1);

		while (table[at])
			at = (at + 1) & (size - 1);
		table[at] = i + 1;
	}
	mem_free(d->node_table);
	d->node_table = table;
	d->node_table_size = size;
	return true;
}

static bool kids_store(struct dag *d, struct node *n, const uint32_t *kids)
{
	uint32_t first = d->n_kids;

	for (uint32_t i = 0; i < n->n; i++) {
		if (!VEC_ROOM(d->kids, d->cap_kids, d->n_kids))
			return false;
		d->kids[d->n_kids++] = kids[i];
	}
	if (n->n)
		n->kids = first;
	return true;
}

static uint32_t node_add(struct dag *d, struct node n, const uint32_t *kids)
{
	uint32_t at;

	if (d->failed || (d->n_nodes * 2 >= d->node_table_size && !table_grow(d)))
		goto fail;
	at = node_hash(&n, kids) & (d->node_table_size - 1);
	for (; d->node_table[at]; at = (at + 1) & (d->node_table_size - 1))
		if (node_same(d, d->node_table[at] - 1, &n, kids))
			return d->node_table[at] - 1;
	if (!kids_store(d, &n, kids) || !VEC_ROOM(d->nodes, d->cap_nodes, d->n_nodes))
		goto fail;
	d->nodes[d->n_nodes] = n;
	d->node_table[at] = d->n_nodes + 1;
	return d->n_nodes++;
fail:
	d->failed = true;
	return NODE_FALSE;
}

uint32_t dag_leaf(struct dag *d, uint32_t pred, bool negate)
{
	struct node n = {.kind = negate ? NODE_KIND_NOT_PRED : NODE_KIND_PRED, .kids = pred};

	if (d->failed)
		return NODE_FALSE;
	n.has_type = d->preds[pred].is_type;
	return node_add(d, n, NULL);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Whether @kids (ascending) hold a predicate and its negation. */
static bool contradicts(const struct dag *d, const uint32_t *kids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct node *x = &d->nodes[kids[i]];
		struct node other = {.kind = NODE_KIND_PRED, .kids = x->kids};
		uint32_t at;

		if (x->kind != NODE_KIND_NOT_PRED)
			continue;
		at = node_hash(&other, NULL) & (d->node_table_size - 1);
		for (; d->node_table[at]; at = (at + 1) & (d->node_table_size - 1)) {
			uint32_t id = d->node_table[at] - 1;

			if (node_same(d, id, &other, NULL) &&
			    bsearch(&id, kids, n, sizeof *kids, by_number))
				return true;
		}
	}
	return false;
}

/* Sorts, drops doubles and the neutral constant; returns the new count, or DAG_NONE when the
 * dominant constant is among them. */
static uint32_t kids_tidy(uint32_t *kids, uint32_t n, uint32_t neutral, uint32_t dominant)
{
	uint32_t out = 0;

	if (n)
		qsort(kids, n, sizeof *kids, by_number);
	for (uint32_t i = 0; i < n; i++) {
		if (kids[i] == dominant)
			return DAG_NONE;
		if (kids[i] == neutral || (out && kids[out - 1] == kids[i]))
			continue;
		kids[out++] = kids[i];
	}
	return out;
}

/* @kids with those of kind @kind replaced by their own; NULL when memory is short. */
static uint32_t *kids_flatten(const struct dag *d, enum node_kind kind, const uint32_t *kids,
			      uint32_t *n)
{
	uint32_t total = 0, out = 0, *flat;

	for (uint32_t i = 0; i < *n; i++)
		total += d->nodes[kids[i]].kind == kind ? d->nodes[kids[i]].n : 1;
	flat = mem_grow(NULL, total ? total : 1, sizeof *flat);
	if (!flat)
		return NULL;
	for (uint32_t i = 0; i < *n; i++) {
		const struct node *k = &d->nodes[kids[i]];

		if (k->kind != kind) {
			flat[out++] = kids[i];
			continue;
		}
		memcpy(flat + out, d->kids + k->kids, k->n * sizeof *flat);
		out += k->n;
	}
	*n = out;
	return flat;
}

uint32_t dag_join(struct dag *d, enum node_kind kind, uint32_t *kids, uint32_t n)
{
	uint32_t neutral = kind == NODE_KIND_AND ? NODE_TRUE : NODE_FALSE;
	uint32_t dominant = kind == NODE_KIND_AND ? NODE_FALSE : NODE_TRUE;
	struct node node = {.kind = (uint8_t)kind};
	uint32_t *flat, id;

	if (d->failed)
		return NODE_FALSE;
	flat = kids_flatten(d, kind, kids, &n);
	if (!flat) {
		d->failed = true;
		return NODE_FALSE;
	}
	n = kids_tidy(flat, n, neutral, dominant);
	if (n == DAG_NONE || contradicts(d, flat, n)) {
		id = dominant;
	} else if (n <= 1) {
		id = n ? flat[0] : neutral;
	} else {
		node.n = n;
		for (uint32_t i = 0; i < n; i++)
			node.has_type |= d->nodes[flat[i]].has_type;
		id = node_add(d, node, flat);
	}
	mem_free(flat);
	return id;
}
