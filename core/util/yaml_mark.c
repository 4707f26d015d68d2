/*
 * From a byte of a scalar's value to the place in the file it came from.
 *
 * A value is not a piece of its file: lines are folded, indentation and escapes are gone. So the
 * written form is read once more, counting how many bytes of value each part of it gives, until the
 * wanted byte is reached. This happens only when there is something to complain about.
 */
#include "util/utf8.h"
#include "util/yaml.h"

/* The written form, and how far it has been read. */
struct walk {
	struct str text;
	size_t at, end; /* in the file */
	size_t wanted;  /* bytes of value still to go */
	bool is_done;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static size_t char_at(const struct walk *w)
{
	size_t bad = 1, len = utf8_next(w->text.p + w->at, w->end - w->at, &bad);

	return len ? len : bad;
}

/* @source bytes of the file gave @value bytes. */
static void give(struct walk *w, size_t source, size_t value)
{
	if (value > w->wanted) {
		w->is_done = true;
		if (source == value)
			w->at += w->wanted;
		return;
	}
	w->wanted -= value;
	w->at += source;
	if (w->at >= w->end) {
		w->at = w->end;
		w->is_done = true;
	}
}

static size_t one_break(const struct walk *w, size_t i)
{
	return w->text.p[i] == '\r' && i + 1 < w->end && w->text.p[i + 1] == '\n' ? 2 : 1;
}

/* Blanks and line breaks of a flow scalar: blanks around a break vanish, one break is a blank, each
 * further one a newline. False when there is no break: the blanks are then value. */
static bool fold(struct walk *w, bool is_escaped)
{
	size_t i = w->at, n = 0;

	for (; i < w->end && (is_blank(w->text.p[i]) || is_break(w->text.p[i])); i++) {
		if (is_break(w->text.p[i])) {
			i += one_break(w, i) - 1;
			n++;
		}
	}
	if (n == 0)
		return false;
	if (is_escaped)
		give(w, i - w->at, n - 1);
	else
		give(w, i - w->at, n > 1 ? n - 1 : 1);
	return true;
}

static size_t utf8_size(uint32_t c)
{
	if (c < 0x80)
		return 1;
	if (c < 0x800)
		return 2;
	return c < 0x10000 ? 3 : 4;
}

static uint32_t hex(const struct walk *w, size_t from, size_t n)
{
	uint32_t v = 0;

	for (size_t i = from; i < from + n && i < w->end; i++) {
		char c = w->text.p[i];
		uint32_t digit = (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);

		v = v << 4 | (digit & 15);
	}
	return v;
}

static void escape(struct walk *w)
{
	char c = w->at + 1 < w->end ? w->text.p[w->at + 1] : 0;
	size_t n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;

	if (is_break(c)) {
		w->at++;
		(void)fold(w, true);
		return;
	}
	if (n)
		give(w, 2 + n, utf8_size(hex(w, w->at + 2, n)));
	else if (c == 'N' || c == '_')
		give(w, 2, 2);
	else if (c == 'L' || c == 'P')
		give(w, 2, 3);
	else
		give(w, 2, 1);
}

static void walk_flow(struct walk *w, enum yaml_style style)
{
	if (style != YAML_PLAIN && w->at < w->end)
		w->at++;
	if (w->at >= w->end)
		w->is_done = true;
	while (!w->is_done) {
		char c = w->text.p[w->at];
		size_t len;

		if ((is_blank(c) || is_break(c)) && fold(w, false))
			continue;
		if (style == YAML_DOUBLE_QUOTED && c == '\\') {
			escape(w);
			continue;
		}
		len = char_at(w);
		give(w, style == YAML_SINGLE_QUOTED && c == '\'' ? 2 : len, len);
	}
}

static size_t line_end(const struct walk *w, size_t i)
{
	while (i < w->end && !is_break(w->text.p[i]))
		i++;
	return i;
}

static size_t next_line(const struct walk *w, size_t i)
{
	i = line_end(w, i);
	return i < w->end ? i + one_break(w, i) : w->end;
}

/* How many blanks indent the value @v of a block scalar: what its first line that is not empty has
 * in the file beyond what it has in the value. */
static size_t block_indent(const struct walk *w, struct str v)
{
	size_t i = w->at, in_file = 0, in_value = 0, k = 0;

	while (i < w->end && line_end(w, i) - i == strspn(w->text.p + i, " "))
		i = next_line(w, i) > i ? next_line(w, i) : w->end;
	while (i + in_file < w->end && w->text.p[i + in_file] == ' ')
		in_file++;
	while (k < v.len && v.p[k] == '\n')
		k++;
	while (k + in_value < v.len && v.p[k + in_value] == ' ')
		in_value++;
	return in_file > in_value ? in_file - in_value : 0;
}

struct line {
	size_t from, to; /* what of it is value */
	bool is_more;    /* begins with a blank: indented more than the others */
};

/* The line at w->at, its indentation left out. */
static struct line take_line(const struct walk *w, size_t indent)
{
	struct line l = {.from = w->at, .to = line_end(w, w->at)};

	for (size_t i = 0; i < indent && l.from < l.to && w->text.p[l.from] == ' '; i++)
		l.from++;
	l.is_more = l.from < l.to && is_blank(w->text.p[l.from]);
	return l;
}

/* Bytes of value that stand for the line breaks before @l: in a folded scalar a break between two
 * ordinary lines is a blank, or gives way to the empty lines behind it. */
static size_t breaks_before(struct line l, bool is_folded, bool is_first, bool was_more,
			    size_t n_empty)
{
	if (is_first)
		return n_empty;
	if (is_folded && !was_more && !l.is_more)
		return n_empty ? n_empty : 1;
	return n_empty + 1;
}

static void walk_block(struct walk *w, struct str value, bool is_folded)
{
	size_t indent, n_empty = 0;
	bool is_first = true, was_more = false;

	w->at = next_line(w, w->at);
	indent = block_indent(w, value);
	while (w->at < w->end) {
		struct line l = take_line(w, indent);
		size_t breaks = breaks_before(l, is_folded, is_first, was_more, n_empty);

		w->at = next_line(w, l.to);
		if (l.from == l.to) {
			n_empty++;
			continue;
		}
		if (w->wanted < breaks + (l.to - l.from)) {
			w->at = l.from + (w->wanted < breaks ? 0 : w->wanted - breaks);
			return;
		}
		w->wanted -= breaks + (l.to - l.from);
		n_empty = 0;
		is_first = false;
		was_more = l.is_more;
	}
}

struct yaml_mark yaml_mark_in(const struct yaml_file *f, const struct yaml_node *n, size_t offset)
{
	struct walk w = {
		.text = f->text,
		.at = n->start.offset,
		.end = n->end.offset,
		.wanted = offset,
	};

	if (n->kind != YAML_SCALAR)
		return n->start;
	if (offset >= n->text.len)
		return offset ? n->end : n->start;
	if (n->style == YAML_LITERAL || n->style == YAML_FOLDED)
		walk_block(&w, n->text, n->style == YAML_FOLDED);
	else
		walk_flow(&w, n->style);
	return yaml_mark_at(f, w.at);
}
