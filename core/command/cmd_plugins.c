/*
 * cmd_plugins: what plugins there are, and what one says about itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command/cmd.h"
#include "host/instance.h"
#include "host/symbols.h"
#include "report/versions.h"

int cmd_version(struct setup *s, struct err *err)
{
	(void)err;
	if (config_bool(&s->config, "json_output") || s->opts->format == FORMAT_JSON) {
		struct buf b;

		buf_init(&b, 4096);
		versions_json(&b);
		(void)printf("%.*s\n", (int)b.len, b.p ? b.p : "");
		buf_deinit(&b);
		return 0;
	}
	versions_print(stdout);
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
		(void)printf("Open parameters: not known: %s\n", err.text);
		return;
	}
	list = m->symbols->api.list_open_params(inst->state, &rc);
	if (rc == SS_PLUGIN_SUCCESS && list)
		(void)printf("Open parameters: %s\n", list);
	(void)instance_free(inst);
}

static void print_capabilities(const struct plug *p)
{
	static const struct {
		uint32_t cap;
		const char *name;
	} rows[] = {
		{MODULE_PARSING, "Event Parsing"}, {MODULE_ASYNC, "Async Events"},
		{MODULE_OUTPUT, "Output"},         {MODULE_COMMIT, "Commit"},
		{MODULE_SHARDS, "Shards"},
	};
	const struct module *m = p->module;

	if (m->caps & MODULE_SOURCING)
		(void)printf("  - Event Sourcing (ID=%u, source='%.*s')\n", m->id,
			     STR_FMT(plug_source(p)));
	if (m->caps & MODULE_EXTRACTION)
		(void)printf("  - Field Extraction\n");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (m->caps & rows[i].cap)
			(void)printf("  - %s\n", rows[i].name);
}

int cmd_plugin_info(struct setup *s, struct err *err)
{
	struct plug *p;
	const struct module *m;
	int r = plugset_init(&s->plugs, &s->config, &s->paths, err);

	if (r == 0)
		r = plugset_ask(&s->plugs, s->opts->plugin_info, &p, err);
	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r < 0)
		return r;
	m = p->module;
	(void)printf("Name: %.*s\nDescription: %.*s\nContact: %.*s\nVersion: %.*s\nCapabilities:\n",
		     STR_FMT(m->name), STR_FMT(m->description), STR_FMT(m->contact),
		     STR_FMT(m->version));
	print_capabilities(p);
	if (m->schema.len)
		(void)printf("Init config schema type: JSON\n%.*s\n", STR_FMT(m->schema));
	else
		(void)printf("No init config schema\n");
	if (m->symbols->output_params_schema && m->symbols->output_params_schema())
		(void)printf("Output parameters schema: %s\n", m->symbols->output_params_schema());
	/* Not among the capabilities: readers of Falco's list know the lines that may be in it. */
	if (m->caps & MODULE_LISTENING)
		(void)printf("Hears when a capture begins and ends\n");
	(void)printf("Plugin API: %.*s\nLibrary: %.*s\nDigest: %s\n", STR_FMT(m->abi),
		     STR_FMT(p->entry->path), registry_digest_name(registry_check(p->entry)));
	print_open_params(s, p);
	return 0;
}
