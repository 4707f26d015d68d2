/*
 * ruleset: rules as loaded, ready to be matched; never changed once made.
 *
 * It holds what judging events and writing alerts takes, and no more: typed conditions, output
 * templates, names and tags, in one arena and the tables of what is shared. What describing rules
 * takes besides (texts as written, trees, macros and lists) is the loader's. A ruleset is swapped
 * whole: whoever uses one holds a reference, a reload makes a new one beside it.
 *
 * Lifetime: ruleset_ref() / ruleset_unref(). Threads: any number of readers; the count is atomic.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "util/str.h"
#include "util/yaml.h"

struct expr;
struct interest;
struct template;
struct use_table;
struct evttypes;

enum {
	RULESET_MAX_RULES = 1 << 20,
};

/* As syslog numbers them: a smaller number is more severe. */
enum rule_priority {
	RULE_EMERGENCY,
	RULE_ALERT,
	RULE_CRITICAL,
	RULE_ERROR,
	RULE_WARNING,
	RULE_NOTICE,
	RULE_INFORMATIONAL,
	RULE_DEBUG,
};

/* "Emergency" to "Debug"; information is "Informational". */
const char *rule_priority_name(enum rule_priority p);

/* The priority named @name, in any case, "info" too; -EINVAL when there is none. */
int rule_priority_parse(struct str name, enum rule_priority *ret);

/* One extra field of an alert's output_fields, from the configuration's append_output. */
struct rule_extra_field {
	struct str name;
	const struct template *value;
};

struct rule {
	uint32_t index;  /* in ruleset.rules */
	uint32_t source; /* in ruleset.sources */
	struct str name; /* NUL-terminated, as all texts here */
	enum rule_priority priority;
	uint32_t n_tags;
	const struct str *tags; /* sorted, each once */
	bool enabled;           /* after selection and minimum priority; others never match */
	bool capture;
	uint32_t capture_duration_ms; /* 0: the configured default */
	const struct expr *expr;
	const struct evttypes *events;  /* it is about; NULL: every event is tried */
	const struct template *message; /* output, then matching append_output texts */
	uint32_t n_extra_fields;
	const struct rule_extra_field *extra_fields;
	struct str file;
	struct yaml_mark at;
};

struct ruleset_source {
	struct str name;
	struct fieldset *fields;
	uint32_t n_rules; /* enabled ones, in load order */
	const struct rule **rules;
	const struct use_table *uses; /* field uses of conditions and outputs; slots count from 0 */
	const struct interest *interest; /* what they are about; NULL: events have no types */
};

struct ruleset {
	uint32_t n_rules; /* enabled or not */
	const struct rule **rules;
	uint32_t n_sources; /* in the order the loader was told of them */
	const struct ruleset_source *sources;
	uint32_t n_enabled;
	bool match_all; /* rule_matching: all */
};

struct ruleset *ruleset_ref(struct ruleset *rs);

/* Gives the reference back; the last one frees. @rs may be NULL; returns NULL. */
struct ruleset *ruleset_unref(struct ruleset *rs);

/* Bytes the ruleset takes, compiled regular expressions apart. */
size_t ruleset_size(const struct ruleset *rs);

/* The source called @name; NULL when the ruleset has none. */
const struct ruleset_source *ruleset_source_find(const struct ruleset *rs, struct str name);

/* The field uses of the source with this index, to be added to by what comes behind a match (routes,
 * keys) as long as no matcher was made of the ruleset. [main] */
struct use_table *ruleset_uses(struct ruleset *rs, uint32_t source);

/* The rule called @name; NULL when there is none. */
const struct rule *ruleset_rule_find(const struct ruleset *rs, struct str name);
