#include "route/selector.h"

#include "util/text.h"

bool selector_fits_notice(const struct selector *s, struct str rule, struct str source,
			  enum rule_priority priority)
{
	return (!s->rule || text_wildcard(str_from(s->rule), rule)) &&
	       (!s->source || str_is(source, s->source)) && s->n_tags == 0 &&
	       (!s->has_priority || priority <= s->priority);
}

static bool has_tag(const struct rule *rule, const char *tag)
{
	for (uint32_t i = 0; i < rule->n_tags; i++)
		if (str_is(rule->tags[i], tag))
			return true;
	return false;
}

bool selector_fits(const struct selector *s, const struct rule *rule, struct str source)
{
	struct selector rest = *s;

	for (uint32_t i = 0; i < s->n_tags; i++)
		if (!has_tag(rule, s->tags[i]))
			return false;
	rest.n_tags = 0;
	return selector_fits_notice(&rest, rule->name, source, rule->priority);
}
