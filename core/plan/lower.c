/*
 * lower: a typed expression to nodes of the graph.
 *
 * Operators become few, so that more comparisons turn out equal and more have a switch:
 *   x != c            exists(x) and not (x = c)    (not where "!=" has rules of its own)
 *   = anyof (..)      in (..)
 *   op anyof (..)     or of op;  op allof (..)  and of op
 *   != allof (..)     exists(x) and not in (..)
 *   in (), pmatch ()  false
 *   < 0               false, where the value has no sign: rules write "never" so
 *   in (a)            = a
 *   glob "abc*" ...   startswith, endswith, contains, exists
 *   other globs, regex   contains "longest literal" and itself
 */
#include "plan/dag.h"

#include "plan/literal.h"
#include "util/mem.h"

/* Comparisons that keep their own rules: list fields, fields with several values, those whose
 * answer depends on being asked, and those with a field on the right. */
static bool keeps_rules(const struct test *t)
{
	const struct operand *o = t->left;

	return t->right || o->is_list || o->is_volatile || operand_is_any(o);
}

static uint32_t leaf(struct dag *d, const struct test *t, bool negate)
{
	return dag_leaf(d, dag_pred(d, t), negate);
}

/* @t with another operator and constants, without modifier. */
static struct test with(const struct test *t, enum filter_op op,
			const struct constant *const *consts, uint32_t n)
{
	struct test out = *t;

	out.op = op;
	out.modifier = FILTER_MOD_NONE;
	out.consts = consts;
	out.n = n;
	return out;
}

/* @t with one text constant that is a part of a pattern. */
static struct test with_text(struct dag *d, const struct test *t, enum filter_op op,
			     struct str text)
{
	struct {
		struct constant c;
		const struct constant *list[1];
	} *own = arena_alloc(&d->arena, sizeof *own);

	if (!own) {
		d->failed = true;
		return *t;
	}
	own->c.text = arena_str(&d->arena, text);
	own->c.v.bytes = own->c.text;
	own->list[0] = &own->c;
	d->failed |= !own->c.text.p;
	return with(t, op, own->list, 1);
}

/* (exists and) not @t; the other way round when negated. */
static uint32_t present_and_not(struct dag *d, const struct test *t, bool negate)
{
	struct test present = with(t, FILTER_OP_EXISTS, NULL, 0);
	uint32_t kids[2] = {leaf(d, &present, negate), leaf(d, t, !negate)};

	return dag_join(d, negate ? NODE_KIND_OR : NODE_KIND_AND, kids, 2);
}

/* @t and the literal it cannot do without. */
static uint32_t with_literal(struct dag *d, const struct test *t, struct str literal, bool negate)
{
	enum filter_op op = t->op == FILTER_OP_IGLOB ? FILTER_OP_ICONTAINS : FILTER_OP_CONTAINS;
	struct test need;
	uint32_t kids[2];

	if (literal.len < 2)
		return leaf(d, t, negate);
	need = with_text(d, t, op, literal);
	kids[0] = leaf(d, &need, negate);
	kids[1] = leaf(d, t, negate);
	return dag_join(d, negate ? NODE_KIND_OR : NODE_KIND_AND, kids, 2);
}

static uint32_t lower_glob(struct dag *d, const struct test *t, bool negate)
{
	static const enum filter_op ops[] = {
		[GLOB_EXACT] = FILTER_OP_EQ,        [GLOB_PREFIX] = FILTER_OP_STARTSWITH,
		[GLOB_SUFFIX] = FILTER_OP_ENDSWITH, [GLOB_CONTAINS] = FILTER_OP_CONTAINS,
		[GLOB_ANY] = FILTER_OP_EXISTS,
	};
	struct str literal;
	enum glob_shape shape = glob_shape(t->consts[0]->v.bytes, &literal);
	struct test simpler;

	if (shape == GLOB_OTHER || t->op == FILTER_OP_IGLOB)
		return with_literal(d, t, literal, negate);
	simpler = shape == GLOB_ANY ? with(t, FILTER_OP_EXISTS, NULL, 0)
				    : with_text(d, t, ops[shape], literal);
	return leaf(d, &simpler, negate);
}

/* No value satisfies @t: what exceptions are that nobody filled. */
static bool is_never(const struct test *t)
{
	switch (t->op) {
	case FILTER_OP_IN:
	case FILTER_OP_INTERSECTS:
	case FILTER_OP_PMATCH:
		return t->n == 0;
	case FILTER_OP_LT:
		return value_kind(t->left->type) == VALUE_U64 && t->consts[0]->v.u64 == 0;
	default:
		return false;
	}
}

/* A comparison without modifier. */
static uint32_t lower_plain(struct dag *d, const struct test *t, bool negate)
{
	struct test eq;

	if (is_never(t))
		return negate ? NODE_TRUE : NODE_FALSE;
	switch (t->op) {
	case FILTER_OP_NE:
		eq = with(t, FILTER_OP_EQ, t->consts, t->n);
		return present_and_not(d, &eq, negate);
	case FILTER_OP_IN:
	case FILTER_OP_INTERSECTS:
		eq = with(t, t->n == 1 ? FILTER_OP_EQ : FILTER_OP_IN, t->consts, t->n);
		return leaf(d, &eq, negate);
	case FILTER_OP_GLOB:
	case FILTER_OP_IGLOB:
		return lower_glob(d, t, negate);
	case FILTER_OP_REGEX:
		return with_literal(d, t, regex_literal(t->consts[0]->text), negate);
	default:
		return leaf(d, t, negate);
	}
}

/* "op anyof/allof (..)" as an OR or AND of single comparisons. */
static uint32_t lower_each(struct dag *d, const struct test *t, bool negate)
{
	bool is_or = (t->modifier == FILTER_MOD_ANYOF) != negate;
	uint32_t *kids = arena_alloc(&d->keys, t->n * sizeof *kids);

	if (t->n == 0)
		return negate ? NODE_TRUE : NODE_FALSE;
	if (!kids) {
		d->failed = true;
		return NODE_FALSE;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		struct test one = with(t, t->op, &t->consts[i], 1);

		kids[i] = lower_plain(d, &one, negate);
	}
	return dag_join(d, is_or ? NODE_KIND_OR : NODE_KIND_AND, kids, t->n);
}

static uint32_t lower_test(struct dag *d, const struct test *t, bool negate)
{
	struct test in;

	if (keeps_rules(t) || t->modifier == FILTER_MOD_ONEOF)
		return leaf(d, t, negate);
	if (t->modifier == FILTER_MOD_NONE)
		return lower_plain(d, t, negate);
	if (t->n && t->op == FILTER_OP_EQ && t->modifier == FILTER_MOD_ANYOF) {
		in = with(t, FILTER_OP_IN, t->consts, t->n);
		return lower_plain(d, &in, negate);
	}
	return lower_each(d, t, negate);
}

uint32_t dag_add(struct dag *d, const struct expr *x, bool negate)
{
	bool is_and = (x->kind == EXPR_AND) != negate;
	uint32_t *kids, id;

	if (x->kind == EXPR_TEST)
		return lower_test(d, x->test, negate);
	if (x->kind == EXPR_NOT)
		return dag_add(d, x->kids[0], !negate);
	kids = mem_grow(NULL, x->n, sizeof *kids);
	if (!kids) {
		d->failed = true;
		return NODE_FALSE;
	}
	for (uint32_t i = 0; i < x->n; i++)
		kids[i] = dag_add(d, x->kids[i], negate);
	id = dag_join(d, is_and ? NODE_KIND_AND : NODE_KIND_OR, kids, x->n);
	mem_free(kids);
	return id;
}
