/*
 * A template is a row of pieces: text, plain fields, and calls of transformers. All plain fields
 * are asked for at once, so that a plugin is called once for one message.
 */
#include "ruleset/template.h"

#include <errno.h>

#include "filter/eval.h"
#include "filter/parse.h"
#include "filter/typecheck.h"
#include "util/utf8.h"

/* Once replaced by what the command line said about containers; now it stands for nothing. */
#define TEMPLATE_DROPPED "container.info"

struct piece {
	struct str text;            /* literal; empty for others */
	const struct operand *call; /* or NULL */
	struct field shown;         /* of a call: how its values print */
	uint32_t field;             /* of a plain field: its number */
	uint32_t width;             /* columns; 0: as it is */
	bool is_field;
};

struct template
{
	uint32_t n_pieces, n_fields;
	struct piece *pieces;
	const struct field_use **uses; /* plain ones, each once */
	struct str *names;
	struct str text;
	bool has_dropped;
};

struct compiler {
	const struct fieldset *fields;
	struct use_table *uses;
	struct arena *arena;
	struct str text;
	size_t at;
	struct err *err;
	struct template *t;
	struct buf kept; /* the text without what is dropped */
};

static struct piece *new_piece(struct compiler *c)
{
	if (c->t->n_pieces == TEMPLATE_MAX_PIECES) {
		err_set(c->err, c->at, 1, "more than %d fields and texts in one output",
			TEMPLATE_MAX_PIECES);
		return NULL;
	}
	return &c->t->pieces[c->t->n_pieces++];
}

static int add_text(struct compiler *c, struct str text)
{
	struct piece *p;

	if (!text.len)
		return 0;
	p = new_piece(c);
	if (!p)
		return -EINVAL;
	p->text = text;
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

static int add_call(struct compiler *c, uint32_t width)
{
	struct typecheck_options o = {.fields = c->fields,
				      .uses = c->uses,
				      .arena = c->arena,
				      .report = report_call,
				      .ctx = c};
	struct err err = ERR_NULL;
	const struct ast_term *term;
	struct piece *p;
	size_t len;
	int r = parse_term(str_from_at(c->text, c->at), NULL, c->arena, &term, &len, &err);

	if (r == -EINVAL)
		err_set(c->err, c->at + err.offset, err.len, "%s", err.text);
	if (r)
		return r;
	p = new_piece(c);
	if (!p)
		return -EINVAL;
	r = typecheck_term(term, &o, &p->call);
	if (r)
		return r;
	p->text = hidden_in(p->call);
	p->shown =
		(struct field){.type = p->call->type, .flags = p->call->is_list ? FIELD_LIST : 0};
	p->width = width;
	c->at += len;
	return 0;
}

static int intern(struct compiler *c, const struct field_use *use, struct str name,
		  uint32_t *ret_number)
{
	const struct field_use *shared = use_table_intern(c->uses, use);
	uint32_t i = 0;

	if (!shared)
		return -ENOMEM;
	while (i < c->t->n_fields && c->t->uses[i] != shared)
		i++;
	*ret_number = i;
	if (i < c->t->n_fields)
		return 0;
	c->t->uses[i] = shared;
	c->t->names[i] = name;
	c->t->n_fields++;
	return 0;
}

static int add_field(struct compiler *c, uint32_t width)
{
	struct str rest = str_from_at(c->text, c->at);
	struct field_use use = {0};
	struct err err = ERR_NULL;
	struct piece *p;
	size_t len = 0;
	int r = fieldset_resolve_prefix(c->fields, rest, c->arena, &use, &len, &err);

	if (r < 0 && r != -ENOMEM) {
		err_set(c->err, c->at + err.offset, err.len, "%s", err.text);
		if (err.hint[0])
			err_hint(c->err, "%s", err.hint);
	}
	if (r)
		return r;
	if (use.field->flags & FIELD_FILTER_ONLY) {
		err_set(c->err, c->at, len, "'%.*s' may stand in conditions only",
			STR_FMT(use.field->name));
		return -EINVAL;
	}
	p = new_piece(c);
	if (!p)
		return -EINVAL;
	p->is_field = true;
	p->width = width;
	c->at += len;
	return intern(c, &use, (struct str){rest.p, len}, &p->field);
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
		c->t->has_dropped = true;
		return 0;
	}
	for (; c->at < c->text.len && c->text.p[c->at] >= '0' && c->text.p[c->at] <= '9'; c->at++) {
		width = width * 10 + (uint32_t)(c->text.p[c->at] - '0');
		if (width > TEMPLATE_MAX_WIDTH) {
			err_set(c->err, c->at, 1, "a width of more than %d", TEMPLATE_MAX_WIDTH);
			return -EINVAL;
		}
	}
	return at_call(str_from_at(c->text, c->at)) ? add_call(c, width) : add_field(c, width);
}

static int compile(struct compiler *c)
{
	while (c->at < c->text.len) {
		struct str rest = str_from_at(c->text, c->at);
		const char *percent = memchr(rest.p, '%', rest.len);
		size_t len = percent ? (size_t)(percent - rest.p) : rest.len, from;
		int r = add_text(c, (struct str){rest.p, len});

		buf_add(&c->kept, rest.p, len);
		c->at += len;
		if (r == 0 && percent) {
			bool had = c->t->has_dropped;

			from = c->at++;
			c->t->has_dropped = false;
			r = add_token(c);
			if (!c->t->has_dropped)
				buf_add(&c->kept, c->text.p + from, c->at - from);
			c->t->has_dropped |= had;
		}
		if (r)
			return r;
	}
	return 0;
}

/* No template has more pieces than twice its percent signs and one. */
static int make_room(struct compiler *c)
{
	size_t n = 1;

	for (size_t i = 0; i < c->text.len; i++)
		n += c->text.p[i] == '%';
	c->t->pieces =
		arena_alloc(c->arena, (n * 2 < TEMPLATE_MAX_PIECES ? n * 2 : TEMPLATE_MAX_PIECES) *
					      sizeof *c->t->pieces);
	c->t->uses = arena_alloc(c->arena, n * sizeof(struct field_use *));
	c->t->names = arena_alloc(c->arena, n * sizeof *c->t->names);
	return c->t->pieces && c->t->uses && c->t->names ? 0 : -ENOMEM;
}

int template_compile(const struct fieldset *fs, struct use_table *uses, struct arena *arena,
		     struct str text, const struct template **ret, struct err *err)
{
	struct compiler c = {.fields = fs, .uses = uses, .arena = arena, .text = text, .err = err};
	int r;

	if (text.len > TEMPLATE_MAX_BYTES) {
		err_set(err, TEMPLATE_MAX_BYTES, 1, "an output of more than %d bytes",
			TEMPLATE_MAX_BYTES);
		return -EINVAL;
	}
	c.t = arena_alloc(arena, sizeof *c.t);
	if (!c.t || make_room(&c) < 0)
		return -ENOMEM;
	buf_init(&c.kept, TEMPLATE_MAX_BYTES + 1);
	if (str_starts(text, STR("*")))
		c.at = 1;
	r = compile(&c);
	if (r == 0) {
		c.t->text = arena_str(arena, buf_str(&c.kept));
		*ret = c.t;
		r = c.t->text.p ? 0 : -ENOMEM;
	}
	buf_deinit(&c.kept);
	return r;
}

uint32_t template_n_fields(const struct template *t)
{
	return t->n_fields;
}

const struct field_use *template_field(const struct template *t, uint32_t i)
{
	return t->uses[i];
}

struct str template_field_text(const struct template *t, uint32_t i)
{
	return t->names[i];
}

struct str template_text(const struct template *t)
{
	return t->text;
}

bool template_has_dropped(const struct template *t)
{
	return t->has_dropped;
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

/* Renders pieces @from.. as long as their plain fields fit the room; returns the next piece. */
static uint32_t render_some(const struct template *t, uint32_t from, struct eval *e,
			    const struct event *evt, const struct fetch *fetch, struct buf *b,
			    bool *ret_all)
{
	const struct field_use *uses[RENDER_FIELDS];
	struct values v[RENDER_FIELDS];
	uint32_t n = 0, to = from;

	for (; to < t->n_pieces && n < RENDER_FIELDS; to++) {
		if (t->pieces[to].is_field)
			uses[n++] = t->uses[t->pieces[to].field];
	}
	if (n)
		fetch->get(fetch->ctx, evt, uses, n, v);
	n = 0;
	for (uint32_t i = from; i < to; i++) {
		const struct piece *p = &t->pieces[i];
		size_t start = b->len;
		struct values got = {0};

		if (p->text.len) {
			buf_add_str(b, p->text);
			continue;
		}
		if (p->is_field && t->uses[p->field]->hidden.p) {
			buf_add_str(b, t->uses[p->field]->hidden);
			n++;
			continue;
		}
		got = p->is_field ? v[n++] : eval_operand(e, p->call, evt, fetch);
		value_print(b, p->is_field ? t->uses[p->field]->field : &p->shown, &got);
		*ret_all &= got.is_set;
		if (p->width)
			fit(b, start, p->width);
	}
	return to;
}

bool template_render(const struct template *t, struct eval *e, const struct event *evt,
		     const struct fetch *fetch, struct buf *b)
{
	bool all = true;

	for (uint32_t i = 0; i < t->n_pieces;)
		i = render_some(t, i, e, evt, fetch, b, &all);
	return all;
}
