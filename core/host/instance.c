/*
 * instance: the plugin state and its owner, from init to destroy.
 */
#include "host/instance.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/schema.h"
#include "host/symbols.h"
#include "util/mem.h"

enum { METRICS_MAX = 1024, METRIC_NAME_BYTES = 512 };

static const plugin_api *api(const struct instance *i)
{
	return &i->module->symbols->api;
}

const char *instance_last_error(const struct instance *i)
{
	const char *text = i->state ? api(i)->get_last_error(i->state) : NULL;

	return text ? text : "";
}

/* The configuration as the plugin gets it; NULL when memory is short or the schema refuses it. */
static char *prepare_config(const struct module *m, struct str config, struct err *err)
{
	if (m->schema.len && !config.len)
		config = STR("{}");
	if (m->schema.len && schema_check(m->schema, config, err) < 0) {
		err_context(err, "plugin '%.*s': configuration", STR_FMT(m->name));
		return NULL;
	}
	return mem_dup(config.p, config.len);
}

static int call_init(struct instance *i, const char *config, struct err *err)
{
	bool wants_tables = i->module->caps & (MODULE_PARSING | MODULE_EXTRACTION);
	ss_plugin_init_input in = {
		.config = config,
		.owner = &i->owner,
		.get_owner_last_error = owner_last_error,
		.tables = wants_tables ? i->owner.services->tables_input : NULL,
		.log_fn = owner_log,
	};
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	const char *why;

	i->state = api(i)->init(&in, &rc);
	if (rc == SS_PLUGIN_SUCCESS)
		return 0;
	why = instance_last_error(i);
	err_set(err, 0, 0, "plugin '%.*s': init failed: %s", STR_FMT(i->module->name),
		*why ? why : "it gave no reason");
	return -EIO;
}

/* Without a list of its own a plugin gets every event where system calls are among its sources, and
 * events of plugin sources otherwise. */
static void read_types(struct event_set *set, const struct module_sources *sources,
		       uint16_t *(*get)(uint32_t *n, ss_plugin_t *s), ss_plugin_t *state)
{
	uint32_t n = 0;
	const uint16_t *types = get ? get(&n, state) : NULL;

	if (!types || n == 0) {
		set->all = module_sources_have(sources, STR("syscall"));
		set->bits[GYR_EVENT_PLUGIN / 64] |= 1ULL << GYR_EVENT_PLUGIN % 64;
		return;
	}
	for (uint32_t k = 0; k < n; k++)
		if (types[k] < EVENT_CODES)
			set->bits[types[k] / 64] |= 1ULL << types[k] % 64;
}

int instance_new(const struct module *m, struct str config, const struct services *services,
		 struct instance **ret_instance, struct err *err)
{
	struct instance *i;
	char *text = prepare_config(m, config, err);
	const char *minor;
	int r;

	if (!text)
		return err->is_set ? -EINVAL : -ENOMEM;
	i = mem_new(sizeof *i);
	if (!i) {
		mem_free(text);
		return -ENOMEM;
	}
	minor = strchr(m->abi.p, '.');
	i->module = m;
	i->owner = (struct owner){
		.services = services,
		.instance = i,
		.name = m->name.p,
		.api_minor = minor ? (unsigned)strtoul(minor + 1, NULL, 10) : 0,
	};
	r = call_init(i, text, err);
	mem_free(text);
	if (r < 0) {
		instance_free(i);
		return r;
	}
	if (m->caps & MODULE_EXTRACTION)
		read_types(&i->extract_types, &m->extract_sources, api(i)->get_extract_event_types,
			   i->state);
	if (m->caps & MODULE_PARSING)
		read_types(&i->parse_types, &m->parse_sources, api(i)->get_parse_event_types,
			   i->state);
	*ret_instance = i;
	return 0;
}

struct instance *instance_free(struct instance *i)
{
	if (!i)
		return NULL;
	if (i->state)
		api(i)->destroy(i->state);
	return mem_free(i);
}

int instance_set_config(struct instance *i, struct str config, struct err *err)
{
	ss_plugin_set_config_input in = {0};
	ss_plugin_rc rc;
	char *text;

	if (!api(i)->set_config)
		return INSTANCE_E_NOT_APPLIED;
	text = prepare_config(i->module, config, err);
	if (!text)
		return err->is_set ? -EINVAL : -ENOMEM;
	in.config = text;
	rc = api(i)->set_config(i->state, &in);
	mem_free(text);
	if (rc == SS_PLUGIN_SUCCESS)
		return 0;
	err_set(err, 0, 0, "plugin '%.*s': configuration: %s", STR_FMT(i->module->name),
		instance_last_error(i));
	return -EINVAL;
}

static void convert_metric(const ss_plugin_metric *in, struct instance_metric *out)
{
	const ss_plugin_metric_value *v = &in->value;

	out->is_monotonic = in->type == SS_PLUGIN_METRIC_TYPE_MONOTONIC;
	switch (in->value_type) {
	case SS_PLUGIN_METRIC_VALUE_TYPE_U32:
		out->u64 = v->u32;
		break;
	case SS_PLUGIN_METRIC_VALUE_TYPE_U64:
		out->u64 = v->u64;
		break;
	case SS_PLUGIN_METRIC_VALUE_TYPE_D:
	case SS_PLUGIN_METRIC_VALUE_TYPE_F:
		out->is_double = true;
		out->dbl = in->value_type == SS_PLUGIN_METRIC_VALUE_TYPE_D ? v->d : (double)v->f;
		break;
	default:
		out->is_signed = true;
		out->i64 = in->value_type == SS_PLUGIN_METRIC_VALUE_TYPE_S64   ? v->s64
			   : in->value_type == SS_PLUGIN_METRIC_VALUE_TYPE_S32 ? v->s32
									       : v->i;
	}
}

void instance_metrics(const struct instance *i, instance_metric_fn each, void *ctx)
{
	uint32_t n = 0;
	const ss_plugin_metric *m = api(i)->get_metrics ? api(i)->get_metrics(i->state, &n) : NULL;

	for (uint32_t k = 0; m && k < n && k < METRICS_MAX; k++) {
		char name[METRIC_NAME_BYTES];
		struct instance_metric out = {.name = name};

		if (!m[k].name)
			continue;
		(void)snprintf(name, sizeof name, "%s.%s", i->owner.name, m[k].name);
		convert_metric(&m[k], &out);
		each(ctx, &out);
	}
}
