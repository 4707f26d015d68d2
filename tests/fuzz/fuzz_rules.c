/*
 * The whole way of a rules file: YAML, items, names, trees, types, outputs, advice, and everything
 * that is said of it. A NUL byte in the input begins a second file.
 */
#include <stdlib.h>

#include "fieldcsv.h"
#include "ruleset/loader.h"
#include "ruleset/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fieldset *fields(void)
{
	static struct fieldset *set;

	if (!set) {
		set = fieldset_new();
		if (fieldcsv_load(set, SOURCE_DIR "/extractors/syscall/fields.csv") <= 0)
			abort();
	}
	return set;
}

/* Each problem lies within its file, and nothing that is said is broken. */
static void look_at(const struct rules_loader *l, const struct ruleset *rs)
{
	struct buf b;

	buf_init(&b, 256 << 20);
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++) {
		const struct rules_result *r = rules_loader_result(l, i);

		if (r->successful != (r->errors.n == 0))
			abort();
		rules_result_text(&b, r, true);
	}
	rules_loader_json(&b, l);
	if (rs->n_rules < 100)
		(void)rules_describe_json(&b, l, rs, NULL);
	(void)rules_describe_text(&b, l, rs, NULL);
	buf_deinit(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules_source sources[] = {
		{.name = "syscall", .fields = fields(), .has_event_types = true},
		{.name = "other", .fields = fields()},
	};
	struct rules_plugin plugin = {.name = "json", .version = "0.7.4"};
	struct rules_options o = {.n_sources = 2,
				  .sources = sources,
				  .n_plugins = 1,
				  .plugins = &plugin,
				  .min_priority = RULE_DEBUG,
				  .lint = true};
	const char *text = (const char *)data, *second = memchr(text, 0, size);
	size_t first = second ? (size_t)(second - text) : size;
	struct rules_loader *l = NULL;
	struct ruleset *rs = NULL;

	if (rules_loader_new(&o, &l) < 0)
		return 0;
	if (rules_loader_add_text(l, "one.yaml", (struct str){text, first}) == 0 &&
	    (!second || rules_loader_add_text(l, "two.yaml",
					      (struct str){second + 1, size - first - 1}) == 0) &&
	    rules_loader_compile(l, &rs) == 0)
		look_at(l, rs);
	ruleset_unref(rs);
	rules_loader_free(l);
	return 0;
}
