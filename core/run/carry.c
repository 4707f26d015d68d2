/* carry: whose events a recording has; see carry.h. */
#include "run/carry.h"

static bool is_plugin_source(const struct plug *p)
{
	return plug_is_source(p) && p->module->id;
}

static int carry_id(struct setup *s, const struct opening *o, uint32_t id, struct err *err)
{
	const struct registry_entry *e = registry_find_id(s->plugs.registry, id);
	struct plug *p;
	int r;

	if (!e) {
		log_warn(&s->log,
			 "%s: may have events of the plugin with ID %u, which is not here: no rule "
			 "sees them",
			 o->label, id);
		return 0;
	}
	r = plugset_add(&s->plugs, e, &p, err);
	if (r == 0)
		r = plugset_open(&s->plugs, p, err);
	if (r == 0)
		p->is_carried = is_plugin_source(p);
	return r;
}

int carry_open(struct setup *s, const struct opening *o, struct err *err)
{
	struct services services = {.log = &s->log};
	struct instance *inst;
	uint32_t ids[CARRY_MAX], n;
	int r;

	if (!source_can_carry(o->plug->module))
		return 0;
	for (uint32_t i = 0; i < s->plugs.n; i++)
		if (s->plugs.plugs[i].is_configured && is_plugin_source(&s->plugs.plugs[i]))
			s->plugs.plugs[i].is_carried = true;
	r = instance_new(o->plug->module, o->plug->init_config, &services, &inst, err);
	if (r < 0)
		return r;
	n = source_carries(inst, o->params, ids, CARRY_MAX);
	(void)instance_free(inst);
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = carry_id(s, o, ids[i], err);
	return r;
}

static const char *evsource_name(const struct setup *s, struct str name)
{
	for (uint32_t i = 0; i < s->n_sources; i++)
		if (str_is(name, s->sources[i].name))
			return s->sources[i].name;
	return NULL;
}

uint32_t carry_list(const struct setup *s, const struct opening *o, struct source_carried *ret)
{
	uint32_t n = 0;

	for (uint32_t i = 0; source_can_carry(o->plug->module) && i < s->plugs.n && n < CARRY_MAX;
	     i++) {
		const struct plug *p = &s->plugs.plugs[i];

		if (!p->is_carried)
			continue;
		ret[n] = (struct source_carried){p->module->id, evsource_name(s, plug_source(p))};
		n += ret[n].source != NULL;
	}
	return n;
}
