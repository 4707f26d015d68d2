#include "filter/eval.h"

#include "filter/compare.h"
#include "filter/transform.h"
#include "util/arena.h"
#include "util/mem.h"
#include "util/utf8.h"

struct eval {
	struct arena scratch;
	uint64_t n_dropped;
};

/* What an evaluation carries along. */
struct run {
	struct eval *e;
	const struct event *evt;
	const struct fetch *fetch;
};

static const struct values absent = {.is_set = false};

struct eval *eval_new(void)
{
	struct eval *e = mem_new(sizeof *e);

	if (e)
		e->scratch.cap_bytes = EVAL_SCRATCH_MAX;
	return e;
}

struct eval *eval_free(struct eval *e)
{
	if (e)
		arena_deinit(&e->scratch);
	return mem_free(e);
}

void eval_reset(struct eval *e)
{
	if (e->scratch.used)
		arena_reset(&e->scratch);
}

uint64_t eval_dropped(const struct eval *e)
{
	return e->n_dropped;
}

static void *room(struct eval *e, size_t size)
{
	void *p = arena_alloc(&e->scratch, size);

	if (!p)
		e->n_dropped++;
	return p;
}

static struct values one_value(struct eval *e, union value v)
{
	union value *p = room(e, sizeof *p);

	if (!p)
		return absent;
	*p = v;
	return (struct values){.is_set = true, .n = 1, .v = p};
}

static struct values get(const struct run *r, const struct operand *o);

static struct values get_field(const struct run *r, const struct operand *o)
{
	struct values v = absent;

	r->fetch->get(r->fetch->ctx, r->evt, &o->use, 1, &v);
	return v;
}

/* A literal list: the values of its items in a row; absent when one of them is. */
static struct values get_list(const struct run *r, const struct operand *o)
{
	struct values *parts = room(r->e, (o->n + 1) * sizeof *parts);
	union value *v;
	size_t n = 0;

	for (uint32_t i = 0; parts && i < o->n; i++) {
		parts[i] = get(r, o->args[i]);
		if (!parts[i].is_set)
			return absent;
		n += parts[i].n;
	}
	v = parts && n <= UINT32_MAX ? room(r->e, (n + 1) * sizeof *v) : NULL;
	if (!v)
		return absent;
	n = 0;
	for (uint32_t i = 0; i < o->n; i++) {
		if (parts[i].n)
			memcpy(v + n, parts[i].v, parts[i].n * sizeof *v);
		n += parts[i].n;
	}
	return (struct values){.is_set = true, .n = (uint32_t)n, .v = v};
}

static struct values get_mapped(const struct run *r, const struct operand *o)
{
	struct values in = get(r, o->args[0]);
	union value *v = in.is_set ? room(r->e, (in.n + 1) * sizeof *v) : NULL;

	if (!v)
		return absent;
	for (uint32_t i = 0; i < in.n; i++) {
		if (!transform_text(o->call, in.v[i].bytes, &r->e->scratch, &v[i].bytes))
			return absent;
	}
	return (struct values){.is_set = true, .n = in.n, .v = v};
}

static struct values get_len(const struct run *r, const struct operand *o)
{
	struct values in = get(r, o->args[0]);

	if (o->args[0]->is_list)
		return one_value(r->e, (union value){.u64 = in.is_set ? in.n : 0});
	if (!in.is_set || in.n == 0)
		return absent;
	return one_value(r->e, (union value){.u64 = in.v[0].bytes.len});
}

/* A text that grows in the scratch. */
struct text {
	struct eval *e;
	char *p;
	size_t len, size;
	bool failed;
};

static void text_add(struct text *t, struct str s)
{
	size_t size = t->size ? t->size : 64;
	char *p;

	while (size < t->len + s.len)
		size *= 2;
	if (size != t->size) {
		p = room(t->e, size);
		if (!p) {
			t->failed = true;
			return;
		}
		if (t->len)
			memcpy(p, t->p, t->len);
		t->p = p;
		t->size = size;
	}
	if (s.len)
		memcpy(t->p + t->len, s.p, s.len);
	t->len += s.len;
}

static struct values text_value(const struct text *t)
{
	if (t->failed)
		return absent;
	return one_value(t->e, (union value){.bytes = {t->p ? t->p : "", t->len}});
}

static void text_add_value(struct text *t, enum field_type type, const union value *v)
{
	struct field shape = {.type = type};
	struct values one = {.is_set = true, .n = 1, .v = v};
	char store[128];
	struct buf b;

	if (value_kind(type) == VALUE_BYTES && filter_types_of(type) != FILTER_TYPES_NET) {
		text_add(t, v->bytes);
		return;
	}
	/* Numbers and addresses are short: no heap. */
	b = (struct buf){.p = store, .size = sizeof store, .cap_bytes = sizeof store - 1};
	value_print(&b, &shape, &one);
	text_add(t, buf_str(&b));
}

/* Adds the values of @o, each behind the separator but the first. False when absent. */
static bool join_operand(const struct run *r, const struct operand *o, struct str separator,
			 bool *is_first, struct text *t)
{
	struct values v;

	if (o->kind == OPERAND_LIST) {
		for (uint32_t i = 0; i < o->n; i++) {
			if (!join_operand(r, o->args[i], separator, is_first, t))
				return false;
		}
		return true;
	}
	v = get(r, o);
	for (uint32_t i = 0; v.is_set && i < v.n; i++) {
		if (!*is_first)
			text_add(t, separator);
		*is_first = false;
		text_add_value(t, o->type, &v.v[i]);
	}
	return v.is_set;
}

static struct values get_join(const struct run *r, const struct operand *o)
{
	struct text t = {.e = r->e};
	struct values separator = get(r, o->args[0]);
	bool is_first = true;

	if (!separator.is_set || separator.n == 0 ||
	    !join_operand(r, o->args[1], separator.v[0].bytes, &is_first, &t))
		return absent;
	return text_value(&t);
}

static struct values get_concat(const struct run *r, const struct operand *o)
{
	struct text t = {.e = r->e};

	for (uint32_t i = 0; i < o->n; i++) {
		struct values v = get(r, o->args[i]);

		if (!v.is_set || v.n == 0)
			return absent;
		text_add(&t, v.v[0].bytes);
	}
	return text_value(&t);
}

static struct values get_getopt(const struct run *r, const struct operand *o)
{
	struct values list = get(r, o->args[0]), options = get(r, o->args[1]), ret;

	if (!list.is_set || !options.is_set || options.n == 0 ||
	    !transform_getopt(&list, options.v[0].bytes, o->has_arg ? &o->arg : NULL,
			      &r->e->scratch, &ret))
		return absent;
	return ret;
}

static struct values get(const struct run *r, const struct operand *o)
{
	if (o->kind == OPERAND_FIELD)
		return get_field(r, o);
	if (o->kind == OPERAND_CONST)
		return (struct values){.is_set = true, .n = 1, .v = &o->value};
	if (o->kind == OPERAND_LIST)
		return get_list(r, o);
	switch (o->call) {
	case FILTER_CALL_LEN:
		return get_len(r, o);
	case FILTER_CALL_JOIN:
		return get_join(r, o);
	case FILTER_CALL_CONCAT:
		return get_concat(r, o);
	case FILTER_CALL_GETOPT:
		return get_getopt(r, o);
	default:
		return get_mapped(r, o);
	}
}

/* @v with U+FFFD for each run that is not UTF-8; false when there is no room. */
static bool clean(struct eval *e, union value *v)
{
	static const struct str mark = {"\xef\xbf\xbd", 3};
	struct text t = {.e = e};
	struct str s = v->bytes;

	if (utf8_valid(s.p, s.len))
		return true;
	while (s.len) {
		size_t bad, n = utf8_next(s.p, s.len, &bad);

		text_add(&t, n ? (struct str){s.p, n} : mark);
		s = str_from_at(s, n ? n : bad);
	}
	v->bytes = (struct str){t.p, t.len};
	return !t.failed;
}

static bool holds_for(struct eval *e, const struct test *t, const union value *v,
		      const struct constant *c)
{
	union value cleaned = *v;

	if (t->op != FILTER_OP_REGEX)
		return compare_values(t->op, t->left->type, v, c);
	return clean(e, &cleaned) && compare_values(t->op, t->left->type, &cleaned, c);
}

/* Whether all values must satisfy (every side differs), not just one. */
static bool wants_all(const struct test *t)
{
	const struct operand *o = t->left;

	return t->op == FILTER_OP_NE && o->kind == OPERAND_FIELD &&
	       (o->use->field->flags & FIELD_NOT_ANY);
}

/* One constant against a field that is no list, but may have several values. */
static bool holds(struct eval *e, const struct test *t, const struct values *left,
		  const struct constant *c)
{
	bool all = wants_all(t);

	for (uint32_t i = 0; i < left->n; i++) {
		if (holds_for(e, t, &left->v[i], c) != all)
			return !all;
	}
	return all && left->n > 0;
}

/* What stands on the right of an operator. */
struct constants {
	const struct constant *const *v;
	uint32_t n;
};

static uint32_t count_holding(struct eval *e, const struct test *t, const struct values *left,
			      struct constants right, uint32_t stop_at)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < right.n && found < stop_at; i++)
		found += holds(e, t, left, right.v[i]);
	return found;
}

static bool is_among(struct eval *e, const struct test *t, const union value *v,
		     struct constants right)
{
	struct values one = {.is_set = true, .n = 1, .v = v};

	return count_holding(e, t, &one, right, 1) > 0;
}

/* A list on the left: in wants every element, intersects one. */
static bool holds_list(struct eval *e, const struct test *t, const struct values *left,
		       struct constants right)
{
	bool all = t->op == FILTER_OP_IN;

	for (uint32_t i = 0; i < left->n; i++) {
		if (is_among(e, t, &left->v[i], right) != all)
			return !all;
	}
	return all;
}

static bool holds_any(struct eval *e, const struct test *t, const struct values *left,
		      struct constants right)
{
	if (t->op == FILTER_OP_EXISTS)
		return true;
	if (t->left->is_list)
		return holds_list(e, t, left, right);
	switch (t->modifier) {
	case FILTER_MOD_ONEOF:
		return count_holding(e, t, left, right, 2) == 1;
	case FILTER_MOD_ALLOF:
		return right.n > 0 && count_holding(e, t, left, right, right.n) == right.n;
	default:
		return count_holding(e, t, left, right, 1) > 0;
	}
}

/* Whether @t compares one value with one constant, and no more has to be thought of: most do. */
static inline bool is_plain(const struct test *t, const struct values *left)
{
	return t->n == 1 && left->n == 1 && t->modifier == FILTER_MOD_NONE && !t->left->is_list &&
	       t->op != FILTER_OP_EXISTS && t->op != FILTER_OP_REGEX;
}

bool eval_test_values(struct eval *e, const struct test *t, const struct values *left)
{
	if (left->is_set && is_plain(t, left))
		return compare_values(t->op, t->left->type, left->v, t->consts[0]);
	return left->is_set && holds_any(e, t, left, (struct constants){t->consts, t->n});
}

static bool test_holds(const struct run *r, const struct test *t)
{
	struct values left = get(r, t->left), right;
	const struct constant **consts;
	struct constant *room_for;

	if (!t->right || !left.is_set)
		return eval_test_values(r->e, t, &left);
	right = get(r, t->right);
	consts = right.is_set ? room(r->e, (right.n + 1) * sizeof *consts) : NULL;
	room_for = consts ? room(r->e, (right.n + 1) * sizeof *room_for) : NULL;
	if (!room_for)
		return false;
	for (uint32_t i = 0; i < right.n; i++) {
		room_for[i].v = right.v[i];
		consts[i] = &room_for[i];
	}
	return holds_any(r->e, t, &left, (struct constants){consts, right.n});
}

static bool expr_holds(const struct run *r, const struct expr *x)
{
	if (x->kind == EXPR_TEST)
		return test_holds(r, x->test);
	if (x->kind == EXPR_NOT)
		return !expr_holds(r, x->kids[0]);
	for (uint32_t i = 0; i < x->n; i++) {
		if (expr_holds(r, x->kids[i]) != (x->kind == EXPR_AND))
			return x->kind == EXPR_OR;
	}
	return x->kind == EXPR_AND;
}

bool eval_match(struct eval *e, const struct expr *x, const struct event *evt,
		const struct fetch *fetch)
{
	return expr_holds(&(struct run){e, evt, fetch}, x);
}

bool eval_test(struct eval *e, const struct test *t, const struct event *evt,
	       const struct fetch *fetch)
{
	return test_holds(&(struct run){e, evt, fetch}, t);
}

struct values eval_operand(struct eval *e, const struct operand *o, const struct event *evt,
			   const struct fetch *fetch)
{
	return get(&(struct run){e, evt, fetch}, o);
}
