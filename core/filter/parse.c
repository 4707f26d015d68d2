#include "filter/parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "filter/print.h"
#include "filter/token.h"
#include "util/mem.h"

struct parser {
	struct str text;
	size_t pos;
	uint32_t depth, max_depth;
	const void *origin;
	struct arena *arena;
	struct err *err;
};

/* A growing list of pointers; freed by every path. */
struct pile {
	const void **p;
	uint32_t n, size;
};

static int pile_push(struct pile *s, const void *item)
{
	const void **grown;

	if (s->n == s->size) {
		grown = mem_grow(s->p, s->size ? s->size * 2 : 8, sizeof *grown);
		if (!grown)
			return -ENOMEM;
		s->size = s->size ? s->size * 2 : 8;
		s->p = grown;
	}
	s->p[s->n++] = item;
	return 0;
}

static struct str rest(const struct parser *p)
{
	return str_from_at(p->text, p->pos);
}

static size_t skip_blanks(struct parser *p)
{
	size_t n = token_blanks(rest(p));

	p->pos += n;
	return n;
}

/* Takes the literal @word if it is next. */
static bool take(struct parser *p, struct str word)
{
	if (!str_starts(rest(p), word))
		return false;
	p->pos += word.len;
	return true;
}

static struct ast_place place_from(const struct parser *p, size_t from)
{
	return (struct ast_place){
		.span = {.offset = (uint32_t)from, .len = (uint32_t)(p->pos - from)},
		.origin = p->origin};
}

/* What the cursor is at, for messages: the next word, or one byte. */
static size_t here_len(const struct parser *p)
{
	size_t n = token_bare(rest(p));

	return n ? n : rest(p).len ? 1 : 0;
}

static bool opens_quote(struct str s)
{
	return (s.p[0] == '"' || s.p[0] == '\'') && !memchr(s.p + 1, s.p[0], s.len - 1);
}

static void hint_keyword(struct parser *p)
{
	static const char *const words[] = {"and", "or", "not"};
	const struct str s = rest(p);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (here_len(p) == strlen(words[i]) && strncasecmp(s.p, words[i], here_len(p)) == 0)
			err_hint(p->err, "did you mean '%s'?", words[i]);
}

static int expected(struct parser *p, const char *what)
{
	struct str s = rest(p);

	if (s.len)
		hint_keyword(p);
	if (s.len == 0)
		err_set(p->err, p->pos, 0, "expected %s, found the end", what);
	else if (opens_quote(s))
		err_set(p->err, p->pos, 1, "the quote that opens here is not closed");
	else
		err_set(p->err, p->pos, here_len(p), "expected %s, found '%.*s'", what,
			(int)(here_len(p) > 80 ? 80 : here_len(p)), s.p);
	return -EINVAL;
}

static int enter(struct parser *p)
{
	if (++p->depth < p->max_depth)
		return 0;
	err_set(p->err, p->pos, rest(p).len ? 1 : 0, "nested deeper than the limit of %u",
		p->max_depth);
	return -EINVAL;
}

static int unescape(struct parser *p, struct str quoted, struct str *ret)
{
	struct buf b;
	struct str inner = {quoted.p + 1, quoted.len - 2};
	struct err err = ERR_NULL;
	int r;

	if (!memchr(inner.p, '\\', inner.len)) {
		*ret = inner;
		return 0;
	}
	buf_init(&b, quoted.len + 1);
	r = filter_unescape(&b, quoted, &err);
	if (!r) {
		*ret = arena_str(p->arena, buf_str(&b));
		r = ret->p ? 0 : -ENOMEM;
	} else if (r == -EINVAL) {
		err_set(p->err, p->pos - quoted.len + err.offset, err.len, "%s", err.text);
	}
	buf_deinit(&b);
	return r;
}

/* Takes a quoted string; 1 when there is none. */
static int take_quoted(struct parser *p, struct str *ret)
{
	size_t n = token_quoted(rest(p));
	struct str quoted = {rest(p).p, n};

	if (n == 0)
		return 1;
	p->pos += n;
	return unescape(p, quoted, ret);
}

static int text_term(struct parser *p, size_t from, struct str text, bool is_quoted,
		     const struct ast_term **ret)
{
	*ret = ast_text(p->arena, place_from(p, from), text, is_quoted);
	return *ret ? 0 : -ENOMEM;
}

static int take_quoted_term(struct parser *p, const struct ast_term **ret)
{
	size_t from = p->pos;
	struct str text;
	int r = take_quoted(p, &text);

	return r ? r : text_term(p, from, text, true, ret);
}

/* Takes the token of @n bytes as a text; 1 when @n is 0. */
static int take_bare_term(struct parser *p, size_t n, const struct ast_term **ret)
{
	size_t from = p->pos;
	struct str text = {rest(p).p, n};

	if (n == 0)
		return 1;
	p->pos += n;
	return text_term(p, from, text, false, ret);
}

/* "[arg]", if a bracket is next. Sets *ret_has_arg. */
static int take_arg(struct parser *p, bool *ret_has_arg, struct str *ret, struct ast_span *ret_span)
{
	size_t from, n;
	int r;

	*ret_has_arg = false;
	if (!take(p, STR("[")))
		return 0;
	from = p->pos;
	r = take_quoted(p, ret);
	if (r < 0)
		return r;
	if (r > 0) {
		n = token_bare_arg(rest(p));
		if (n == 0)
			return expected(p, "an argument in brackets: quoted, or a bare word");
		*ret = (struct str){rest(p).p, n};
		p->pos += n;
	}
	*ret_span = place_from(p, from).span;
	if (!take(p, STR("]")))
		return expected(p, "']' after the argument");
	*ret_has_arg = true;
	return 0;
}

/* Takes a field; 1 when there is none. */
static int take_field(struct parser *p, const struct ast_term **ret)
{
	size_t from = p->pos, n = token_field(rest(p));
	struct str name = {rest(p).p, n}, arg = {NULL, 0};
	struct ast_span span = {0, 0};
	const struct ast_term *t;
	bool has_arg;
	int r;

	if (n == 0)
		return 1;
	p->pos += n;
	r = take_arg(p, &has_arg, &arg, &span);
	if (r)
		return r;
	t = ast_field(p->arena, place_from(p, from), name, has_arg ? &arg : NULL);
	if (!t)
		return -ENOMEM;
	if (has_arg)
		((struct ast_term *)t)->arg_span = span; /* ours until it is handed out */
	*ret = t;
	return 0;
}

/* The transformer whose name and '(' are next; FILTER_CALL_COUNT when there is none. */
static enum filter_call at_call(const struct parser *p)
{
	struct str s = rest(p);

	for (int c = 0; c < FILTER_CALL_COUNT; c++) {
		struct str name = filter_transformer((enum filter_call)c)->name;

		if (c != FILTER_CALL_VAL && str_starts(s, name) && s.len > name.len &&
		    s.p[name.len] == '(')
			return (enum filter_call)c;
	}
	return FILTER_CALL_COUNT;
}

static int take_call(struct parser *p, const struct ast_term **ret);

/* The closing bracket of a list, or the comma before the next item. 1: closed. */
static int take_separator(struct parser *p, const char *what)
{
	skip_blanks(p);
	if (take(p, STR(")")))
		return 1;
	if (!take(p, STR(",")))
		return expected(p, what);
	skip_blanks(p);
	return 0;
}

static int take_call_item(struct parser *p, const struct ast_term **ret)
{
	int r = take_call(p, ret);

	if (r > 0)
		r = take_field(p, ret);
	if (r > 0)
		r = take_quoted_term(p, ret);
	if (r > 0)
		r = take_bare_term(p, token_number(rest(p)), ret);
	if (r > 0)
		r = expected(p, "a field, a transformer, a quoted text or a number");
	return r;
}

/* "( item, ... )" after its bracket. */
static int take_items(struct parser *p, size_t from,
		      int (*item)(struct parser *, const struct ast_term **),
		      const struct ast_term **ret)
{
	struct pile pile = {NULL, 0, 0};
	const struct ast_term *t;
	int r;

	skip_blanks(p);
	r = take(p, STR(")")) ? 1 : 0;
	while (r == 0) {
		r = item(p, &t);
		if (r == 0)
			r = pile_push(&pile, t);
		if (r == 0)
			r = take_separator(p, "',' or ')' in the list");
	}
	if (r > 0) {
		*ret = ast_list(p->arena, place_from(p, from),
				(const struct ast_term *const *)pile.p, pile.n);
		r = *ret ? 0 : -ENOMEM;
	}
	mem_free(pile.p);
	return r;
}

static int take_call_arg(struct parser *p, const struct ast_term **ret)
{
	size_t from = p->pos;
	int r = take_bare_term(p, token_number(rest(p)), ret);

	if (r > 0)
		r = take_quoted_term(p, ret);
	if (r > 0 && take(p, STR("(")))
		return take_items(p, from, take_call_item, ret);
	if (r > 0)
		r = take_call(p, ret);
	if (r > 0)
		r = take_field(p, ret);
	if (r > 0)
		r = expected(p, "a field, a transformer, a quoted text, a number or a list");
	return r;
}

static int take_call_args(struct parser *p, struct pile *pile)
{
	const struct ast_term *t;
	int r = 0;

	skip_blanks(p);
	while (r == 0) {
		r = take_call_arg(p, &t);
		if (r == 0)
			r = pile_push(pile, t);
		if (r == 0)
			r = take_separator(p, "',' or ')' after the argument of the transformer");
	}
	return r < 0 ? r : 0;
}

/* Takes a transformer call; 1 when there is none. */
static int take_call(struct parser *p, const struct ast_term **ret)
{
	enum filter_call call = at_call(p);
	struct pile pile = {NULL, 0, 0};
	size_t from = p->pos;
	struct ast_span span = {0, 0};
	struct str arg = {NULL, 0};
	struct ast_term *t = NULL;
	bool has_arg = false;
	int r;

	if (call == FILTER_CALL_COUNT)
		return 1;
	p->pos += filter_transformer(call)->name.len + 1;
	r = enter(p);
	if (!r)
		r = take_call_args(p, &pile);
	p->depth--;
	if (!r)
		r = take_arg(p, &has_arg, &arg, &span);
	if (!r) {
		t = (struct ast_term *)ast_call(p->arena, place_from(p, from), call,
						(const struct ast_term *const *)pile.p, pile.n);
		r = t ? 0 : -ENOMEM;
	}
	mem_free(pile.p);
	if (r)
		return r;
	t->has_arg = has_arg;
	t->arg = arg;
	t->arg_span = span;
	*ret = t;
	return 0;
}

/* "val(field)" or a transformer, on the right; 1 when there is neither. */
static int take_right_field(struct parser *p, const struct ast_term **ret)
{
	const struct ast_term *field;
	size_t from = p->pos;
	int r;

	if (!take(p, STR("val(")))
		return take_call(p, ret);
	skip_blanks(p);
	r = take_field(p, &field);
	if (r > 0)
		r = expected(p, "a field inside 'val(...)'");
	if (r)
		return r;
	skip_blanks(p);
	if (!take(p, STR(")")))
		return expected(p, "')' after the field");
	*ret = ast_call(p->arena, place_from(p, from), FILTER_CALL_VAL, &field, 1);
	return *ret ? 0 : -ENOMEM;
}

static int take_list_item(struct parser *p, const struct ast_term **ret)
{
	int r = take_quoted_term(p, ret);

	if (r > 0)
		r = take_bare_term(p, token_bare(rest(p)), ret);
	if (r > 0)
		r = expected(p, "a value");
	return r;
}

static int take_list_name(struct parser *p, const struct ast_term **ret)
{
	size_t from = p->pos, n = token_identifier(rest(p));
	struct str name = {rest(p).p, n};

	if (n == 0)
		return 1;
	p->pos += n;
	*ret = ast_list_name(p->arena, place_from(p, from), name);
	return *ret ? 0 : -ENOMEM;
}

/* A list or the name of one; 1 when there is neither. */
static int take_list(struct parser *p, const struct ast_term **ret)
{
	size_t from = p->pos;

	if (take(p, STR("(")))
		return take_items(p, from, take_list_item, ret);
	return take_list_name(p, ret);
}

/* Whether what follows a modifier makes it one: a list, or a name that is no connective. */
static bool at_modified_list(struct str s)
{
	struct str word = {s.p, token_identifier(s)};

	if (s.len && s.p[0] == '(')
		return true;
	return word.len && !str_is(word, "and") && !str_is(word, "or") && !str_is(word, "not");
}

/* A modifier, if one is next and a list follows it; the blanks behind it are taken too. */
static enum filter_modifier take_modifier(struct parser *p)
{
	struct str word = {rest(p).p, token_identifier(rest(p))};
	enum filter_modifier m = filter_modifier_find(word);
	struct str after = str_from_at(rest(p), word.len);
	size_t blanks = token_blanks(after);

	if (m == FILTER_MOD_NONE || blanks == 0 || !at_modified_list(str_from_at(after, blanks)))
		return FILTER_MOD_NONE;
	p->pos += word.len + blanks;
	return m;
}

/* The operator next in the text, taken with the blank it needs; FILTER_OP_COUNT when there is none.
 */
static enum filter_op take_operator(struct parser *p)
{
	for (int i = 0; i < FILTER_OP_COUNT; i++) {
		const struct filter_operator *o = filter_operator((enum filter_op)i);
		struct str after = str_from_at(rest(p), o->name.len);

		if (!str_starts(rest(p), o->name))
			continue;
		if (o->blank_after && (after.len == 0 || !token_is_blank(after.p[0])))
			continue;
		p->pos += o->name.len;
		return (enum filter_op)i;
	}
	return FILTER_OP_COUNT;
}

static int take_text_right(struct parser *p, bool after_blank, enum filter_modifier *ret_modifier,
			   const struct ast_term **ret)
{
	int r;

	if (after_blank)
		*ret_modifier = take_modifier(p);
	if (*ret_modifier != FILTER_MOD_NONE)
		return take_list(p, ret);
	r = take_right_field(p, ret);
	if (r > 0)
		r = take_quoted_term(p, ret);
	if (r > 0)
		r = take_bare_term(p, token_bare(rest(p)), ret);
	return r;
}

/* What stands right of @op. */
static int take_right(struct parser *p, enum filter_op op, enum filter_modifier *ret_modifier,
		      const struct ast_term **ret)
{
	bool after_blank = skip_blanks(p) > 0;
	int r;

	switch (filter_operator(op)->kind) {
	case FILTER_OP_KIND_UNARY:
		*ret = NULL;
		return 0;
	case FILTER_OP_KIND_NUMBER:
		r = take_right_field(p, ret);
		if (r > 0)
			r = take_bare_term(p, token_number(rest(p)), ret);
		return r > 0 ? expected(p, "a number, 'val(...)' or a transformer") : r;
	case FILTER_OP_KIND_TEXT:
		r = take_text_right(p, after_blank, ret_modifier, ret);
		return r > 0 ? expected(p, "a value, 'val(...)' or a transformer") : r;
	default:
		if (rest(p).len && rest(p).p[0] == '(')
			return take_list(p, ret);
		r = take_right_field(p, ret);
		if (r > 0)
			r = take_list(p, ret);
		return r > 0 ? expected(p, "a list, its name, 'val(...)' or a transformer") : r;
	}
}

static int no_operator(struct parser *p)
{
	struct str word = {rest(p).p, token_bare(rest(p))};
	const char *near = filter_operator_nearest(word);
	int r = expected(p, "an operator after the field");

	if (near)
		err_hint(p->err, "did you mean '%s'?", near);
	return r;
}

static int take_check_of(struct parser *p, size_t from, const struct ast_term *left,
			 const struct ast **ret)
{
	struct ast_comparison c = {.left = left};
	size_t at;
	int r;

	skip_blanks(p);
	at = p->pos;
	c.op = take_operator(p);
	if (c.op == FILTER_OP_COUNT)
		return no_operator(p);
	c.op_span = place_from(p, at).span;
	if (filter_operator(c.op)->kind != FILTER_OP_KIND_UNARY) {
		r = take_right(p, c.op, &c.modifier, &c.right);
		if (r)
			return r;
	}
	*ret = ast_check(p->arena, place_from(p, from), &c);
	return *ret ? 0 : -ENOMEM;
}

static int take_or(struct parser *p, const struct ast **ret);

/* A condition and its closing bracket, the opening one taken. */
static int take_bracketed(struct parser *p, const struct ast **ret)
{
	int r = enter(p);

	if (!r)
		r = take_or(p, ret);
	p->depth--;
	if (r)
		return r;
	skip_blanks(p);
	return take(p, STR(")")) ? 0 : expected(p, "'and', 'or' or ')'");
}

static int take_check(struct parser *p, const struct ast **ret)
{
	const struct ast_term *left;
	size_t from = p->pos, n;
	struct str name;
	int r;

	if (take(p, STR("(")))
		return take_bracketed(p, ret);
	r = take_field(p, &left);
	if (r > 0)
		r = take_call(p, &left);
	if (r <= 0)
		return r ? r : take_check_of(p, from, left, ret);
	n = token_identifier(rest(p));
	if (n == 0)
		return expected(p, "a field, a macro or '('");
	name = (struct str){rest(p).p, n};
	p->pos += n;
	*ret = ast_name(p->arena, place_from(p, from), name);
	return *ret ? 0 : -ENOMEM;
}

static bool take_not(struct parser *p)
{
	struct str s = rest(p);
	const char *spaces = " \t\r\n\v\f";

	if (!str_starts(s, STR("not")) || s.len < 4 || !s.p[3] || !strchr(spaces, s.p[3]))
		return false;
	p->pos += 4;
	while (p->pos < p->text.len && p->text.p[p->pos] && strchr(spaces, p->text.p[p->pos]))
		p->pos++;
	return true;
}

static int take_negated(struct parser *p, const struct ast **ret)
{
	size_t from;
	bool negated = false;
	int r;

	skip_blanks(p);
	from = p->pos;
	while (take_not(p)) {
		negated = !negated;
		skip_blanks(p);
	}
	if (take(p, STR("not("))) {
		negated = !negated;
		r = take_bracketed(p, ret);
	} else {
		r = take_check(p, ret);
	}
	if (r || !negated)
		return r;
	*ret = ast_not(p->arena, place_from(p, from), *ret);
	return *ret ? 0 : -ENOMEM;
}

/* The operand behind "and" or "or": after a blank, or in brackets. */
static int take_tail(struct parser *p, const char *word,
		     int (*operand)(struct parser *, const struct ast **), const struct ast **ret)
{
	char what[48];

	if (skip_blanks(p) > 0)
		return operand(p, ret);
	if (take(p, STR("(")))
		return take_bracketed(p, ret);
	(void)snprintf(what, sizeof what, "a blank or '(' after '%s'", word);
	return expected(p, what);
}

static int take_chain(struct parser *p, enum ast_kind kind, struct str word,
		      int (*operand)(struct parser *, const struct ast **), const struct ast **ret)
{
	struct pile pile = {NULL, 0, 0};
	size_t from, end;
	int r;

	skip_blanks(p);
	from = p->pos;
	r = operand(p, ret);
	if (!r)
		r = pile_push(&pile, *ret);
	end = p->pos;
	while (!r && (skip_blanks(p), take(p, word))) {
		r = take_tail(p, word.p, operand, ret);
		if (!r)
			r = pile_push(&pile, *ret);
		end = p->pos;
	}
	if (!r && pile.n > 1) {
		struct ast_place where = {
			.span = {.offset = (uint32_t)from, .len = (uint32_t)(end - from)},
			.origin = p->origin};
		const struct ast *const *kids = (const struct ast *const *)pile.p;

		*ret = kind == AST_AND ? ast_and(p->arena, where, kids, pile.n)
				       : ast_or(p->arena, where, kids, pile.n);
		r = *ret ? 0 : -ENOMEM;
	}
	mem_free(pile.p);
	return r;
}

static int take_and(struct parser *p, const struct ast **ret)
{
	return take_chain(p, AST_AND, STR("and"), take_negated, ret);
}

static int take_or(struct parser *p, const struct ast **ret)
{
	return take_chain(p, AST_OR, STR("or"), take_and, ret);
}

static int parser_init(struct parser *p, struct str text, const struct parse_options *o,
		       struct arena *a, struct err *err)
{
	*p = (struct parser){.text = text,
			     .max_depth = o && o->max_depth ? o->max_depth : AST_DEPTH_DEFAULT,
			     .origin = o ? o->origin : NULL,
			     .arena = a,
			     .err = err};
	if (text.len <= PARSE_TEXT_MAX)
		return 0;
	err_set(err, 0, 0, "condition of %zu bytes is longer than the limit of %u", text.len,
		(unsigned)PARSE_TEXT_MAX);
	return -EINVAL;
}

int parse_condition(struct str text, const struct parse_options *o, struct arena *a,
		    const struct ast **ret_tree, struct err *err)
{
	const struct ast *tree;
	struct parser p;
	int r = parser_init(&p, text, o, a, err);

	if (!r)
		r = take_or(&p, &tree);
	if (r)
		return r;
	skip_blanks(&p);
	if (p.pos < text.len)
		return expected(&p, "'and', 'or' or the end");
	*ret_tree = tree;
	return 0;
}

int parse_term(struct str *text, const struct parse_options *o, struct arena *a,
	       const struct ast_term **ret_term, struct err *err)
{
	const struct ast_term *t;
	struct parser p;
	int r = parser_init(&p, *text, o, a, err);

	if (!r)
		r = take_call(&p, &t);
	if (r > 0)
		r = take_field(&p, &t);
	if (r > 0)
		r = expected(&p, "a field or a transformer");
	if (r)
		return r;
	*ret_term = t;
	*text = str_from_at(*text, p.pos);
	return 0;
}

int parse_operator(struct str text, enum filter_op *ret_op, enum filter_modifier *ret_modifier,
		   struct err *err)
{
	size_t from = token_blanks(text), end = from;
	enum filter_modifier m = FILTER_MOD_NONE;
	struct str word, after;
	enum filter_op op;

	while (end < text.len && !token_is_blank(text.p[end]))
		end++;
	word = text.len ? (struct str){text.p + from, end - from} : STR("");
	op = filter_operator_find(word);
	if (op == FILTER_OP_COUNT) {
		const char *near = filter_operator_nearest(word);

		err_set(err, from, word.len, "'%.*s' is not an operator", STR_FMT(word));
		if (near)
			err_hint(err, "did you mean '%s'?", near);
		return -EINVAL;
	}
	end += token_blanks(str_from_at(text, end));
	after = str_from_at(text, end);
	while (after.len && token_is_blank(after.p[after.len - 1]))
		after.len--;
	if (after.len) {
		m = filter_modifier_find(after);
		if (m == FILTER_MOD_NONE || filter_operator(op)->kind != FILTER_OP_KIND_TEXT) {
			err_set(err, end, after.len, "'%.*s' does not belong after '%.*s'",
				STR_FMT(after), STR_FMT(word));
			return -EINVAL;
		}
	}
	*ret_op = op;
	*ret_modifier = m;
	return 0;
}
