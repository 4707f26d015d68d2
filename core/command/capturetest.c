#include "command/capturetest.h"

#include <errno.h>

#include "host/fetcher.h"
#include "host/parser.h"
#include "host/source.h"
#include "ruleset/match.h"
#include "run/crew.h"
#include "util/mem.h"

/* Everything a recording is read with. */
struct reading {
	const struct capture_ask *ask;
	struct crew crew;
	struct fetcher *fetcher;
	struct fetch fetch;
	struct parser *parser;
	struct matcher *matcher;
	struct source *source;
	struct source_carried
		carried; /* what is asked about; ID 0: the events of the reader's own source */
	bool found, matches;
};

static bool is_match(struct reading *r, const struct event *evt)
{
	const struct rule *const *got;
	uint32_t n = matcher_run(r->matcher, evt, &r->fetch, &got);

	for (uint32_t i = 0; i < n; i++)
		if (got[i] == r->ask->rule)
			return true;
	return false;
}

/* Shows the event to those that keep state, and to the rules when it is one of those asked for. */
static int take(struct reading *r, const struct event *evt, struct err *err)
{
	const int res = evt->is_hidden ? 0 : crew_listen(&r->crew, err);

	if (res < 0 || evt->track != (r->carried.id != 0) || !evt->source)
		return res;
	fetcher_begin(r->fetcher);
	parser_run(r->parser, evt);
	if (evt->is_hidden || (r->ask->event && evt->num != r->ask->event))
		return 0;
	r->found = true;
	r->matches = r->matches || is_match(r, evt);
	return 0;
}

static bool is_done(const struct reading *r)
{
	return r->ask->event ? r->found : r->matches;
}

static int read_on(struct reading *r, struct err *err)
{
	struct event evt;
	int res = 0;

	while ((res == 0 || res == SOURCE_E_TIMEOUT) && !is_done(r)) {
		res = source_pull(r->source, err);
		while (res >= 0 && !is_done(r) && source_next(r->source, &evt)) {
			const int t = take(r, &evt, err);

			res = t < 0 ? t : res;
		}
	}
	if (res < 0 && !is_done(r))
		return res;
	if (r->found || !r->ask->event)
		return 0;
	err_set(err, 0, 0, "there is no event %llu that rules see",
		(unsigned long long)r->ask->event);
	return -EINVAL;
}

/* The ID that events of @source have in what @reader gives; 0 when they are its own. */
static uint32_t carried_id(const struct setup *s, const struct plug *reader, struct str source)
{
	for (uint32_t i = 0; source_can_carry(reader->module) && i < s->plugs.n; i++) {
		const struct plug *p = &s->plugs.plugs[i];

		if (plug_is_source(p) && p->module->id && str_eq(plug_source(p), source))
			return p->module->id;
	}
	return 0;
}

static int set_up(struct reading *r, struct setup *s, struct err *err)
{
	const struct capture_ask *ask = r->ask;
	struct source_setup open = {.params = ask->path, .name = ask->source.p};
	struct plug *plug;
	int res = plugset_ask(&s->plugs, ask->plugin, &plug, err);

	if (res == 0)
		res = plugset_open(&s->plugs, plug, err);
	if (res < 0)
		return res;
	if (!plug_is_source(plug)) {
		err_set(err, 0, 0, "plugin '%s' is no source", ask->plugin);
		return -EINVAL;
	}
	r->carried = (struct source_carried){carried_id(s, plug, ask->source), ask->source.p};
	if (r->carried.id) {
		open.name = "";
		open.carried = &r->carried;
		open.n_carried = 1;
	}
	res = crew_init(
		&r->crew, &s->plugs,
		&(struct crew_task){.sources = &ask->source, .n_sources = 1, .opening = plug},
		&s->log, err);
	if (res < 0)
		return res;
	r->fetcher = fetcher_new(r->crew.instances, r->crew.n);
	r->parser = parser_new(r->crew.started, r->crew.n_started, ask->source);
	if (!r->fetcher || !r->parser)
		return -ENOMEM;
	r->fetch = fetcher_fetch(r->fetcher);
	res = matcher_new(ask->rules, ask->source, &r->matcher);
	return res < 0 ? res : source_open(r->crew.source, &open, &r->source, err);
}

int capture_matches(struct setup *s, const struct capture_ask *ask, bool *ret_matches,
		    struct err *err)
{
	struct reading *r = mem_new(sizeof *r);
	int res;

	if (!r)
		return -ENOMEM;
	r->ask = ask;
	res = set_up(r, s, err);
	if (res == 0)
		res = read_on(r, err);
	if (res == 0)
		*ret_matches = r->matches;
	else
		err_context(err, "recording '%s'", ask->path);
	r->source = source_close(r->source);
	matcher_free(r->matcher);
	parser_free(r->parser);
	fetcher_free(r->fetcher);
	crew_deinit(&r->crew);
	mem_free(r);
	return res;
}
