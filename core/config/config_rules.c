/*
 * config_rules: `rules:` and `append_output:` as rows.
 */
#include "config/config_rules.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/value.h"

int config_node_strings(struct config *c, const struct config_node *n, const char *const **ret,
			uint32_t *ret_n)
{
	uint32_t i = 0, count = !n ? 0 : n->kind == CONFIG_SCALAR ? 1 : config_node_count(n);
	const char **list = arena_alloc(&c->arena, (count + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (n && n->kind == CONFIG_SCALAR)
		list[i++] = n->text.p;
	for (const struct config_node *e = n ? n->first : NULL; e; e = e->next)
		if (e->kind == CONFIG_SCALAR)
			list[i++] = e->text.p;
	*ret = list;
	*ret_n = i;
	return 0;
}

int config_strings(struct config *c, const char *path, const char *const **ret, uint32_t *ret_n)
{
	return config_node_strings(c, config_at(c, path), ret, ret_n);
}

int config_selections(struct config *c, const struct rules_selection **ret, uint32_t *ret_n,
		      struct err *err)
{
	const struct config_node *list = config_at(c, "rules");
	uint32_t n = 0;
	struct rules_selection *s;

	s = arena_alloc(&c->arena, (config_node_count(list) + 1) * sizeof(*s));
	if (!s)
		return -ENOMEM;
	for (const struct config_node *e = list ? list->first : NULL; e; e = e->next) {
		const struct config_node *on = config_node_child(e, STR("enable"));
		const struct config_node *what = on ? on : config_node_child(e, STR("disable"));

		s[n].enable = on != NULL;
		s[n].rule = config_node_text(what, STR("rule"));
		s[n].tag = config_node_text(what, STR("tag"));
		if (!s[n].rule == !s[n].tag)
			return config_node_refuse(
				e, err,
				"rules: an entry says enable or disable, with a rule "
				"or a tag");
		n++;
	}
	*ret = s;
	*ret_n = n;
	return 0;
}

static int extra_field(const struct config_node *e, struct rules_extra_field *ret, struct err *err)
{
	if (e->kind == CONFIG_SCALAR) {
		ret->name = e->text.p;
		return 0;
	}
	if (e->kind != CONFIG_MAP || config_node_count(e) != 1 || e->first->kind != CONFIG_SCALAR)
		return config_node_refuse(
			e, err,
			"append_output: an extra field is the name of a field, or "
			"'name: template'");
	ret->name = e->first->key.p;
	ret->value = e->first->text.p;
	return 0;
}

static int extra_fields(struct config *c, const struct config_node *list,
			struct rules_append_output *a, struct err *err)
{
	struct rules_extra_field *f;
	uint32_t n = 0;
	int r = 0;

	if (list && list->kind != CONFIG_SEQ && list->kind != CONFIG_NULL)
		return config_node_refuse(list, err, "append_output: extra_fields is a list");
	f = arena_alloc(&c->arena, (config_node_count(list) + 1) * sizeof(*f));
	if (!f)
		return -ENOMEM;
	for (const struct config_node *e = list ? list->first : NULL; e && r == 0; e = e->next)
		r = extra_field(e, &f[n++], err);
	a->extra_fields = f;
	a->n_extra_fields = n;
	return r;
}

static int append_output(struct config *c, const struct config_node *e,
			 struct rules_append_output *a, struct err *err)
{
	const struct config_node *match = config_node_child(e, STR("match"));
	const struct config_node *suggested = config_node_child(e, STR("suggested_output"));
	int r;

	a->rule = config_node_text(match, STR("rule"));
	a->source = config_node_text(match, STR("source"));
	a->extra_output = config_node_text(e, STR("extra_output"));
	if (suggested)
		(void)config_node_bool(suggested, &a->suggested_output);
	r = config_node_strings(c, config_node_child(match, STR("tags")), &a->tags, &a->n_tags);
	return r < 0 ? r : extra_fields(c, config_node_child(e, STR("extra_fields")), a, err);
}

int config_append_outputs(struct config *c, const struct rules_append_output **ret, uint32_t *ret_n,
			  struct err *err)
{
	const struct config_node *list = config_at(c, "append_output");
	struct rules_append_output *a;
	uint32_t n = 0;
	int r = 0;

	a = arena_alloc(&c->arena, (config_node_count(list) + 1) * sizeof(*a));
	if (!a)
		return -ENOMEM;
	for (const struct config_node *e = list ? list->first : NULL; e && r == 0; e = e->next)
		r = append_output(c, e, &a[n++], err);
	if (r < 0)
		return r;
	*ret = a;
	*ret_n = n;
	return 0;
}

/* No extractor has this number: the value is the field's own. */
static int add_static(struct config *c, struct fieldset *fields, const struct config_node *n,
		      struct err *err)
{
	union value *v = arena_alloc(&c->arena, sizeof(*v));
	char *name = arena_printf(&c->arena, "static.%.*s", STR_FMT(n->key));
	const struct field *other;
	struct field f = {.type = FT_CHARBUF,
			  .owner = UINT32_MAX,
			  .desc = STR("A text of the configuration"),
			  .fixed = v};
	int r;

	if (!v || !name)
		return -ENOMEM;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
			return config_node_refuse(
				n, err, "static_fields: a name has letters, digits, '_' and '.'");
	if (n->kind != CONFIG_SCALAR)
		return config_node_refuse(n, err, "static_fields: a field is a text");
	v->bytes = n->text;
	f.name = str_from(name);
	r = fieldset_add(fields, &f, &other);
	return r == -EEXIST
		       ? config_node_refuse(n, err, "static_fields: there is a field of this name")
		       : r;
}

int config_static_fields(struct config *c, struct fieldset *fields, struct err *err)
{
	const struct config_node *map = config_at(c, "static_fields");
	int r = 0;

	if (map && map->kind != CONFIG_MAP)
		return config_node_refuse(map, err, "static_fields: names and texts");
	for (const struct config_node *n = map ? map->first : NULL; n && r == 0; n = n->next)
		r = add_static(c, fields, n, err);
	return r;
}
