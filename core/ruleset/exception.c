#include "ruleset/exception.h"

#include <errno.h>

#include "filter/parse.h"
#include "filter/print.h"
#include "ruleset/collect.h"
#include "ruleset/problem.h"

/* --- checks ----------------------------------------------------------------------------------- */

static int refuse(struct rules_loader *l, const struct decl_exception *e, const struct err *why)
{
	struct problem_place p = {
		.where = e->where, .file = e->where->file, .at = e->where->at, .hint = why->hint};

	problem_add_at(l, RULES_ERR_VALIDATE, &p, "%s", why->text);
	return -EINVAL;
}

/* All of @text is one field or call. */
static int parse_whole(struct rules_loader *l, struct str text, const struct origin *o,
		       const struct ast_term **ret, struct err *err)
{
	struct parse_options po = {.max_depth = AST_DEPTH_RULES, .origin = o};
	struct str rest;
	int r;

	while (text.len && text.p[0] == ' ')
		text = str_from_at(text, 1);
	while (text.len && text.p[text.len - 1] == ' ')
		text.len--;
	rest = text;
	r = parse_term(&rest, &po, &l->store->arena, ret, err);
	if (r == 0 && rest.len) {
		err_set(err, text.len - rest.len, rest.len, "more text behind a field");
		r = -EINVAL;
	}
	return r;
}

/* Whether every field in @t exists. */
static bool are_fields(struct rules_loader *l, const struct fieldset *fields,
		       const struct ast_term *t)
{
	struct err err = ERR_NULL;
	struct field_use use;
	struct str text = t->text;

	if (t->kind == AST_TERM_FIELD) {
		if (t->has_arg) {
			char *full = arena_printf(&l->store->arena, "%.*s[%.*s]", STR_FMT(t->text),
						  STR_FMT(t->arg));

			text = str_from(full);
		}
		return fieldset_resolve(fields, text, &l->store->arena, &use, &err) == 0;
	}
	for (uint32_t i = 0; t->kind != AST_TERM_TEXT && i < t->n; i++) {
		if (!are_fields(l, fields, t->args[i]))
			return false;
	}
	return true;
}

static int check_field(struct rules_loader *l, const struct fieldset *fields,
		       const struct decl_exception *e, const struct decl_value *v)
{
	const struct ast_term *t;
	struct err err = ERR_NULL, say = ERR_NULL;
	struct field_use use;

	if (!fields)
		return 0;
	if (!v->is_list && parse_whole(l, v->text, NULL, &t, &err) == 0 && are_fields(l, fields, t))
		return 0;
	err_set(&say, 0, 0, "'%.*s' is not a field", STR_FMT(v->text));
	err = (struct err)ERR_NULL;
	if (fieldset_resolve(fields, v->text, &l->store->arena, &use, &err) < 0 && err.hint[0])
		err_hint(&say, "%s", err.hint);
	return refuse(l, e, &say);
}

static int check_operator(struct rules_loader *l, const struct decl_exception *e,
			  const struct decl_value *v, bool is_single)
{
	enum filter_modifier modifier;
	struct err err = ERR_NULL;
	enum filter_op op;

	if (parse_operator(v->text, &op, &modifier, &err) < 0)
		return refuse(l, e, &err);
	if (is_single && modifier == FILTER_MOD_NONE &&
	    filter_operator(op)->kind != FILTER_OP_KIND_LIST) {
		err_set(&err, 0, 0,
			"'%.*s' does not go with a single field: 'in', 'pmatch', 'intersects' or "
			"an "
			"operator with 'oneof', 'anyof' or 'allof' is needed",
			STR_FMT(v->text));
		return refuse(l, e, &err);
	}
	return 0;
}

static struct decl_value *value_array(struct rules_loader *l, uint32_t n, struct str text)
{
	struct decl_value *v = arena_alloc(&l->store->arena, n * sizeof *v);

	for (uint32_t i = 0; v && i < n; i++)
		v[i] = (struct decl_value){.is_set = true, .text = text};
	return v;
}

static int check_lengths(struct rules_loader *l, const struct decl_exception *e)
{
	struct err err = ERR_NULL;

	if (!e->comps.is_list || e->comps.n != e->fields.n)
		err_set(&err, 0, 0, "'fields' and 'comps' differ in length");
	for (uint32_t i = 0; i < e->n_values; i++) {
		if (!e->values[i].is_list || e->values[i].n != e->fields.n)
			err_set(&err, 0, 0, "'fields' and an entry of 'values' differ in length");
	}
	return err.is_set ? refuse(l, e, &err) : 0;
}

static int check_many(struct rules_loader *l, const struct fieldset *fields,
		      struct decl_exception *e)
{
	int r = 0;

	if (!e->comps.is_set) {
		e->comps = (struct decl_value){.is_set = true, .is_list = true, .n = e->fields.n};
		e->comps.items = value_array(l, e->fields.n, STR("="));
		if (!e->comps.items)
			return -ENOMEM;
	}
	if (!e->comps.is_list || e->comps.n != e->fields.n)
		return check_lengths(l, e);
	for (uint32_t i = 0; i < e->comps.n && r == 0; i++)
		r = check_operator(l, e, &e->comps.items[i], false);
	for (uint32_t i = 0; i < e->fields.n && r == 0; i++)
		r = check_field(l, fields, e, &e->fields.items[i]);
	return r ? r : check_lengths(l, e);
}

int exception_check(struct rules_loader *l, struct str source, struct decl_exception *e)
{
	const struct rules_source *s = strmap_find(&l->sources, source);
	const struct fieldset *fields = s ? s->fields : NULL;
	struct err err = ERR_NULL;
	int r;

	if (e->fields.is_list)
		return check_many(l, fields, e);
	if (!e->comps.is_set)
		e->comps = (struct decl_value){.is_set = true, .text = STR("in")};
	if (e->comps.is_list) {
		err_set(&err, 0, 0, "'fields' is one field but 'comps' is a list");
		return refuse(l, e, &err);
	}
	r = check_operator(l, e, &e->comps, true);
	return r ? r : check_field(l, fields, e, &e->fields);
}

/* --- trees ------------------------------------------------------------------------------------ */

struct builder {
	struct rules_loader *l;
	struct arena *arena;
	const struct decl_exception *e;
};

static bool is_quoted(struct str s)
{
	return s.len >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.len - 1] == s.p[0];
}

static bool has_blank(struct str s)
{
	return memchr(s.p, ' ', s.len) || memchr(s.p, '\t', s.len) || memchr(s.p, '\n', s.len);
}

/* Where value @v was written. */
static struct ast_place place_of(struct builder *b, const struct decl_value *v, struct str text)
{
	struct origin *o = v->node ? origin_new(b->l, b->e->where, v->file, v->node, text) : NULL;

	return (struct ast_place){.origin = o, .span = {.len = (uint32_t)v->text.len}};
}

/* What stands right of "x.x @op " when @text is put there: a call, val(), or a list in parentheses.
 * NULL when that is no such thing. */
static const struct ast_term *parse_right(struct builder *b, const struct decl_value *v,
					  const char *op)
{
	char *text = arena_printf(b->arena, "x.x %s %.*s", op, STR_FMT(v->text));
	struct parse_options po = {.max_depth = AST_DEPTH_RULES};
	struct err err = ERR_NULL;
	const struct ast *tree;
	struct origin *o;

	if (!text)
		return NULL;
	o = origin_new(b->l, b->e->where, v->file, v->node, str_from(text));
	if (!o)
		return NULL;
	o->parts[0].offset = strlen(op) + 5;
	po.origin = o;
	if (parse_condition(o->text, &po, b->arena, &tree, &err) < 0 || tree->kind != AST_CHECK)
		return NULL;
	return tree->right;
}

static const struct ast_term *text_term(struct builder *b, const struct decl_value *v)
{
	struct ast_place where = place_of(b, v, v->text);
	const struct ast_term *t;
	struct err err = ERR_NULL;
	struct str plain;
	struct buf text;

	if (is_quoted(v->text)) {
		buf_init(&text, PARSE_TEXT_MAX);
		if (filter_unescape(&text, v->text, &err) == 0) {
			plain = arena_str(b->arena, buf_str(&text));
			buf_deinit(&text);
			return plain.p ? ast_text(b->arena, where, plain, true) : NULL;
		}
		buf_deinit(&text);
	}
	if (!has_blank(v->text) && memchr(v->text.p, '(', v->text.len)) {
		t = parse_right(b, v, "=");
		if (t && t->kind == AST_TERM_CALL)
			return t;
	}
	return ast_text(b->arena, where, v->text, has_blank(v->text));
}

static uint32_t count_texts(const struct decl_value *items, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += items[i].is_list ? count_texts(items[i].items, items[i].n) : 1;
	return sum;
}

/* All texts in @items, those of lists in lists too. */
static int add_texts(struct builder *b, const struct decl_value *items, uint32_t n,
		     const struct ast_term **terms, uint32_t *ret_n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (items[i].is_list) {
			int r = add_texts(b, items[i].items, items[i].n, terms, ret_n);

			if (r)
				return r;
			continue;
		}
		terms[*ret_n] = text_term(b, &items[i]);
		if (!terms[(*ret_n)++])
			return -ENOMEM;
	}
	return 0;
}

static const struct ast_term *list_term(struct builder *b, const struct decl_value *items,
					uint32_t n, struct ast_place where)
{
	uint32_t n_terms = 0;
	const struct ast_term **terms;

	terms = arena_alloc(b->arena, count_texts(items, n) * sizeof *terms);
	if (!terms || add_texts(b, items, n, terms, &n_terms) < 0)
		return NULL;
	return ast_list(b->arena, where, terms, n_terms);
}

/* The right side for a scalar or list value of a field with operator @op. */
static const struct ast_term *value_term(struct builder *b, const struct decl_value *v,
					 enum filter_op op, enum filter_modifier modifier)
{
	bool wants_list =
		filter_operator(op)->kind == FILTER_OP_KIND_LIST || modifier != FILTER_MOD_NONE;
	const struct ast_term *t;

	if (v->is_list)
		return list_term(b, v->items, v->n, place_of(b, v, v->text));
	if (!wants_list)
		return text_term(b, v);
	if (v->text.len && v->text.p[0] == '(') {
		t = parse_right(b, v, "in");
		if (t && t->kind == AST_TERM_LIST)
			return t;
	}
	return list_term(b, v, 1, place_of(b, v, v->text));
}

static int check_tree(struct builder *b, const struct decl_value *field,
		      const struct decl_value *comp, const struct decl_value *values,
		      const struct ast **ret)
{
	struct ast_place where = place_of(b, field, field->text);
	struct ast_comparison c = {.op_span = where.span};
	struct err err = ERR_NULL;

	if (parse_operator(comp->text, &c.op, &c.modifier, &err) < 0 ||
	    parse_whole(b->l, field->text, where.origin, &c.left, &err) < 0)
		return refuse(b->l, b->e, &err);
	c.right = value_term(b, values, c.op, c.modifier);
	if (!c.right)
		return -ENOMEM;
	*ret = ast_check(b->arena, where, &c);
	return *ret ? 0 : -ENOMEM;
}

static int tuple_tree(struct builder *b, const struct decl_value *tuple, const struct ast **ret)
{
	const struct decl_exception *e = b->e;
	const struct ast **kids = arena_alloc(b->arena, e->fields.n * sizeof *kids);

	if (!kids)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->fields.n; i++) {
		int r = check_tree(b, &e->fields.items[i], &e->comps.items[i], &tuple->items[i],
				   &kids[i]);

		if (r)
			return r;
	}
	*ret = e->fields.n == 1 ? kids[0]
				: ast_and(b->arena, place_of(b, tuple, STR("")), kids, e->fields.n);
	return *ret ? 0 : -ENOMEM;
}

int exception_tree(struct rules_loader *l, const struct decl_exception *e, const struct ast **ret)
{
	struct builder b = {.l = l, .arena = &l->store->arena, .e = e};
	struct decl_value all = {
		.is_set = true, .is_list = true, .n = e->n_values, .items = e->values};
	const struct ast **kids;
	struct ast_place where;

	*ret = NULL;
	if (!e->n_values || (e->fields.is_list && !e->fields.n))
		return 0;
	if (!e->fields.is_list)
		return check_tree(&b, &e->fields, &e->comps, &all, ret);
	kids = arena_alloc(b.arena, e->n_values * sizeof *kids);
	if (!kids)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->n_values; i++) {
		int r = tuple_tree(&b, &e->values[i], &kids[i]);

		if (r)
			return r;
	}
	where = kids[0]->place;
	*ret = e->n_values == 1 ? kids[0] : ast_or(b.arena, where, kids, e->n_values);
	return *ret ? 0 : -ENOMEM;
}
