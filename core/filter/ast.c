#include "filter/ast.h"

/* A copy of @n pointers in the arena. */
static void *copy_pointers(struct arena *a, const void *from, uint32_t n)
{
	void *p = arena_alloc(a, (size_t)n * sizeof(void *));

	if (p && n)
		memcpy(p, from, (size_t)n * sizeof(void *));
	return p;
}

/* Sets depth and size from the kids. */
static void measure(struct ast *t)
{
	uint64_t size = 0;

	t->depth = 1;
	for (uint32_t i = 0; i < t->n; i++) {
		if (t->kids[i]->depth >= t->depth)
			t->depth = t->kids[i]->depth + 1;
		size += t->kids[i]->size;
	}
	t->size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

const struct ast *ast_with_kids(struct arena *a, const struct ast *t, const struct ast *const *kids)
{
	struct ast *copy = arena_alloc(a, sizeof *copy);

	if (!copy)
		return NULL;
	*copy = *t;
	copy->kids = kids;
	copy->is_shared = false;
	measure(copy);
	return copy;
}

static const struct ast *chain(struct arena *a, enum ast_kind kind, struct ast_place where,
			       const struct ast *const *kids, uint32_t n)
{
	struct ast *t = arena_alloc(a, sizeof *t);
	const struct ast *const *own = t ? copy_pointers(a, kids, n) : NULL;

	if (!own)
		return NULL;
	*t = (struct ast){.kind = kind, .place = where, .n = n, .kids = own};
	measure(t);
	return t;
}

const struct ast *ast_and(struct arena *a, struct ast_place where, const struct ast *const *kids,
			  uint32_t n)
{
	return chain(a, AST_AND, where, kids, n);
}

const struct ast *ast_or(struct arena *a, struct ast_place where, const struct ast *const *kids,
			 uint32_t n)
{
	return chain(a, AST_OR, where, kids, n);
}

const struct ast *ast_not(struct arena *a, struct ast_place where, const struct ast *kid)
{
	return chain(a, AST_NOT, where, &kid, 1);
}

const struct ast *ast_name(struct arena *a, struct ast_place where, struct str name)
{
	struct ast *t = arena_alloc(a, sizeof *t);

	if (t)
		*t = (struct ast){
			.kind = AST_NAME, .place = where, .depth = 1, .size = 1, .name = name};
	return t;
}

const struct ast *ast_check(struct arena *a, struct ast_place where, const struct ast_comparison *c)
{
	struct ast *t = arena_alloc(a, sizeof *t);

	if (!t)
		return NULL;
	*t = (struct ast){.kind = AST_CHECK,
			  .place = where,
			  .depth = 1,
			  .size = 1,
			  .op = c->op,
			  .modifier = c->modifier,
			  .op_span = c->op_span,
			  .left = c->left,
			  .right = c->right};
	return t;
}

static struct ast_term *term_new(struct arena *a, enum ast_term_kind kind, struct ast_place where)
{
	struct ast_term *t = arena_alloc(a, sizeof *t);

	if (t)
		*t = (struct ast_term){.kind = kind, .place = where, .depth = 1};
	return t;
}

const struct ast_term *ast_field(struct arena *a, struct ast_place where, struct str name,
				 const struct str *arg)
{
	struct ast_term *t = term_new(a, AST_TERM_FIELD, where);

	if (!t)
		return NULL;
	t->text = name;
	t->arg_span = where.span;
	if (arg) {
		t->has_arg = true;
		t->arg = *arg;
	}
	return t;
}

const struct ast_term *ast_text(struct arena *a, struct ast_place where, struct str text,
				bool is_quoted)
{
	struct ast_term *t = term_new(a, AST_TERM_TEXT, where);

	if (!t)
		return NULL;
	t->text = text;
	t->is_quoted = is_quoted;
	return t;
}

const struct ast_term *ast_list_name(struct arena *a, struct ast_place where, struct str name)
{
	struct ast_term *t = term_new(a, AST_TERM_NAME, where);

	if (t)
		t->text = name;
	return t;
}

static struct ast_term *term_with(struct arena *a, enum ast_term_kind kind, struct ast_place where,
				  const struct ast_term *const *args, uint32_t n)
{
	struct ast_term *t = term_new(a, kind, where);
	const struct ast_term *const *own = t ? copy_pointers(a, args, n) : NULL;

	if (!own)
		return NULL;
	t->args = own;
	t->n = n;
	for (uint32_t i = 0; i < n; i++) {
		if (args[i]->depth >= t->depth)
			t->depth = args[i]->depth + 1;
	}
	return t;
}

const struct ast_term *ast_list(struct arena *a, struct ast_place where,
				const struct ast_term *const *items, uint32_t n)
{
	return term_with(a, AST_TERM_LIST, where, items, n);
}

const struct ast_term *ast_call(struct arena *a, struct ast_place where, enum filter_call call,
				const struct ast_term *const *args, uint32_t n)
{
	struct ast_term *t = term_with(a, AST_TERM_CALL, where, args, n);

	if (t)
		t->call = call;
	return t;
}

const struct ast *ast_share(const struct ast *t)
{
	((struct ast *)t)->is_shared = true; /* its builder still owns it */
	return t;
}

bool ast_term_equal(const struct ast_term *x, const struct ast_term *y)
{
	if (x == y)
		return true;
	if (!x || !y || x->kind != y->kind || !str_eq(x->text, y->text) || x->n != y->n ||
	    x->has_arg != y->has_arg || !str_eq(x->arg, y->arg) || x->call != y->call)
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		if (!ast_term_equal(x->args[i], y->args[i]))
			return false;
	}
	return true;
}

bool ast_equal(const struct ast *x, const struct ast *y)
{
	if (x == y)
		return true;
	if (x->kind != y->kind || x->n != y->n || !str_eq(x->name, y->name))
		return false;
	if (x->kind == AST_CHECK)
		return x->op == y->op && x->modifier == y->modifier &&
		       ast_term_equal(x->left, y->left) && ast_term_equal(x->right, y->right);
	for (uint32_t i = 0; i < x->n; i++) {
		if (!ast_equal(x->kids[i], y->kids[i]))
			return false;
	}
	return true;
}
