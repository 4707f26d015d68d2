#include "ruleset/remark.h"

#include <errno.h>

#include "util/mem.h"
#include "util/vec.h"

/* Scans what is between the texts of a file; texts are met in the order in which they stand. */
struct scan {
	const struct yaml_file *file;
	struct remarks *remarks;
	size_t at;
	bool failed;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t line_start(struct str text, size_t at)
{
	while (at && text.p[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(struct str text, size_t at)
{
	while (at < text.len && text.p[at] != '\n')
		at++;
	return at;
}

static bool only_blanks(struct str text, size_t from, size_t to)
{
	while (from < to && is_blank(text.p[from]))
		from++;
	return from == to;
}

static bool is_empty_line(struct str text, size_t at)
{
	return at < text.len && only_blanks(text, at, line_end(text, at));
}

static void add(struct scan *s, size_t at, size_t end)
{
	struct remarks *r = s->remarks;
	struct str text = s->file->text;
	size_t start = line_start(text, at), before = start ? line_start(text, start - 1) : 0;

	while (end > at && is_blank(text.p[end - 1]))
		end--;
	if (!VEC_ROOM(r->items, r->cap, r->n)) {
		s->failed = true;
		return;
	}
	r->items[r->n++] = (struct remark){
		.offset = at,
		.text = {text.p + at, end - at},
		.own_line = only_blanks(text, start, at),
		.after_blank = start && only_blanks(text, before, start - 1),
		.before_blank = is_empty_line(text, line_end(text, end) + 1),
	};
}

static void note_markup(struct scan *s, size_t at)
{
	if (s->remarks->has_markup)
		return;
	s->remarks->has_markup = true;
	s->remarks->markup_at = at;
}

/* Up to @to, which is where the next text starts. */
static void scan_to(struct scan *s, size_t to)
{
	struct str text = s->file->text;

	while (s->at < to) {
		char c = text.p[s->at];
		const char *nl;

		if (c != '#') {
			if (c == '&' || c == '*' || c == '!')
				note_markup(s, s->at);
			s->at++;
			continue;
		}
		nl = memchr(text.p + s->at, '\n', text.len - s->at);
		add(s, s->at, nl ? (size_t)(nl - text.p) : text.len);
		s->at = nl ? (size_t)(nl - text.p) : text.len;
	}
}

static void walk(struct scan *s, const struct yaml_node *n)
{
	/* a tag or anchor is part of its node */
	if (n->start.offset < s->file->text.len && n->size &&
	    memchr("&*!", s->file->text.p[n->start.offset], 3) && n->end.offset > n->start.offset)
		note_markup(s, n->start.offset);
	if (n->kind == YAML_SCALAR || (n->kind == YAML_NULL && n->text.len)) {
		scan_to(s, n->start.offset);
		s->at = n->end.offset > s->at ? n->end.offset : s->at;
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		if (n->kind == YAML_MAP)
			walk(s, n->pairs[i].key);
		walk(s, n->kind == YAML_MAP ? n->pairs[i].value : n->items[i]);
	}
}

int remarks_find(const struct yaml_file *file, struct remarks *ret_remarks)
{
	struct remarks r = {.n = 0};
	struct scan s = {.file = file, .remarks = &r};

	for (uint32_t i = 0; i < file->n_docs; i++)
		walk(&s, file->docs[i]);
	scan_to(&s, file->text.len);
	if (s.failed) {
		remarks_deinit(&r);
		return -ENOMEM;
	}
	*ret_remarks = r;
	return 0;
}

void remarks_deinit(struct remarks *r)
{
	r->items = mem_free(r->items);
	r->n = r->cap = 0;
}

const struct remark *remarks_take(struct remarks *r, size_t from, size_t to)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct remark *m = &r->items[i];

		if (m->offset >= to)
			break;
		if (m->is_used || !m->own_line || m->offset < from)
			continue;
		m->is_used = true;
		return m;
	}
	return NULL;
}

const struct remark *remarks_take_behind(struct remarks *r, struct str text, size_t at)
{
	while (at < text.len && (is_blank(text.p[at]) || text.p[at] == ','))
		at++;
	for (uint32_t i = 0; i < r->n && r->items[i].offset <= at; i++) {
		if (r->items[i].offset != at || r->items[i].is_used)
			continue;
		r->items[i].is_used = true;
		return &r->items[i];
	}
	return NULL;
}

bool remarks_any(const struct remarks *r, size_t from, size_t to)
{
	for (uint32_t i = 0; i < r->n && r->items[i].offset < to; i++)
		if (!r->items[i].is_used && r->items[i].offset >= from)
			return true;
	return false;
}
