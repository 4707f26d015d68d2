#include "ruleset/impl.h"

#include <errno.h>
#include <strings.h>

#include "filter/typecheck.h"
#include "util/mem.h"

static const char *const priorities[] = {
	[RULE_EMERGENCY] = "Emergency",
	[RULE_ALERT] = "Alert",
	[RULE_CRITICAL] = "Critical",
	[RULE_ERROR] = "Error",
	[RULE_WARNING] = "Warning",
	[RULE_NOTICE] = "Notice",
	[RULE_INFORMATIONAL] = "Informational",
	[RULE_DEBUG] = "Debug",
};

const char *rule_priority_name(enum rule_priority p)
{
	return p <= RULE_DEBUG ? priorities[p] : "";
}

int rule_priority_parse(struct str name, enum rule_priority *ret)
{
	for (int p = RULE_EMERGENCY; p <= RULE_DEBUG; p++) {
		if (name.len == strlen(priorities[p]) &&
		    strncasecmp(name.p, priorities[p], name.len) == 0) {
			*ret = (enum rule_priority)p;
			return 0;
		}
	}
	if (name.len == 4 && strncasecmp(name.p, "info", 4) == 0) {
		*ret = RULE_INFORMATIONAL;
		return 0;
	}
	return -EINVAL;
}

struct ruleset *ruleset_ref(struct ruleset *rs)
{
	struct ruleset_impl *in = (struct ruleset_impl *)rs;

	atomic_fetch_add_explicit(&in->refs, 1, memory_order_relaxed);
	return rs;
}

struct ruleset *ruleset_unref(struct ruleset *rs)
{
	struct ruleset_impl *in = (struct ruleset_impl *)rs;

	if (!in || atomic_fetch_sub_explicit(&in->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (uint32_t i = 0; i < rs->n_sources; i++) {
		use_table_free(in->uses[i]);
		(void)fieldset_unref(rs->sources[i].fields);
	}
	strmap_deinit(&in->by_name);
	arena_deinit(&in->arena);
	mem_free(in);
	return NULL;
}

size_t ruleset_size(const struct ruleset *rs)
{
	const struct ruleset_impl *in = (const struct ruleset_impl *)rs;
	size_t size = sizeof *in + in->arena.used + in->by_name.size * sizeof *in->by_name.slots;

	for (uint32_t i = 0; i < rs->n_sources; i++)
		size += use_table_size(in->uses[i]);
	return size;
}

const struct ruleset_source *ruleset_source_find(const struct ruleset *rs, struct str name)
{
	for (uint32_t i = 0; i < rs->n_sources; i++) {
		if (str_eq(rs->sources[i].name, name))
			return &rs->sources[i];
	}
	return NULL;
}

struct use_table *ruleset_uses(struct ruleset *rs, uint32_t source)
{
	return ((struct ruleset_impl *)rs)->uses[source];
}

const struct rule *ruleset_rule_find(const struct ruleset *rs, struct str name)
{
	const struct ruleset_impl *in = (const struct ruleset_impl *)rs;

	return strmap_find(&in->by_name, name);
}
