/*
 * Names in a tree are replaced here. What does not change is shared with the old tree, so a macro
 * is expanded once and then hangs in the tree of every rule that uses it.
 */
#include <errno.h>

#include "filter/ast.h"
#include "util/mem.h"

struct expansion {
	const struct ast_names *names;
	struct arena *arena;
	struct err *err;
};

static const struct ast_term *find_list(const struct expansion *x, const struct ast_term *t)
{
	bool may_be = t->kind == AST_TERM_NAME || (t->kind == AST_TERM_TEXT && !t->is_quoted);

	return may_be && x->names->list ? x->names->list(x->names->ctx, t->text, t->place) : NULL;
}

/* The list @t of @n items with @lists (by item of @t, NULL for others) in place of their names. */
static const struct ast_term *with_lists(const struct expansion *x, const struct ast_term *t,
					 const struct ast_term *const *lists, uint32_t n)
{
	const struct ast_term **items = arena_alloc(x->arena, n * sizeof *items);
	const struct ast_term **from = arena_alloc(x->arena, n * sizeof *from);
	struct ast_term *copy = arena_alloc(x->arena, sizeof *copy);

	if (!items || !from || !copy)
		return NULL;
	*copy = *t;
	copy->n = 0;
	copy->args = items;
	copy->lists = from;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct ast_term *const *these = lists[i] ? lists[i]->args : &t->args[i];
		uint32_t more = lists[i] ? lists[i]->n : 1;

		for (uint32_t k = 0; k < more; k++) {
			from[copy->n] = lists[i];
			items[copy->n++] = these[k];
		}
	}
	return copy;
}

/* The items of a list with the names of lists among them replaced by theirs. */
static int expand_items(const struct expansion *x, const struct ast_term *t,
			const struct ast_term **ret)
{
	const struct ast_term **lists = mem_grow(NULL, t->n + 1, sizeof *lists);
	uint64_t n = 0;
	bool changed = false;

	if (!lists)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		lists[i] = find_list(x, t->args[i]);
		n += lists[i] ? lists[i]->n : 1;
		changed |= lists[i] != NULL;
	}
	*ret = t;
	if (changed)
		*ret = n <= UINT32_MAX ? with_lists(x, t, lists, (uint32_t)n) : NULL;
	mem_free(lists);
	return *ret ? 0 : -ENOMEM;
}

static int expand_right(const struct expansion *x, const struct ast_term *t,
			const struct ast_term **ret)
{
	const struct ast_term *list;

	*ret = t;
	if (!t)
		return 0;
	if (t->kind == AST_TERM_LIST)
		return expand_items(x, t, ret);
	list = find_list(x, t);
	if (!list)
		return 0;
	if (t->kind == AST_TERM_NAME) {
		*ret = list;
		return 0;
	}
	if (list->n != 1) {
		err_set(x->err, t->place.span.offset, t->place.span.len,
			"list '%.*s' has %u items where one value belongs", STR_FMT(t->text),
			list->n);
		return -EINVAL;
	}
	*ret = list->args[0];
	return 0;
}

static int expand_check(const struct expansion *x, const struct ast *t, const struct ast **ret)
{
	const struct ast_term *right;
	struct ast *copy;
	int r = expand_right(x, t->right, &right);

	if (r)
		return r;
	*ret = t;
	if (right == t->right)
		return 0;
	copy = arena_alloc(x->arena, sizeof *copy);
	if (!copy)
		return -ENOMEM;
	*copy = *t;
	copy->right = right;
	*ret = copy;
	return 0;
}

static int expand(const struct expansion *x, const struct ast *t, uint32_t depth,
		  const struct ast **ret);

static int expand_chain(const struct expansion *x, const struct ast *t, uint32_t depth,
			const struct ast **ret)
{
	const struct ast **kids = arena_alloc(x->arena, t->n * sizeof *kids);
	bool changed = false;

	if (!kids)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		int r = expand(x, t->kids[i], depth + 1, &kids[i]);

		if (r)
			return r;
		changed |= kids[i] != t->kids[i];
	}
	*ret = changed ? ast_with_kids(x->arena, t, kids) : t;
	return *ret ? 0 : -ENOMEM;
}

static int expand(const struct expansion *x, const struct ast *t, uint32_t depth,
		  const struct ast **ret)
{
	const struct ast *macro;

	if (t->kind == AST_CHECK)
		return expand_check(x, t, ret);
	if (t->kind != AST_NAME)
		return expand_chain(x, t, depth, ret);
	macro = x->names->macro ? x->names->macro(x->names->ctx, t->name, t->place) : NULL;
	*ret = macro ? macro : t;
	if (depth + (*ret)->depth > x->names->max_depth) {
		err_set(x->err, t->place.span.offset, t->place.span.len,
			"nested more than %u deep with macro '%.*s' in place", x->names->max_depth,
			STR_FMT(t->name));
		return -E2BIG;
	}
	return 0;
}

int ast_expand(const struct ast *tree, const struct ast_names *names, struct arena *a,
	       const struct ast **ret_tree, struct err *err)
{
	struct expansion x = {.names = names, .arena = a, .err = err};
	const struct ast *t;
	int r = expand(&x, tree, 0, &t);

	if (!r && t->size > AST_SIZE_MAX) {
		err_set(err, tree->place.span.offset, tree->place.span.len,
			"more than %u checks with all macros in place", (unsigned)AST_SIZE_MAX);
		return -E2BIG;
	}
	if (!r)
		*ret_tree = t;
	return r;
}
