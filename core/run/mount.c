#include "run/mount.h"

#include <errno.h>
#include <string.h>

#include "config/output_options.h"
#include "host/instance.h"
#include "host/symbols.h"
#include "run/outputs.h"
#include "util/json.h"
#include "util/mem.h"

/* --- the sink --------------------------------------------------------------------------------- */

static int sink_open(void *ctx, struct err *err)
{
	struct mount *m = ctx;
	const struct module *module = m->plug->module;
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	int r = instance_new(module, m->plug->init_config, &m->services, &m->inst, err);

	if (r < 0)
		return r;
	m->handle = module->symbols->output_open(m->inst->state, m->params, &rc);
	if (rc == SS_PLUGIN_SUCCESS)
		return 0;
	err_set(err, 0, 0, "%s", instance_last_error(m->inst));
	if (m->handle)
		module->symbols->output_close(m->inst->state, m->handle);
	m->handle = NULL;
	m->inst = instance_free(m->inst);
	return -EINVAL;
}

static const char *sink_send(void *ctx, const struct gyr_alert *const *alerts, uint32_t n,
			     uint8_t *verdicts)
{
	struct mount *m = ctx;
	ss_plugin_rc rc = m->plug->module->symbols->output_send(m->inst->state, m->handle, alerts,
								n, verdicts);

	return rc == SS_PLUGIN_SUCCESS ? NULL : instance_last_error(m->inst);
}

static void sink_reopen(void *ctx)
{
	struct mount *m = ctx;

	if (m->plug->module->symbols->output_reopen)
		(void)m->plug->module->symbols->output_reopen(m->inst->state, m->handle);
}

static void sink_close(void *ctx)
{
	struct mount *m = ctx;

	m->plug->module->symbols->output_close(m->inst->state, m->handle);
	m->handle = NULL;
	m->inst = instance_free(m->inst);
}

/* --- what is asked for ------------------------------------------------------------------------ */

static bool is_key_of_output(struct str key)
{
	return config_key_of_output(key) && !str_is(key, "append_output") &&
	       !str_is(key, "json_output") && !str_is(key, "grpc_output");
}

/* "<name>_output: {enabled: true, ...}". 1 when there is one to add. */
static int list_key(struct setup *s, struct config *c, const struct config_node *n, bool tells,
		    struct asked *ret)
{
	const struct config_node *enabled = config_node_child(n, STR("enabled"));
	struct str name = {n->key.p, n->key.len - 7};
	const struct registry_entry *e = registry_find_name(s->plugs.registry, name);
	bool on = false;

	if (!enabled || config_node_bool(enabled, &on) < 0 || !on)
		return 0;
	if (!e || e->kind != REGISTRY_OUTPUT) {
		if (tells)
			log_warn(&s->log,
				 "%s:%u: no output plugin '%.*s' is installed: its alerts go "
				 "nowhere",
				 n->place.file, n->place.line, STR_FMT(name));
		return 0;
	}
	*ret = (struct asked){.from = c,
			      .name = arena_str(&c->arena, name).p,
			      .node = n,
			      .config = n,
			      .options = n,
			      .template = config_node_text(n, STR("template"))};
	return ret->name ? 1 : -ENOMEM;
}

/* An entry of `outputs:`. */
static int list_entry(struct config *c, const struct config_node *n, struct asked *ret,
		      struct err *err)
{
	const struct config_node *plugin = config_node_child(n, STR("plugin"));
	const struct config_node *name = config_node_child(n, STR("name"));

	if (!plugin || plugin->kind != CONFIG_SCALAR)
		return config_node_refuse(n, err, "outputs: an entry needs the name of a plugin");
	*ret = (struct asked){.from = c,
			      .name = name && name->text.p ? name->text.p : plugin->text.p,
			      .node = n,
			      .config = config_node_child(n, STR("config")),
			      .options = n,
			      .template = config_node_text(n, STR("template"))};
	return 1;
}

static int too_many(struct err *err)
{
	err_set(err, 0, 0, "more than %d outputs", OUTPUTS_MAX);
	return -EINVAL;
}

int mount_list(struct setup *s, struct config *c, struct asked *ret, bool tells, struct err *err)
{
	const struct config_node *list = config_at(c, "outputs");
	struct asked one;
	uint32_t n = 0;
	int r;

	for (const struct config_node *k = c->root->first; k; k = k->next) {
		r = is_key_of_output(k->key) ? list_key(s, c, k, tells, &one) : 0;
		if (r < 0 || (r && n == OUTPUTS_MAX))
			return r < 0 ? r : too_many(err);
		if (r)
			ret[n++] = one;
	}
	for (const struct config_node *k = list && list->kind == CONFIG_SEQ ? list->first : NULL; k;
	     k = k->next) {
		r = list_entry(c, k, &one, err);
		if (r < 0 || n == OUTPUTS_MAX)
			return r < 0 ? r : too_many(err);
		ret[n++] = one;
	}
	return (int)n;
}

/* --- mounts ----------------------------------------------------------------------------------- */

/* Whether the plugin has a parameter @name that @config does not give. */
static bool takes(const struct json *schema, const struct config_node *config, const char *name)
{
	return json_member(json_member(schema, "properties"), name) &&
	       !config_node_child(config, str_from(name));
}

/* The map without "enabled" and what is not for the plugin, and what the global keys say, as one
 * JSON object. */
static const char *make_params(struct config *c, const struct plug *p, const struct asked *ask)
{
	const struct config_node *config = ask->config;
	const bool is_by_key = ask->config == ask->options;
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
			   config_bool(c, "json_output") && !ask->template ? "json" : "text");
	buf_add_char(&b, '}');
	(void)json_close(schema);
	ret = b.failed ? NULL : arena_str(&c->arena, buf_str(&b)).p;
	buf_deinit(&b);
	return ret;
}

static int find_plug(struct setup *s, const struct asked *ask, struct plug **ret, struct err *err)
{
	const struct config_node *plugin = config_node_child(ask->node, STR("plugin"));
	int r;

	if (ask->node->key.len)
		r = plugset_add(&s->plugs,
				registry_find_name(s->plugs.registry, str_from(ask->name)), ret,
				err);
	else
		r = plugset_ask(&s->plugs, plugin->text.p, ret, err);
	if (r == 0)
		r = plugset_open(&s->plugs, *ret, err);
	if (r == 0 && !((*ret)->module->caps & MODULE_OUTPUT)) {
		err_set(err, 0, 0, "plugin '%.*s' is no output", STR_FMT((*ret)->module->name));
		r = -EINVAL;
	}
	return r;
}

static int mount_fill(struct mount *m, struct setup *s, const struct asked *ask, bool blocks,
		      struct err *err)
{
	int r = find_plug(s, ask, &m->plug, err);

	if (r < 0)
		return r;
	m->params = make_params(m->config, m->plug, ask);
	if (!m->params)
		return -ENOMEM;
	if (config_bool(m->config, "buffered_outputs") && !s->opts->unbuffered)
		m->setup.linger_ms = OUTPUTS_LINGER_MS;
	return output_options_read(m->config, ask->options, blocks, &m->setup, err);
}

int mount_new(struct setup *s, const struct asked *ask, bool blocks, struct mount **ret,
	      struct err *err)
{
	struct mount *m = mem_new(sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->config = config_ref(ask->from);
	m->services.log = &s->log;
	m->setup = (struct output_setup){.name = ask->name,
					 .log = &s->log,
					 .sink = {.open = sink_open,
						  .send = sink_send,
						  .reopen = sink_reopen,
						  .close = sink_close,
						  .ctx = m}};
	r = mount_fill(m, s, ask, blocks, err);
	if (r < 0) {
		(void)mount_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

struct mount *mount_free(struct mount *m)
{
	if (m)
		(void)config_unref(m->config);
	return mem_free(m);
}

bool mount_is_same_sink(const struct mount *a, const struct mount *b)
{
	return a->plug == b->plug && strcmp(a->params, b->params) == 0;
}

bool mount_is_same_pace(const struct mount *a, const struct mount *b)
{
	const struct output_setup *x = &a->setup, *y = &b->setup;

	return x->batch_max == y->batch_max && x->linger_ms == y->linger_ms &&
	       x->tries == y->tries && x->drain_ms == y->drain_ms &&
	       memcmp(&x->pace, &y->pace, sizeof(x->pace)) == 0;
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool mount_is_same_frame(const struct mount *a, const struct mount *b)
{
	const struct output_setup *x = &a->setup, *y = &b->setup;

	return x->delivery == y->delivery && x->capacity == y->capacity &&
	       x->cap_bytes == y->cap_bytes && x->policy == y->policy &&
	       is_same_text(x->dead_letter, y->dead_letter) &&
	       x->dead_letter_bytes == y->dead_letter_bytes &&
	       is_same_text(x->spool.dir, y->spool.dir) &&
	       x->spool.max_bytes == y->spool.max_bytes &&
	       x->spool.segment_bytes == y->spool.segment_bytes;
}

void mount_keep_frame(struct mount *m, const struct mount *from)
{
	struct output_setup *to = &m->setup;

	to->delivery = from->setup.delivery;
	to->capacity = from->setup.capacity;
	to->cap_bytes = from->setup.cap_bytes;
	to->policy = from->setup.policy;
	to->dead_letter = from->setup.dead_letter;
	to->dead_letter_bytes = from->setup.dead_letter_bytes;
	to->spool = from->setup.spool;
}
