/*
 * lend: the plugins of a source thread are found through the owner that asks.
 */
#include "host/lend.h"

#include "host/eventtext.h"
#include "host/instance.h"
#include "host/symbols.h"

static struct instance *find_source(const struct owner *o, uint32_t plugin_id)
{
	const struct services *s = o->services;

	for (uint32_t i = 0; plugin_id && i < s->n_instances; i++)
		if (s->instances[i] && s->instances[i]->module->id == plugin_id)
			return s->instances[i];
	return NULL;
}

static const char *plugin_name(ss_plugin_owner_t *owner, uint32_t plugin_id)
{
	struct instance *i = find_source(owner, plugin_id);

	return i ? i->module->name.p : NULL;
}

static const char *event_to_string(ss_plugin_owner_t *owner, const ss_plugin_event_input *in)
{
	struct owner *o = owner;
	struct instance *i = NULL;

	if (in->evt->type == GYR_EVENT_PLUGIN || in->evt->type == GYR_EVENT_ASYNC)
		i = find_source(o, eventtext_plugin_id(in->evt));
	return i ? eventtext_get(i, in, o->line, sizeof o->line) : NULL;
}

static const struct gyr_host host = {
	.size = sizeof host,
	.plugin_name = plugin_name,
	.event_to_string = event_to_string,
};

const struct gyr_host *lend_host(void)
{
	return &host;
}
