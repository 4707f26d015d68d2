#include "host/listen.h"

#include <errno.h>

#include "host/routines.h"
#include "host/symbols.h"

static ss_plugin_rc call(struct instance *i, bool is_open)
{
	const struct services *s = i->owner.services;
	const plugin_api *api = &i->module->symbols->api;
	const ss_plugin_capture_listen_input in = {
		.owner = &i->owner,
		.routine = routines_lend(),
		.table_reader_ext = s->tables_input ? s->tables_input->reader_ext : NULL,
		.table_writer_ext = s->tables_input ? s->tables_input->writer_ext : NULL,
		.get_owner_last_error = owner_last_error,
	};

	return is_open ? api->capture_open(i->state, &in) : api->capture_close(i->state, &in);
}

static bool listens(const struct instance *i)
{
	return i && (i->module->caps & MODULE_LISTENING);
}

int listen_open(struct instance *const *instances, uint32_t n, struct err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!listens(instances[i]) || call(instances[i], true) == SS_PLUGIN_SUCCESS)
			continue;
		err_set(err, 0, 0, "plugin '%s': capture_open failed: %s", instances[i]->owner.name,
			instance_last_error(instances[i]));
		listen_close(instances, i);
		return -EIO;
	}
	return 0;
}

void listen_close(struct instance *const *instances, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (listens(instances[i]) && call(instances[i], false) != SS_PLUGIN_SUCCESS)
			log_warn(instances[i]->owner.services->log,
				 "plugin '%s': capture_close failed: %s", instances[i]->owner.name,
				 instance_last_error(instances[i]));
}
