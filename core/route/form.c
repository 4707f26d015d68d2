/*
 * form: parts, each a template or a fact, with a filter.
 */
#include "route/form.h"

#include <ctype.h>
#include <errno.h>

#include "ruleset/template.h"
#include "util/nearest.h"

enum fact {
	FACT_TEMPLATE,
	FACT_RULE,
	FACT_PRIORITY,
	FACT_SOURCE,
	FACT_TAGS,
	FACT_HOSTNAME,
	FACT_ID,
	FACT_TIME,
	FACT_MESSAGE,
	FACT_OUTPUT,
	FACT_JSON,
	N_FACTS,
};

static const char *const fact_names[N_FACTS] = {NULL,      "rule",     "priority", "source",
						"tags",    "hostname", "id",       "time",
						"message", "output",   "json"};

enum filter {
	FILTER_NONE,
	FILTER_JSON,
	FILTER_UPPER,
	FILTER_LOWER,
	FILTER_SLUG,
	FILTER_URL,
	N_FILTERS
};

static const char *const filter_names[N_FILTERS] = {"", "json", "upper", "lower", "slug", "url"};

struct part {
	enum fact fact;
	enum filter filter;
	const struct template *text; /* FACT_TEMPLATE */
};

struct form {
	uint32_t n;
	struct part *parts;
};

struct compiler {
	struct template_set *templates;
	struct str text;
	struct form *form;
	struct err *err;
};

/* --- compiling -------------------------------------------------------------------------------- */

static int add_part(struct compiler *c, struct part p, size_t at)
{
	if (c->form->n == FORM_MAX_PARTS) {
		err_set(c->err, at, 1, "more than %d parts in one template", FORM_MAX_PARTS);
		return -EINVAL;
	}
	c->form->parts[c->form->n++] = p;
	return 0;
}

static int add_template(struct compiler *c, size_t from, size_t len, enum filter filter)
{
	struct part p = {.fact = FACT_TEMPLATE, .filter = filter};
	struct err err = ERR_NULL;
	int r;

	if (len == 0)
		return 0;
	r = template_compile(c->templates, (struct str){c->text.p + from, len}, &p.text, &err);
	if (r == -EINVAL || r == -ENOENT) {
		err_set(c->err, from + err.offset, err.len, "%s", err.text);
		if (err.hint[0])
			err_hint(c->err, "%s", err.hint);
	}
	return r < 0 ? r : add_part(c, p, from);
}

static int find_name(const char *const *names, uint32_t n, struct str name)
{
	for (uint32_t i = 0; i < n; i++)
		if (names[i] && names[i][0] && str_is(name, names[i]))
			return (int)i;
	return -1;
}

static int unknown(struct compiler *c, const char *what, struct str name, const char *const *names,
		   uint32_t n)
{
	struct nearest near;

	err_set(c->err, (size_t)(name.p - c->text.p), name.len, "'%.*s' is no %s", STR_FMT(name),
		what);
	nearest_init(&near, name);
	for (uint32_t i = 0; i < n; i++)
		if (names[i] && names[i][0])
			nearest_offer(&near, str_from(names[i]));
	nearest_hint(&near, c->err);
	return -EINVAL;
}

/* The length of "{...}" at @at when it is a placeholder: a name of small letters, or something that
 * begins with a percent sign, and maybe a filter; 0 when the brace stands for itself. */
static size_t placeholder(struct str text, size_t at)
{
	size_t i = at + 1;

	if (i < text.len && text.p[i] == '%') {
		while (i < text.len && text.p[i] != '}' && text.p[i] != '\n')
			i++;
	} else {
		size_t from = i;

		while (i < text.len && (islower((unsigned char)text.p[i]) || text.p[i] == '|'))
			i++;
		if (i == from)
			return 0;
	}
	return i < text.len && text.p[i] == '}' ? i + 1 - at : 0;
}

static int add_placeholder(struct compiler *c, size_t at, size_t len)
{
	struct str name = {c->text.p + at + 1, len - 2};
	int filter = FILTER_NONE, fact;
	size_t bar = name.len;

	while (bar > 0 && name.p[bar - 1] != '|')
		bar--;
	if (bar > 0) {
		struct str f = str_from_at(name, bar);

		filter = find_name(filter_names, N_FILTERS, f);
		if (filter < 0)
			return unknown(c, "filter", f, filter_names, N_FILTERS);
		name.len = bar - 1;
	}
	if (name.len && name.p[0] == '%')
		return add_template(c, at + 1, name.len, (enum filter)filter);
	fact = find_name(fact_names, N_FACTS, name);
	if (fact < 0)
		return unknown(c, "part of an alert", name, fact_names, N_FACTS);
	return add_part(c, (struct part){.fact = (enum fact)fact, .filter = (enum filter)filter},
			at);
}

static int compile(struct compiler *c)
{
	size_t from = 0, at = 0;
	int r = 0;

	while (at < c->text.len && r == 0) {
		size_t len = c->text.p[at] == '{' ? placeholder(c->text, at) : 0;

		if (len == 0) {
			at++;
			continue;
		}
		r = add_template(c, from, at - from, FILTER_NONE);
		if (r == 0)
			r = add_placeholder(c, at, len);
		at += len;
		from = at;
	}
	return r < 0 ? r : add_template(c, from, c->text.len - from, FILTER_NONE);
}

int form_compile(struct template_set *set, struct str text, const struct form **ret,
		 struct err *err)
{
	struct arena *arena = set->arena;
	struct compiler c = {.templates = set,
			     .text = arena_str(arena, text),
			     .form = arena_alloc(arena, sizeof(*c.form)),
			     .err = err};
	int r;

	if (text.len > FORM_MAX_BYTES) {
		err_set(err, FORM_MAX_BYTES, 1, "a template of more than %d bytes", FORM_MAX_BYTES);
		return -EINVAL;
	}
	if (!c.form || !c.text.p)
		return -ENOMEM;
	c.form->parts = arena_alloc(arena, FORM_MAX_PARTS * sizeof(*c.form->parts));
	if (!c.form->parts)
		return -ENOMEM;
	r = compile(&c);
	if (r == 0)
		*ret = c.form;
	return r;
}

/* --- rendering -------------------------------------------------------------------------------- */

static void add_slug(struct buf *b, struct str s)
{
	bool gap = false, any = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!isalnum(c)) {
			gap = any;
			continue;
		}
		if (gap)
			buf_add_char(b, '-');
		buf_add_char(b, (char)tolower(c));
		gap = false;
		any = true;
	}
}

static void add_url(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (isalnum(c) || (c && strchr("-._~", c)))
			buf_add_char(b, (char)c);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static void add_filtered(struct buf *b, struct str s, enum filter filter)
{
	switch (filter) {
	case FILTER_JSON:
		buf_add_json(b, s);
		break;
	case FILTER_UPPER:
	case FILTER_LOWER:
		for (size_t i = 0; i < s.len; i++) {
			unsigned char c = (unsigned char)s.p[i];

			buf_add_char(b, (char)(filter == FILTER_UPPER ? toupper(c) : tolower(c)));
		}
		break;
	case FILTER_SLUG:
		add_slug(b, s);
		break;
	case FILTER_URL:
		add_url(b, s);
		break;
	default:
		buf_add_str(b, s);
	}
}

/* Facts that are there; the others are put together in @scratch. */
static struct str fact_text(enum fact fact, const struct form_facts *f, struct buf *scratch)
{
	const struct gyr_alert *v = f->view;

	buf_reset(scratch);
	switch (fact) {
	case FACT_RULE:
		return str_from(v->rule);
	case FACT_PRIORITY:
		return str_from(v->priority_name);
	case FACT_SOURCE:
		return str_from(v->source);
	case FACT_HOSTNAME:
		return str_from(v->hostname);
	case FACT_TIME:
		return f->time;
	case FACT_MESSAGE:
		return f->message;
	case FACT_JSON:
		return f->json;
	case FACT_TAGS:
		for (uint32_t i = 0; i < v->n_tags; i++) {
			buf_add_cstr(scratch, i ? "," : "");
			buf_add_cstr(scratch, v->tags[i]);
		}
		break;
	case FACT_ID:
		buf_printf(scratch, "%016llx", (unsigned long long)v->id);
		break;
	default: /* FACT_OUTPUT */
		buf_add_str(scratch, f->time);
		buf_printf(scratch, ": %s ", v->priority_name);
		buf_add_str(scratch, f->message);
	}
	return buf_str(scratch);
}

void form_render(const struct form *f, const struct form_facts *facts,
		 const struct alert_subject *s, struct buf *scratch, struct buf *out)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct part *p = &f->parts[i];
		struct str text;

		if (p->fact == FACT_TEMPLATE && p->filter == FILTER_NONE) {
			(void)template_render(p->text, s->eval, s->evt, s->fetch, out);
			continue;
		}
		if (p->fact == FACT_TEMPLATE) {
			buf_reset(scratch);
			(void)template_render(p->text, s->eval, s->evt, s->fetch, scratch);
			text = buf_str(scratch);
		} else {
			text = fact_text(p->fact, facts, scratch);
		}
		add_filtered(out, text, p->filter);
		if (scratch->failed)
			out->failed = true;
	}
}
