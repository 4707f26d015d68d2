#include "ruleset/problem.h"

#include <errno.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/utf8.h"

enum {
	SNIPPET_SIDE = 80, /* bytes shown on each side of the place */
	MESSAGE_MAX = 1024,
	PROBLEMS_MAX = 10000, /* of one kind and file; more help nobody */
};

static const struct {
	const char *code, *desc;
} codes[RULES_N_CODES] = {
	{"", ""},
#define RULES_CODE(id, code, desc) {code, desc},
#include "ruleset/codes.def"
#undef RULES_CODE
};

const char *rules_code_name(enum rules_code c)
{
	return c < RULES_N_CODES ? codes[c].code : "";
}

const char *rules_code_desc(enum rules_code c)
{
	return c < RULES_N_CODES ? codes[c].desc : "";
}

const struct where *where_content(struct rules_loader *l, uint32_t file)
{
	static const struct where nowhere = {.type = "rules content"};
	struct where *w = arena_alloc(&l->store->arena, sizeof *w);

	if (!w) {
		l->failed = -ENOMEM;
		return &nowhere;
	}
	*w = (struct where){.type = "rules content", .file = file};
	return w;
}

const struct where *where_new(struct rules_loader *l, const struct where *parent, const char *type,
			      struct str name, const struct yaml_node *node)
{
	struct where *w = arena_alloc(&l->store->arena, sizeof *w);

	if (!w) {
		l->failed = -ENOMEM;
		return parent;
	}
	*w = (struct where){.parent = parent,
			    .type = type,
			    .name = name,
			    .file = parent->file,
			    .at = node ? node->start : parent->at};
	return w;
}

/* The bytes of @line shown around @column bytes; the ends are not cut within a character. */
static void add_cut_line(struct buf *b, struct str line, size_t column)
{
	size_t from = column > SNIPPET_SIDE ? column - SNIPPET_SIDE : 0;
	size_t to = line.len - from > 2 * SNIPPET_SIDE ? from + 2 * SNIPPET_SIDE : line.len;
	size_t shown = 0;

	while (from > 0 && from < line.len && ((unsigned char)line.p[from] & 0xc0) == 0x80)
		from--;
	while (to < line.len && ((unsigned char)line.p[to] & 0xc0) == 0x80)
		to--;
	if (from)
		buf_add_cstr(b, "...");
	buf_add(b, line.p + from, to - from);
	if (to < line.len)
		buf_add_cstr(b, "...");
	buf_add_char(b, '\n');
	if (from)
		buf_add_cstr(b, "   ");
	for (size_t i = from; i < column && i < to; i += shown) {
		size_t bad = 1, len = utf8_next(line.p + i, to - i, &bad);

		shown = len ? len : bad;
		buf_add_char(b, line.p[i] == '\t' ? '\t' : ' ');
	}
	buf_add_cstr(b, "^\n");
}

static struct str snippet(struct rules_loader *l, const struct problem_place *p)
{
	const struct yaml_file *f = p->file < l->store->n_files ? l->store->files[p->file] : NULL;
	struct str line, text;
	size_t start;
	struct buf b;

	if (!f)
		return (struct str){"", 0};
	line = yaml_line(f, p->at);
	start = (size_t)(line.p - f->text.p);
	buf_init(&b, 4096);
	add_cut_line(&b, line, p->at.offset > start ? p->at.offset - start : 0);
	text = arena_str(&l->store->arena, buf_str(&b));
	buf_deinit(&b);
	return text.p ? text : (struct str){"", 0};
}

static const struct rules_location *locations(struct rules_loader *l, const struct where *w,
					      uint32_t *ret_n)
{
	struct rules_location *all;
	uint32_t n = 0;

	for (const struct where *i = w; i; i = i->parent)
		n++;
	all = arena_alloc(&l->store->arena, n * sizeof *all);
	*ret_n = all ? n : 0;
	for (; all && w; w = w->parent) {
		all[--n] = (struct rules_location){
			.item_type = w->type,
			.item_name = w->name,
			.file = l->results[w->file]->pub.name,
			.at = w->at,
		};
	}
	return all;
}

static struct rules_problem *new_problem(struct rules_loader *l, enum rules_code code,
					 uint32_t file)
{
	struct file_result *f = l->results[file];
	int kind = code <= RULES_ERR_EXTENSION ? 0 : code < RULES_LINT_SHADOWED ? 1 : 2;
	struct rules_problems *list = kind == 0   ? &f->pub.errors
				      : kind == 1 ? &f->pub.warnings
						  : &f->pub.lints;

	/* What is doubtful in a file that is wrong can wait. */
	if (kind > 0 && f->has_read_errors)
		return NULL;
	if (list->n == PROBLEMS_MAX || (kind == 2 && !l->opts.lint))
		return NULL;
	if (store_grow(l->store, (void *)&list->items, list->n, &f->cap[kind],
		       sizeof *list->items) < 0) {
		l->failed = -ENOMEM;
		return NULL;
	}
	if (kind == 0)
		f->pub.successful = false;
	return (struct rules_problem *)&list->items[list->n++];
}

static struct str hint_of(struct rules_loader *l, const struct problem_place *p)
{
	if (p->hint && *p->hint)
		return arena_str(&l->store->arena, str_from(p->hint));
	if (!p->near.len)
		return STR("");
	const char *text = arena_printf(&l->store->arena, "did you mean '%.*s'?", STR_FMT(p->near));
	return text ? str_from(text) : (struct str){0};
}

static void add(struct rules_loader *l, enum rules_code code, const struct problem_place *p,
		const char *message)
{
	struct rules_problem *problem = new_problem(l, code, p->where->file);

	if (!problem)
		return;
	*problem = (struct rules_problem){
		.code = code,
		.message = arena_str(&l->store->arena, str_from(message)),
		.hint = hint_of(l, p),
		.file = l->results[p->file]->pub.name,
		.at = p->at,
		.snippet = snippet(l, p),
	};
	problem->locations = locations(l, p->where, &problem->n_locations);
	if (!problem->message.p || !problem->hint.p || !problem->locations)
		l->failed = -ENOMEM;
}

void problem_add(struct rules_loader *l, enum rules_code code, const struct where *w,
		 const char *fmt, ...)
{
	struct problem_place p = {.where = w, .file = w->file, .at = w->at};
	char message[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	add(l, code, &p, message);
}

void problem_add_at(struct rules_loader *l, enum rules_code code, const struct problem_place *p,
		    const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	add(l, code, p, message);
}

struct problem_place origin_place(const struct rules_loader *l, const struct where *w,
				  const struct origin *o, size_t offset)
{
	const struct text_part *part = &o->parts[0];
	struct problem_place p;

	for (uint32_t i = 1; i < o->n_parts && o->parts[i].offset <= offset; i++)
		part = &o->parts[i];
	offset = offset > part->offset ? offset - part->offset : 0;
	p = (struct problem_place){.where = w, .file = part->file, .at = part->node->start};
	if (l->store->files[part->file])
		p.at = yaml_mark_in(l->store->files[part->file], part->node, offset);
	return p;
}

void problem_add_err(struct rules_loader *l, enum rules_code code, const struct where *w,
		     const struct origin *o, const struct err *err)
{
	struct problem_place p = origin_place(l, w, o, err->offset);

	p.hint = err->hint;
	problem_add_at(l, code, &p, "%s", err->text);
}

struct origin *origin_new(struct rules_loader *l, const struct where *w, uint32_t file,
			  const struct yaml_node *node, struct str text)
{
	struct origin *o = arena_alloc(&l->store->arena, sizeof *o);
	struct text_part *part = arena_alloc(&l->store->arena, sizeof *part);

	if (!o || !part) {
		l->failed = -ENOMEM;
		return NULL;
	}
	*part = (struct text_part){.file = file, .node = node};
	*o = (struct origin){.text = text, .n_parts = 1, .cap_parts = 1, .parts = part, .where = w};
	return o;
}

int origin_append(struct rules_loader *l, struct origin *o, const struct origin *more)
{
	size_t len = o->text.len + 1 + more->text.len;
	char *text = (char *)o->text.p;

	if (len >= o->cap) {
		text = arena_alloc(&l->store->arena, len * 2);
		if (!text)
			return l->failed = -ENOMEM;
		memcpy(text, o->text.p, o->text.len);
		o->cap = len * 2;
	}
	text[o->text.len] = ' ';
	memcpy(text + o->text.len + 1, more->text.p, more->text.len);
	text[len] = 0;
	for (uint32_t i = 0; i < more->n_parts; i++) {
		struct text_part part = more->parts[i];

		part.offset += o->text.len + 1;
		if (store_grow(l->store, &o->parts, o->n_parts, &o->cap_parts, sizeof part) < 0)
			return l->failed = -ENOMEM;
		o->parts[o->n_parts++] = part;
	}
	o->text = (struct str){text, len};
	return 0;
}
