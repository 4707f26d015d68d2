#include "crew.h"

#include <errno.h>

#include "state/tables.h"

static bool is_needed(const struct plug *p, struct str source)
{
	const struct module *m = p->module;

	return ((m->caps & MODULE_EXTRACTION) &&
		module_sources_have(&m->extract_sources, source)) ||
	       ((m->caps & MODULE_PARSING) && module_sources_have(&m->parse_sources, source)) ||
	       ((m->caps & MODULE_ASYNC) && module_sources_have(&m->async_sources, source));
}

int crew_init(struct crew *c, struct plugset *set, struct str source, const struct plug *opening,
	      const struct log *log, struct err *err)
{
	int r = 0;

	*c = (struct crew){.services = {.log = log}, .tables = tables_new()};
	if (!c->tables)
		return -ENOMEM;
	tables_lend(c->tables, &c->services);
	c->n = set->n;
	for (uint32_t i = 0; i < set->n && r == 0; i++) {
		struct plug *p = &set->plugs[i];

		if (!p->module || (p != opening && !is_needed(p, source)))
			continue;
		r = instance_new(p->module, p->init_config, &c->services, &c->instances[i], err);
		if (p == opening)
			c->source = c->instances[i];
	}
	c->services.instances = c->instances;
	c->services.n_instances = c->n;
	return r;
}

void crew_deinit(struct crew *c)
{
	for (uint32_t i = c->n; i-- > 0;)
		c->instances[i] = instance_free(c->instances[i]);
	c->n = 0;
	c->tables = tables_free(c->tables);
}
