/*
 * plugset: which plugins, and where their libraries are.
 */
#include "run/plugset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config_rules.h"

/* Where Falco keeps plugins; relative library paths mean it there. */
static const char falco_plugins[] = "/usr/share/falco/plugins";

static int load_manifest(struct plugset *s, struct err *err)
{
	const char *file = config_str(s->config, "registry.file");
	struct registry_trust trust = {0};
	int r;

	(void)registry_policy_parse(str_from(config_str(s->config, "registry.digest")), &s->digest);
	(void)registry_policy_parse(str_from(config_str(s->config, "registry.signature")),
				    &s->signature_policy);
	trust.signature = s->signature_policy;
	r = config_strings(s->config, "registry.keys", &trust.key_files, &trust.n_keys);
	if (r < 0)
		return r;
	r = registry_load(s->registry, file ? file : s->paths->registry, &trust, &s->signature,
			  err);
	if (r != -ENOENT || file)
		return r;
	*err = (struct err)ERR_NULL;
	return 0;
}

static int init_config(struct plugset *s, const struct config_node *n, struct str *ret)
{
	struct buf b;

	if (!n || n->kind == CONFIG_NULL)
		return 0;
	if (n->kind == CONFIG_SCALAR) {
		*ret = n->text;
		return 0;
	}
	buf_init(&b, 16 << 20);
	config_node_json(&b, n);
	*ret = b.failed ? (struct str){0} : arena_str(&s->config->arena, buf_str(&b));
	buf_deinit(&b);
	return ret->p ? 0 : -ENOMEM;
}

/* Whether a library called @path is the plugin @name as it comes with Falco: ours of that name is meant. */
static bool is_usual_library(const char *path, struct str name)
{
	struct str s = str_from(path);

	if (str_starts(s, STR("lib")))
		s = str_from_at(s, 3);
	return str_starts(s, name) && str_is(str_from_at(s, name.len), ".so");
}

/* The file that is meant by @path; NULL: there is none. */
static const char *find_library(struct plugset *s, const char *path)
{
	const char *dirs[] = {s->paths->plugins, falco_plugins};

	for (size_t i = 0; path[0] != '/' && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		const char *try = arena_printf(&s->config->arena, "%s/%s", dirs[i], path);

		if (try && access(try, F_OK) == 0)
			return try;
	}
	return access(path, F_OK) == 0 ? path : NULL;
}

static int add_library(struct plugset *s, struct str name, const char *path,
		       const struct registry_entry **ret, struct err *err)
{
	int r = registry_add_path(s->registry, name, str_from(path), ret, err);

	if (r != -EEXIST)
		return r;
	*err = (struct err)ERR_NULL; /* the configuration's library goes before the registry's */
	return registry_add_path(s->registry, (struct str){"", 0}, str_from(path), ret, err);
}

/* The entry for a plugin of the configuration: by path where there is such a file, else by name. */
static int find_entry(struct plugset *s, const struct config_node *n,
		      const struct registry_entry **ret, struct err *err)
{
	const struct str name = config_node_child(n, STR("name"))->text;
	const char *path = config_node_text(n, STR("library_path")), *found;
	const struct registry_entry *named = registry_find_name(s->registry, name);

	*ret = named;
	if (!path)
		return named ? 0 : registry_ask(s->registry, name, ret, err);
	if (named && is_usual_library(path, name))
		return 0;
	found = find_library(s, path);
	if (found || !named)
		return add_library(s, name, found ? found : path, ret, err);
	config_note(s->config, n->place,
		    "'%s' does not exist: the registry's plugin '%.*s' is taken", path,
		    STR_FMT(name));
	return 0;
}

static int add_configured(struct plugset *s, const struct config_node *n, struct err *err)
{
	const struct config_node *name = config_node_child(n, STR("name"));
	const struct config_node *params = config_node_child(n, STR("open_params"));
	const struct registry_entry *e;
	struct plug *p;
	int r;

	if (!name || name->kind != CONFIG_SCALAR) {
		err_set(err, 0, 0, "plugins: an entry needs a name");
		r = -EINVAL;
	} else {
		r = find_entry(s, n, &e, err);
	}
	if (r == 0)
		r = plugset_add(s, e, &p, err);
	if (r < 0) {
		config_place_context(n->place, err);
		return r;
	}
	p->is_configured = true;
	if (params && params->kind == CONFIG_SCALAR)
		p->open_params = params->text.p;
	return init_config(s, config_node_child(n, STR("init_config")), &p->init_config);
}

static const struct config_node *entry_named(const struct config_node *list, struct str name)
{
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		const struct config_node *own = config_node_child(n, STR("name"));

		if (own && str_eq(own->text, name))
			return n;
	}
	return NULL;
}

/* All entries, or those that load_plugins names, in its order. */
static int add_all_configured(struct plugset *s, struct err *err)
{
	const struct config_node *list = config_at(s->config, "plugins");
	const struct config_node *only = config_at(s->config, "load_plugins");
	int r = 0;

	if (!only) {
		for (const struct config_node *n = list ? list->first : NULL; n && r == 0;
		     n = n->next)
			r = add_configured(s, n, err);
		return r;
	}
	for (const struct config_node *o = only->first; o && r == 0; o = o->next) {
		const struct config_node *n = entry_named(list, o->text);

		if (n) {
			r = add_configured(s, n, err);
			continue;
		}
		err_set(err, 0, 0, "load_plugins: '%.*s' is not in plugins", STR_FMT(o->text));
		config_place_context(o->place, err);
		r = -EINVAL;
	}
	return r;
}

int plugset_init(struct plugset *s, struct config *c, const struct paths *paths, struct err *err)
{
	int r;

	*s = (struct plugset){.config = c, .paths = paths, .registry = registry_new()};
	if (!s->registry)
		return -ENOMEM;
	r = load_manifest(s, err);
	return r < 0 ? r : add_all_configured(s, err);
}

void plugset_deinit(struct plugset *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		s->plugs[i].module = module_close(s->plugs[i].module);
	s->registry = registry_free(s->registry);
	s->n = 0;
}

int plugset_add(struct plugset *s, const struct registry_entry *e, struct plug **ret,
		struct err *err)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->plugs[i].entry == e) {
			*ret = &s->plugs[i];
			return 0;
		}
	if (s->n == PLUGSET_MAX) {
		err_set(err, 0, 0, "more than %d plugins", PLUGSET_MAX);
		return -ENOSPC;
	}
	s->plugs[s->n] = (struct plug){.entry = e, .init_config = {"", 0}};
	*ret = &s->plugs[s->n++];
	return 0;
}

int plugset_ask(struct plugset *s, const char *what, struct plug **ret, struct err *err)
{
	const struct registry_entry *e;
	int r;

	if (strchr(what, '/'))
		r = registry_add_path(s->registry, (struct str){"", 0}, str_from(what), &e, err);
	else
		r = registry_ask(s->registry, str_from(what), &e, err);
	return r < 0 ? r : plugset_add(s, e, ret, err);
}

int plugset_copy_config(struct plugset *s, const char *from, struct config_node *params,
			struct str to, struct err *err)
{
	const struct config_node *n = config_at(s->config, from);
	struct config_node *place;
	int r;

	if (!n)
		return 0;
	if (!to.len) {
		config_node_assign(params, n);
		return 0;
	}
	r = config_node_make(params, to, &s->config->arena, &place, err);
	if (r == 0)
		config_node_assign(place, n);
	return r;
}

int plugset_copy_manifest(struct plugset *s, const struct registry_entry *e,
			  struct config_node *params, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < e->n_config && r == 0; i++)
		r = plugset_copy_config(s, e->config[i].p, params, e->config[i], err);
	return r;
}

/* What the configuration has under the keys that the manifest names, for an extractor that has no
 * init_config of its own. A source gets it with its parameters. */
static int manifest_config(struct plugset *s, struct plug *p, struct err *err)
{
	struct config_node *map;
	int r;

	if (p->init_config.len || p->entry->kind != REGISTRY_EXTRACTOR || !p->entry->n_config)
		return 0;
	map = config_node_new(&s->config->arena, CONFIG_MAP, (struct config_place){.line = 0});
	r = map ? plugset_copy_manifest(s, p->entry, map, err) : -ENOMEM;
	return r < 0 || !map->first ? r : init_config(s, map, &p->init_config);
}

int plugset_open(struct plugset *s, struct plug *p, struct err *err)
{
	int r;

	if (p->module)
		return 0;
	r = manifest_config(s, p, err);
	if (r < 0)
		return r;
	r = module_open(p->entry, s->digest, &p->module, err);
	if (r < 0 && p->entry->name.len)
		err_context(err, "plugin '%.*s'", STR_FMT(p->entry->name));
	for (uint32_t i = 0; r == 0 && i < s->n; i++) {
		const struct plug *o = &s->plugs[i];

		if (o == p || !o->module || !str_eq(o->module->name, p->module->name))
			continue;
		err_set(err, 0, 0, "plugin '%.*s' is there twice: '%.*s' and '%.*s'",
			STR_FMT(p->module->name), STR_FMT(o->entry->path), STR_FMT(p->entry->path));
		r = -EEXIST;
	}
	return r;
}

struct str plug_source(const struct plug *p)
{
	return p->module->source.len ? p->module->source : p->entry->source;
}

bool plug_is_source(const struct plug *p)
{
	return p->module && (p->module->caps & MODULE_SOURCING);
}

static bool entry_is_for(const struct registry_entry *e, struct str source, bool *ret_all)
{
	*ret_all = e->n_sources == 0;
	for (uint32_t i = 0; i < e->n_sources; i++) {
		if (str_is(e->sources[i], "*"))
			*ret_all = true;
		if (str_eq(e->sources[i], source))
			return true;
	}
	return *ret_all;
}

/* Whether a source plugin from outside the manifest extracts from the events of @source itself. */
static bool has_foreign_extractor(const struct plugset *s, struct str source)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct module *m = s->plugs[i].module;

		if (m && !s->plugs[i].entry->manifest.len && (m->caps & MODULE_EXTRACTION) &&
		    (m->caps & MODULE_SOURCING) && m->extract_sources.n &&
		    module_sources_have(&m->extract_sources, source))
			return true;
	}
	return false;
}

static bool has_module_named(const struct plugset *s, const struct registry_entry *e)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->plugs[i].module && s->plugs[i].entry != e &&
		    str_eq(s->plugs[i].module->name, e->name))
			return true;
	return false;
}

int plugset_open_extractors(struct plugset *s, struct str source, struct err *err)
{
	bool is_foreign = has_foreign_extractor(s, source);
	int r = 0;

	for (uint32_t i = 0; i < registry_count(s->registry) && r == 0; i++) {
		const struct registry_entry *e = registry_at(s->registry, i);
		struct plug *p;
		bool all;

		if (e->kind != REGISTRY_EXTRACTOR || !entry_is_for(e, source, &all) ||
		    (is_foreign && !all) || has_module_named(s, e))
			continue;
		r = plugset_add(s, e, &p, err);
		if (r == 0)
			r = plugset_open(s, p, err);
	}
	return r;
}
