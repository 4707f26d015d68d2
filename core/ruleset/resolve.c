/*
 * A macro is parsed and expanded once; its tree hangs in the tree of every rule that uses it. It
 * may use the macros defined before it (before its last redefinition or appending, to be exact),
 * and any list. A rule may use all macros.
 *
 * A list name that no token can hold (it has a blank or a quote in it) draws a warning where the
 * list is defined but works: its occurrences are hidden from the parser, byte for byte.
 */
#include "ruleset/resolve.h"

#include <errno.h>

#include "filter/parse.h"
#include "filter/print.h"
#include "ruleset/exception.h"
#include "ruleset/problem.h"

enum {
	NESTING_MAX = 16,    /* macros that use macros expanded later */
	TERMS_MAX = 4 << 20, /* items of all lists, lists in place */
	HIDDEN = 0x1a,       /* stands for a byte that would end a token */
};

struct scope {
	struct rules_loader *l;
	uint32_t visible; /* macros of an index below it may be used */
	uint32_t nesting;
	bool is_poisoned; /* a bad macro was used */
	struct names *macros, *lists;
};

const struct where *resolve_where(struct rules_loader *l, const struct origin *o)
{
	return where_new(l, o->where, "condition expression", STR(""), NULL);
}

static int note(struct rules_loader *l, struct names *n, struct str name)
{
	for (uint32_t i = 0; n && i < n->n; i++) {
		if (str_eq(n->items[i], name))
			return 0;
	}
	if (!n)
		return 0;
	if (store_grow(l->store, &n->items, n->n, &n->cap, sizeof *n->items) < 0)
		return l->failed = -ENOMEM;
	n->items[n->n++] = name;
	return 0;
}

/* --- lists ------------------------------------------------------------------------------------ */

static const struct ast_term *list_tree(struct rules_loader *l, struct decl_list *list,
					uint32_t nesting);

static const struct ast_term *item_term(struct rules_loader *l, const struct decl_list *list,
					const struct decl_list_item *item)
{
	struct origin *o = origin_new(l, list->where, item->file, item->node, item->text);
	struct ast_place where = {.origin = o, .span = {.len = (uint32_t)item->text.len}};
	struct str s = item->text;
	bool has_blank = memchr(s.p, ' ', s.len) || memchr(s.p, '\t', s.len);
	struct err err = ERR_NULL;
	struct buf text;

	if (s.len >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.len - 1] == s.p[0]) {
		buf_init(&text, PARSE_TEXT_MAX);
		if (filter_unescape(&text, s, &err) == 0)
			s = arena_str(&l->store->arena, buf_str(&text));
		buf_deinit(&text);
		has_blank = true;
	}
	return o && s.p ? ast_text(&l->store->arena, where, s, has_blank) : NULL;
}

/* Terms of all items, with lists among them spliced in. */
struct terms {
	uint32_t n, cap;
	const struct ast_term **items;
};

static int add_term(struct rules_loader *l, struct terms *t, const struct ast_term *term)
{
	if (!term || store_grow(l->store, &t->items, t->n, &t->cap, sizeof *t->items) < 0)
		return -ENOMEM;
	t->items[t->n++] = term;
	l->store->n_terms++;
	return 0;
}

static int add_item(struct rules_loader *l, struct decl_list *list, struct terms *t, uint32_t i,
		    uint32_t nesting)
{
	struct decl_list *other = strmap_find(&l->store->lists, list->items[i].text);
	const struct ast_term *terms;
	int r = 0;

	if (!other || other->state == DECL_BUSY || nesting == NESTING_MAX)
		return add_term(l, t, item_term(l, list, &list->items[i]));
	terms = list_tree(l, other, nesting + 1);
	if (!terms)
		return -ENOMEM;
	other->is_used = true;
	r = note(l, &list->lists, other->name);
	for (uint32_t k = 0; k < terms->n && r == 0; k++)
		r = add_term(l, t, terms->args[k]);
	return r;
}

static const struct ast_term *list_tree(struct rules_loader *l, struct decl_list *list,
					uint32_t nesting)
{
	struct terms t = {0};
	struct ast_place where = {0};

	if (list->state == DECL_DONE)
		return list->expanded;
	list->state = DECL_BUSY;
	for (uint32_t i = 0; i < list->n_items; i++) {
		if (l->store->n_terms > TERMS_MAX) {
			problem_add(l, RULES_ERR_VALIDATE, list->where,
				    "the lists have too many items with all lists in place");
			break;
		}
		if (add_item(l, list, &t, i, nesting) < 0) {
			l->failed = -ENOMEM;
			return NULL;
		}
	}
	list->expanded = ast_list(&l->store->arena, where, t.items, t.n);
	list->state = DECL_DONE;
	return list->expanded;
}

static const struct ast_term *on_list(void *ctx, struct str name, struct ast_place where)
{
	struct scope *s = ctx;
	struct decl_list *list = strmap_find(&s->l->store->lists, name);
	char plain[256];

	(void)where;
	if (!list && name.len < sizeof plain && memchr(name.p, HIDDEN, name.len)) {
		for (size_t i = 0; i < name.len; i++)
			plain[i] = name.p[i] == HIDDEN ? ' ' : name.p[i];
		name = (struct str){plain, name.len};
		list = strmap_find(&s->l->store->lists, name);
	}
	if (!list)
		return NULL;
	list->is_used = true;
	(void)note(s->l, s->lists, list->name);
	return list_tree(s->l, list, 0);
}

/* --- hidden list names ------------------------------------------------------------------------ */

static bool ends_name(struct str text, size_t i)
{
	return i >= text.len || strchr(" \t\r\n(),=", text.p[i]);
}

static void hide(char *p, struct str text, struct str name)
{
	const char *at = text.p;

	while ((at = memmem(at, text.len - (size_t)(at - text.p), name.p, name.len))) {
		size_t from = (size_t)(at - text.p);

		if ((from == 0 || ends_name(text, from - 1)) && ends_name(text, from + name.len)) {
			for (size_t i = from; i < from + name.len; i++) {
				if (p[i] == ' ')
					p[i] = HIDDEN;
			}
		}
		at += name.len;
	}
}

/* @text with the blanks of list names hidden; the text itself when no list has such a name. */
static struct str hide_names(struct rules_loader *l, struct str text)
{
	struct str copy = text;

	for (uint32_t i = 0; l->store->has_odd_names && i < l->store->n_lists; i++) {
		struct str name = l->store->list[i]->name;

		if (!l->store->list[i]->has_odd_name || !memmem(text.p, text.len, name.p, name.len))
			continue;
		if (copy.p == text.p)
			copy = arena_str(&l->store->arena, text);
		if (!copy.p)
			return text;
		hide((char *)copy.p, text, name);
	}
	return copy;
}

/* --- macros ----------------------------------------------------------------------------------- */

static const struct ast *macro_tree(struct rules_loader *l, struct decl_macro *m, uint32_t nesting);

static void report_name(struct scope *s, struct ast_place where, struct str name, const char *why)
{
	const struct origin *o = where.origin;
	struct problem_place p = origin_place(s->l, resolve_where(s->l, o), o, where.span.offset);
	struct str near = strmap_nearest(&s->l->store->macros, name);

	if (!str_eq(near, name))
		p.near = near;
	problem_add_at(s->l, RULES_ERR_VALIDATE, &p, "macro '%.*s': %s", STR_FMT(name), why);
	s->is_poisoned = true;
}

static const struct ast *on_macro(void *ctx, struct str name, struct ast_place where)
{
	struct scope *s = ctx;
	struct decl_macro *m = strmap_find(&s->l->store->macros, name);
	const struct ast *tree;

	if (!m) {
		report_name(s, where, name, "there is no macro of this name");
		return NULL;
	}
	if (m->index >= s->visible) {
		report_name(s, where, name, "it is defined only after the macro that uses it");
		return NULL;
	}
	m->is_used = true;
	if (m->state == DECL_BUSY || s->nesting == NESTING_MAX) {
		report_name(s, where, name, "it uses itself");
		m->is_bad = true;
		return NULL;
	}
	tree = macro_tree(s->l, m, s->nesting + 1);
	s->is_poisoned |= m->is_bad;
	if (!m->is_bad)
		(void)note(s->l, s->macros, name);
	return m->is_bad ? NULL : tree;
}

/* Parses @o; what is wrong is reported. */
static int parse(struct rules_loader *l, const struct origin *o, const struct ast **ret)
{
	struct parse_options po = {.max_depth = AST_DEPTH_RULES, .origin = o};
	struct err err = ERR_NULL;
	int r = parse_condition(hide_names(l, o->text), &po, &l->store->arena, ret, &err);

	if (r == 0 || r == -ENOMEM)
		return r;
	problem_add_err(l, RULES_ERR_COMPILE_CONDITION, resolve_where(l, o), o, &err);
	return -EINVAL;
}

static int expand(struct scope *s, const struct origin *o, const struct ast *tree,
		  const struct ast **ret)
{
	struct ast_names names = {
		.macro = on_macro, .list = on_list, .ctx = s, .max_depth = AST_DEPTH_RULES};
	struct err err = ERR_NULL;
	int r = ast_expand(tree, &names, &s->l->store->arena, ret, &err);

	if (r == 0)
		return s->is_poisoned ? RESOLVE_E_NAMES : 0;
	if (!err.is_set)
		return r;
	problem_add_err(s->l, RULES_ERR_COMPILE_CONDITION, resolve_where(s->l, o), o, &err);
	return -EINVAL;
}

static const struct ast *macro_tree(struct rules_loader *l, struct decl_macro *m, uint32_t nesting)
{
	struct scope s = {.l = l,
			  .visible = m->visible,
			  .nesting = nesting,
			  .macros = &m->macros,
			  .lists = &m->lists};
	int r;

	if (m->state == DECL_DONE || m->is_bad)
		return m->expanded;
	m->state = DECL_BUSY;
	r = parse(l, m->condition, &m->tree);
	if (r == 0)
		r = expand(&s, m->condition, m->tree, &m->expanded);
	if (r == 0)
		m->expanded = ast_share(m->expanded);
	if (r == -ENOMEM)
		l->failed = r;
	if (r != 0)
		m->is_bad = true;
	m->state = DECL_DONE;
	return m->expanded;
}

int resolve_macros(struct rules_loader *l)
{
	for (uint32_t i = 0; i < l->store->n_macros && l->failed == 0; i++)
		(void)macro_tree(l, l->store->macro[i], 0);
	return l->failed;
}

/* --- rules ------------------------------------------------------------------------------------ */

/* "condition and not E1 and not E2". */
static int with_exceptions(struct rules_loader *l, const struct decl_rule *rule,
			   const struct ast *condition, const struct ast **ret)
{
	struct arena *a = &l->store->arena;
	const struct ast **kids = arena_alloc(a, (rule->n_exceptions + 1) * sizeof *kids);
	uint32_t n = 1;

	if (!kids)
		return -ENOMEM;
	kids[0] = condition;
	for (uint32_t i = 0; i < rule->n_exceptions; i++) {
		const struct ast *e;
		int r = exception_tree(l, &rule->exceptions[i], &e);

		if (r)
			return r;
		if (!e)
			continue;
		kids[n] = ast_not(a, e->place, e);
		if (!kids[n++])
			return -ENOMEM;
	}
	*ret = n == 1 ? condition : ast_and(a, condition->place, kids, n);
	return *ret ? 0 : -ENOMEM;
}

int resolve_rule(struct rules_loader *l, const struct decl_rule *rule, const struct ast **ret,
		 struct names *macros, struct names *lists)
{
	struct scope s = {.l = l, .visible = UINT32_MAX, .macros = macros, .lists = lists};
	const struct ast *tree;
	int r = parse(l, rule->condition, &tree);

	if (r == 0 && rule->n_exceptions)
		r = with_exceptions(l, rule, tree, &tree);
	return r ? r : expand(&s, rule->condition, tree, ret);
}

void resolve_warn_unused(struct rules_loader *l)
{
	struct store *s = l->store;

	for (uint32_t i = 0; i < s->n_macros; i++) {
		const struct decl_macro *m = s->macro[i];

		if (!m->is_used && l->results[m->where->file]->pub.successful)
			problem_add(l, RULES_UNUSED_MACRO, m->where,
				    "no rule and no macro uses this macro");
	}
	for (uint32_t i = 0; i < s->n_lists; i++) {
		const struct decl_list *list = s->list[i];

		if (!list->is_used && l->results[list->where->file]->pub.successful)
			problem_add(l, RULES_UNUSED_LIST, list->where,
				    "no rule, macro or list uses this list");
	}
}
