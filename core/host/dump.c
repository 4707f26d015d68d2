#include "host/dump.h"

#include <stdio.h>

#include "host/check.h"
#include "host/symbols.h"

/* What a plugin is given as the owner that it hands back with each event. */
struct dump {
	dump_fn each;
	void *ctx;
};

static ss_plugin_rc take(ss_plugin_owner_t *o, const ss_plugin_event *evt, char *err)
{
	const struct dump *d = (const void *)o;

	if (evt && evt->len >= sizeof *evt && check_event(evt)) {
		d->each(d->ctx, evt);
		return SS_PLUGIN_SUCCESS;
	}
	if (err)
		(void)snprintf(err, PLUGIN_MAX_ERRLEN, "the lengths of the event do not add up");
	return SS_PLUGIN_FAILURE;
}

static void dump_one(const struct instance *i, struct dump *d)
{
	const plugin_api *api = &i->module->symbols->api;

	if (api->dump_state(i->state, (ss_plugin_owner_t *)(void *)d, take) != SS_PLUGIN_SUCCESS)
		log_warn(i->owner.services->log, "plugin '%s': dump_state failed: %s",
			 i->owner.name, instance_last_error(i));
}

void dump_state(struct instance *const *instances, uint32_t n, dump_fn each, void *ctx)
{
	struct dump d = {.each = each, .ctx = ctx};

	for (unsigned is_async = 0; is_async < 2; is_async++)
		for (uint32_t i = 0; i < n; i++)
			if (instances[i] && instances[i]->module->symbols->api.dump_state &&
			    ((instances[i]->module->caps & MODULE_ASYNC) != 0) == is_async)
				dump_one(instances[i], &d);
}
