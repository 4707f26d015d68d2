/*
 * libyaml gives events; a stack of open sequences and maps turns them into nodes. Children wait on
 * one shared stack until their parent closes and is copied, children and all, into the arena.
 *
 * libyaml counts characters, not bytes, so a table of line starts turns its marks into offsets.
 */
#include "util/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "util/arena.h"
#include "util/mem.h"
#include "util/strmap.h"
#include "util/utf8.h"

struct file {
	struct yaml_file pub;
	struct arena arena;
	size_t *lines; /* offset of the start of each line */
	uint32_t n_lines;
	struct yaml_mark
		cursor; /* start of the newest node: marks go forward, so count from here */
};

struct anchor {
	struct yaml_node *node;
	bool is_open;
};

struct frame {
	struct yaml_node *node;
	uint32_t base; /* of its children on the stack */
	struct anchor *anchor;
};

struct builder {
	yaml_parser_t parser;
	struct file *file;
	struct err *err;
	struct yaml_mark *ret_at;
	struct frame frames[YAML_MAX_DEPTH];
	uint32_t depth;
	struct yaml_node **stack;
	uint32_t n_stack, cap_stack;
	struct yaml_node **docs;
	uint32_t n_docs, cap_docs;
	struct strmap anchors;
	uint32_t n_nodes;
};

/* --- lines ------------------------------------------------------------------------------------ */

/* Length of the line break at @i as YAML 1.1 knows them; 0 when there is none. */
static size_t break_len(struct str t, size_t i)
{
	const unsigned char *p = (const unsigned char *)t.p + i;
	size_t left = t.len - i;

	if (p[0] == '\n')
		return 1;
	if (p[0] == '\r')
		return left > 1 && p[1] == '\n' ? 2 : 1;
	if (p[0] == 0xc2 && left > 1 && p[1] == 0x85)
		return 2;
	if (p[0] == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return 3;
	return 0;
}

/* Whether a line break may begin with @c. */
static bool may_break(char c)
{
	unsigned char u = (unsigned char)c;

	return u <= '\r' || u >= 0xc2;
}

static int index_lines(struct file *f)
{
	struct str t = f->pub.text;
	size_t n = 1, cap = 64;

	f->lines = mem_grow(NULL, cap, sizeof *f->lines);
	if (!f->lines)
		return -ENOMEM;
	f->lines[0] = 0;
	for (size_t i = 0; i < t.len;) {
		size_t len = may_break(t.p[i]) ? break_len(t, i) : 0;

		i += len ? len : 1;
		if (!len)
			continue;
		if (n == cap) {
			size_t *more = mem_grow(f->lines, cap * 2, sizeof *more);

			if (!more)
				return -ENOMEM;
			f->lines = more;
			cap *= 2;
		}
		f->lines[n++] = i;
	}
	f->n_lines = (uint32_t)n;
	return 0;
}

static size_t char_len(struct str t, size_t at)
{
	size_t bad = 1, len;

	if ((unsigned char)t.p[at] < 0x80)
		return 1;
	len = utf8_next(t.p + at, t.len - at, &bad);
	return len ? len : bad;
}

struct yaml_mark yaml_mark_at(const struct yaml_file *file, size_t offset)
{
	const struct file *f = (const struct file *)file;
	struct str t = f->pub.text;
	uint32_t low = 0, high = f->n_lines;
	struct yaml_mark at = {.offset = offset < t.len ? offset : t.len};

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (f->lines[middle] <= at.offset)
			low = middle;
		else
			high = middle;
	}
	at.line = low;
	for (size_t i = f->lines[low]; i < at.offset; i += char_len(t, i))
		at.column++;
	return at;
}

static struct yaml_mark from_libyaml(const struct file *f, const yaml_mark_t *m)
{
	struct str t = f->pub.text;
	struct yaml_mark at = {.line = (uint32_t)m->line};
	uint32_t line = at.line;

	/* The end of the text is told as the start of a line that is not there. */
	if (m->line >= f->n_lines)
		return yaml_mark_at(&f->pub, t.len);
	at.offset = f->lines[line];
	if (f->cursor.line == line && f->cursor.column <= m->column)
		at = f->cursor;
	for (; at.column < m->column && at.offset < t.len; at.column++)
		at.offset += char_len(t, at.offset);
	return at;
}

struct str yaml_line(const struct yaml_file *f, struct yaml_mark at)
{
	const struct file *in = (const struct file *)f;
	size_t from, to;

	if (at.line >= in->n_lines)
		return (struct str){f->text.p + f->text.len, 0};
	from = in->lines[at.line];
	for (to = from; to < f->text.len && !break_len(f->text, to);)
		to++;
	return (struct str){f->text.p + from, to - from};
}

/* --- building --------------------------------------------------------------------------------- */

static int fail(struct builder *b, struct yaml_mark at, const char *what, const char *why)
{
	if (b->ret_at)
		*b->ret_at = at;
	err_set(b->err, at.offset, 1, "%s%s%s", what, why ? ": " : "", why ? why : "");
	return -EINVAL;
}

static int fail_parse(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *why = p->problem ? p->problem : "unreadable";

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (p->error == YAML_READER_ERROR)
		return fail(b, yaml_mark_at(&b->file->pub, p->problem_offset), "invalid characters",
			    why);
	return fail(b, from_libyaml(b->file, &p->problem_mark), "invalid YAML", why);
}

static int grow_nodes(struct yaml_node ***array, uint32_t n, uint32_t *cap)
{
	uint32_t more = *cap ? *cap * 2 : 64;
	struct yaml_node **grown;

	if (n < *cap)
		return 0;
	grown = mem_grow(*array, more, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*cap = more;
	return 0;
}

/* A finished (or just opened) node takes its place under its parent, or as a document. */
static int place(struct builder *b, struct yaml_node *node)
{
	int r;

	if (b->depth) {
		r = grow_nodes(&b->stack, b->n_stack, &b->cap_stack);
		if (r == 0)
			b->stack[b->n_stack++] = node;
		return r;
	}
	r = grow_nodes(&b->docs, b->n_docs, &b->cap_docs);
	if (r == 0)
		b->docs[b->n_docs++] = node;
	return r;
}

static int count(struct builder *b, uint32_t size, struct yaml_mark at)
{
	if (size > YAML_MAX_NODES - b->n_nodes)
		return fail(b, at, "too many nodes (aliases count for what they stand for)", NULL);
	b->n_nodes += size;
	return 0;
}

static struct yaml_node *node_new(struct builder *b, const yaml_event_t *e, enum yaml_kind kind)
{
	struct yaml_node *node = arena_alloc(&b->file->arena, sizeof *node);

	if (!node)
		return NULL;
	node->kind = kind;
	node->size = 1;
	node->start = from_libyaml(b->file, &e->start_mark);
	b->file->cursor = node->start;
	node->end = from_libyaml(b->file, &e->end_mark);
	return node;
}

/* An anchor may be given again; the newest counts. */
static int anchor_add(struct builder *b, const yaml_char_t *name, struct yaml_node *node,
		      bool is_open, struct anchor **ret)
{
	struct str key = str_from((const char *)name);
	struct anchor *a;

	*ret = NULL;
	if (!name)
		return 0;
	a = strmap_find(&b->anchors, key);
	if (!a) {
		key = arena_str(&b->file->arena, key);
		a = arena_alloc(&b->file->arena, sizeof *a);
		if (!a || !key.p || strmap_add(&b->anchors, key, a) < 0)
			return -ENOMEM;
	}
	*a = (struct anchor){.node = node, .is_open = is_open};
	*ret = a;
	return 0;
}

static bool is_null_text(struct str s)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_is(s, words[i]))
			return true;
	}
	return false;
}

static enum yaml_style style_of(yaml_scalar_style_t s)
{
	switch (s) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return YAML_SINGLE_QUOTED;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return YAML_DOUBLE_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
		return YAML_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return YAML_FOLDED;
	default:
		return YAML_PLAIN;
	}
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
	struct yaml_node *node = node_new(b, e, YAML_SCALAR);
	struct anchor *anchor;
	int r;

	if (!node)
		return -ENOMEM;
	node->style = style_of(e->data.scalar.style);
	node->text = arena_str(&b->file->arena, (struct str){(const char *)e->data.scalar.value,
							     e->data.scalar.length});
	if (!node->text.p)
		return -ENOMEM;
	if (node->style == YAML_PLAIN && e->data.scalar.plain_implicit && is_null_text(node->text))
		node->kind = YAML_NULL;
	r = count(b, 1, node->start);
	if (r == 0)
		r = anchor_add(b, e->data.scalar.anchor, node, false, &anchor);
	return r < 0 ? r : place(b, node);
}

static int on_alias(struct builder *b, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct yaml_mark at = from_libyaml(b->file, &e->start_mark);
	struct anchor *a = strmap_find(&b->anchors, str_from(name));
	int r;

	if (!a)
		return fail(b, at, "alias without its anchor", name);
	if (a->is_open)
		return fail(b, at, "alias inside of what it stands for", name);
	r = count(b, a->node->size, at);
	return r < 0 ? r : place(b, a->node);
}

static int on_open(struct builder *b, const yaml_event_t *e, enum yaml_kind kind,
		   const yaml_char_t *anchor)
{
	struct yaml_node *node = node_new(b, e, kind);
	struct anchor *a;
	int r;

	if (!node)
		return -ENOMEM;
	if (b->depth == YAML_MAX_DEPTH)
		return fail(b, node->start, "nested too deeply", NULL);
	r = count(b, 1, node->start);
	if (r == 0)
		r = anchor_add(b, anchor, node, true, &a);
	if (r < 0)
		return r;
	b->frames[b->depth++] = (struct frame){.node = node, .base = b->n_stack, .anchor = a};
	return 0;
}

static int on_close(struct builder *b, const yaml_event_t *e)
{
	struct frame *f = &b->frames[--b->depth];
	struct yaml_node *node = f->node;
	uint32_t n = b->n_stack - f->base;

	if (n) {
		node->items = arena_alloc(&b->file->arena, n * sizeof(struct yaml_node *));
		if (!node->items)
			return -ENOMEM;
		memcpy(node->items, b->stack + f->base, n * sizeof(struct yaml_node *));
	}
	for (uint32_t i = 0; i < n; i++)
		node->size += b->stack[f->base + i]->size;
	/* Pairs are laid out as key, value, key, value, as they came. */
	node->n = node->kind == YAML_MAP ? n / 2 : n;
	node->end = from_libyaml(b->file, &e->end_mark);
	b->n_stack = f->base;
	if (f->anchor)
		f->anchor->is_open = false;
	return place(b, node);
}

_Static_assert(sizeof(struct yaml_pair) == 2 * sizeof(struct yaml_node *),
	       "a pair is two node pointers");

static int on_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(b, e, YAML_SEQ, e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return on_open(b, e, YAML_MAP, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(b, e);
	case YAML_DOCUMENT_START_EVENT:
		/* An anchor holds within its document. */
		strmap_deinit(&b->anchors);
		return 0;
	default:
		return 0;
	}
}

static int build(struct builder *b)
{
	bool is_done = false;
	int r = 0;

	while (r == 0 && !is_done) {
		yaml_event_t e;

		if (!yaml_parser_parse(&b->parser, &e))
			return fail_parse(b);
		is_done = e.type == YAML_STREAM_END_EVENT;
		r = on_event(b, &e);
		yaml_event_delete(&e);
	}
	return r;
}

static int finish(struct builder *b)
{
	struct yaml_file *f = &b->file->pub;

	f->n_docs = b->n_docs;
	if (!b->n_docs)
		return 0;
	f->docs = arena_alloc(&b->file->arena, b->n_docs * sizeof *f->docs);
	if (!f->docs)
		return -ENOMEM;
	memcpy(f->docs, b->docs, b->n_docs * sizeof *f->docs);
	return 0;
}

/* A last line of blanks alone says nothing, but a tab in it is no YAML to the parser. */
static size_t without_last_blanks(struct str t)
{
	size_t len = t.len;

	while (len && (t.p[len - 1] == ' ' || t.p[len - 1] == '\t'))
		len--;
	return len && t.p[len - 1] == '\n' ? len : t.len;
}

static int run(struct file *f, struct yaml_mark *ret_at, struct err *err)
{
	struct builder *b = mem_new(sizeof *b);
	struct str t = f->pub.text;
	int r;

	if (!b)
		return -ENOMEM;
	b->file = f;
	b->err = err;
	b->ret_at = ret_at;
	r = index_lines(f);
	if (r == 0 && !yaml_parser_initialize(&b->parser))
		r = -ENOMEM;
	if (r == 0) {
		yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&b->parser, (const unsigned char *)t.p,
					     without_last_blanks(t));
		r = build(b);
		if (r == 0)
			r = finish(b);
		yaml_parser_delete(&b->parser);
	}
	strmap_deinit(&b->anchors);
	mem_free(b->stack);
	mem_free(b->docs);
	mem_free(b);
	return r;
}

int yaml_parse(const char *name, struct str text, struct yaml_file **ret, struct yaml_mark *ret_at,
	       struct err *err)
{
	struct yaml_mark none = {0};
	struct file *f;
	int r = 0;

	if (ret_at)
		*ret_at = none;
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from_at(text, 3);
	if (text.len > YAML_MAX_BYTES) {
		err_set(err, 0, 0, "text of more than %d MiB", YAML_MAX_BYTES >> 20);
		return -EINVAL;
	}
	f = mem_new(sizeof *f);
	if (!f)
		return -ENOMEM;
	f->pub.name = arena_str(&f->arena, str_from(name));
	f->pub.text = arena_str(&f->arena, text);
	if (!f->pub.name.p || !f->pub.text.p)
		r = -ENOMEM;
	if (r == 0)
		r = run(f, ret_at, err);
	if (r < 0) {
		yaml_close(&f->pub);
		return r;
	}
	*ret = &f->pub;
	return 0;
}

struct yaml_file *yaml_close(struct yaml_file *file)
{
	struct file *f = (struct file *)file;

	if (f) {
		mem_free(f->lines);
		arena_deinit(&f->arena);
		mem_free(f);
	}
	return NULL;
}

/* --- reading a file --------------------------------------------------------------------------- */

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	size_t len = 0, cap = 0;
	char *text = NULL;

	for (;;) {
		ssize_t got;

		if (len == cap) {
			char *more = mem_grow(text, cap ? cap * 2 : 64 * 1024, 1);

			if (!more) {
				mem_free(text);
				return -ENOMEM;
			}
			text = more;
			cap = cap ? cap * 2 : 64 * 1024;
		}
		got = read(fd, text + len, cap - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || len > YAML_MAX_BYTES) {
			int r = got < 0 ? -errno : -EFBIG;

			mem_free(text);
			return r;
		}
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int yaml_load(const char *path, struct yaml_file **ret, struct yaml_mark *ret_at, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;
	char *text = NULL;
	size_t len = 0;

	r = fd < 0 ? -errno : read_all(fd, &text, &len);
	if (fd >= 0)
		close(fd);
	if (r < 0) {
		err_set(err, 0, 0, "cannot read '%s': %s", path, strerror(-r));
		return r == -EINVAL ? -EIO : r;
	}
	r = yaml_parse(path, (struct str){text, len}, ret, ret_at, err);
	mem_free(text);
	return r;
}
