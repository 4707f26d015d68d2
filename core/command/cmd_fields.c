/*
 * cmd_fields: the fields of all event sources, or of one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/cmd.h"

static void add_arg(struct buf *b, const struct field *f)
{
	const char *what = f->flags & FIELD_ARG_INDEX ? "index" : "key";

	if (f->flags & FIELD_ARG_SUFFIX)
		buf_add_cstr(b, ".NAME");
	else if (f->flags & (FIELD_ARG_INDEX | FIELD_ARG_KEY))
		buf_printf(b, f->flags & FIELD_ARG_REQUIRED ? "[%s]" : "([%s])", what);
}

static void field_json(struct buf *b, const struct field *f, bool first)
{
	buf_add_cstr(b, first ? "{\"name\":\"" : ",{\"name\":\"");
	buf_add_json(b, f->name);
	buf_printf(b, "\",\"type\":\"%s\",\"is_list\":%s,\"arg\":\"%s\",\"arg_required\":%s",
		   field_type_name(f->type), f->flags & FIELD_LIST ? "true" : "false",
		   f->flags & FIELD_ARG_INDEX ? "index"
		   : f->flags & FIELD_ARG_KEY ? "key"
					      : "",
		   f->flags & FIELD_ARG_REQUIRED ? "true" : "false");
	buf_add_cstr(b, ",\"description\":\"");
	buf_add_json(b, f->desc);
	buf_add_cstr(b, "\"}");
}

static void field_text(struct buf *b, const struct field *f, const struct options *o)
{
	struct buf name;

	buf_init(&name, 4096);
	buf_add_str(&name, f->name);
	if (o->list_names_only) {
		buf_printf(b, "%s\n", name.p);
		buf_deinit(&name);
		return;
	}
	add_arg(&name, f);
	if (o->format == FORMAT_MARKDOWN)
		buf_printf(b, "| `%s` | %s%s | %.*s |\n", name.p,
			   f->flags & FIELD_LIST ? "list of " : "", field_type_name(f->type),
			   STR_FMT(f->desc));
	else
		buf_printf(b, "%-40s %-10s%s %.*s\n", name.p, field_type_name(f->type),
			   f->flags & FIELD_LIST ? " list" : "", STR_FMT(f->desc));
	buf_deinit(&name);
}

/* What was a field once, for people only. */
static void gone_fields(struct buf *b, const struct fieldset *fields, enum options_format format)
{
	const struct field *f;
	bool first = true;

	for (uint32_t i = 0; (f = fieldset_at(fields, i)); i++) {
		if (!(f->flags & FIELD_GONE))
			continue;
		if (first)
			buf_add_cstr(b, format == FORMAT_MARKDOWN
						? "\n| No longer a field | Instead |\n|---|---|\n"
						: "no longer fields, with all that begin so\n");
		first = false;
		buf_printf(b, format == FORMAT_MARKDOWN ? "| `%.*s` | %.*s |\n" : "%-40.*s %.*s\n",
			   STR_FMT(f->name), STR_FMT(f->deprecated));
	}
	buf_add_char(b, '\n');
}

static void source_fields(struct buf *b, const struct evsource *src, const struct options *o)
{
	const struct field *f;
	bool first = true;

	if (o->format == FORMAT_JSON)
		buf_printf(b, "%s{\"source\":\"%s\",\"fields\":[", b->len > 1 ? "," : "",
			   src->name);
	else if (!o->list_names_only)
		buf_printf(b,
			   o->format == FORMAT_MARKDOWN
				   ? "## Event source `%s`\n\n| Field | Type | Description |\n"
				     "|---|---|---|\n"
				   : "event source %s\n",
			   src->name);
	for (uint32_t i = 0; (f = fieldset_at(src->fields, i)); i++) {
		if (f->flags & FIELD_HIDDEN)
			continue;
		if (o->format == FORMAT_JSON)
			field_json(b, f, first);
		else
			field_text(b, f, o);
		first = false;
	}
	if (o->format == FORMAT_JSON)
		buf_add_cstr(b, "]}");
	else if (!o->list_names_only)
		gone_fields(b, src->fields, o->format);
}

int cmd_list_fields(struct setup *s, struct err *err)
{
	const char *only = s->opts->list_source;
	bool found = false;
	struct buf b;
	int r = setup_plugins(s, SETUP_ALL, err);

	if (r < 0)
		return r;
	buf_init(&b, 64 << 20);
	if (s->opts->format == FORMAT_JSON)
		buf_add_char(&b, '[');
	for (uint32_t i = 0; i < s->n_sources; i++) {
		if (only && strcmp(only, s->sources[i].name) != 0)
			continue;
		found = true;
		source_fields(&b, &s->sources[i], s->opts);
	}
	if (s->opts->format == FORMAT_JSON)
		buf_add_cstr(&b, "]\n");
	if (only && !found) {
		r = setup_unknown_source(s, only, err);
		err_context(err, "--list");
	} else {
		(void)fwrite(b.p, 1, b.len, stdout);
	}
	buf_deinit(&b);
	return r;
}
