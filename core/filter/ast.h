/*
 * ast: a condition as written, before names mean anything.
 *
 * A tree is immutable once built, so trees share parts: a macro's tree appears in every rule that
 * uses it, and each node remembers where it was written (`origin` and `span`), so that a mistake
 * found late still points into the text of the macro or list it came from. Lists, macros and
 * exceptions are worked into conditions by building new nodes around old ones; text is never glued.
 *
 * Depth is part of every node and has a limit, so that functions which walk a tree may recurse.
 *
 * Lifetime: nodes and their texts live in the arena they were made in (texts of bare tokens may
 * borrow from the parsed text, which must live as long). Threads: any, once built.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "filter/operator.h"
#include "util/arena.h"
#include "util/err.h"
#include "util/str.h"

enum {
	AST_DEPTH_DEFAULT = 100, /* nesting allowed in a condition */
	AST_DEPTH_RULES = 1000,  /* the same for conditions of rules files */
	AST_SIZE_MAX = 1 << 20,  /* checks in a condition, macros in place */
};

struct ast_span {
	uint32_t offset, len; /* bytes of the text given to the parser */
};

struct ast_place {
	struct ast_span span;
	const void *origin; /* what the caller of the parser passed; NULL for a node nobody wrote */
};

enum ast_kind {
	AST_AND,   /* n >= 2 kids */
	AST_OR,    /* n >= 2 kids */
	AST_NOT,   /* one kid */
	AST_CHECK, /* left op [modifier] right */
	AST_NAME,  /* the name of a macro */
};

enum ast_term_kind {
	AST_TERM_FIELD, /* text: the name without argument */
	AST_TERM_CALL,  /* a transformer, or val() */
	AST_TERM_TEXT,  /* a constant, escapes resolved */
	AST_TERM_LIST,  /* of AST_TERM_TEXT; as argument of a call also fields and calls */
	AST_TERM_NAME,  /* the name of a list: "in mylist", "= anyof mylist" */
};

/* A value on either side of an operator. */
struct ast_term {
	enum ast_term_kind kind;
	struct ast_place place;
	struct str text;
	bool is_quoted; /* TEXT: never the name of a list */
	bool has_arg;   /* FIELD, CALL: name[arg] */
	struct str arg;
	struct ast_span arg_span;
	enum filter_call call;
	uint32_t n; /* CALL: arguments; LIST: items */
	const struct ast_term *const *args;
	/* LIST: by item, the list it came with, whose items stand here in a row; NULL: with none, and
	 * for an item that was written here. */
	const struct ast_term *const *lists;
	uint32_t depth;
};

struct ast {
	enum ast_kind kind;
	struct ast_place place;
	bool is_shared; /* hangs in several trees: what is found out about it is worth keeping */
	uint32_t depth; /* 1 for a leaf */
	uint32_t size;  /* checks and names in it, shared parts counted each time; saturates */
	uint32_t n;     /* AND, OR, NOT */
	const struct ast *const *kids;
	struct str name;   /* NAME */
	enum filter_op op; /* CHECK */
	enum filter_modifier modifier;
	struct ast_span op_span;
	const struct ast_term *left, *right; /* right is NULL for "exists" */
};

/* Builders. NULL when memory is short. @kids and @args are copied, what they point to is not. */
const struct ast *ast_and(struct arena *a, struct ast_place where, const struct ast *const *kids,
			  uint32_t n);
const struct ast *ast_or(struct arena *a, struct ast_place where, const struct ast *const *kids,
			 uint32_t n);
const struct ast *ast_not(struct arena *a, struct ast_place where, const struct ast *kid);

/* A copy of the chain @t with other kids, as many; @kids (in the arena) is borrowed. */
const struct ast *ast_with_kids(struct arena *a, const struct ast *t,
				const struct ast *const *kids);

const struct ast *ast_name(struct arena *a, struct ast_place where, struct str name);

struct ast_comparison {
	const struct ast_term *left, *right; /* right is NULL for "exists" */
	enum filter_op op;
	enum filter_modifier modifier;
	struct ast_span op_span;
};
const struct ast *ast_check(struct arena *a, struct ast_place where,
			    const struct ast_comparison *c);

const struct ast_term *ast_field(struct arena *a, struct ast_place where, struct str name,
				 const struct str *arg);
const struct ast_term *ast_text(struct arena *a, struct ast_place where, struct str text,
				bool is_quoted);
const struct ast_term *ast_list(struct arena *a, struct ast_place where,
				const struct ast_term *const *items, uint32_t n);
const struct ast_term *ast_list_name(struct arena *a, struct ast_place where, struct str name);
const struct ast_term *ast_call(struct arena *a, struct ast_place where, enum filter_call call,
				const struct ast_term *const *args, uint32_t n);

/* The field that @t is, as fieldset_resolve_parts() asks for it; borrows from @t. */
static inline struct field_parts ast_term_parts(const struct ast_term *t)
{
	return (struct field_parts){.name = t->text, .arg = t->has_arg ? &t->arg : NULL};
}

/* @t, which nobody else has yet, is going to hang in several trees. */
const struct ast *ast_share(const struct ast *t);

/* Who knows macros and lists. Each callback may note uses and mistakes on its own. */
struct ast_names {
	/* The tree of a macro, itself already expanded; NULL when @name is unknown: the name stays
	 * in the tree and the type check refuses it. */
	const struct ast *(*macro)(void *ctx, struct str name, struct ast_place where);

	/* The items of a list, expanded (each AST_TERM_TEXT), as an AST_TERM_LIST; NULL when @name
	 * is no list: a bare item then stands for itself. Asked for list names, bare items of lists
	 * and bare texts on the right of an operator (a one-item list may stand there); never for
	 * quoted ones. */
	const struct ast_term *(*list)(void *ctx, struct str name, struct ast_place where);
	void *ctx;
	uint32_t max_depth; /* of a tree with what they stand for in place */
};

/* @tree with all names replaced; parts that change nothing are shared. Limits: @names->max_depth,
 * AST_SIZE_MAX checks (-E2BIG, with @err). -ENOMEM. -EINVAL with @err: a list of other than one
 * item where one text belongs. */
int ast_expand(const struct ast *tree, const struct ast_names *names, struct arena *a,
	       const struct ast **ret_tree, struct err *err);

/* Whether two trees are the same but for places. */
bool ast_equal(const struct ast *x, const struct ast *y);
bool ast_term_equal(const struct ast_term *x, const struct ast_term *y);
