/*
 * rulekit: a loader over a handful of fields, for tests that read rules.
 */
#pragma once

#include "filter/typecheck.h"
#include "ruleset/loader.h"
#include "util/mem.h"

struct kit {
	struct fieldset *fields;
	struct rules_source sources[2];
	struct rules_options opts;
	struct rules_loader *loader;
	struct ruleset *rs;
};

static void kit_init(struct kit *k)
{
	static const struct field rows[] = {
		{.name = {"a.str", 5}, .type = FT_CHARBUF},
		{.name = {"a.num", 5}, .type = FT_UINT64},
		{.name = {"a.key", 5},
		 .type = FT_CHARBUF,
		 .flags = FIELD_ARG_KEY | FIELD_ARG_REQUIRED},
		{.name = {"a.list", 6}, .type = FT_CHARBUF, .flags = FIELD_LIST},
		{.name = {"a.secret", 8}, .type = FT_CHARBUF, .flags = FIELD_FILTER_ONLY},
		{.name = {"a.hint", 6}, .type = FT_CHARBUF, .flags = FIELD_ADD_OUTPUT},
		{.name = {"a.type", 6}, .type = FT_CHARBUF, .role = FIELD_ROLE_EVENT_TYPE},
	};

	*k = (struct kit){0};
	k->fields = fieldset_new();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(fieldset_add(k->fields, &rows[i], NULL), 0);
	k->sources[0] = (struct rules_source){
		.name = "syscall", .fields = k->fields, .has_event_types = true};
	k->sources[1] = (struct rules_source){.name = "other", .fields = k->fields};
	k->opts = (struct rules_options){
		.n_sources = 2, .sources = k->sources, .min_priority = RULE_DEBUG, .lint = true};
}

static inline void kit_unload(struct kit *k)
{
	k->rs = ruleset_unref(k->rs);
	k->loader = rules_loader_free(k->loader);
}

static inline void kit_deinit(struct kit *k)
{
	kit_unload(k);
	fieldset_unref(k->fields);
}

/* Loads one text; further texts follow until NULL. */
static inline int kit_try(struct kit *k, const char *const *texts)
{
	int r;

	kit_unload(k);
	r = rules_loader_new(&k->opts, &k->loader);
	for (; r == 0 && *texts; texts++)
		r = rules_loader_add_text(k->loader, "t.yaml", str_from(*texts));
	return r ? r : rules_loader_compile(k->loader, &k->rs);
}

static inline void kit_load(struct kit *k, const char *text)
{
	const char *const texts[] = {text, NULL};

	assert_int_equal(kit_try(k, texts), 0);
}

static inline const struct rules_result *kit_result(const struct kit *k)
{
	return rules_loader_result(k->loader, 0);
}
