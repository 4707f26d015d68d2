/*
 * dag: rules as one graph of shared predicates and nodes.
 *
 * Nodes are in negation normal form: a node is true or false, a predicate or its negation, or an
 * AND or OR of two or more nodes, none of its own kind, in ascending order, each once. Equal nodes
 * have equal numbers. Negation by De Morgan is sound because evaluation is two-valued: a comparison
 * with an absent value is false, and "!=" is lowered to "exists and not =" first.
 *
 * Lifetime: dag_init() to dag_deinit(); operands, constants and patterns are borrowed from the
 * expressions. Threads: one while building; then read by any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "filter/typecheck.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/strmap.h"

enum {
	NODE_FALSE = 0, /* numbers of the two constant nodes */
	NODE_TRUE = 1,
	DAG_NONE = UINT32_MAX,
};

enum node_kind { NODE_KIND_CONST, NODE_KIND_PRED, NODE_KIND_NOT_PRED, NODE_KIND_AND, NODE_KIND_OR };

struct node {
	uint8_t kind;
	bool has_type; /* compares the type of the event somewhere below */
	uint32_t n;    /* kids */
	uint32_t kids; /* AND, OR: first kid in dag.kids; else the predicate */
};

/* A left side: what switches look up. */
struct term {
	const struct operand *operand;
	uint32_t slot; /* of a plain field; DAG_NONE for calls */
	bool is_list;  /* yields any number of values */
	bool is_any;   /* compares its values one by one, with rules of its own */
	bool is_volatile;
	const struct field *fact; /* its field, when that shows what an entry holds; else NULL */
};

/* A comparison. */
struct pred {
	uint32_t term;
	uint32_t sw;  /* switch that answers it; DAG_NONE: asked directly */
	bool is_type; /* compares the type of the event with constants */
	bool is_whole; /* asked as a whole: its left side is not remembered, or its right side is no constant */
	bool is_number; /* a number is one constant: one value equals it by its 64 bits */
	struct test test;
};

struct dag {
	struct arena arena; /* texts and constants that lowering made */
	struct arena keys;  /* until it is sealed: canonical texts */
	struct term *terms;
	struct pred *preds;
	struct node *nodes;
	uint32_t *kids;
	uint32_t n_terms, n_preds, n_nodes, n_kids;
	uint32_t cap_terms, cap_preds, cap_nodes, cap_kids;
	struct strmap term_ids, pred_ids; /* canonical text -> number + 1 */
	uint32_t *node_table;             /* open addressing: number + 1 */
	uint32_t node_table_size;
	struct buf key;
	bool failed; /* memory ran out: everything made since is to be thrown away */
};

/* Whether @o may yield several values that are compared one by one. */
bool operand_is_any(const struct operand *o);

int dag_init(struct dag *d);
void dag_deinit(struct dag *d);

/* Forgets what is needed only for building. */
void dag_seal(struct dag *d);

/* The node of @x (of its negation, with @negate). */
uint32_t dag_add(struct dag *d, const struct expr *x, bool negate);

/* The node that is the AND or OR of @kids, simplified; @kids is reordered. */
uint32_t dag_join(struct dag *d, enum node_kind kind, uint32_t *kids, uint32_t n);

/* The node of predicate @pred, or of its negation. */
uint32_t dag_leaf(struct dag *d, uint32_t pred, bool negate);

/* The predicate for @t, interned. */
uint32_t dag_pred(struct dag *d, const struct test *t);
