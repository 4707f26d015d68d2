/*
 * Every node gets two sets: the events for which it may be true, and those for which it may be
 * false. Not swaps them; and, or combine them. A leaf that says nothing about the event's type has
 * all events in both.
 */
#include "filter/evttypes.h"

#include <errno.h>
#include <string.h>

#include "filter/constant.h"
#include "gyr/events.h"
#include "util/mem.h"
#include "util/ptrmap.h"

enum {
	N_WORDS = EVTTYPES_MAX / 64,
};

struct verdict {
	struct evttypes may_hold, may_fail;
};

struct evttypes_memo {
	struct ptrmap verdicts; /* tree -> struct verdict */
	struct arena arena;
};

struct analysis {
	bool of_generic; /* sets are of system calls without an event of their own */
	const struct fieldset *fields;
	const struct evttypes_source *source; /* NULL: whose events are its own does not matter */
	struct arena scratch;
	struct err *err;
};

uint32_t evttypes_count(const struct evttypes *s)
{
	uint32_t n = 0;

	for (int i = 0; i < N_WORDS; i++)
		n += (uint32_t)__builtin_popcountll(s->bits[i]);
	return n;
}

void evttypes_all(struct evttypes *s)
{
	uint32_t n = gyr_event_count() < EVTTYPES_MAX ? gyr_event_count() : EVTTYPES_MAX;

	/* Asked for at every leaf of every condition, so by the word. */
	*s = (struct evttypes){{0}};
	for (uint32_t i = 0; i < n / 64; i++)
		s->bits[i] = UINT64_MAX;
	if (n % 64)
		s->bits[n / 64] = (1ULL << n % 64) - 1;
}

static void generic_all(struct evttypes *s)
{
	*s = (struct evttypes){{0}};
	for (uint16_t i = 0; i < gyr_syscall_count(); i++)
		if (gyr_syscall(i)->flags & GYR_SYSCALL_GENERIC)
			evttypes_add(s, i);
}

static void everything(const struct analysis *a, struct evttypes *s)
{
	if (a->of_generic)
		generic_all(s);
	else
		evttypes_all(s);
}

static void invert(const struct analysis *a, struct evttypes *s)
{
	struct evttypes all;

	everything(a, &all);
	for (int i = 0; i < N_WORDS; i++)
		s->bits[i] = all.bits[i] & ~s->bits[i];
}

static void join(struct evttypes *s, const struct evttypes *with, bool both)
{
	for (int i = 0; i < N_WORDS; i++) {
		if (both)
			s->bits[i] &= with->bits[i];
		else
			s->bits[i] |= with->bits[i];
	}
}

static void neutral(const struct analysis *a, struct verdict *v)
{
	everything(a, &v->may_hold);
	v->may_fail = v->may_hold;
}

static void always(const struct analysis *a, struct verdict *v, bool holds)
{
	neutral(a, v);
	*(holds ? &v->may_fail : &v->may_hold) = (struct evttypes){{0}};
}

static void add_generic(struct evttypes *s, struct str name)
{
	const struct gyr_event_info *e = gyr_event_find(name.p, name.len, 0);
	const struct gyr_syscall_info *c = gyr_syscall_find(name.p, name.len);

	if (e && e->code <= 1)
		generic_all(s);
	else if (!e && c && (c->flags & GYR_SYSCALL_GENERIC))
		evttypes_add(s, c->code);
}

static void add_name(const struct analysis *a, struct evttypes *s, struct str name)
{
	const struct gyr_event_info *e = gyr_event_find(name.p, name.len, 2);
	const struct gyr_syscall_info *c;

	if (a->of_generic) {
		add_generic(s, name);
		return;
	}
	if (!e && a->source && a->source->is_event && a->source->is_event(a->source->ctx, name)) {
		evttypes_add(s, GYR_EVENT_CODE_ASYNC);
		return;
	}
	if (!e) {
		c = gyr_syscall_find(name.p, name.len);
		for (uint16_t i = 0; c && i < gyr_event_count(); i++) {
			if (gyr_event_records(i, c->code))
				evttypes_add(s, i);
		}
	}
	for (; e; e = gyr_event_find(name.p, name.len, (uint16_t)(e->code + 1)))
		evttypes_add(s, e->code);
}

/* A comparison of the event's type. */
static void judge_type(const struct analysis *a, const struct ast *t, struct verdict *ret)
{
	bool is_list = t->right && t->right->kind == AST_TERM_LIST;
	uint32_t n = !t->right ? 0 : is_list ? t->right->n : 1;

	if (t->op == FILTER_OP_EXISTS) {
		always(a, ret, true);
		return;
	}
	neutral(a, ret);
	if (t->modifier != FILTER_MOD_NONE || (t->op != FILTER_OP_EQ && t->op != FILTER_OP_EQ2 &&
					       t->op != FILTER_OP_NE && t->op != FILTER_OP_IN))
		return;
	ret->may_hold = (struct evttypes){{0}};
	for (uint32_t i = 0; i < n; i++)
		add_name(a, &ret->may_hold, is_list ? t->right->args[i]->text : t->right->text);
	ret->may_fail = ret->may_hold;
	invert(a, t->op == FILTER_OP_NE ? &ret->may_hold : &ret->may_fail);
}

/* Whether a comparison of a count from 1 with @text is decided: 1 always true, -1 never, 0 open. */
static int decided(enum filter_op op, struct str text)
{
	/* with 0, with 1; larger ones decide nothing */
	static const int8_t verdicts[FILTER_OP_COUNT][2] = {
		[FILTER_OP_EQ] = {-1, 0},  [FILTER_OP_EQ2] = {-1, 0}, [FILTER_OP_NE] = {1, 0},
		[FILTER_OP_LT] = {-1, -1}, [FILTER_OP_LE] = {-1, 0},  [FILTER_OP_GT] = {1, 0},
		[FILTER_OP_GE] = {1, 1},
	};
	bool negative;
	uint64_t n;

	if (!constant_number(text, &negative, &n) || (negative && n))
		return 0; /* negative text wraps to a large number */
	return n <= 1 ? verdicts[op][n] : 0;
}

static void judge_num(const struct analysis *a, const struct ast *t, struct verdict *ret)
{
	bool is_set = t->op == FILTER_OP_IN || t->op == FILTER_OP_INTERSECTS;
	int d = -1;

	neutral(a, ret);
	if (t->modifier != FILTER_MOD_NONE || !t->right || t->right->kind == AST_TERM_CALL)
		return;
	if (is_set && t->right->kind == AST_TERM_LIST) {
		for (uint32_t i = 0; d < 0 && i < t->right->n; i++)
			d = decided(FILTER_OP_EQ, t->right->args[i]->text);
	} else {
		d = decided(is_set ? FILTER_OP_EQ : t->op, t->right->text);
	}
	if (d)
		always(a, ret, d > 0);
}

static enum field_role role_of(struct analysis *a, const struct ast_term *t)
{
	struct field_use use;

	if (!t || t->kind != AST_TERM_FIELD ||
	    fieldset_resolve_parts(a->fields, ast_term_parts(t), &a->scratch, &use, NULL))
		return FIELD_ROLE_NONE;
	return use.field->role;
}

static bool decides(enum field_role r)
{
	return r == FIELD_ROLE_EVENT_TYPE || r == FIELD_ROLE_SYSCALL_TYPE;
}

/* Whether the type of the event is somewhere inside a call. */
static bool hides_type(struct analysis *a, const struct ast_term *t)
{
	if (!t || (t->kind != AST_TERM_CALL && t->kind != AST_TERM_LIST))
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		if (decides(role_of(a, t->args[i])) || hides_type(a, t->args[i]))
			return true;
	}
	return false;
}

static int judge_check(struct analysis *a, const struct ast *t, struct verdict *ret)
{
	enum field_role role = role_of(a, t->left);
	const struct ast_term *bad = hides_type(a, t->left)    ? t->left
				     : hides_type(a, t->right) ? t->right
							       : NULL;

	if (decides(role) && t->right && t->right->kind == AST_TERM_CALL)
		bad = t->right;
	if (bad) {
		err_set(a->err, bad->place.span.offset, bad->place.span.len,
			"the type of an event can only be compared with constants, and not through "
			"a transformer");
		return -EINVAL;
	}
	if (decides(role))
		judge_type(a, t, ret);
	else if (role == FIELD_ROLE_EVENT_NUM)
		judge_num(a, t, ret);
	else
		neutral(a, ret);
	arena_reset(&a->scratch);
	return 0;
}

static int judge(struct analysis *a, const struct ast *t, struct verdict *ret);

static int judge_node(struct analysis *a, const struct ast *t, struct verdict *ret)
{
	struct verdict kid;
	struct evttypes swap;
	int r;

	if (t->kind == AST_CHECK)
		return judge_check(a, t, ret);
	if (t->kind == AST_NAME) {
		neutral(a, ret);
		return 0;
	}
	r = judge(a, t->kids[0], ret);
	if (r)
		return r;
	if (t->kind == AST_NOT) {
		swap = ret->may_hold;
		ret->may_hold = ret->may_fail;
		ret->may_fail = swap;
		return 0;
	}
	for (uint32_t i = 1; i < t->n; i++) {
		r = judge(a, t->kids[i], &kid);
		if (r)
			return r;
		join(&ret->may_hold, &kid.may_hold, t->kind == AST_AND);
		join(&ret->may_fail, &kid.may_fail, t->kind == AST_OR);
	}
	return 0;
}

/* A tree that hangs in many is judged once. */
static int judge(struct analysis *a, const struct ast *t, struct verdict *ret)
{
	struct evttypes_memo *m = t->is_shared && a->source ? a->source->memo : NULL;
	const struct verdict *known = m ? ptrmap_find(&m->verdicts, t) : NULL;
	struct verdict *own;
	int r;

	if (known) {
		*ret = *known;
		return 0;
	}
	r = judge_node(a, t, ret);
	if (r || !m)
		return r;
	own = arena_alloc(&m->arena, sizeof *own);
	if (!own)
		return -ENOMEM;
	*own = *ret;
	return ptrmap_set(&m->verdicts, t, own);
}

struct evttypes_memo *evttypes_memo_new(void)
{
	return mem_new(sizeof(struct evttypes_memo));
}

struct evttypes_memo *evttypes_memo_free(struct evttypes_memo *m)
{
	if (!m)
		return NULL;
	ptrmap_deinit(&m->verdicts);
	arena_deinit(&m->arena);
	return mem_free(m);
}

int evttypes_of(const struct ast *tree, const struct evttypes_source *source,
		struct evttypes *ret_set, struct err *err)
{
	struct analysis a = {.fields = source->fields, .source = source, .err = err};
	struct verdict v;
	int r = judge(&a, tree, &v);

	arena_deinit(&a.scratch);
	if (!r)
		*ret_set = v.may_hold;
	return r;
}

void evttypes_generic_of(const struct ast *tree, const struct fieldset *fields,
			 struct evttypes *ret_set)
{
	struct err ignored = ERR_NULL;
	struct analysis a = {.of_generic = true, .fields = fields, .err = &ignored};
	struct verdict v;

	if (judge(&a, tree, &v))
		neutral(&a, &v);
	arena_deinit(&a.scratch);
	*ret_set = v.may_hold;
}

/* ---- conditions that a tree needs ---- */

struct needs {
	struct evttypes of[EVTTYPES_CONDITIONS_MAX];
};

struct needing {
	struct analysis a;
	const struct evttypes_condition *conditions;
	uint32_t n;
};

static bool is_condition(const struct evttypes_condition *c, const struct ast *t)
{
	return t->modifier == FILTER_MOD_NONE && t->op == c->op && t->left &&
	       t->left->kind == AST_TERM_FIELD && !t->left->has_arg &&
	       str_eq(t->left->text, c->field) && t->right && t->right->kind == AST_TERM_TEXT &&
	       str_eq(t->right->text, c->constant);
}

/* Where the leaf cannot be true, it needs whatever one likes. */
static void leaf_needs(struct needing *x, const struct ast *t, bool is_negated, struct needs *ret)
{
	struct verdict v;
	struct evttypes *never = is_negated ? &v.may_fail : &v.may_hold;

	if (judge(&x->a, t, &v))
		neutral(&x->a, &v);
	invert(&x->a, never);
	for (uint32_t i = 0; i < x->n; i++) {
		ret->of[i] = *never;
		if (!is_negated && t->kind == AST_CHECK && is_condition(&x->conditions[i], t))
			everything(&x->a, &ret->of[i]);
	}
}

static void tree_needs(struct needing *x, const struct ast *t, bool is_negated, struct needs *ret)
{
	const bool is_and = (t->kind == AST_AND) != is_negated;
	struct needs kid;

	if (t->kind == AST_CHECK || t->kind == AST_NAME) {
		leaf_needs(x, t, is_negated, ret);
		return;
	}
	if (t->kind == AST_NOT) {
		tree_needs(x, t->kids[0], !is_negated, ret);
		return;
	}
	tree_needs(x, t->kids[0], is_negated, ret);
	for (uint32_t k = 1; k < t->n; k++) {
		tree_needs(x, t->kids[k], is_negated, &kid);
		for (uint32_t i = 0; i < x->n; i++)
			join(&ret->of[i], &kid.of[i], !is_and);
	}
}

void evttypes_needing(const struct ast *tree, const struct fieldset *fields,
		      const struct evttypes_condition *conditions, uint32_t n,
		      struct evttypes *ret_sets)
{
	struct err ignored = ERR_NULL;
	struct needing x = {.a = {.fields = fields, .err = &ignored},
			    .conditions = conditions,
			    .n = n < EVTTYPES_CONDITIONS_MAX ? n : EVTTYPES_CONDITIONS_MAX};
	struct needs needs;

	tree_needs(&x, tree, false, &needs);
	memcpy(ret_sets, needs.of, x.n * sizeof *ret_sets);
	arena_deinit(&x.a.scratch);
}
