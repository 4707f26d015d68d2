/*
 * What the configuration says about rules by name, tag, source and priority.
 */
#include "ruleset/compile.h"
#include "util/buf.h"
#include "util/text.h"

static bool has_tag(const struct rule *rule, const char *tag)
{
	for (uint32_t i = 0; i < rule->n_tags; i++) {
		if (str_is(rule->tags[i], tag))
			return true;
	}
	return false;
}

bool rules_selection_fits(const struct rules_selection *sel, const struct rule *rule)
{
	return sel->rule ? text_wildcard(str_from(sel->rule), rule->name)
			 : sel->tag && has_tag(rule, sel->tag);
}

bool select_enabled(const struct rules_options *o, const struct rule *rule)
{
	bool enabled = rule->enabled;

	if (rule->priority > o->min_priority)
		return false;
	for (uint32_t i = 0; i < o->n_selections; i++) {
		const struct rules_selection *s = &o->selections[i];

		if (rules_selection_fits(s, rule))
			enabled = s->enable;
	}
	return enabled;
}

bool select_fits(const struct rules_append_output *a, const struct rule *rule, const char *source)
{
	if (a->rule && !str_is(rule->name, a->rule))
		return false;
	if (a->source && strcmp(a->source, source) != 0)
		return false;
	for (uint32_t i = 0; i < a->n_tags; i++) {
		if (!has_tag(rule, a->tags[i]))
			return false;
	}
	return true;
}

/* " name=%name" for the fields that their plugins suggest. */
static void add_suggested(struct buf *b, const struct fieldset *fields)
{
	const struct field *f;

	for (uint32_t i = 0; (f = fieldset_at(fields, i)); i++) {
		if (!(f->flags & FIELD_ADD_OUTPUT))
			continue;
		buf_add_char(b, ' ');
		for (const char *c = f->name.p; c < f->name.p + f->name.len; c++)
			buf_add_char(b, *c == '.' ? '_' : *c);
		buf_add_cstr(b, "=%");
		buf_add_str(b, f->name);
	}
}

struct str select_output(const struct rules_options *o, const struct rule *rule, struct str text,
			 const struct fieldset *fields, struct arena *arena)
{
	const char *source = o->sources[rule->source].name;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_str(&b, text);
	for (uint32_t i = 0; i < o->n_append_outputs; i++) {
		const struct rules_append_output *a = &o->append_outputs[i];

		if (!a->extra_output || !select_fits(a, rule, source))
			continue;
		buf_add_char(&b, ' ');
		buf_add_cstr(&b, a->extra_output);
	}
	for (uint32_t i = 0; i < o->n_append_outputs; i++) {
		if (o->append_outputs[i].suggested_output &&
		    select_fits(&o->append_outputs[i], rule, source)) {
			add_suggested(&b, fields);
			break;
		}
	}
	text = b.failed ? (struct str){0} : arena_str(arena, buf_str(&b));
	buf_deinit(&b);
	return text;
}
