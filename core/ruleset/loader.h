/*
 * loader: rules files to a ruleset, and every complaint about them with its place.
 *
 * Use: rules_loader_new() with what is known (sources and their fields, plugins, selection), any
 * number of rules_loader_add_*(), then rules_loader_compile() once. Files are read in order into
 * declarations; lists, macros, exceptions and overrides are resolved over all of them together, so
 * a file may change what an earlier one declared. One bad item never hides another: all problems of
 * all files are reported, each with a code of the rules language, a chain of places and a snippet.
 *
 * Lifetime: the loader borrows the names and fieldsets in its options; the ruleset has references to
 * the fieldsets. Results live until rules_loader_free(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ruleset/ruleset.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"
#include "util/yaml.h"

/* Version of the rules language, and the source of a rule that names none (a fact of the language).
 */
#define RULES_ENGINE_VERSION "0.62.0"
#define RULES_DEFAULT_SOURCE "syscall"

/* An event source that rules may name. */
struct rules_source {
	const char *name;
	struct fieldset *fields;
	/* Its events have many types (system calls): a rule should say which ones it is about, and
	 * draws LOAD_NO_EVTTYPE when it does not. Sources of plugin events have one type only. */
	bool has_event_types;
	/* Whether a plugin declared events called @name (asynchronous ones); may be NULL. */
	bool (*is_event)(void *ctx, struct str name);
	void *ctx;
	/* What it asks about the rules, for ruleset_source.interest; may be NULL. */
	const struct interest_conditions *conditions;
};

struct rules_plugin {
	const char *name, *version;
	const char *source; /* whose events carry its ID; NULL: none */
	uint32_t owner;     /* what its fields have for theirs */
};

/* `rules:` of the configuration: applied in order, the last one that fits decides. */
struct rules_selection {
	bool enable;
	const char *rule; /* wildcard over the name; or NULL */
	const char *tag;  /* exact; or NULL. Exactly one of the two is given */
};

/* Whether @sel is about @rule. */
bool rules_selection_fits(const struct rules_selection *sel, const struct rule *rule);

/* `append_output:` of the configuration. A match key that is NULL (0 tags) fits every rule. */
struct rules_append_output {
	const char *rule, *source; /* exact */
	uint32_t n_tags;
	const char *const *tags; /* the rule must have all of them */
	const char *extra_output;
	uint32_t n_extra_fields;
	struct rules_extra_field {
		const char *name;
		const char *value; /* a template; NULL: the field called @name */
	} const *extra_fields;
	bool suggested_output; /* append " k=%field" for fields flagged FIELD_ADD_OUTPUT */
};

struct redaction;

struct rules_options {
	uint32_t n_sources, n_plugins, n_selections, n_append_outputs;
	const struct rules_source *sources;
	const struct rules_plugin *plugins;
	const struct rules_selection *selections;
	const struct rules_append_output *append_outputs;
	enum rule_priority
		min_priority; /* rules less severe are not enabled; RULE_DEBUG keeps all */
	bool match_all;       /* rule_matching: all */
	bool lint;            /* look for doubtful things too; costs some time */
	const struct redaction *redaction; /* NULL: nothing is hidden */
	bool base64;                       /* fields that hold bytes are shown in base64 */
	bool skip_plugin_versions;         /* do not check required_plugin_versions */
};

enum rules_code {
	RULES_OK,
#define RULES_CODE(id, code, desc) RULES_##id,
#include "ruleset/codes.def"
#undef RULES_CODE
	RULES_N_CODES,
};

/* "LOAD_ERR_VALIDATE", and the sentence that says what it is about. */
const char *rules_code_name(enum rules_code c);
const char *rules_code_desc(enum rules_code c);

/* One step of the way from the file to the item at fault. */
struct rules_location {
	const char *item_type; /* "rules content", "rule", "macro condition", ... */
	struct str item_name;  /* may be empty */
	struct str file;
	struct yaml_mark at;
};

struct rules_problem {
	enum rules_code code;
	struct str message;
	struct str hint; /* "did you mean 'x'?"; may be empty */
	uint32_t n_locations;
	const struct rules_location *locations; /* outermost first */
	struct str file;                        /* the place at fault: file, ... */
	struct yaml_mark at;                    /* ... line and column, which may be deeper */
	struct str snippet; /* its line, cut to a readable length, and a caret line */
};

struct rules_problems {
	uint32_t n;
	const struct rules_problem *items;
};

/* What is to be said of one file. Errors come in the order a reader of the file meets them, those
 * that keep the file from being read first. Lints are our own advice: they are no part of the
 * language and never change the outcome. */
struct rules_result {
	struct str name;
	bool successful; /* no errors */
	struct rules_problems errors, warnings, lints;
};

struct rules_loader;

/* @opts is copied, the texts it points to are borrowed. -ENOMEM. */
int rules_loader_new(const struct rules_options *opts, struct rules_loader **ret);
struct rules_loader *rules_loader_free(struct rules_loader *l);

/* Reads a file. A file that cannot be read or is wrong shows in its result, not here: 0 or -ENOMEM.
 */
int rules_loader_add_file(struct rules_loader *l, const char *path);

/* The same for a text that is in memory; @name is shown in its place. */
int rules_loader_add_text(struct rules_loader *l, const char *name, struct str text);

/* Whether a file of a folder is a rules file, by its name: *.yaml and *.yml, but no tests. */
#define RULES_TEST_SUFFIX ".test.yaml"
bool rules_is_file_name(const char *name);

/* Whether it is the name or path of a test file, "x.test.yaml". */
bool rules_is_test_name(const char *name);

/* Adds @path, or, if it is a folder, every rules file (*.yaml, *.yml) in it, by name, but none of the
 * folders in it, nor hidden or test files. -ENOENT and other errnos with @err when it is not there or
 * cannot be listed. */
int rules_loader_add_path(struct rules_loader *l, const char *path, struct err *err);

/* Resolves everything. 0 and a ruleset (one reference, the caller's) even when there are errors:
 * the rules at fault are then not part of it; ask rules_loader_ok(). -ENOMEM. Call once. */
int rules_loader_compile(struct rules_loader *l, struct ruleset **ret);

/* Whether no file has an error. */
bool rules_loader_ok(const struct rules_loader *l);

/* The results, one a file in the order added. */
uint32_t rules_loader_n_results(const struct rules_loader *l);
const struct rules_result *rules_loader_result(const struct rules_loader *l, uint32_t i);
