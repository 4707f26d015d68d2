/*
 * A template is a row of pieces: text, plain fields, and calls of transformers. All plain fields
 * are asked for at once, so that a plugin is called once for one message.
 */
/*
 * Ten thousand rules have few outputs that differ from their first field on, so what follows the first
 * percent sign (the body) is compiled once and shared by all that go on alike.
 */
#include "ruleset/template.h"

#include <ctype.h>
#include <errno.h>

#include "filter/eval.h"
#include "filter/parse.h"
#include "filter/typecheck.h"
#include "util/utf8.h"

/* Once replaced by what the command line said about containers; now it stands for nothing. */
#define TEMPLATE_DROPPED "container.info"

/* A call, and how its values print. */
struct call {
	const struct operand *operand;
	struct field shown;
	struct str hidden; /* shown instead; .p NULL: it may be seen */
};

enum piece_kind { PIECE_TEXT, PIECE_FIELD, PIECE_CALL };

struct piece {
	uint8_t kind;
	uint16_t width; /* columns of a field or call; 0: as it is */
	uint32_t n;     /* TEXT: its length; FIELD: number of its use */
	union {
		const char *text;
		size_t offset; /* of a text, while it is compiled */
		const struct call *call;
	};
};

/* A part of the text. */
struct span {
	uint32_t offset, len;
};

/* What begins with a percent sign. */
struct body {
	uint32_t n_pieces, n_fields;
	bool has_dropped;
	const struct piece *pieces;
	const struct field_use *const *uses; /* each once; those of calls too */
	const struct span *names;            /* their names, as they were written */
	struct str text;
};

struct template
{
	struct str head; /* text before the first percent sign */
	const struct body *body;
};

/* While a body is compiled everything is in scratch memory, since how much there is shows at the end. */
struct compiler {
	const struct fieldset *fields;
	struct use_table *uses;
	struct arena *arena;
	struct arena scratch;
	struct str text; /* all of it */
	size_t at;
	struct err *err;
	struct buf kept; /* the text without what is dropped */
	size_t kept_to;  /* up to where it holds the text */
	struct body t;
	struct piece *pieces;
	const struct field_use **use;
	struct span *names;
};

/* Where byte @p of the text will stand in what is kept. */
static uint32_t kept_at(const struct compiler *c, const char *p)
{
	return (uint32_t)(c->kept.len + (size_t)(p - c->text.p) - c->kept_to);
}

static struct piece *new_piece(struct compiler *c, enum piece_kind kind, uint32_t width)
{
	struct piece *p;

	if (c->t.n_pieces == TEMPLATE_MAX_PIECES) {
		err_set(c->err, c->at, 1, "more than %d fields and texts in one output",
			TEMPLATE_MAX_PIECES);
		return NULL;
	}
	p = &c->pieces[c->t.n_pieces++];
	p->kind = (uint8_t)kind;
	p->width = (uint16_t)width;
	return p;
}

/* @text is a part of the text that is kept. */
static int add_text(struct compiler *c, struct str text)
{
	struct piece *p;

	if (!text.len)
		return 0;
	p = new_piece(c, PIECE_TEXT, 0);
	if (!p)
		return -EINVAL;
	p->offset = kept_at(c, text.p);
	p->n = (uint32_t)text.len;
	return 0;
}

static void report_call(void *ctx, enum typecheck_code code, struct ast_place where,
			struct str subject, const struct err *e)
{
	struct compiler *c = ctx;

	(void)subject;
	if (!typecheck_is_error(code) || c->err->is_set)
		return;
	err_set(c->err, c->at + where.span.offset, where.span.len, "%s", e->text);
	if (e->hint[0])
		err_hint(c->err, "%s", e->hint);
}

/* What to show instead of a call that has a hidden field in it; .p NULL: it has none. */
static struct str hidden_in(const struct operand *o)
{
	struct str ret = {0};

	if (o->kind == OPERAND_FIELD)
		return o->use->hidden;
	if (o->kind == OPERAND_CONST)
		return ret;
	for (uint32_t i = 0; i < o->n && !ret.p; i++)
		ret = hidden_in(o->args[i]);
	return ret;
}

static int intern(struct compiler *c, const struct field_use *use, struct str name,
		  uint32_t *ret_number)
{
	const struct field_use *shared = use_table_intern(c->uses, use);
	uint32_t i = 0;

	if (!shared)
		return -ENOMEM;
	while (i < c->t.n_fields && c->use[i] != shared)
		i++;
	*ret_number = i;
	if (i < c->t.n_fields)
		return 0;
	c->use[i] = shared;
	c->names[i] = (struct span){kept_at(c, name.p), (uint32_t)name.len};
	c->t.n_fields++;
	return 0;
}

/* The fields of a call, which begins at @from of the text, are fields of the template. */
static int intern_args(struct compiler *c, const struct ast_term *term, const struct operand *o,
		       size_t from)
{
	const struct ast_span at = term->place.span;
	uint32_t number;
	int r = 0;

	if (o->kind == OPERAND_FIELD)
		return intern(c, o->use, (struct str){c->text.p + from + at.offset, at.len},
			      &number);
	for (uint32_t i = 0; i < o->n && i < term->n && r == 0 && o->kind != OPERAND_CONST; i++)
		r = intern_args(c, term->args[i], o->args[i], from);
	return r;
}

static int add_call(struct compiler *c, uint32_t width)
{
	struct typecheck_options o = {.fields = c->fields,
				      .uses = c->uses,
				      .arena = c->arena,
				      .report = report_call,
				      .ctx = c};
	struct err err = ERR_NULL;
	const struct ast_term *term;
	struct call *call;
	struct piece *p;
	struct str rest = str_from_at(c->text, c->at);
	size_t from = c->at;
	int r = parse_term(&rest, NULL, &c->scratch, &term, &err);

	if (r == -EINVAL)
		err_set(c->err, c->at + err.offset, err.len, "%s", err.text);
	if (r)
		return r;
	p = new_piece(c, PIECE_CALL, width);
	if (!p)
		return -EINVAL;
	call = arena_alloc(c->arena, sizeof *call);
	if (!call)
		return -ENOMEM;
	r = typecheck_term(term, &o, &call->operand);
	if (r)
		return r;
	call->shown = (struct field){.type = call->operand->type,
				     .flags = call->operand->is_list ? FIELD_LIST : 0};
	call->hidden = hidden_in(call->operand);
	p->call = call;
	c->at = c->text.len - rest.len;
	return intern_args(c, term, call->operand, from);
}

static int add_field(struct compiler *c, uint32_t width)
{
	struct str rest = str_from_at(c->text, c->at), taken = rest;
	struct field_use use = {0};
	struct err err = ERR_NULL;
	struct piece *p;
	int r = fieldset_resolve_prefix(c->fields, &rest, &c->scratch, &use, &err);

	if (r < 0 && r != -ENOMEM) {
		err_set(c->err, c->at + err.offset, err.len, "%s", err.text);
		if (err.hint[0])
			err_hint(c->err, "%s", err.hint);
	}
	if (r)
		return r;
	taken.len -= rest.len;
	if (use.field->flags & FIELD_FILTER_ONLY) {
		err_set(c->err, c->at, taken.len, "'%.*s' may stand in conditions only",
			STR_FMT(use.field->name));
		return -EINVAL;
	}
	p = new_piece(c, PIECE_FIELD, width);
	if (!p)
		return -EINVAL;
	r = field_use_show(&use, c->arena);
	if (r)
		return r;
	c->at += taken.len;
	return intern(c, &use, taken, &p->n);
}

static bool at_call(struct str s)
{
	size_t i = 0;

	while (i < s.len && ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'))
		i++;
	while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i > 0 && i < s.len && s.p[i] == '(' &&
	       filter_transformer_find((struct str){s.p, i}) < FILTER_CALL_VAL;
}

/* Behind a percent sign, and maybe a width, stands what begins no field. */
static int refuse_name(struct compiler *c)
{
	const bool is_minus = c->at < c->text.len && c->text.p[c->at] == '-';

	err_set(c->err, c->at, 1, "no field follows '%%'");
	if (is_minus)
		err_hint(c->err, "values begin at the left of their width: leave out the '-'");
	else
		err_hint(c->err, "'%%%%' is a percent sign");
	return -EINVAL;
}

/* What follows a percent sign. */
static int add_token(struct compiler *c)
{
	struct str rest = str_from_at(c->text, c->at);
	uint32_t width = 0;

	if (!rest.len) {
		err_set(c->err, c->at - 1, 1, "nothing follows '%%'");
		return -EINVAL;
	}
	if (rest.p[0] == '%') {
		c->at++;
		return add_text(c, (struct str){rest.p, 1});
	}
	if (str_starts(rest, STR(TEMPLATE_DROPPED))) {
		c->at += sizeof TEMPLATE_DROPPED - 1;
		c->t.has_dropped = true;
		return 0;
	}
	for (; c->at < c->text.len && c->text.p[c->at] >= '0' && c->text.p[c->at] <= '9'; c->at++) {
		width = width * 10 + (uint32_t)(c->text.p[c->at] - '0');
		if (width > TEMPLATE_MAX_WIDTH) {
			err_set(c->err, c->at, 1, "a width of more than %d", TEMPLATE_MAX_WIDTH);
			return -EINVAL;
		}
	}
	rest = str_from_at(c->text, c->at);
	if (!rest.len || (!isalpha((unsigned char)rest.p[0]) && rest.p[0] != '_'))
		return refuse_name(c);
	return at_call(rest) ? add_call(c, width) : add_field(c, width);
}

static int compile(struct compiler *c)
{
	while (c->at < c->text.len) {
		struct str rest = str_from_at(c->text, c->at);
		const char *percent = memchr(rest.p, '%', rest.len);
		size_t len = percent ? (size_t)(percent - rest.p) : rest.len, from = c->at;
		int r;

		c->kept_to = from;
		r = add_text(c, (struct str){rest.p, len});
		buf_add(&c->kept, rest.p, len);
		c->at += len;
		if (r == 0 && percent) {
			bool had = c->t.has_dropped;

			c->kept_to = from = c->at++;
			c->t.has_dropped = false;
			r = add_token(c);
			if (!c->t.has_dropped)
				buf_add(&c->kept, c->text.p + from, c->at - from);
			c->t.has_dropped |= had;
		}
		if (r)
			return r;
	}
	return 0;
}

/* No template has more pieces than twice its percent signs and one, and no more fields than signs
 * that begin one. */
static int make_room(struct compiler *c)
{
	size_t n = 1, n_fields = 1;

	for (size_t i = c->at; i < c->text.len; i++) {
		n += c->text.p[i] == '%';
		n_fields += c->text.p[i] == '%' || c->text.p[i] == '(' || c->text.p[i] == ',';
	}
	c->pieces = arena_alloc(&c->scratch,
				(n * 2 < TEMPLATE_MAX_PIECES ? n * 2 : TEMPLATE_MAX_PIECES) *
					sizeof *c->pieces);
	c->use = arena_alloc(&c->scratch, n_fields * sizeof(struct field_use *));
	c->names = arena_alloc(&c->scratch, n_fields * sizeof *c->names);
	return c->pieces && c->use && c->names ? 0 : -ENOMEM;
}

static const void *copy(struct arena *a, const void *p, size_t size)
{
	void *own = arena_alloc(a, size);

	if (own && size)
		memcpy(own, p, size);
	return own;
}

/* Copies what was compiled to the arena, no larger than it is. */
static int freeze(struct compiler *c, const struct body **ret)
{
	struct body *t = &c->t;

	t->text = arena_str(c->arena, buf_str(&c->kept));
	for (uint32_t i = 0; t->text.p && i < t->n_pieces; i++)
		if (c->pieces[i].kind == PIECE_TEXT)
			c->pieces[i].text = t->text.p + c->pieces[i].offset;
	t->pieces = copy(c->arena, c->pieces, t->n_pieces * sizeof *t->pieces);
	t->uses = copy(c->arena, c->use, t->n_fields * sizeof(struct field_use *));
	t->names = copy(c->arena, c->names, t->n_fields * sizeof *t->names);
	*ret = t->text.p && t->pieces && t->uses && t->names && !c->kept.failed
		       ? copy(c->arena, t, sizeof *t)
		       : NULL;
	return *ret ? 0 : -ENOMEM;
}

/* The body that begins at byte @from of @text. */
static int compile_body(struct template_set *set, struct str text, size_t from,
			const struct body **ret, struct err *err)
{
	struct compiler c = {.fields = set->fields,
			     .uses = set->uses,
			     .arena = set->arena,
			     .text = text,
			     .at = from,
			     .kept_to = from,
			     .err = err};
	const struct str key = str_from_at(text, from);
	int r;

	*ret = strmap_find(&set->bodies, key);
	if (*ret)
		return 0;
	buf_init(&c.kept, TEMPLATE_MAX_BYTES + 1);
	r = make_room(&c);
	if (r == 0)
		r = compile(&c);
	if (r == 0)
		r = freeze(&c, ret);
	if (r == 0)
		r = strmap_add(&set->bodies, key, (void *)(uintptr_t)*ret);
	buf_deinit(&c.kept);
	arena_deinit(&c.scratch);
	return r;
}

int template_compile(struct template_set *set, struct str text, const struct template **ret,
		     struct err *err)
{
	size_t from = str_starts(text, STR("*")), to;
	struct template *own = strmap_find(&set->texts, text);
	const char *percent;
	int r;

	*ret = own;
	if (own)
		return 0;
	if (text.len > TEMPLATE_MAX_BYTES) {
		err_set(err, TEMPLATE_MAX_BYTES, 1, "an output of more than %d bytes",
			TEMPLATE_MAX_BYTES);
		return -EINVAL;
	}
	percent = text.len ? memchr(text.p, '%', text.len) : NULL;
	to = percent ? (size_t)(percent - text.p) : text.len;
	own = arena_alloc(set->arena, sizeof(*own));
	if (!own)
		return -ENOMEM;
	r = compile_body(set, text, to, &own->body, err);
	if (r)
		return r;
	own->head = arena_str(set->arena, (struct str){text.p + from, to - from});
	if (!own->head.p)
		return -ENOMEM;
	*ret = own;
	return strmap_add(&set->texts, text, own);
}

void template_set_deinit(struct template_set *set)
{
	strmap_deinit(&set->texts);
	strmap_deinit(&set->bodies);
}

uint32_t template_n_fields(const struct template *t)
{
	return t->body->n_fields;
}

const struct field_use *template_field(const struct template *t, uint32_t i)
{
	return t->body->uses[i];
}

struct str template_field_text(const struct template *t, uint32_t i)
{
	const struct span name = t->body->names[i];

	return (struct str){t->body->text.p + name.offset, name.len};
}

struct str template_text(const struct template *t, struct arena *a)
{
	const struct str head = t->head, body = t->body->text;
	char *p = arena_alloc(a, head.len + body.len + 1);

	if (!p)
		return (struct str){"", 0};
	memcpy(p, head.p, head.len);
	memcpy(p + head.len, body.p, body.len);
	return (struct str){p, head.len + body.len};
}

bool template_has_dropped(const struct template *t)
{
	return t->body->has_dropped;
}

/* --- rendering -------------------------------------------------------------------------------- */

/* What was written from byte @from on becomes exactly @width columns. */
static void fit(struct buf *b, size_t from, uint32_t width)
{
	size_t i = from;
	uint32_t n = 0;

	for (; b->p && i < b->len && n < width; n++) {
		size_t bad = 1, len = utf8_next(b->p + i, b->len - i, &bad);

		i += len ? len : bad;
	}
	if (b->p && i < b->len) {
		b->len = i;
		b->p[i] = 0;
	}
	for (; n < width; n++)
		buf_add_char(b, ' ');
}

enum {
	RENDER_FIELDS = 64, /* asked for at once */
};

struct rendering {
	struct eval *e;
	const struct event *evt;
	const struct fetch *fetch;
	struct buf *b;
	bool all; /* everything had a value so far */
};

/* Renders pieces @from.. as long as their plain fields fit the room; returns the next piece. */
static uint32_t render_some(struct rendering *r, const struct body *t, uint32_t from)
{
	const struct field_use *uses[RENDER_FIELDS];
	struct values v[RENDER_FIELDS];
	struct buf *b = r->b;
	uint32_t n = 0, to = from;

	for (; to < t->n_pieces && n < RENDER_FIELDS; to++) {
		if (t->pieces[to].kind == PIECE_FIELD)
			uses[n++] = t->uses[t->pieces[to].n];
	}
	if (n)
		r->fetch->get(r->fetch->ctx, r->evt, uses, n, v);
	n = 0;
	for (uint32_t i = from; i < to; i++) {
		const struct piece *p = &t->pieces[i];
		bool is_field = p->kind == PIECE_FIELD;
		struct str hidden;
		size_t start = b->len;
		struct values got = {0};

		if (p->kind == PIECE_TEXT) {
			buf_add(b, p->text, p->n);
			continue;
		}
		hidden = is_field ? t->uses[p->n]->hidden : p->call->hidden;
		if (hidden.p) {
			buf_add_str(b, hidden);
			n += is_field;
			continue;
		}
		got = is_field ? v[n++] : eval_operand(r->e, p->call->operand, r->evt, r->fetch);
		value_print(b, is_field ? t->uses[p->n]->field : &p->call->shown, &got);
		r->all &= got.is_set;
		if (p->width)
			fit(b, start, p->width);
	}
	return to;
}

bool template_render(const struct template *t, struct eval *e, const struct event *evt,
		     const struct fetch *fetch, struct buf *b)
{
	struct rendering r = {.e = e, .evt = evt, .fetch = fetch, .b = b, .all = true};

	buf_add_str(b, t->head);
	for (uint32_t i = 0; i < t->body->n_pieces;)
		i = render_some(&r, t->body, i);
	return r.all;
}
