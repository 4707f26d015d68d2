/*
 * parser: the inputs of parse_event are built once, at start: nothing in them changes by event.
 */
#include "host/parser.h"

#include <string.h>

#include "host/lent.h"
#include "host/symbols.h"
#include "util/mem.h"

struct step {
	struct instance *instance;
	ss_plugin_rc (*parse)(ss_plugin_t *state, const ss_plugin_event_input *evt,
			      const ss_plugin_event_parse_input *in);
	ss_plugin_event_parse_input in;
};

struct parser {
	uint32_t n;
	struct step steps[];
};

struct parser *parser_new(struct instance *const *instances, uint32_t n, struct str source)
{
	struct parser *p = mem_new(sizeof *p + n * sizeof *p->steps);

	for (uint32_t i = 0; p && i < n; i++) {
		const struct module *m = instances[i] ? instances[i]->module : NULL;
		struct step *s = &p->steps[p->n];

		if (!m || !(m->caps & MODULE_PARSING) ||
		    !module_sources_have(&m->parse_sources, source))
			continue;
		s->instance = instances[i];
		s->parse = m->symbols->api.parse_event;
		s->in.owner = &instances[i]->owner;
		s->in.get_owner_last_error = owner_last_error;
		lent_reader(instances[i]->owner.services, &s->in.table_reader,
			    &s->in.table_reader_ext);
		lent_writer(instances[i]->owner.services, &s->in.table_writer,
			    &s->in.table_writer_ext);
		p->n++;
	}
	return p;
}

struct parser *parser_free(struct parser *p)
{
	return mem_free(p);
}

uint32_t parser_count(const struct parser *p)
{
	return p->n;
}

/* Any answer but success. One that has seen enough is taken out; the others keep their order. */
static __attribute__((noinline)) struct step *step_failed(struct parser *p, struct step *s,
							  ss_plugin_rc rc)
{
	if (rc != SS_PLUGIN_EOF) {
		s->instance->n_parse_failed++;
		return s + 1;
	}
	p->n--;
	memmove(s, s + 1, (size_t)(p->steps + p->n - s) * sizeof(*s));
	return s;
}

void parser_run(struct parser *p, const struct event *evt)
{
	const ss_plugin_event_input in = {
		.evt = evt->raw,
		.evtnum = evt->num,
		.evtsrc = evt->source,
	};
	struct step *s = p->steps;

	while (s < p->steps + p->n) {
		ss_plugin_rc rc = SS_PLUGIN_SUCCESS;

		if (event_set_has(&s->instance->parse_types, in.evt->type))
			rc = s->parse(s->instance->state, &in, &s->in);
		s = rc == SS_PLUGIN_SUCCESS ? s + 1 : step_failed(p, s, rc);
	}
}

/* The plugin that takes many events at once; NULL when there is none. */
static struct step *many_of(const struct parser *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->steps[i].instance->module->symbols->parse_events)
			return (struct step *)&p->steps[i];
	return NULL;
}

bool parser_takes_many(const struct parser *p, uint16_t code)
{
	const struct step *many = many_of(p);

	for (uint32_t i = 0; i < p->n; i++)
		if (event_set_has(&p->steps[i].instance->parse_types, code) !=
		    (&p->steps[i] == many))
			return false;
	return true;
}

void parser_stretch(struct parser *p, const struct source_stretch *s)
{
	const ss_plugin_event_input in = {
		.evt = s->events[0],
		.evtnum = s->num,
		.evtsrc = s->source,
	};
	const struct step *many = many_of(p);

	if (many)
		many->instance->n_parse_failed += many->instance->module->symbols->parse_events(
			many->instance->state, &in, s->events, s->n, &many->in);
}
