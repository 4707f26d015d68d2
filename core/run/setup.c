/*
 * setup: from the command line to plugins and rules.
 */
#include "run/setup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_alerts.h"
#include "config/config_rules.h"
#include "host/fields.h"
#include "host/symbols.h"
#include "ruleset/interest.h"
#include "run/carry.h"
#include "util/nearest.h"

static bool is_output_key(struct str key)
{
	return config_key_of_output(key) || str_is(key, "outputs");
}

static bool is_wanted_output(struct str key)
{
	return is_output_key(key) && !str_is(key, "append_output") && !str_is(key, "json_output");
}

/* A given configuration that names an output knows what it wants. */
static bool names_output(const struct config *c)
{
	for (const struct config_node *n = c->root->first; n; n = n->next)
		if (is_wanted_output(n->key) && n->kind != CONFIG_SCALAR)
			return true;
	return false;
}

static bool is_wanted(struct str key)
{
	return !is_output_key(key);
}

int setup_load_config(const struct setup *s, struct config *c, struct err *err)
{
	const struct options *o = s->opts;
	const struct config_settings settings = {o->settings.n, o->settings.items};
	int r = config_load(c, o->config, &settings, err);

	if (r < 0)
		return r;
	if (!names_output(c))
		config_adopt(c, &s->defaults, is_wanted_output);
	if (!o->config)
		config_adopt(c, &s->defaults, is_wanted);
	return 0;
}

void setup_tell_notes(const struct setup *s, struct config *c)
{
	for (uint32_t i = 0; i < c->n_notes; i++)
		log_warn(&s->log, "%s", c->notes[i]);
	if (c->n_notes_lost)
		log_warn(&s->log, "%u more notes about the configuration", c->n_notes_lost);
	c->n_notes = c->n_notes_lost = 0;
}

/* `libs_logger:` is about the lines of plugins; its levels are those plugins have. */
static enum log_level plugin_level(const struct config *c)
{
	const char *level = config_str(c, "libs_logger.severity");
	enum log_level ret = LOG_LEVEL_EMERGENCY; /* no plugin is as urgent as that */

	if (!config_bool(c, "libs_logger.enabled"))
		return ret;
	if (strcmp(level, "fatal") == 0)
		return LOG_LEVEL_CRITICAL;
	if (strcmp(level, "trace") == 0)
		return LOG_LEVEL_DEBUG;
	(void)log_level_parse(level, &ret);
	return ret;
}

void setup_read_log(struct setup *s, const struct config *c)
{
	enum log_level level = LOG_LEVEL_WARNING;

	(void)log_level_parse(config_str(c, "log_level"), &level);
	s->log.level = level;
	s->log.plugin_level = plugin_level(c);
	s->log.to_stderr = config_bool(c, "log_stderr");
	s->log.to_syslog = config_bool(c, "log_syslog");
}

int setup_init(struct setup *s, const struct options *opts, struct err *err)
{
	int r;

	*s = (struct setup){
		.opts = opts,
		.log = {.level = LOG_LEVEL_WARNING, .to_stderr = true, .has_plugin_level = true}};
	config_init(&s->config);
	config_init(&s->defaults);
	r = paths_find(&s->paths);
	if (r == 0 && access(s->paths.defaults, F_OK) == 0)
		r = config_load(&s->defaults, s->paths.defaults, &(struct config_settings){0}, err);
	if (r == 0)
		r = setup_load_config(s, &s->config, err);
	if (r < 0)
		return r;
	setup_read_log(s, &s->config);
	setup_tell_notes(s, &s->config);
	for (uint32_t i = 0; i < opts->notes.n; i++)
		log_warn(&s->log, "%s", opts->notes.items[i]);
	return 0;
}

void setup_deinit(struct setup *s)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		s->sources[i].fields = fieldset_unref(s->sources[i].fields);
	plugset_deinit(&s->plugs);
	config_deinit(&s->config);
	config_deinit(&s->defaults);
}

/* --- sources ---------------------------------------------------------------------------------- */

/* Which part of the configuration is about the source @e: that of engine.kind when it means this
 * source, else that of the first kind that does. */
static struct str engine_kind(const struct setup *s, const struct registry_entry *e)
{
	const struct config_node *kind = config_at(&s->config, "engine.kind");

	if (kind && registry_find_engine(s->plugs.registry, kind->text) == e)
		return kind->text;
	return e->n_engines ? e->engines[0] : e->name;
}

/* The parameters of a source that the configuration has: its capture file, or a map of the part that is
 * about it and of whatever else its manifest names. */
static int config_params(struct setup *s, const struct registry_entry *e, const char **ret,
			 struct err *err)
{
	const char *path =
		arena_printf(&s->config.arena, "engine.%.*s", STR_FMT(engine_kind(s, e)));
	struct config_node *params =
		config_node_new(&s->config.arena, CONFIG_MAP, (struct config_place){.line = 0});
	const struct config_node *file;
	struct buf b;
	int r = path && params ? plugset_copy_config(&s->plugs, path, params, STR(""), err)
			       : -ENOMEM;

	*ret = "";
	if (r == 0)
		r = plugset_copy_manifest(&s->plugs, e, params, err);
	if (r < 0)
		return r;
	file = config_node_child(params, STR("capture_file"));
	if (file && file->kind == CONFIG_SCALAR) {
		*ret = file->text.p;
		return 0;
	}
	if (params->kind != CONFIG_MAP || !params->first)
		return 0;
	buf_init(&b, 1 << 20);
	config_node_json(&b, params);
	if (!b.failed)
		*ret = arena_str(&s->config.arena, buf_str(&b)).p;
	r = b.failed || !*ret ? -ENOMEM : 0;
	buf_deinit(&b);
	return r;
}

static int add_opening(struct setup *s, struct plug *p, const char *params, const char *label,
		       struct err *err)
{
	int r = 0;

	if (s->n_openings == SETUP_MAX_OPENINGS) {
		err_set(err, 0, 0, "more than %d sources", SETUP_MAX_OPENINGS);
		return -EINVAL;
	}
	if ((!params || !*params) && (p->entry->n_engines || p->entry->n_config))
		r = config_params(s, p->entry, &params, err);
	if (r < 0)
		return r;
	s->openings[s->n_openings++] =
		(struct opening){.plug = p, .params = params ? params : "", .label = label};
	return 0;
}

/* NAME:PARAMS of the command line. */
static int add_asked(struct setup *s, const char *asked, struct err *err)
{
	const char *colon = strchr(asked, ':');
	const char *name = arena_printf(&s->config.arena, "%.*s",
					(int)(colon ? colon - asked : (int)strlen(asked)), asked);
	struct plug *p;
	int r;

	if (!name)
		return -ENOMEM;
	r = plugset_ask(&s->plugs, name, &p, err);
	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r < 0) {
		err_context(err, "'%s'", asked);
		return r;
	}
	if (!plug_is_source(p)) {
		err_set(err, 0, 0, "'%s': plugin '%s' is no source", asked, name);
		err_hint(err, "write SOURCE:PARAMS; --list-plugins shows the sources");
		return -EINVAL;
	}
	return add_opening(s, p, colon ? colon + 1 : p->open_params, asked, err);
}

static bool list_has(const struct options_list *l, struct str name)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (str_is(name, l->items[i]))
			return true;
	return false;
}

/* Whether --enable-source and --disable-source let it be opened. */
static bool is_selected(const struct options *o, struct str source)
{
	if (o->enable_sources.n && !list_has(&o->enable_sources, source))
		return false;
	return !list_has(&o->disable_sources, source);
}

int setup_unknown_source(const struct setup *s, const char *name, struct err *err)
{
	struct nearest near;

	nearest_init(&near, str_from(name));
	for (uint32_t i = 0; i < s->plugs.n; i++)
		if (plug_is_source(&s->plugs.plugs[i]))
			nearest_offer(&near, plug_source(&s->plugs.plugs[i]));
	for (uint32_t i = 0; i < registry_count(s->plugs.registry); i++)
		nearest_offer(&near, registry_at(s->plugs.registry, i)->source);
	err_set(err, 0, 0, "'%s' is not an event source", name);
	nearest_hint(&near, err);
	if (!near.best.len)
		err_hint(err, "--list shows the fields of all of them");
	return -EINVAL;
}

static int check_names(const struct setup *s, const struct options_list *l, struct err *err)
{
	for (uint32_t i = 0; i < l->n; i++) {
		bool known = false;

		for (uint32_t k = 0; k < s->plugs.n && !known; k++)
			known = plug_is_source(&s->plugs.plugs[k]) &&
				str_is(plug_source(&s->plugs.plugs[k]), l->items[i]);
		for (uint32_t k = 0; k < registry_count(s->plugs.registry) && !known; k++)
			known = str_is(registry_at(s->plugs.registry, k)->source, l->items[i]);
		if (!known)
			return setup_unknown_source(s, l->items[i], err);
	}
	return 0;
}

/* The names that --enable-source and --disable-source give. */
static int check_source_names(const struct setup *s, struct err *err)
{
	int r = check_names(s, &s->opts->enable_sources, err);

	return r < 0 ? r : check_names(s, &s->opts->disable_sources, err);
}

/* The sources of the configuration. */
static int add_configured(struct setup *s, struct err *err)
{
	const struct options *o = s->opts;
	int r = 0;

	for (uint32_t i = 0; i < s->plugs.n && r == 0; i++) {
		struct plug *p = &s->plugs.plugs[i];

		if (!p->is_configured)
			continue;
		r = plugset_open(&s->plugs, p, err);
		if (r < 0 || !plug_is_source(p) || o->sources.n)
			continue;
		if (!is_selected(o, plug_source(p)))
			continue;
		r = add_opening(s, p, p->open_params,
				arena_printf(&s->config.arena, "%.*s:%s", STR_FMT(p->entry->name),
					     p->open_params ? p->open_params : ""),
				err);
	}
	return r;
}

/* engine.kind names the source of system calls; a capture takes the place of all other sources. */
static int add_engine(struct setup *s, struct err *err)
{
	const struct config_node *kind = config_at(&s->config, "engine.kind");
	const struct registry_entry *e;
	struct plug *p;
	const char *params;
	int r;

	if (!kind || s->opts->sources.n || str_is(kind->text, "nodriver"))
		return 0;
	e = registry_find_engine(s->plugs.registry, kind->text);
	if (!e || e->kind != REGISTRY_SOURCE) {
		log_warn(&s->log, "engine.kind '%s': no source plugin of this name is installed",
			 kind->text.p);
		return 0;
	}
	r = plugset_add(&s->plugs, e, &p, err);
	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r < 0)
		return r;
	r = config_params(s, e, &params, err);
	if (r < 0)
		return r;
	if (params[0] != '{' && params[0])
		s->n_openings = 0;
	else if (!is_selected(s->opts, plug_source(p)))
		return 0;
	return add_opening(s, p, params,
			   arena_printf(&s->config.arena, "%s:%s", kind->text.p, params), err);
}

static bool has_source(const struct setup *s, struct str name)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (str_is(name, s->sources[i].name))
			return true;
	return false;
}

static int add_evsource(struct setup *s, struct str name, bool has_event_types, struct err *err)
{
	struct str copy;

	if (!name.len || str_is(name, "*") || has_source(s, name))
		return 0;
	copy = arena_str(&s->config.arena, name);
	if (!copy.p)
		return -ENOMEM;
	if (s->n_sources == SETUP_MAX_SOURCES) {
		err_set(err, 0, 0, "more than %d event sources", SETUP_MAX_SOURCES);
		return -EINVAL;
	}
	s->sources[s->n_sources++] =
		(struct evsource){.name = copy.p, .has_event_types = has_event_types};
	return plugset_open_extractors(&s->plugs, copy, err);
}

/* Whether a source of the manifest gives the events that extractor entries call @source. */
static bool is_claimed(const struct setup *s, struct str source)
{
	for (uint32_t i = 0; i < registry_count(s->plugs.registry); i++)
		if (str_eq(registry_at(s->plugs.registry, i)->source, source))
			return true;
	return false;
}

/* Sources of system events have no ID of their own and are always known; the others only while the
 * configuration does not say which plugins there are. */
static int open_known_source(struct setup *s, const struct registry_entry *e, struct err *err)
{
	bool only_listed = config_at(&s->config, "load_plugins") != NULL;
	struct plug *p;
	int r = plugset_add(&s->plugs, e, &p, err);

	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r == 0 && only_listed && !p->is_configured && p->module->id)
		p->module = module_close(p->module);
	return r;
}

static int open_all(struct setup *s, struct err *err)
{
	bool only_listed = config_at(&s->config, "load_plugins") != NULL;
	int r = 0;

	for (uint32_t i = 0; i < registry_count(s->plugs.registry) && r == 0; i++) {
		const struct registry_entry *e = registry_at(s->plugs.registry, i);

		if (e->kind == REGISTRY_SOURCE)
			r = open_known_source(s, e, err);
	}
	for (uint32_t i = 0; i < s->plugs.n && r == 0; i++)
		if (plug_is_source(&s->plugs.plugs[i]))
			r = add_evsource(s, plug_source(&s->plugs.plugs[i]),
					 s->plugs.plugs[i].module->id == 0, err);
	for (uint32_t i = 0; i < registry_count(s->plugs.registry) && r == 0; i++) {
		const struct registry_entry *e = registry_at(s->plugs.registry, i);

		for (uint32_t k = 0; k < e->n_sources && r == 0; k++)
			if (!only_listed || !is_claimed(s, e->sources[k]))
				r = add_evsource(s, e->sources[k], true, err);
	}
	return r;
}

static int build_fields(struct setup *s, struct config *c, struct fieldset **ret, struct err *err)
{
	const struct module *modules[PLUGSET_MAX];
	int r = 0;

	for (uint32_t i = 0; i < s->plugs.n; i++)
		modules[i] = s->plugs.plugs[i].module;
	for (uint32_t i = 0; i < s->n_sources && r == 0; i++) {
		r = fields_build(str_from(s->sources[i].name), modules, s->plugs.n, &ret[i], err);
		if (r == 0)
			r = config_static_fields(c, ret[i], err);
	}
	return r;
}

int setup_fields(struct setup *s, struct config *c, struct err *err)
{
	struct fieldset *sets[SETUP_MAX_SOURCES] = {0};
	int r = build_fields(s, c, sets, err);

	for (uint32_t i = 0; i < s->n_sources; i++) {
		struct fieldset *old = s->sources[i].fields;

		if (r == 0) {
			s->sources[i].fields = sets[i];
			sets[i] = old;
		}
		(void)fieldset_unref(sets[i]);
	}
	return r;
}

/* The event sources of what is to be opened: its own, and those that it gives beside. */
static int add_evsources(struct setup *s, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < s->n_openings && r == 0; i++)
		r = add_evsource(s, plug_source(s->openings[i].plug),
				 s->openings[i].plug->module->id == 0, err);
	for (uint32_t i = 0; i < s->n_openings && r == 0; i++)
		r = carry_open(s, &s->openings[i], err);
	for (uint32_t i = 0; i < s->plugs.n && r == 0; i++)
		if (s->plugs.plugs[i].is_carried)
			r = add_evsource(s, plug_source(&s->plugs.plugs[i]), false, err);
	return r;
}

int setup_plugins(struct setup *s, enum setup_scope scope, struct err *err)
{
	const struct options *o = s->opts;
	int r = plugset_init(&s->plugs, &s->config, &s->paths, err);

	setup_tell_notes(s, &s->config);
	if (r == 0 && s->plugs.signature_policy == REGISTRY_WARN &&
	    s->plugs.signature != REGISTRY_SIGNATURE_OK)
		log_warn(&s->log, "registry: no valid signature");
	if (r == 0)
		r = add_configured(s, err);
	if (r == 0 && scope == SETUP_RUN)
		r = add_engine(s, err);
	for (uint32_t i = 0; i < o->sources.n && r == 0; i++)
		r = add_asked(s, o->sources.items[i], err);
	if (r == 0)
		r = check_source_names(s, err);
	if (r == 0)
		r = add_evsources(s, err);
	if (r == 0 && scope == SETUP_ALL)
		r = open_all(s, err);
	return r < 0 ? r : setup_fields(s, &s->config, err);
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool is_async_event(void *ctx, struct str name)
{
	const struct setup *s = ctx;

	for (uint32_t i = 0; i < s->plugs.n; i++) {
		const struct module *m = s->plugs.plugs[i].module;

		for (uint32_t k = 0; m && k < m->n_async_events; k++)
			if (str_eq(m->async_events[k], name))
				return true;
	}
	return false;
}

static int list_plugins(struct setup *s, struct config *c, struct rules_options *ret)
{
	struct rules_plugin *list = arena_alloc(&c->arena, (s->plugs.n + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->plugs.n; i++) {
		const struct module *m = s->plugs.plugs[i].module;
		struct rules_plugin *own;

		if (!m)
			continue;
		own = &list[ret->n_plugins++];
		own->name = arena_str(&c->arena, m->name).p;
		own->version = arena_str(&c->arena, m->version).p;
		own->owner = i;
		if (m->id && plug_is_source(&s->plugs.plugs[i]))
			own->source = arena_str(&c->arena, plug_source(&s->plugs.plugs[i])).p;
		if (!own->name || !own->version)
			return -ENOMEM;
	}
	ret->plugins = list;
	return 0;
}

/* What the sources that will be open ask about the rules; the first of each event source. */
static int list_conditions(struct setup *s, struct arena *a, struct rules_source *source,
			   struct err *err)
{
	for (uint32_t i = 0; i < s->n_openings; i++) {
		const struct plug *p = s->openings[i].plug;
		const char *const *texts = p->module->symbols->source_conditions;
		struct interest_conditions *own;
		int r;

		if (!texts || !str_is(plug_source(p), source->name))
			continue;
		own = arena_alloc(a, sizeof(*own));
		r = own ? interest_conditions_read(texts, a, own, err) : -ENOMEM;
		if (r == -EINVAL)
			err_context(err, "plugin '%.*s'", STR_FMT(p->module->name));
		source->conditions = own;
		return r;
	}
	return 0;
}

static int list_sources(struct setup *s, struct config *c, struct rules_options *ret,
			struct err *err)
{
	struct rules_source *list = arena_alloc(&c->arena, (s->n_sources + 1) * sizeof(*list));
	int r = 0;

	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n_sources && r == 0; i++) {
		list[i] = (struct rules_source){.name = s->sources[i].name,
						.fields = s->sources[i].fields,
						.has_event_types = s->sources[i].has_event_types,
						.is_event = is_async_event,
						.ctx = s};
		r = list_conditions(s, &c->arena, &list[i], err);
	}
	ret->sources = list;
	ret->n_sources = s->n_sources;
	return r;
}

int setup_rules_options(struct setup *s, struct config *c, struct rules_options *ret,
			struct err *err)
{
	int r;

	*ret = (struct rules_options){.lint = s->opts->verbose || s->opts->validate.n};
	(void)rule_priority_parse(str_from(config_str(c, "priority")), &ret->min_priority);
	ret->match_all = strcmp(config_str(c, "rule_matching"), "all") == 0;
	r = list_sources(s, c, ret, err);
	if (r == 0)
		r = list_plugins(s, c, ret);
	if (r == 0)
		r = config_selections(c, &ret->selections, &ret->n_selections, err);
	if (r == 0)
		r = config_append_outputs(c, &ret->append_outputs, &ret->n_append_outputs, err);
	if (r == 0)
		r = config_redaction(c, &ret->redaction);
	ret->base64 = config_bool(c, "buffer_format_base64") || s->opts->base64;
	return r;
}

static int is_rules_file(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	if (len > 10 && strcmp(d->d_name + len - 10, ".test.yaml") == 0)
		return 0;
	return len > 5 && d->d_name[0] != '.' && strcmp(d->d_name + len - 5, ".yaml") == 0;
}

/* The rules that come with the program for one event source; there may be none. */
static int add_shipped(struct setup *s, const char *source, struct rules_loader *l)
{
	char dir[PATHS_MAX + 128], file[PATHS_MAX + 512];
	struct dirent **names;
	int n, r = 0;

	(void)snprintf(dir, sizeof(dir), "%s/%.100s", s->paths.rules, source);
	n = scandir(dir, &names, is_rules_file, alphasort);
	for (int i = 0; i < n; i++) {
		(void)snprintf(file, sizeof(file), "%s/%s", dir, names[i]->d_name);
		if (r == 0)
			r = rules_loader_add_file(l, file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return r;
}

static int add_configured_rules(struct config *c, const char *key, struct rules_loader *l,
				bool *ret_any, struct err *err)
{
	const char *const *files;
	uint32_t n;
	int r = config_strings(c, key, &files, &n);

	for (uint32_t i = 0; i < n && r == 0; i++) {
		*ret_any = true;
		if (access(files[i], F_OK) == 0)
			r = rules_loader_add_path(l, files[i], err);
	}
	return r;
}

static int no_rules(struct err *err)
{
	err_set(err, 0, 0,
		"no rules: You must specify at least one rules file or folder, by -r or by "
		"rules_files "
		"in the configuration");
	return -EINVAL;
}

int setup_add_rules(struct setup *s, struct config *c, struct rules_loader *l, struct err *err)
{
	const struct options *o = s->opts;
	bool any = o->rules.n > 0;
	int r = 0;

	if (o->only_record)
		return 0;
	for (uint32_t i = 0; i < o->rules.n && r == 0; i++)
		r = rules_loader_add_path(l, o->rules.items[i], err);
	if (r == 0 && !any)
		r = add_configured_rules(c, "rules_files", l, &any, err);
	if (r == 0 && !any)
		r = add_configured_rules(c, "rules_file", l, &any, err);
	if (r == 0 && !any && o->config && !o->sources.n)
		return no_rules(err);
	for (uint32_t i = 0; i < s->n_sources && r == 0 && !any; i++)
		r = add_shipped(s, s->sources[i].name, l);
	return r;
}
