#include "run/crew.h"

#include <errno.h>

#include "host/listen.h"
#include "host/routines.h"
#include "state/tables.h"

static bool is_for(const struct plug *p, struct str source)
{
	const struct module *m = p->module;

	return (p->is_carried && str_eq(plug_source(p), source)) ||
	       ((m->caps & MODULE_EXTRACTION) &&
		module_sources_have(&m->extract_sources, source)) ||
	       ((m->caps & MODULE_PARSING) && module_sources_have(&m->parse_sources, source)) ||
	       ((m->caps & MODULE_ASYNC) && module_sources_have(&m->async_sources, source));
}

static bool is_needed(const struct plug *p, const struct crew_task *task)
{
	for (uint32_t i = 0; i < task->n_sources; i++)
		if (is_for(p, task->sources[i]))
			return true;
	return p == task->opening;
}

enum { ROUTINE_THREADS = 2 };

static int crew_start(struct crew *c, struct plugset *set, uint32_t i, struct err *err)
{
	const struct plug *p = &set->plugs[i];
	int r = instance_new(p->module, p->init_config, &c->services, &c->instances[i], err);

	if (r < 0)
		return r;
	c->started[c->n_started++] = c->instances[i];
	if ((p->module->caps & MODULE_LISTENING) && !c->routines)
		c->services.routines = c->routines = routines_new(ROUTINE_THREADS);
	return 0;
}

int crew_init(struct crew *c, struct plugset *set, const struct crew_task *task,
	      const struct log *log, struct err *err)
{
	int r = 0;

	*c = (struct crew){.services = {.log = log}, .tables = tables_new()};
	if (!c->tables)
		return -ENOMEM;
	tables_lend(c->tables, &c->services);
	c->n = set->n;
	for (int offers = 1; offers >= 0; offers--)
		for (uint32_t i = 0; i < set->n && r == 0; i++) {
			const struct plug *p = &set->plugs[i];

			if (p->module && (p->entry->n_tables > 0) == offers && is_needed(p, task))
				r = crew_start(c, set, i, err);
			if (p == task->opening)
				c->source = c->instances[i];
		}
	c->services.instances = c->instances;
	c->services.n_instances = c->n;
	return r;
}

int crew_listen(struct crew *c, struct err *err)
{
	int r;

	if (c->is_told)
		return 0;
	c->is_told = true;
	r = listen_open(c->started, c->n_started, err);
	c->listens = r == 0;
	return r;
}

void crew_deinit(struct crew *c)
{
	if (c->listens)
		listen_close(c->started, c->n_started);
	c->listens = false;
	c->routines = routines_free(c->routines);
	c->services.routines = NULL;
	while (c->n_started)
		(void)instance_free(c->started[--c->n_started]);
	for (uint32_t i = 0; i < c->n; i++)
		c->instances[i] = NULL;
	c->n = 0;
	c->tables = tables_free(c->tables);
}
