/*
 * The plain engine: every rule of the source that could be about this type of event, in order.
 */
#include "ruleset/match.h"

#include <errno.h>

#include "filter/eval.h"
#include "ruleset/impl.h"
#include "util/mem.h"

struct matcher {
	struct ruleset *rs;
	const struct ruleset_source *source;
	struct eval *eval;
	const struct rule **found; /* room for all rules of the source */
};

int matcher_new(struct ruleset *rs, struct str source, struct matcher **ret)
{
	const struct ruleset_source *s = ruleset_source_find(rs, source);
	struct matcher *m;

	if (!s)
		return -ENOENT;
	m = mem_new(sizeof *m);
	if (!m)
		return -ENOMEM;
	m->rs = ruleset_ref(rs);
	m->source = s;
	m->eval = eval_new();
	m->found = mem_new((s->n_rules + 1) * sizeof(struct rule *));
	if (!m->eval || !m->found) {
		matcher_free(m);
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

struct matcher *matcher_free(struct matcher *m)
{
	if (m) {
		eval_free(m->eval);
		mem_free(m->found);
		ruleset_unref(m->rs);
		mem_free(m);
	}
	return NULL;
}

const struct ruleset_source *matcher_source(const struct matcher *m)
{
	return m->source;
}

struct eval *matcher_eval(struct matcher *m)
{
	return m->eval;
}

uint32_t matcher_run(struct matcher *m, const struct event *evt, const struct fetch *fetch,
		     const struct rule *const **ret_rules)
{
	const struct ruleset_source *s = m->source;
	uint32_t n = 0;

	*ret_rules = m->found;
	eval_reset(m->eval);
	for (uint32_t i = 0; i < s->n_rules; i++) {
		const struct rule *rule = s->rules[i];
		const struct rule_detail *d = rule->detail;

		if (d->has_events && !evttypes_has(&d->events, evt->type))
			continue;
		if (!eval_match(m->eval, rule->expr, evt, fetch))
			continue;
		m->found[n++] = rule;
		if (!m->rs->match_all)
			break;
	}
	return n;
}
