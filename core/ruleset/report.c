#include "ruleset/report.h"

#include "ruleset/jsontext.h"

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_position(struct buf *b, struct str file, struct yaml_mark at)
{
	buf_add_cstr(b, "{");
	json_member(b, "name", file);
	buf_printf(b, ", \"line\": %u, \"column\": %u, \"offset\": %zu}", at.line, at.column,
		   at.offset);
}

static void add_context(struct buf *b, const struct rules_problem *p)
{
	buf_add_cstr(b, "{\"locations\": [");
	for (uint32_t i = 0; i < p->n_locations; i++) {
		const struct rules_location *l = &p->locations[i];

		buf_add_cstr(b, i ? ", {" : "{");
		json_member(b, "item_type", str_from(l->item_type));
		buf_add_cstr(b, ", ");
		json_member(b, "item_name", l->item_name);
		buf_add_cstr(b, ", \"position\": ");
		add_position(b, l->file, l->at);
		buf_add_char(b, '}');
	}
	buf_add_cstr(b, "], ");
	json_member(b, "snippet", p->snippet);
	buf_add_cstr(b, ", \"position\": ");
	add_position(b, p->file, p->at);
	buf_add_char(b, '}');
}

static void add_problems(struct buf *b, const char *name, const struct rules_problems *list)
{
	buf_printf(b, ", \"%s\": [", name);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct rules_problem *p = &list->items[i];

		buf_add_cstr(b, i ? ", {" : "{");
		json_member(b, "code", str_from(rules_code_name(p->code)));
		buf_add_cstr(b, ", ");
		json_member(b, "codedesc", str_from(rules_code_desc(p->code)));
		buf_add_cstr(b, ", ");
		json_member(b, "message", p->message);
		if (p->hint.len) {
			buf_add_cstr(b, ", ");
			json_member(b, "hint", p->hint);
		}
		buf_add_cstr(b, ", \"context\": ");
		add_context(b, p);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void rules_result_json(struct buf *b, const struct rules_result *r)
{
	buf_add_char(b, '{');
	json_member(b, "name", r->name);
	buf_printf(b, ", \"successful\": %s", r->successful ? "true" : "false");
	add_problems(b, "errors", &r->errors);
	add_problems(b, "warnings", &r->warnings);
	if (r->lints.n)
		add_problems(b, "lints", &r->lints);
	buf_add_char(b, '}');
}

void rules_loader_json(struct buf *b, const struct rules_loader *l)
{
	buf_add_cstr(b, "{\"falco_load_results\": [");
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++) {
		if (i)
			buf_add_cstr(b, ", ");
		rules_result_json(b, rules_loader_result(l, i));
	}
	buf_add_cstr(b, "]}");
}

/* --- text ------------------------------------------------------------------------------------- */

/* A text from a file, with nothing in it that a terminal would obey. */
static void add_plain(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_add_char(b, (char)c);
	}
}

/* The item that a person would look for: the innermost one with a name. */
static void add_item(struct buf *b, const struct rules_problem *p)
{
	for (uint32_t i = p->n_locations; i > 0; i--) {
		const struct rules_location *l = &p->locations[i - 1];

		if (!l->item_name.len)
			continue;
		buf_printf(b, "%s '", l->item_type);
		add_plain(b, l->item_name);
		buf_add_cstr(b, "': ");
		return;
	}
}

static void add_snippet(struct buf *b, struct str s)
{
	while (s.len) {
		const char *end = memchr(s.p, '\n', s.len);
		size_t len = end ? (size_t)(end - s.p) : s.len;

		buf_add_cstr(b, "    ");
		add_plain(b, (struct str){s.p, len});
		s = str_from_at(s, end ? len + 1 : len);
		if (s.len)
			buf_add_char(b, '\n');
	}
}

static void add_problem(struct buf *b, const struct rules_problem *p)
{
	add_plain(b, p->file);
	buf_printf(b, ":%u:%u: %s: ", p->at.line + 1, p->at.column + 1, rules_code_name(p->code));
	add_item(b, p);
	add_plain(b, p->message);
	buf_add_char(b, '\n');
	add_snippet(b, p->snippet);
	if (p->hint.len) {
		buf_add_cstr(b, p->snippet.len ? "  " : "    ");
		add_plain(b, p->hint);
	}
	if (p->snippet.len || p->hint.len)
		buf_add_char(b, '\n');
}

static void add_list(struct buf *b, const char *what, const struct rules_problems *list)
{
	if (!list->n)
		return;
	buf_printf(b, "%u %s%s:\n", list->n, what, list->n == 1 ? "" : "s");
	for (uint32_t i = 0; i < list->n; i++)
		add_problem(b, &list->items[i]);
}

void rules_result_text(struct buf *b, const struct rules_result *r, bool verbose)
{
	add_plain(b, r->name);
	buf_add_cstr(b, r->successful ? ": Ok" : ": Invalid");
	if (r->warnings.n)
		buf_printf(b, ", %u warning%s", r->warnings.n, r->warnings.n == 1 ? "" : "s");
	if (r->lints.n)
		buf_printf(b, ", %u hint%s", r->lints.n, r->lints.n == 1 ? "" : "s");
	buf_add_char(b, '\n');
	add_list(b, "error", &r->errors);
	if (!verbose)
		return;
	add_list(b, "warning", &r->warnings);
	add_list(b, "hint", &r->lints);
}
