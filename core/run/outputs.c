/*
 * outputs: from configuration to running outputs.
 */
#include "run/outputs.h"

#include <errno.h>
#include <string.h>

#include "config/output_options.h"
#include "host/instance.h"
#include "host/symbols.h"
#include "util/json.h"
#include "util/mem.h"

/* One instance of an output plugin: what its sink works on. */
struct bound {
	const char *name;
	struct plug *plug;
	const char *params;
	struct services services;
	struct instance *inst; /* from here on of the output's thread */
	void *handle;
};

/* What the configuration asks for. */
struct asked {
	const char *name;
	const struct config_node *config;  /* parameters of the plugin; may be NULL */
	const struct config_node *options; /* how alerts get there; may be the same map */
};

struct outputs {
	struct setup *setup;
	bool blocks;
	struct loop *loop;
	struct bound bounds[OUTPUTS_MAX];
	struct output *list[OUTPUTS_MAX];
	uint32_t n;
};

static void wake(void *ctx)
{
	loop_wake(ctx);
}

static int bound_open(void *ctx, struct err *err)
{
	struct bound *b = ctx;
	const struct module *m = b->plug->module;
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	int r = instance_new(m, b->plug->init_config, &b->services, &b->inst, err);

	if (r < 0)
		return r;
	b->handle = m->symbols->output_open(b->inst->state, b->params, &rc);
	if (rc == SS_PLUGIN_SUCCESS)
		return 0;
	err_set(err, 0, 0, "%s", instance_last_error(b->inst));
	if (b->handle)
		m->symbols->output_close(b->inst->state, b->handle);
	b->handle = NULL;
	b->inst = instance_free(b->inst);
	return -EINVAL;
}

static const char *bound_send(void *ctx, const struct gyr_alert *const *alerts, uint32_t n,
			      uint8_t *verdicts)
{
	struct bound *b = ctx;
	ss_plugin_rc rc = b->plug->module->symbols->output_send(b->inst->state, b->handle, alerts,
								n, verdicts);

	return rc == SS_PLUGIN_SUCCESS ? NULL : instance_last_error(b->inst);
}

static void bound_reopen(void *ctx)
{
	struct bound *b = ctx;

	if (b->plug->module->symbols->output_reopen)
		(void)b->plug->module->symbols->output_reopen(b->inst->state, b->handle);
}

static void bound_close(void *ctx)
{
	struct bound *b = ctx;

	b->plug->module->symbols->output_close(b->inst->state, b->handle);
	b->handle = NULL;
	b->inst = instance_free(b->inst);
}

/* Whether the plugin has a parameter @name that @config does not give. */
static bool takes(const struct json *schema, const struct config_node *config, const char *name)
{
	return json_member(json_member(schema, "properties"), name) &&
	       !config_node_child(config, str_from(name));
}

/* The map without "enabled" and what is not for the plugin, and what the global keys say, as one
 * JSON object. */
static const char *make_params(struct setup *s, const struct plug *p, const struct asked *ask)
{
	const struct config_node *config = ask->config;
	const bool is_by_key = ask->config == ask->options;
	const bool has_template = config_node_child(ask->options, STR("template"));
	const struct module_symbols *sym = p->module->symbols;
	const char *schema_text = sym->output_params_schema ? sym->output_params_schema() : NULL;
	struct json *schema = NULL;
	struct err ignored = ERR_NULL;
	const char *comma = "", *ret;
	struct buf b;

	if (schema_text && json_parse(str_from(schema_text), &schema, &ignored) < 0)
		schema = NULL;
	buf_init(&b, 1 << 20);
	buf_add_char(&b, '{');
	for (const struct config_node *n = config ? config->first : NULL; n; n = n->next) {
		if (str_is(n->key, "enabled") || n->kind == CONFIG_NULL ||
		    (is_by_key && output_options_has(n->key)))
			continue;
		buf_printf(&b, "%s\"", comma);
		buf_add_json(&b, n->key);
		buf_add_cstr(&b, "\":");
		config_node_json(&b, n);
		comma = ",";
	}
	if (takes(schema, config, "format"))
		buf_printf(&b, "%s\"format\":\"%s\"", comma,
			   config_bool(&s->config, "json_output") && !has_template ? "json"
										   : "text");
	buf_add_char(&b, '}');
	(void)json_close(schema);
	ret = b.failed ? NULL : arena_str(&s->config.arena, buf_str(&b)).p;
	buf_deinit(&b);
	return ret;
}

/* Opens the plugin and starts an instance. */
static int outputs_add(struct outputs *o, struct plug *p, const struct asked *ask, struct err *err)
{
	const char *name = ask->name;
	struct output_setup setup = {
		.name = name, .log = &o->setup->log, .on_over = wake, .on_over_ctx = o->loop};
	struct bound *b = &o->bounds[o->n];
	int r;

	if (o->n == OUTPUTS_MAX) {
		err_set(err, 0, 0, "more than %d outputs", OUTPUTS_MAX);
		return -EINVAL;
	}
	for (uint32_t i = 0; i < o->n; i++)
		if (strcmp(o->bounds[i].name, name) == 0) {
			err_set(err, 0, 0, "two outputs are called '%s': give one a 'name'", name);
			return -EINVAL;
		}
	r = plugset_open(&o->setup->plugs, p, err);
	if (r < 0)
		return r;
	if (!(p->module->caps & MODULE_OUTPUT)) {
		err_set(err, 0, 0, "plugin '%.*s' is no output", STR_FMT(p->module->name));
		return -EINVAL;
	}
	*b = (struct bound){.name = name, .plug = p, .services = {.log = &o->setup->log}};
	b->params = make_params(o->setup, p, ask);
	if (!b->params)
		return -ENOMEM;
	if (config_bool(&o->setup->config, "buffered_outputs") && !o->setup->opts->unbuffered)
		setup.linger_ms = OUTPUTS_LINGER_MS;
	r = output_options_read(&o->setup->config, ask->options, o->blocks, &setup, err);
	if (r < 0)
		return r;
	setup.sink = (struct sink){.open = bound_open,
				   .send = bound_send,
				   .reopen = bound_reopen,
				   .close = bound_close,
				   .ctx = b};
	r = output_new(&setup, &o->list[o->n], err);
	if (r < 0) {
		err_context(err, "output '%s'", name);
		return r;
	}
	o->n++;
	return 0;
}

/* "<name>_output: {enabled: true, ...}" */
static int add_by_key(struct outputs *o, const struct config_node *n, struct err *err)
{
	const struct config_node *enabled = config_node_child(n, STR("enabled"));
	struct str name = {n->key.p, n->key.len - 7};
	const struct registry_entry *e;
	struct asked ask = {.config = n, .options = n};
	struct plug *p;
	bool on = false;
	int r;

	if (!enabled || config_node_bool(enabled, &on) < 0 || !on)
		return 0;
	e = registry_find_name(o->setup->plugs.registry, name);
	if (!e || e->kind != REGISTRY_OUTPUT) {
		log_warn(&o->setup->log,
			 "%s:%u: no output plugin '%.*s' is installed: its alerts go nowhere",
			 n->place.file, n->place.line, STR_FMT(name));
		return 0;
	}
	ask.name = arena_str(&o->setup->config.arena, name).p;
	if (!ask.name)
		return -ENOMEM;
	r = plugset_add(&o->setup->plugs, e, &p, err);
	if (r == 0)
		r = outputs_add(o, p, &ask, err);
	if (r < 0 && err->is_set)
		config_place_context(n->place, err);
	return r;
}

/* An entry of `outputs:`. */
static int add_by_list(struct outputs *o, const struct config_node *n, struct err *err)
{
	const struct config_node *plugin = config_node_child(n, STR("plugin"));
	const struct config_node *name = config_node_child(n, STR("name"));
	struct asked ask = {.config = config_node_child(n, STR("config")), .options = n};
	struct plug *p;
	int r;

	if (!plugin || plugin->kind != CONFIG_SCALAR) {
		err_set(err, 0, 0, "outputs: an entry needs the name of a plugin");
		r = -EINVAL;
	} else {
		r = plugset_ask(&o->setup->plugs, plugin->text.p, &p, err);
	}
	if (r == 0) {
		ask.name = name && name->text.p ? name->text.p : plugin->text.p;
		r = outputs_add(o, p, &ask, err);
	}
	if (r < 0 && err->is_set)
		config_place_context(n->place, err);
	return r;
}

static bool is_key_of_output(struct str key)
{
	return key.len > 7 && memcmp(key.p + key.len - 7, "_output", 7) == 0 &&
	       !str_is(key, "append_output") && !str_is(key, "json_output") &&
	       !str_is(key, "grpc_output");
}

static int add_all(struct outputs *o, struct err *err)
{
	const struct config *c = &o->setup->config;
	const struct config_node *list = config_at(c, "outputs");
	int r = 0;

	for (const struct config_node *n = c->root->first; n && r == 0; n = n->next)
		if (is_key_of_output(n->key))
			r = add_by_key(o, n, err);
	for (const struct config_node *n = list && list->kind == CONFIG_SEQ ? list->first : NULL;
	     n && r == 0; n = n->next)
		r = add_by_list(o, n, err);
	if (r == 0 && o->n == 0) {
		err_set(err, 0, 0, "no output is enabled");
		err_hint(err, "enable one in the configuration, or on the command line: "
			      "-o NAME_output.enabled=true");
		r = -EINVAL;
	}
	return r;
}

/* What add_by_key() would call the output of this key; NULL when it would add none. */
static const char *name_by_key(struct setup *s, const struct config_node *n)
{
	const struct config_node *enabled = config_node_child(n, STR("enabled"));
	struct str name = {n->key.p, n->key.len - 7};
	const struct registry_entry *e = registry_find_name(s->plugs.registry, name);
	bool on = false;

	if (!enabled || config_node_bool(enabled, &on) < 0 || !on || !e ||
	    e->kind != REGISTRY_OUTPUT)
		return NULL;
	return arena_str(&s->config.arena, name).p;
}

static const char *template_of(const struct config_node *n)
{
	const struct config_node *text = config_node_child(n, STR("template"));

	return text && text->kind == CONFIG_SCALAR ? text->text.p : NULL;
}

/* What the outputs are called, and their templates. */
static uint32_t list_outputs(struct setup *s, const char **names, const char **templates)
{
	const struct config *c = &s->config;
	const struct config_node *list = config_at(c, "outputs");
	uint32_t k = 0;

	for (const struct config_node *n = c->root->first; n && k < OUTPUTS_MAX; n = n->next) {
		const char *name = is_key_of_output(n->key) ? name_by_key(s, n) : NULL;

		if (!name)
			continue;
		templates[k] = template_of(n);
		names[k++] = name;
	}
	for (const struct config_node *n = list && list->kind == CONFIG_SEQ ? list->first : NULL;
	     n && k < OUTPUTS_MAX; n = n->next) {
		const struct config_node *plugin = config_node_child(n, STR("plugin"));
		const struct config_node *name = config_node_child(n, STR("name"));

		if (!plugin || plugin->kind != CONFIG_SCALAR)
			continue;
		templates[k] = template_of(n);
		names[k++] = name && name->text.p ? name->text.p : plugin->text.p;
	}
	return k;
}

static int read_names(struct setup *s, const char ***ret_names, const char ***ret_templates,
		      uint32_t *ret_n)
{
	*ret_names = arena_alloc(&s->config.arena, OUTPUTS_MAX * sizeof(char *));
	*ret_templates = arena_alloc(&s->config.arena, OUTPUTS_MAX * sizeof(char *));
	if (!*ret_names || !*ret_templates)
		return -ENOMEM;
	*ret_n = list_outputs(s, *ret_names, *ret_templates);
	return 0;
}

int outputs_names(struct setup *s, const char *const **ret, uint32_t *ret_n)
{
	const char **names, **templates;
	int r = read_names(s, &names, &templates, ret_n);

	if (r == 0)
		*ret = names;
	return r;
}

int outputs_templates(struct setup *s, const char *const **ret)
{
	const char **names, **templates;
	uint32_t n;
	int r = read_names(s, &names, &templates, &n);

	if (r == 0)
		*ret = templates;
	return r;
}

int outputs_new(struct setup *s, bool blocks, struct loop *loop, struct outputs **ret,
		struct err *err)
{
	struct outputs *o = mem_new(sizeof(*o));
	int r;

	if (!o)
		return -ENOMEM;
	o->setup = s;
	o->blocks = blocks;
	o->loop = loop;
	r = add_all(o, err);
	if (r < 0) {
		(void)outputs_free(o);
		return r;
	}
	*ret = o;
	return 0;
}

bool outputs_are_over(const struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (!output_is_over(o->list[i]))
			return false;
	return true;
}

void outputs_let_go(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_let_go(o->list[i]);
}

void outputs_drain(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_stop(o->list[i]);
	for (uint32_t i = 0; i < o->n; i++)
		output_join(o->list[i]);
}

struct outputs *outputs_free(struct outputs *o)
{
	if (!o)
		return NULL;
	outputs_drain(o);
	for (uint32_t i = 0; i < o->n; i++)
		(void)output_free(o->list[i]);
	return mem_free(o);
}

void outputs_look(struct outputs *o, uint32_t timeout_ms)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_look(o->list[i], timeout_ms);
}

void outputs_reopen(struct outputs *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		output_reopen(o->list[i]);
}

struct output *const *outputs_list(const struct outputs *o, uint32_t *ret_n)
{
	*ret_n = o->n;
	return o->list;
}
