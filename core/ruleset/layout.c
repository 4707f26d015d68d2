#include "ruleset/layout.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "ruleset/remark.h"
#include "util/mem.h"

/* Known keys in the order in which they are written; all others follow as they stood. */
static const char *const key_order[] = {
	"rule",
	"macro",
	"list",
	"required_engine_version",
	"required_plugin_versions",
	"name",
	"version",
	"alternatives",
	"desc",
	"condition",
	"items",
	"output",
	"priority",
	"source",
	"enabled",
	"tags",
	"exceptions",
	"fields",
	"comps",
	"values",
	"warn_evttypes",
	"skip-if-unknown-filter",
	"capture",
	"capture_duration",
	"append",
	"override",
};

struct layout {
	const struct yaml_file *file;
	struct buf *out;
	struct remarks remarks;
	size_t line_start; /* in out */
};

static bool is_flow(const struct layout *l, const struct yaml_node *n)
{
	char c = n->start.offset < l->file->text.len ? l->file->text.p[n->start.offset] : '\0';

	return (n->kind == YAML_SEQ && c == '[') || (n->kind == YAML_MAP && c == '{');
}

static bool is_block_text(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && (n->style == YAML_LITERAL || n->style == YAML_FOLDED);
}

static struct str source(const struct layout *l, const struct yaml_node *n)
{
	struct str s = {l->file->text.p + n->start.offset, n->end.offset - n->start.offset};

	while (s.len && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

static void new_line(struct layout *l, uint32_t indent)
{
	while (l->out->len > l->line_start && l->out->p[l->out->len - 1] == ' ')
		l->out->p[--l->out->len] = '\0';
	buf_add_char(l->out, '\n');
	l->line_start = l->out->len;
	for (uint32_t i = 0; i < indent; i++)
		buf_add_char(l->out, ' ');
}

static size_t column(const struct layout *l)
{
	return l->out->len - l->line_start;
}

/* Where the last text of @n ends: the end mark of a block lies behind what follows it. */
static size_t end_of(const struct layout *l, const struct yaml_node *n)
{
	if ((n->kind != YAML_SEQ && n->kind != YAML_MAP) || n->n == 0 || is_flow(l, n))
		return n->end.offset;
	return end_of(l, n->kind == YAML_SEQ ? n->items[n->n - 1] : n->pairs[n->n - 1].value);
}

static bool after_empty_line(const struct layout *l)
{
	return l->line_start == 0 || (l->line_start > 1 && l->out->p[l->line_start - 2] == '\n');
}

/* Comments on lines of their own in [from, to). */
static void lead_remarks(struct layout *l, size_t from, size_t to, uint32_t indent)
{
	const struct remark *r;

	while ((r = remarks_take(&l->remarks, from, to)) != NULL) {
		if (r->after_blank && indent == 0 && column(l) == 0 && !after_empty_line(l))
			new_line(l, 0);
		buf_add_str(l->out, r->text);
		new_line(l, indent);
		if (r->before_blank && indent == 0)
			new_line(l, 0);
	}
}

/* The comment behind what ends at @end, on its line. */
static void tail_remark(struct layout *l, size_t end)
{
	const struct remark *r = remarks_take_behind(&l->remarks, l->file->text, end);

	if (!r)
		return;
	buf_add_cstr(l->out, "  ");
	buf_add_str(l->out, r->text);
}

static struct str trim(struct str s)
{
	while (s.len && isspace((unsigned char)s.p[0]))
		s = str_from_at(s, 1);
	while (s.len && isspace((unsigned char)s.p[s.len - 1]))
		s.len--;
	return s;
}

/* The next line of *@s, which is moved past it. */
static struct str take_line(struct str *s)
{
	const char *nl = memchr(s->p, '\n', s->len);
	struct str line = {s->p, nl ? (size_t)(nl - s->p) : s->len};

	*s = str_from_at(*s, line.len + (nl != NULL));
	return line;
}

static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] == ' ')
		n++;
	return n;
}

/* How far the lines of @s that have text are indented: the least of them, and the first. */
static size_t least_indent(struct str s, size_t *ret_first)
{
	size_t least = SIZE_MAX;

	*ret_first = SIZE_MAX;
	while (s.len) {
		const struct str line = take_line(&s);

		if (trim(line).len == 0)
			continue;
		if (*ret_first == SIZE_MAX)
			*ret_first = indent_of(line);
		if (indent_of(line) < least)
			least = indent_of(line);
	}
	return least;
}

/* '|' or '>', then what becomes of the line ends behind the text: as @head says. */
static void put_block_head(struct layout *l, struct str head, bool has_indent)
{
	buf_add_char(l->out, head.p[0]);
	if (has_indent)
		buf_add_char(l->out, '2');
	for (size_t i = 1; i < head.len && !isspace((unsigned char)head.p[i]); i++)
		if (head.p[i] == '-' || head.p[i] == '+')
			buf_add_char(l->out, head.p[i]);
}

static void drop_empty_lines(struct layout *l)
{
	while (l->out->len && column(l) == 0) {
		l->out->p[--l->out->len] = '\0';
		for (l->line_start = l->out->len;
		     l->line_start && l->out->p[l->line_start - 1] != '\n';)
			l->line_start--;
	}
}

/* A text after '|' or '>': its lines keep their indentation relative to each other. */
static void put_block_text(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	struct str s = {l->file->text.p + n->start.offset, n->end.offset - n->start.offset};
	const struct str head = take_line(&s);
	size_t first;
	const size_t base = least_indent(s, &first);

	put_block_head(l, head, first != base);
	while (s.len) {
		struct str line = take_line(&s);

		line = trim(line).len ? str_from_at(line, base) : (struct str){line.p, 0};
		while (line.len && isspace((unsigned char)line.p[line.len - 1]))
			line.len--;
		new_line(l, line.len ? indent : 0);
		buf_add_str(l->out, line);
	}
	/* "keep" counts the empty lines behind it; otherwise they are ours to set */
	if (!memchr(head.p, '+', head.len))
		drop_empty_lines(l);
}

static void put_text(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	struct str s = source(l, n);
	bool first = true;

	if (is_block_text(n)) {
		put_block_text(l, n, indent);
		return;
	}
	while (s.len) {
		struct str line = trim(take_line(&s));

		if (!first)
			new_line(l, line.len ? indent : 0);
		buf_add_str(l->out, line);
		first = false;
	}
}

static void put_node(struct layout *l, const struct yaml_node *n, uint32_t indent);

static void put_flow_item(struct layout *l, const struct yaml_node *n, uint32_t i, uint32_t indent)
{
	if (n->kind == YAML_SEQ) {
		put_node(l, n->items[i], indent);
		return;
	}
	put_text(l, n->pairs[i].key, indent);
	buf_add_cstr(l->out, ": ");
	put_node(l, n->pairs[i].value, indent);
}

/* How wide item @i is when written on one line. */
static size_t width(const struct yaml_node *n, uint32_t i)
{
	const struct yaml_node *from = n->kind == YAML_SEQ ? n->items[i] : n->pairs[i].key;
	const struct yaml_node *to = n->kind == YAML_SEQ ? n->items[i] : n->pairs[i].value;

	return to->end.offset - from->start.offset + 2;
}

static void put_flow(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	buf_add_char(l->out, n->kind == YAML_SEQ ? '[' : '{');
	for (uint32_t i = 0; i < n->n; i++) {
		if (i)
			buf_add_char(l->out, ',');
		if (column(l) + 1 + width(n, i) > LAYOUT_COLUMNS && column(l) > indent + 1)
			new_line(l, indent);
		else if (i)
			buf_add_char(l->out, ' ');
		put_flow_item(l, n, i, indent);
	}
	buf_add_char(l->out, n->kind == YAML_SEQ ? ']' : '}');
}

static uint32_t rank(const struct yaml_node *key)
{
	uint32_t n = sizeof key_order / sizeof *key_order;

	for (uint32_t i = 0; i < n; i++)
		if (str_is(key->text, key_order[i]))
			return i;
	return n;
}

/* A pair, and where its comments may begin. */
struct part {
	const struct yaml_pair *pair;
	uint32_t rank, at;
	size_t from;
};

static int by_rank(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Written over several lines: a block, or a flow that holds comments. */
static bool is_spread(const struct layout *l, const struct yaml_node *n)
{
	if ((n->kind != YAML_SEQ && n->kind != YAML_MAP) || n->n == 0)
		return false;
	return !is_flow(l, n) || remarks_any(&l->remarks, n->start.offset, n->end.offset);
}

static void put_pair(struct layout *l, const struct part *p, uint32_t indent)
{
	const struct yaml_node *v = p->pair->value;
	size_t key_end = p->pair->key->end.offset;

	lead_remarks(l, p->from, p->pair->key->start.offset, indent);
	put_text(l, p->pair->key, indent + 2);
	buf_add_char(l->out, ':');
	if (is_spread(l, v)) {
		tail_remark(l, key_end + 1);
		new_line(l, indent + 2);
		put_node(l, v, indent + 2);
		return;
	}
	if (v->kind != YAML_NULL || v->text.len)
		buf_add_char(l->out, ' ');
	put_node(l, v, indent + 2);
	if (!is_block_text(v))
		tail_remark(l, v->kind == YAML_NULL && !v->text.len ? key_end + 1 : v->end.offset);
}

static void put_map(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	struct part *parts = mem_new((n->n + 1) * sizeof *parts);
	size_t from = n->start.offset;

	if (!parts) {
		l->out->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		parts[i] = (struct part){&n->pairs[i], rank(n->pairs[i].key), i, from};
		from = end_of(l, n->pairs[i].value);
	}
	qsort(parts, n->n, sizeof *parts, by_rank);
	for (uint32_t i = 0; i < n->n; i++) {
		if (i)
			new_line(l, indent);
		put_pair(l, &parts[i], indent);
	}
	mem_free(parts);
}

/* Comments that belong before the key that comes first: they go before the item's dash. */
static void lead_item(struct layout *l, const struct yaml_node *item, uint32_t indent)
{
	uint32_t first = 0;

	if (item->kind != YAML_MAP || !is_spread(l, item))
		return;
	for (uint32_t i = 1; i < item->n; i++)
		if (rank(item->pairs[i].key) < rank(item->pairs[first].key))
			first = i;
	lead_remarks(l, first ? end_of(l, item->pairs[first - 1].value) : item->start.offset,
		     item->pairs[first].key->start.offset, indent);
}

static void put_seq(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	size_t from = n->start.offset;

	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *item = n->items[i];

		if (i)
			new_line(l, indent);
		lead_remarks(l, from, item->start.offset, indent);
		lead_item(l, item, indent);
		buf_add_cstr(l->out, "- ");
		put_node(l, item, indent + 2);
		from = end_of(l, item);
		if (!is_block_text(item) && !is_spread(l, item))
			tail_remark(l, from);
	}
}

static void put_node(struct layout *l, const struct yaml_node *n, uint32_t indent)
{
	if (n->kind == YAML_NULL || n->kind == YAML_SCALAR)
		put_text(l, n, indent);
	else if (!is_spread(l, n))
		put_flow(l, n, indent);
	else if (n->kind == YAML_SEQ)
		put_seq(l, n, indent);
	else
		put_map(l, n, indent);
}

/* Whether an empty line belongs between two items: always around rules, and where there was one. */
static bool wants_gap(const struct layout *l, const struct yaml_node *x, const struct yaml_node *y)
{
	struct str text = l->file->text;
	size_t at = end_of(l, x);

	if (yaml_get(x, "rule") || yaml_get(y, "rule"))
		return true;
	for (at = at ? at - 1 : 0; at + 1 < y->start.offset; at++)
		if (text.p[at] == '\n' && text.p[at + 1] == '\n')
			return true;
	return false;
}

static void put_document(struct layout *l, const struct yaml_node *doc, size_t from)
{
	for (uint32_t i = 0; i < doc->n; i++) {
		const struct yaml_node *item = doc->items[i];
		size_t start = item->start.offset;

		if (i && wants_gap(l, doc->items[i - 1], item) && !after_empty_line(l))
			new_line(l, 0);
		lead_remarks(l, from, start, 0);
		lead_item(l, item, 0);
		buf_add_cstr(l->out, "- ");
		put_node(l, item, 2);
		from = end_of(l, item);
		if (!is_block_text(item) && !is_spread(l, item))
			tail_remark(l, from);
		new_line(l, 0);
	}
}

/* Whether two trees say the same; maps regardless of order. */
static bool same(const struct yaml_node *x, const struct yaml_node *y)
{
	if (x->kind != y->kind || x->n != y->n)
		return false;
	if (x->kind == YAML_SCALAR || x->kind == YAML_NULL)
		return x->kind == YAML_NULL || str_eq(x->text, y->text);
	for (uint32_t i = 0; i < x->n; i++) {
		bool found = x->kind == YAML_SEQ && same(x->items[i], y->items[i]);

		for (uint32_t k = 0; x->kind == YAML_MAP && !found && k < y->n; k++)
			found = same(x->pairs[i].key, y->pairs[k].key) &&
				same(x->pairs[i].value, y->pairs[k].value);
		if (!found)
			return false;
	}
	return true;
}

/* What was laid out has to read as what was given, with every comment in it. */
static int check(struct layout *l, size_t from, struct err *err)
{
	struct str text = {l->out->p + from, l->out->len - from};
	struct yaml_file *back;
	struct err e = ERR_NULL;
	bool ok;
	int r;

	for (uint32_t i = 0; i < l->remarks.n; i++)
		if (!l->remarks.items[i].is_used) {
			err_set(err, l->remarks.items[i].offset, l->remarks.items[i].text.len,
				"laying out: a comment stands where it cannot be kept");
			err_hint(err, "move it to a line of its own before the item");
			return -EINVAL;
		}
	r = yaml_parse("laid out", text, &back, NULL, &e);
	if (r == -ENOMEM)
		return r;
	ok = r == 0 && back->n_docs == l->file->n_docs;
	for (uint32_t i = 0; ok && i < back->n_docs; i++)
		ok = same(back->docs[i], l->file->docs[i]);
	if (r == 0)
		yaml_close(back);
	if (ok)
		return 0;
	err_set(err, 0, 0, "laying out: it would read differently afterwards; left as it is");
	return -EINVAL;
}

static int refuse(const struct layout *l, struct err *err)
{
	for (uint32_t i = 0; i < l->file->n_docs; i++) {
		const struct yaml_node *doc = l->file->docs[i];

		if (doc->kind == YAML_SEQ || doc->kind == YAML_NULL)
			continue;
		err_set(err, doc->start.offset, 1, "laying out: want a list of items, got %s",
			yaml_kind_name(doc));
		return -EINVAL;
	}
	if (!l->remarks.has_markup)
		return 0;
	err_set(err, l->remarks.markup_at, 1,
		"laying out: anchors, aliases and tags are not laid out");
	return -EINVAL;
}

static void put_file(struct layout *l)
{
	size_t from = 0;

	for (uint32_t i = 0; i < l->file->n_docs; i++) {
		const struct yaml_node *doc = l->file->docs[i];

		if (i) {
			buf_add_cstr(l->out, "---");
			new_line(l, 0);
		}
		put_document(l, doc, from);
		from = doc->n ? end_of(l, doc) : doc->end.offset;
	}
	lead_remarks(l, from, l->file->text.len + 1, 0);
}

int layout_rules(const char *name, struct str text, struct buf *out, struct yaml_mark *ret_at,
		 struct err *err)
{
	struct layout l = {.out = out, .line_start = out->len};
	struct yaml_file *file;
	size_t from = out->len;
	int r = yaml_parse(name, text, &file, ret_at, err);

	if (r < 0)
		return r;
	l.file = file;
	r = remarks_find(file, &l.remarks);
	if (r == 0)
		r = refuse(&l, err);
	if (r == 0) {
		put_file(&l);
		r = out->failed ? -ENOMEM : check(&l, from, err);
	}
	if (r == -EINVAL && ret_at)
		*ret_at = yaml_mark_at(file, err->offset);
	remarks_deinit(&l.remarks);
	yaml_close(file);
	return r;
}
