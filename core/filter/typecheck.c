/*
 * The type check walks the tree once; every function answers 0 with its result, 1 when a mistake
 * was reported (the walk goes on beside it, to find the others), or a negative errno.
 */
#include "filter/typecheck.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "filter/constant.h"
#include "filter/parse.h"
#include "filter/usetable.h"
#include "gyr/events.h"
#include "util/nearest.h"

enum {
	SHARED_MIN = 8, /* a list of fewer items is rather compared with anew than kept apart */
};

struct checker {
	const struct typecheck_options *o;
	struct arena scratch; /* for one constant */
	struct arena consts;  /* of one comparison, before it is interned */
	uint32_t n_reports;
	struct err err; /* of the field or constant at hand */
	/* Of the comparison at hand: what is asked of its lists. */
	const struct expr **apart;
	uint32_t n_apart;
};

static void tell(struct checker *c, enum typecheck_code code, struct ast_place where,
		 struct str subject, const struct err *err)
{
	c->n_reports++;
	if (c->o->report)
		c->o->report(c->o->ctx, code, where, subject, err);
}

/* Reports a mistake at @where and answers 1. */
__attribute__((format(printf, 3, 4))) static int wrong(struct checker *c, struct ast_place where,
						       const char *fmt, ...)
{
	struct err err = ERR_NULL;
	char text[sizeof err.text];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(&err, where.span.offset, where.span.len, "%s", text);
	tell(c, TYPECHECK_ERROR, where, STR(""), &err);
	return 1;
}

/* Reports a mistake that another module described; its span counts from the start of @where. */
static int wrong_as(struct checker *c, enum typecheck_code code, struct ast_place where,
		    struct str subject, struct err *err)
{
	if (err->offset + err->len > where.span.len || err->len == 0) {
		err->offset = 0;
		err->len = where.span.len;
	}
	err->offset += where.span.offset;
	tell(c, code, where, subject, err);
	return 1;
}

static void warn(struct checker *c, enum typecheck_code code, const struct ast_term *t,
		 const char *what)
{
	struct err err = ERR_NULL;

	err_set(&err, t->place.span.offset, t->place.span.len, "'%.*s' %s",
		(int)(t->text.len > 200 ? 200 : t->text.len), t->text.p, what);
	tell(c, code, t->place, t->text, &err);
}

static int check_field(struct checker *c, const struct ast_term *t, const struct operand **ret)
{
	const struct field_use *shared;
	struct err *err = &c->err;
	struct field_use use;
	int r;

	err_clear(err);
	r = fieldset_resolve_parts(c->o->fields, ast_term_parts(t), &c->scratch, &use, err);
	if (r == -ENOENT)
		return wrong_as(c, TYPECHECK_UNKNOWN_FIELD, t->place, t->text, err);
	if (r == -EINVAL)
		return wrong_as(c, TYPECHECK_ERROR, t->place, t->text, err);
	if (r)
		return r;
	shared = use_table_intern(c->o->uses, &use);
	if (!shared)
		return -ENOMEM;
	*ret = use_table_operand(shared);
	if (use.field->deprecated.len) {
		err_set(err, t->place.span.offset, t->place.span.len,
			"field '%.*s' is deprecated: %.*s", STR_FMT(t->text),
			STR_FMT(use.field->deprecated));
		tell(c, TYPECHECK_WARN_DEPRECATED, t->place, t->text, err);
	}
	return 0;
}

static int check_term(struct checker *c, const struct ast_term *t, bool in_call,
		      const struct operand **ret);

/* The arguments of a call, or items of a literal list, each checked. */
static int check_args(struct checker *c, const struct ast_term *t, struct operand *o)
{
	const struct operand **args = arena_alloc(c->o->arena, t->n * sizeof *args);
	int bad = 0;

	if (!args)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		int r = check_term(c, t->args[i], true, &args[i]);

		if (r < 0)
			return r;
		bad |= r;
		if (!bad)
			o->is_volatile |= args[i]->is_volatile;
	}
	o->n = t->n;
	o->args = args;
	return bad;
}

static bool is_text(enum field_type t)
{
	return filter_types_of(t) == FILTER_TYPES_STRING;
}

/* What a transformer of one argument takes, and gives. */
static int type_single(struct checker *c, const struct ast_term *t, struct operand *o)
{
	const struct operand *arg = o->args[0];
	bool fits = is_text(arg->type);

	o->type = arg->type;
	o->is_list = arg->is_list;
	if (o->call == FILTER_CALL_B64 || o->call == FILTER_CALL_LEN)
		fits |= arg->type == FT_BYTEBUF;
	if (o->call == FILTER_CALL_LEN) {
		fits |= arg->is_list;
		o->type = FT_UINT64;
		o->is_list = false;
	}
	if (fits)
		return 0;
	return wrong(c, t->args[0]->place, "'%s' does not take values of type %s",
		     filter_transformer(o->call)->name.p, field_type_name(arg->type));
}

static int type_join(struct checker *c, const struct ast_term *t, struct operand *o)
{
	if (o->n != 2)
		return wrong(c, t->place, "'join' takes a separator and a list, not %u arguments",
			     o->n);
	if (o->args[0]->is_list || !is_text(o->args[0]->type))
		return wrong(c, t->args[0]->place, "the separator of 'join' is a single text");
	if (!o->args[1]->is_list)
		return wrong(c, t->args[1]->place, "the second argument of 'join' is a list");
	o->type = FT_CHARBUF;
	return 0;
}

static int type_concat(struct checker *c, const struct ast_term *t, struct operand *o)
{
	if (o->n < 2)
		return wrong(c, t->place, "'concat' takes two or more texts");
	for (uint32_t i = 0; i < o->n; i++) {
		if (o->args[i]->is_list || o->args[i]->type != FT_CHARBUF)
			return wrong(c, t->args[i]->place,
				     "arguments of 'concat' are single strings");
	}
	o->type = FT_CHARBUF;
	return 0;
}

static int type_getopt(struct checker *c, const struct ast_term *t, struct operand *o)
{
	if (o->n != 2)
		return wrong(c, t->place,
			     "'getopt' takes a list and the options it may hold, not %u arguments",
			     o->n);
	if (!o->args[0]->is_list || o->args[0]->type != FT_CHARBUF)
		return wrong(c, t->args[0]->place,
			     "the first argument of 'getopt' is a list of strings");
	if (o->args[1]->is_list || o->args[1]->type != FT_CHARBUF)
		return wrong(c, t->args[1]->place,
			     "the second argument of 'getopt' is a single string");
	if (t->has_arg && t->arg.len != 1)
		return wrong(c, t->place, "'getopt' takes one option letter in brackets");
	o->type = FT_CHARBUF;
	o->is_list = !t->has_arg;
	o->has_arg = t->has_arg;
	o->arg = t->has_arg ? t->arg.p[0] : '\0';
	return 0;
}

static int check_call(struct checker *c, const struct ast_term *t, struct operand *o)
{
	const struct filter_transformer *x = filter_transformer(t->call);
	int r = check_args(c, t, o);

	o->kind = OPERAND_CALL;
	o->call = t->call;
	if (r)
		return r;
	if (t->has_arg && t->call != FILTER_CALL_GETOPT)
		return wrong(c, t->place, "'%s' takes no argument in brackets", x->name.p);
	if (!x->takes_many && o->n != 1)
		return wrong(c, t->place, "'%s' takes one argument, not %u", x->name.p, o->n);
	switch (t->call) {
	case FILTER_CALL_JOIN:
		return type_join(c, t, o);
	case FILTER_CALL_CONCAT:
		return type_concat(c, t, o);
	case FILTER_CALL_GETOPT:
		return type_getopt(c, t, o);
	default:
		return type_single(c, t, o);
	}
}

/* A literal list: what its items have in common. */
static int check_literal_list(struct checker *c, const struct ast_term *t, struct operand *o)
{
	int r = check_args(c, t, o);

	o->kind = OPERAND_LIST;
	o->is_list = true;
	o->type = r == 0 && o->n ? o->args[0]->type : FT_CHARBUF;
	for (uint32_t i = 1; r == 0 && i < o->n; i++) {
		if (o->args[i]->type != o->type)
			o->type = FT_NONE; /* mixed: good enough for join and len */
	}
	return r;
}

/* A text as argument of a call. */
static int check_literal(struct checker *c, const struct ast_term *t, struct operand *o)
{
	o->kind = OPERAND_CONST;
	o->type = FT_CHARBUF;
	if (memchr(t->text.p, '\0', t->text.len))
		return wrong(c, t->place, "a text cannot hold a NUL byte (\\x00)");
	o->value.bytes = arena_str(c->o->arena, t->text);
	return o->value.bytes.p ? 0 : -ENOMEM;
}

/* An operand; @in_call: as argument of a transformer. */
static int check_term(struct checker *c, const struct ast_term *t, bool in_call,
		      const struct operand **ret)
{
	struct operand *o;
	int r;

	if (t->kind == AST_TERM_FIELD) {
		r = check_field(c, t, ret);
		if (r == 0 && in_call && ((*ret)->use->field->flags & FIELD_NO_TRANSFORMER))
			return wrong(c, t->place, "field '%.*s' cannot be given to a transformer",
				     STR_FMT(t->text));
		return r;
	}
	if (t->kind == AST_TERM_CALL && t->call == FILTER_CALL_VAL)
		return check_term(c, t->args[0], false, ret);
	o = arena_alloc(c->o->arena, sizeof *o);
	if (!o)
		return -ENOMEM;
	if (t->kind == AST_TERM_CALL)
		r = check_call(c, t, o);
	else if (t->kind == AST_TERM_LIST)
		r = check_literal_list(c, t, o);
	else
		r = check_literal(c, t, o);
	if (r == 0)
		*ret = o;
	return r;
}

/* Whether a list of such elements can be compared. */
static bool is_list_element(enum field_type t)
{
	switch (t) {
	case FT_CHARBUF:
	case FT_UINT64:
	case FT_RELTIME:
	case FT_ABSTIME:
	case FT_BOOL:
	case FT_IPADDR:
	case FT_IPNET:
		return true;
	default:
		return false;
	}
}

static bool is_distance(const struct operand *o)
{
	return o->kind == OPERAND_FIELD && (o->use->field->flags & FIELD_WITHIN);
}

static int check_operator(struct checker *c, const struct ast *t, const struct operand *left)
{
	const struct filter_operator *op = filter_operator(t->op);
	struct ast_place where = {.span = t->op_span, .origin = t->place.origin};
	enum filter_types types = left->is_list ? FILTER_TYPES_LIST : filter_types_of(left->type);

	if (is_distance(left) && ((t->op != FILTER_OP_EQ && t->op != FILTER_OP_EQ2) || t->modifier))
		return wrong(c, where, "field '%.*s' is compared by '=' only",
			     STR_FMT(left->use->field->name));
	if (t->op == FILTER_OP_EXISTS)
		return 0;
	if (!(op->types & types))
		return wrong(c, where, "operator '%s' does not go with a left side of type %s%s",
			     op->name.p, left->is_list ? "list of " : "",
			     field_type_name(left->type));
	if (left->is_list && !is_list_element(left->type))
		return wrong(c, where, "lists of %s cannot be compared",
			     field_type_name(left->type));
	return 0;
}

static bool is_network(enum field_type t)
{
	return t == FT_IPNET || t == FT_IPV4NET || t == FT_IPV6NET;
}

static bool refuses_right(const struct operand *o)
{
	return o->kind == OPERAND_FIELD && (o->use->field->flags & FIELD_NO_RHS);
}

static int check_right_field(struct checker *c, const struct ast *t, struct test *test)
{
	const struct operand *left = test->left, *right;
	int r = check_term(c, t->right, false, &test->right);

	if (r)
		return r;
	right = test->right;
	if (t->op == FILTER_OP_PMATCH || t->op == FILTER_OP_REGEX)
		return wrong(c, t->right->place, "operator '%s' takes constants only",
			     filter_operator(t->op)->name.p);
	if (refuses_right(left) || refuses_right(right)) {
		const struct operand *o = refuses_right(left) ? left : right;

		return wrong(c, t->right->place, "field '%.*s' is compared with constants only",
			     STR_FMT(o->use->field->name));
	}
	if (left->type != right->type || left->is_list != right->is_list)
		return wrong(c, t->right->place, "the left side is %s%s, the right side %s%s",
			     left->is_list ? "a list of " : "", field_type_name(left->type),
			     right->is_list ? "a list of " : "", field_type_name(right->type));
	if (is_network(left->type))
		return wrong(c, t->right->place, "networks are compared with constants only");
	return 0;
}

/* The bytes of an expression that mean themselves. */
static bool is_literal(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (strchr(".*+?()[]{}|^$\\", s.p[i]))
			return false;
	}
	return s.len > 0;
}

static bool is_repeated_any(struct str s)
{
	return s.len == 2 && s.p[0] == '.' && strchr("*+?", s.p[1]);
}

/* Whether an expression is a plain text but for what stands at its ends. */
static bool is_simple_regex(struct str s)
{
	if (s.len > 2 && is_repeated_any((struct str){s.p, 2}))
		s = str_from_at(s, 2);
	else if (s.len && s.p[0] == '^')
		s = str_from_at(s, 1);
	if (s.len > 2 && is_repeated_any((struct str){s.p + s.len - 2, 2}))
		s.len -= 2;
	else if (s.len && s.p[s.len - 1] == '$')
		s.len--;
	return is_literal(s);
}

/* Whether a constant reads as a field or a call of a transformer. */
static bool is_like_field(struct checker *c, struct str text)
{
	const struct ast_term *t;
	struct field_use use;
	bool is_val = str_starts(text, STR("val(")) && text.p[text.len - 1] == ')';

	if (is_val)
		text = (struct str){text.p + 4, text.len - 5};
	if (text.len == 0)
		return false;
	if (!memchr(text.p, '.', text.len) && !memchr(text.p, '(', text.len))
		return false;
	err_clear(&c->err);
	if (parse_term(&text, NULL, &c->scratch, &t, &c->err) || text.len)
		return false;
	return t->kind == AST_TERM_CALL || is_val ||
	       fieldset_resolve_parts(c->o->fields, ast_term_parts(t), &c->scratch, &use, NULL) ==
		       0;
}

static bool is_na_operator(enum filter_op op)
{
	return op == FILTER_OP_EQ || op == FILTER_OP_EQ2 || op == FILTER_OP_NE ||
	       op == FILTER_OP_IN || op == FILTER_OP_INTERSECTS || op == FILTER_OP_PMATCH;
}

static void warn_about(struct checker *c, enum filter_op op, const struct operand *left,
		       const struct ast_term *t)
{
	if (is_like_field(c, t->text))
		warn(c, TYPECHECK_WARN_FIELD_AS_TEXT, t,
		     "is compared as a text although it reads as a field or a transformer");
	if (op == FILTER_OP_REGEX && is_simple_regex(t->text))
		warn(c, TYPECHECK_WARN_REGEX, t,
		     "needs no expression: '=', 'contains', 'startswith' or 'endswith' would do");
	if (is_na_operator(op) && str_is(t->text, "<NA>") && left->kind == OPERAND_FIELD) {
		struct err err = ERR_NULL;

		err_set(&err, t->place.span.offset, t->place.span.len,
			"a field without value does not equal the text '<NA>': use 'exists'");
		tell(c, TYPECHECK_WARN_NA, t->place, left->use->field->name, &err);
	}
	arena_reset(&c->scratch);
}

static bool is_event_name(const struct checker *c, struct str name)
{
	return gyr_event_find(name.p, name.len, 0) || gyr_syscall_find(name.p, name.len) ||
	       (c->o->is_event && c->o->is_event(c->o->ctx, name));
}

static void hint_event(struct str name, struct err *err)
{
	struct nearest near;

	nearest_init(&near, name);
	for (uint16_t i = 1; i < gyr_syscall_count(); i++)
		nearest_offer(&near, str_from(gyr_syscall(i)->name));
	for (uint16_t i = 1; i < gyr_event_count(); i++)
		nearest_offer(&near, str_from(gyr_event(i)->name));
	if (near.best.len)
		err_hint(err, "did you mean '%.*s'?", STR_FMT(near.best));
}

static int unknown_event(struct checker *c, const struct ast_term *t)
{
	struct err err = ERR_NULL;

	err_set(&err, 0, 0, "'%.*s' is not an event", (int)(t->text.len > 200 ? 200 : t->text.len),
		t->text.p);
	hint_event(t->text, &err);
	return wrong_as(c, TYPECHECK_UNKNOWN_EVENT, t->place, t->text, &err);
}

/* The shared constant that @t is on the right of @op. */
static int intern_constant(struct checker *c, enum filter_op op, const struct operand *left,
			   const struct ast_term *t, const struct constant **ret)
{
	const struct constant_form form = {
		.type = (uint8_t)left->type,
		.is_hex = op == FILTER_OP_BCONTAINS || op == FILTER_OP_BSTARTSWITH,
		.is_regex = op == FILTER_OP_REGEX,
	};
	struct constant own = {.text = {NULL, 0}};
	int r;

	*ret = use_table_constant(c->o->uses, &form, t->text);
	if (*ret)
		return 0;
	own.text = arena_str(&c->scratch, t->text);
	if (!own.text.p)
		return -ENOMEM;
	err_clear(&c->err);
	r = constant_convert(left->type, op, &c->scratch, &own, &c->err);
	if (r == 0 && form.is_regex)
		r = use_table_regex(c->o->uses, own.text, &own.regex, &c->err);
	/* all of it is at fault: quotes and escapes would shift a span inside */
	c->err.offset = c->err.len = 0;
	if (r == -EINVAL)
		return wrong_as(c, TYPECHECK_ERROR, t->place, t->text, &c->err);
	if (r)
		return r;
	*ret = use_table_add_constant(c->o->uses, &form, &own);
	return *ret ? 0 : -ENOMEM;
}

static int check_constant(struct checker *c, enum filter_op op, const struct operand *left,
			  const struct ast_term *t, const struct constant **ret)
{
	int r = intern_constant(c, op, left, t, ret);

	if (r)
		return r;
	if (left->kind == OPERAND_FIELD && left->use->field->role == FIELD_ROLE_EVENT_TYPE &&
	    !is_event_name(c, t->text))
		return unknown_event(c, t);
	warn_about(c, op, left, t);
	return 0;
}

/* Checks @n constants of @test, whose array has room for them. */
static int check_items(struct checker *c, struct test *test, const struct ast_term *const *items,
		       uint32_t n)
{
	const struct constant **consts = (const struct constant **)(uintptr_t)test->consts;
	int bad = 0;

	for (uint32_t i = 0; i < n; i++) {
		int r = check_constant(c, test->op, test->left, items[i], &consts[test->n++]);

		if (r < 0)
			return r;
		bad |= r;
	}
	return bad;
}

/* Whether comparing with all values at once says the same as comparing with those of @list or with the
 * others, and is worth it. */
static bool stands_apart(const struct test *test, const struct ast_term *list)
{
	const struct operand *o = test->left;
	bool is_plain = o->kind == OPERAND_FIELD && !o->is_list && !o->is_volatile &&
			!(o->use->field->flags & (FIELD_ANY | FIELD_NOT_ANY));

	return list && list->n >= SHARED_MIN && is_plain && test->modifier == FILTER_MOD_NONE &&
	       (test->op == FILTER_OP_IN || test->op == FILTER_OP_PMATCH);
}

/* The comparison with the items of @list alone, the same for all who use it. */
static int check_list(struct checker *c, const struct test *test, const struct ast_term *list,
		      const struct expr **ret)
{
	struct test own = {.op = test->op, .left = test->left};
	uint32_t before = c->n_reports;
	int r;

	*ret = use_table_list(c->o->uses, test, list);
	if (*ret)
		return 0;
	own.consts = arena_alloc(&c->consts, list->n * sizeof(struct constant *));
	if (!own.consts)
		return -ENOMEM;
	r = check_items(c, &own, list->args, list->n);
	if (r)
		return r;
	*ret = use_table_test(c->o->uses, &own);
	if (!*ret)
		return -ENOMEM;
	return c->n_reports == before ? use_table_add_list(c->o->uses, test, list, *ret) : 0;
}

/* The constants on the right; comparisons with long lists among them go to c->apart. */
static int check_constants(struct checker *c, const struct ast *t, struct test *test)
{
	const struct ast_term *right = t->right;
	bool is_list = right->kind == AST_TERM_LIST;
	uint32_t n = is_list ? right->n : 1;
	int bad = 0;

	test->consts = arena_alloc(&c->consts, n * sizeof(struct constant *));
	c->apart = arena_alloc(&c->consts, n * sizeof(struct expr *));
	if (!test->consts || !c->apart)
		return -ENOMEM;
	if (!is_list)
		return check_items(c, test, &right, 1);
	for (uint32_t i = 0, step; i < n; i += step) {
		const struct ast_term *list = right->lists ? right->lists[i] : NULL;
		bool is_apart = stands_apart(test, list);
		int r = is_apart ? check_list(c, test, list, &c->apart[c->n_apart++])
				 : check_items(c, test, &right->args[i], 1);

		if (r < 0)
			return r;
		bad |= r;
		step = is_apart ? list->n : 1;
	}
	return bad;
}

static bool is_equality(enum filter_op op)
{
	return op == FILTER_OP_EQ || op == FILTER_OP_NE || op == FILTER_OP_IN ||
	       op == FILTER_OP_INTERSECTS;
}

/* The extractor is told what the field is compared with, where it wants to know: as the argument of the
 * field, one constant a line. */
static int tell_constants(struct checker *c, struct test *test)
{
	const struct operand *left = test->left;
	const struct field_use *shared;
	struct field_use use;
	struct buf b;

	if (left->kind != OPERAND_FIELD || !(left->use->field->flags & FIELD_ARG_COMPARED) ||
	    !is_equality(test->op) || !test->n)
		return 0;
	use = *left->use;
	buf_init(&b, 1 << 20);
	for (uint32_t i = 0; i < test->n; i++) {
		if (i)
			buf_add_char(&b, '\n');
		buf_add_str(&b, test->consts[i]->text);
	}
	use.has_arg = true;
	use.arg = buf_str(&b);
	shared = b.failed ? NULL : use_table_intern(c->o->uses, &use);
	buf_deinit(&b);
	if (!shared)
		return -ENOMEM;
	test->left = use_table_operand(shared);
	return 0;
}

static int check_sides(struct checker *c, const struct ast *t, struct test *test)
{
	const struct operand *unused;
	int r = check_term(c, t->left, false, &test->left);

	if (r == 0)
		r = check_operator(c, t, test->left);
	if (r > 0 && t->right && t->right->kind == AST_TERM_CALL) {
		int more = check_term(c, t->right, false, &unused);

		return more < 0 ? more : r;
	}
	if (r || !t->right)
		return r;
	if (t->right->kind == AST_TERM_CALL || t->right->kind == AST_TERM_FIELD)
		return check_right_field(c, t, test);
	r = check_constants(c, t, test);
	return r ? r : tell_constants(c, test);
}

/* One of @n expressions; the array is copied. NULL when memory is short. */
static const struct expr *any_of(struct checker *c, const struct expr *const *kids, uint32_t n)
{
	const struct expr **own = arena_alloc(c->o->arena, n * sizeof(*own));
	struct expr *x = arena_alloc(c->o->arena, sizeof *x);

	if (!own || !x)
		return NULL;
	memcpy(own, kids, n * sizeof(*own));
	*x = (struct expr){.kind = EXPR_OR, .n = n, .kids = own};
	return x;
}

/* @test, or what stands apart from it. */
static int join_apart(struct checker *c, const struct test *test, const struct expr **ret)
{
	bool has_test = test->n > 0 || c->n_apart == 0;

	if (has_test) {
		*ret = use_table_test(c->o->uses, test);
		if (!*ret)
			return -ENOMEM;
	}
	if (c->n_apart == 0)
		return 0;
	if (has_test)
		c->apart[c->n_apart++] = *ret; /* there is room: lists have more items than one */
	*ret = c->n_apart == 1 ? c->apart[0] : any_of(c, c->apart, c->n_apart);
	return *ret ? 0 : -ENOMEM;
}

static int check_test(struct checker *c, const struct ast *t, const struct expr **ret)
{
	const enum filter_op op = t->op == FILTER_OP_EQ2 ? FILTER_OP_EQ : t->op;
	struct test test = {.op = op, .modifier = t->modifier};
	int r;

	c->n_apart = 0;
	r = check_sides(c, t, &test);
	if (r == 0 && is_distance(test.left))
		test.op = FILTER_OP_LE;
	if (r == 0)
		r = join_apart(c, &test, ret);
	arena_reset(&c->consts);
	return r;
}

static int check_tree(struct checker *c, const struct ast *t, const struct expr **ret);

static int check_chain(struct checker *c, const struct ast *t, const struct expr **ret)
{
	const struct expr **kids = arena_alloc(c->o->arena, t->n * sizeof *kids);
	struct expr *x = arena_alloc(c->o->arena, sizeof *x);
	int bad = 0;

	if (!kids || !x)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		int r = check_tree(c, t->kids[i], &kids[i]);

		if (r < 0)
			return r;
		bad |= r;
	}
	*x = (struct expr){.kind = t->kind == AST_AND  ? EXPR_AND
				   : t->kind == AST_OR ? EXPR_OR
						       : EXPR_NOT,
			   .n = t->n,
			   .kids = kids};
	*ret = x;
	return bad;
}

static int unknown_macro(struct checker *c, const struct ast *t)
{
	struct err err = ERR_NULL;

	err_set(&err, 0, 0, "'%.*s' is not a macro", (int)(t->name.len > 200 ? 200 : t->name.len),
		t->name.p);
	return wrong_as(c, TYPECHECK_UNKNOWN_NAME, t->place, t->name, &err);
}

static int check_tree(struct checker *c, const struct ast *t, const struct expr **ret)
{
	const struct expr *known = t->is_shared ? use_table_checked(c->o->uses, t) : NULL;
	uint32_t before = c->n_reports;
	int r;

	if (known) {
		*ret = known;
		return 0;
	}
	if (t->kind == AST_NAME)
		return unknown_macro(c, t);
	r = t->kind == AST_CHECK ? check_test(c, t, ret) : check_chain(c, t, ret);
	/* A part that was warned about is checked, and warned about, for every rule it is in. */
	if (r || !t->is_shared || c->n_reports > before)
		return r;
	return use_table_add_checked(c->o->uses, t, *ret);
}

int typecheck(const struct ast *tree, const struct typecheck_options *o,
	      const struct expr **ret_expr)
{
	struct checker c = {.o = o};
	const struct expr *x;
	int r = check_tree(&c, tree, &x);

	arena_deinit(&c.scratch);
	arena_deinit(&c.consts);
	if (r)
		return r > 0 ? -EINVAL : r;
	*ret_expr = x;
	return 0;
}

int typecheck_term(const struct ast_term *term, const struct typecheck_options *o,
		   const struct operand **ret_operand)
{
	struct checker c = {.o = o};
	const struct operand *operand;
	int r = check_term(&c, term, false, &operand);

	arena_deinit(&c.scratch);
	arena_deinit(&c.consts);
	if (r)
		return r > 0 ? -EINVAL : r;
	*ret_operand = operand;
	return 0;
}
