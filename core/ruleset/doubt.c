#include "ruleset/doubt.h"

#include "filter/print.h"
#include "ruleset/problem.h"
#include "ruleset/resolve.h"
#include "util/buf.h"

/* Names that the rules language itself speaks of, whoever provides them. */
static const struct str na_prefixes[] = {{"ka.", 3}, {"jevt.", 5}};

struct walk {
	struct rules_loader *l;
	const struct origin *rule;
	bool said_na;
};

static bool is_na(const struct ast_term *t)
{
	if (!t || t->kind == AST_TERM_CALL)
		return false;
	if (t->kind == AST_TERM_TEXT)
		return str_is(t->text, "<NA>");
	for (uint32_t i = 0; t->kind == AST_TERM_LIST && i < t->n; i++) {
		if (is_na(t->args[i]))
			return true;
	}
	return false;
}

static bool is_unsafe_na(const struct ast *t)
{
	static const enum filter_op ops[] = {FILTER_OP_EQ, FILTER_OP_EQ2,        FILTER_OP_NE,
					     FILTER_OP_IN, FILTER_OP_INTERSECTS, FILTER_OP_PMATCH};
	bool is_op = false, is_field = false;

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		is_op |= t->op == ops[i];
	for (size_t i = 0; i < sizeof na_prefixes / sizeof *na_prefixes; i++)
		is_field |= t->left->kind == AST_TERM_FIELD &&
			    str_starts(t->left->text, na_prefixes[i]);
	return is_op && is_field && is_na(t->right);
}

/* One of them is said for a condition; the others are alike. */
static void check_tree(struct walk *w, const struct ast *t)
{
	const struct origin *o = t->place.origin ? t->place.origin : w->rule;
	struct problem_place p;

	if (t->kind == AST_CHECK && !w->said_na && is_unsafe_na(t)) {
		w->said_na = true;
		p = origin_place(w->l, resolve_where(w->l, w->rule), o, t->place.span.offset);
		problem_add_at(w->l, RULES_UNSAFE_NA_CHECK, &p,
			       "no value is '<NA>' any more: use 'exists' to ask whether there is "
			       "one");
	}
	for (uint32_t i = 0; t->kind <= AST_NOT && i < t->n; i++)
		check_tree(w, t->kids[i]);
}

void doubt_condition(struct rules_loader *l, const struct origin *o, const struct ast *tree)
{
	struct walk w = {.l = l, .rule = o};

	check_tree(&w, tree);
}

/* --- never true ------------------------------------------------------------------------------- */

enum {
	NEVER_MAX = 64, /* parts of a chain that are compared with each other */
};

/* Whether @t asks that a field of one text is one of some constants. */
static bool is_choice(const struct ast *t, const struct fieldset *fields)
{
	static const uint32_t several = FIELD_LIST | FIELD_ANY | FIELD_NOT_ANY | FIELD_VOLATILE;
	struct field_use use;
	struct arena scratch = ARENA_NULL;
	bool ok;

	if (t->kind != AST_CHECK || t->modifier || t->left->kind != AST_TERM_FIELD ||
	    (t->op != FILTER_OP_EQ && t->op != FILTER_OP_EQ2 && t->op != FILTER_OP_IN) ||
	    (t->right->kind != AST_TERM_TEXT && t->right->kind != AST_TERM_LIST))
		return false;
	ok = fieldset_resolve_parts(fields, ast_term_parts(t->left), &scratch, &use, NULL) == 0 &&
	     use.field->type == FT_CHARBUF && !(use.field->flags & several);
	arena_deinit(&scratch);
	return ok;
}

static bool is_among(const struct ast_term *t, struct str text)
{
	if (t->kind == AST_TERM_TEXT)
		return str_eq(t->text, text);
	for (uint32_t i = 0; i < t->n; i++)
		if (str_eq(t->args[i]->text, text))
			return true;
	return false;
}

/* Whether no constant is among those of both. */
static bool are_apart(const struct ast_term *x, const struct ast_term *y)
{
	if (x->kind == AST_TERM_TEXT)
		return !is_among(y, x->text);
	for (uint32_t i = 0; i < x->n; i++)
		if (is_among(y, x->args[i]->text))
			return false;
	return true;
}

static bool exclude(const struct ast *x, const struct ast *y, const struct fieldset *fields)
{
	if ((x->kind == AST_NOT && ast_equal(x->kids[0], y)) ||
	    (y->kind == AST_NOT && ast_equal(y->kids[0], x)))
		return true;
	return x->kind == AST_CHECK && y->kind == AST_CHECK && ast_term_equal(x->left, y->left) &&
	       is_choice(x, fields) && is_choice(y, fields) && are_apart(x->right, y->right);
}

/* The parts of a conjunction, those of conjunctions in it too; at most NEVER_MAX. */
static uint32_t conjuncts(const struct ast *t, const struct ast **out, uint32_t n)
{
	for (uint32_t i = 0; i < t->n && n < NEVER_MAX; i++) {
		if (t->kids[i]->kind == AST_AND)
			n = conjuncts(t->kids[i], out, n);
		else
			out[n++] = t->kids[i];
	}
	return n;
}

bool doubt_is_never(const struct ast *tree, const struct fieldset *fields)
{
	const struct ast *parts[NEVER_MAX];
	uint32_t n;

	if (tree->kind == AST_OR) {
		for (uint32_t i = 0; i < tree->n; i++) {
			if (!doubt_is_never(tree->kids[i], fields))
				return false;
		}
		return true;
	}
	if (tree->kind != AST_AND)
		return false;
	n = conjuncts(tree, parts, 0);
	for (uint32_t i = 0; i < n; i++) {
		if (doubt_is_never(parts[i], fields))
			return true;
		for (uint32_t k = 0; k < i; k++) {
			if (exclude(parts[i], parts[k], fields))
				return true;
		}
	}
	return false;
}

/* --- shadowed rules --------------------------------------------------------------------------- */

static struct str text_of(struct rules_loader *l, const struct ast *tree)
{
	struct str text;
	struct buf b;

	buf_init(&b, 1 << 20);
	ast_print(&b, tree);
	text = b.failed ? (struct str){0} : arena_str(&l->store->arena, buf_str(&b));
	buf_deinit(&b);
	return text;
}

/* The earlier rule that matches whatever @tree matches: it has the same condition, or one of its
 * parts for its whole condition. */
static const struct rule *shadow_of(struct rules_loader *l, const struct strmap *seen,
				    const struct ast *tree, struct str *ret_text)
{
	const struct rule *found;

	*ret_text = text_of(l, tree);
	found = strmap_find(seen, *ret_text);
	for (uint32_t i = 0; !found && tree->kind == AST_AND && i < tree->n; i++)
		found = strmap_find(seen, text_of(l, tree->kids[i]));
	return found;
}

void doubt_shadows(struct rules_loader *l, const struct ruleset *rs)
{
	for (uint32_t s = 0; s < rs->n_sources; s++) {
		const struct ruleset_source *source = &rs->sources[s];
		struct strmap seen = STRMAP_NULL;

		for (uint32_t i = 0; i < source->n_rules; i++) {
			const struct rule *rule = source->rules[i], *first;
			const struct decl_rule *decl = strmap_find(&l->store->rules, rule->name);
			struct str text;

			first = shadow_of(l, &seen, decl->tree, &text);
			if (first)
				problem_add(l, RULES_LINT_SHADOWED, decl->where,
					    "the rule '%.*s' before it matches every event that it "
					    "matches, and only the first match counts",
					    STR_FMT(first->name));
			else if (text.p)
				(void)strmap_add(&seen, text, (void *)rule);
		}
		strmap_deinit(&seen);
	}
}
