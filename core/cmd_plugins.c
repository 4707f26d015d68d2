/*
 * cmd_plugins: what plugins there are, and what one says about itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "host/instance.h"
#include "host/symbols.h"

#define VERSION_ENGINE RULES_ENGINE_VERSION
#define VERSION_SCHEMA "4.5.1" /* of the event tables */

int cmd_version(struct setup *s, struct err *err)
{
	char api[32];

	(void)err;
	(void)snprintf(api, sizeof(api), "%d.%d.%d", PLUGIN_API_VERSION_MAJOR,
		       PLUGIN_API_VERSION_MINOR, PLUGIN_API_VERSION_PATCH);
	if (config_bool(&s->config, "json_output") || s->opts->format == FORMAT_JSON) {
		(void)printf("{\"engine_version\":\"" VERSION_ENGINE
			     "\",\"event_schema_version\":\"" VERSION_SCHEMA
			     "\",\"gyr_version\":\"" GYR_VERSION
			     "\",\"plugin_api_version\":\"%s\"}\n",
			     api);
		return 0;
	}
	(void)printf("gyr %s\nrules engine: %s\nplugin API: %s\nevent schema: %s\n", GYR_VERSION,
		     VERSION_ENGINE, api, VERSION_SCHEMA);
	return 0;
}

static void print_json_text(struct buf *b, const char *key, struct str text)
{
	buf_printf(b, "\"%s\":\"", key);
	buf_add_json(b, text);
	buf_add_cstr(b, "\",");
}

static void plugin_row(struct buf *b, const struct registry_entry *e, enum options_format format)
{
	const char *kind = registry_kind_name(e->kind);
	const char *digest = registry_digest_name(registry_check(e));

	if (format == FORMAT_JSON) {
		buf_printf(b, "%s{\"id\":%u,", b->len > 1 ? "," : "", e->id);
		print_json_text(b, "name", e->name);
		print_json_text(b, "kind", str_from(kind));
		print_json_text(b, "version", e->version);
		print_json_text(b, "source", e->source);
		print_json_text(b, "library", e->path);
		print_json_text(b, "description", e->description);
		buf_printf(b, "\"digest\":\"%s\"}", digest);
		return;
	}
	buf_printf(b,
		   format == FORMAT_MARKDOWN ? "| %u | %.*s | %s | %.*s | %s | %.*s |\n"
					     : "%6u  %-18.*s %-10s %-8.*s %-10s %.*s\n",
		   e->id, STR_FMT(e->name), kind, STR_FMT(e->version), digest,
		   STR_FMT(e->description));
}

int cmd_list_plugins(struct setup *s, struct err *err)
{
	enum options_format format =
		config_bool(&s->config, "json_output") ? FORMAT_JSON : s->opts->format;
	int r = plugset_init(&s->plugs, &s->config, &s->paths, err);
	struct buf b;

	if (r < 0)
		return r;
	buf_init(&b, 64 << 20);
	if (format == FORMAT_JSON)
		buf_add_char(&b, '[');
	else if (format == FORMAT_MARKDOWN)
		buf_add_cstr(&b, "| ID | Name | Kind | Version | Digest | Description |\n"
				 "|--:|---|---|---|---|---|\n");
	else
		buf_printf(&b, "%6s  %-18s %-10s %-8s %-10s %s\n", "ID", "NAME", "KIND", "VERSION",
			   "DIGEST", "DESCRIPTION");
	for (uint32_t i = 0; i < registry_count(s->plugs.registry); i++)
		plugin_row(&b, registry_at(s->plugs.registry, i), format);
	if (format == FORMAT_JSON)
		buf_add_cstr(&b, "]\n");
	(void)fwrite(b.p, 1, b.len, stdout);
	buf_deinit(&b);
	return 0;
}

/* The parameters a source suggests; asking takes an instance. */
static void print_open_params(const struct setup *s, const struct plug *p)
{
	const struct module *m = p->module;
	struct services services = {.log = &s->log};
	struct err err = ERR_NULL;
	struct instance *inst;
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	const char *list;

	if (!m->symbols->api.list_open_params)
		return;
	if (instance_new(m, p->init_config, &services, &inst, &err) < 0) {
		(void)printf("open parameters: not known: %s\n", err.text);
		return;
	}
	list = m->symbols->api.list_open_params(inst->state, &rc);
	if (rc == SS_PLUGIN_SUCCESS && list)
		(void)printf("open parameters: %s\n", list);
	(void)instance_free(inst);
}

int cmd_plugin_info(struct setup *s, struct err *err)
{
	struct plug *p;
	const struct module *m;
	char caps[128];
	int r = plugset_init(&s->plugs, &s->config, &s->paths, err);

	if (r == 0)
		r = plugset_ask(&s->plugs, s->opts->plugin_info, &p, err);
	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r < 0)
		return r;
	m = p->module;
	module_caps_print(m, caps, sizeof(caps));
	(void)printf("name: %.*s\nversion: %.*s\ndescription: %.*s\ncontact: %.*s\n"
		     "plugin API: %.*s\ncapabilities: %s\nlibrary: %.*s\ndigest: %s\n",
		     STR_FMT(m->name), STR_FMT(m->version), STR_FMT(m->description),
		     STR_FMT(m->contact), STR_FMT(m->abi), caps, STR_FMT(p->entry->path),
		     registry_digest_name(registry_check(p->entry)));
	if (m->caps & MODULE_SOURCING)
		(void)printf("ID: %u\nevent source: %.*s\n", m->id, STR_FMT(plug_source(p)));
	if (m->caps & MODULE_EXTRACTION)
		(void)printf("fields: %u\n", m->n_fields);
	if (m->schema.len)
		(void)printf("configuration schema: %.*s\n", STR_FMT(m->schema));
	if (m->symbols->output_params_schema && m->symbols->output_params_schema())
		(void)printf("parameters schema: %s\n", m->symbols->output_params_schema());
	print_open_params(s, p);
	return 0;
}
