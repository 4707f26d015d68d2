/*
 * decl: what rules files say, item by item, before anything is put together.
 *
 * Private to this folder. Reading (read.c) makes declarations, collecting (collect.c) merges
 * redefinitions, appends and overrides by name, compiling (compile.c) turns them into a ruleset.
 * All of it lives in one store, that of the loader: files as read, declarations, trees, problems.
 * A ruleset keeps nothing of it.
 */
#pragma once

#include "filter/ast.h"
#include "ruleset/loader.h"
#include "util/arena.h"
#include "util/strmap.h"

/* An item and the items it stands in, innermost first. */
struct where {
	const struct where *parent;
	const char *type;
	struct str name;
	uint32_t file;
	struct yaml_mark at;
};

/* A piece of a text that was put together from several scalars. */
struct text_part {
	size_t offset; /* in the text */
	uint32_t file;
	const struct yaml_node *node;
};

/* A text that conditions are parsed from: the `origin` of syntax tree nodes. Appended pieces are
 * parsed as one text, with one blank between them. */
struct origin {
	struct str text;
	size_t cap; /* bytes behind text that are ours to grow into; 0: it is a scalar's */
	uint32_t n_parts, cap_parts;
	struct text_part *parts;
	const struct where *where;
};

/* Names that something uses itself. */
struct names {
	uint32_t n, cap;
	struct str *items;
};

struct decl_list_item {
	struct str text;
	const struct yaml_node *node;
	uint32_t file;
};

enum decl_state { DECL_NEW, DECL_BUSY, DECL_DONE };

struct decl_list {
	struct str name;
	const struct where *where;
	uint32_t index;
	uint32_t n_items, cap_items;
	struct decl_list_item *items;
	bool is_used;
	enum decl_state state;
	const struct ast_term *expanded;
	bool has_odd_name;  /* with a blank in it: no token of a condition */
	struct names lists; /* among its items */
};

struct decl_macro {
	struct str name;
	const struct where *where;
	uint32_t index, visible; /* may use macros of an index below `visible` */
	struct origin *condition;
	bool is_used, is_bad; /* bad: something was reported; whoever uses it is dropped silently */
	enum decl_state state;
	const struct ast *tree, *expanded;
	struct names macros, lists;
};

/* A scalar or a sequence of the same. */
struct decl_value {
	bool is_set, is_list;
	struct str text;
	const struct yaml_node *node;
	uint32_t file;
	uint32_t n;
	struct decl_value *items;
};

struct decl_exception {
	struct str name;
	const struct where *where;
	struct decl_value fields, comps;
	uint32_t n_values, cap_values;
	struct decl_value *values;
	bool has_values;
};

/* What a rule item may say; has_* tells what it does say. */
struct decl_rule {
	struct str name;
	const struct where *where;
	uint32_t index;
	struct origin *condition, *output;
	struct str desc, source;
	enum rule_priority priority;
	bool has_condition, has_output, has_desc, has_priority, has_tags, has_exceptions;
	bool has_source, has_enabled, has_warn_evttypes, has_skip, has_capture, has_duration;
	bool enabled, warn_evttypes, skip_if_unknown, capture;
	uint32_t capture_duration_ms;
	uint32_t n_tags, cap_tags;
	struct str *tags;
	uint32_t n_exceptions, cap_exceptions;
	struct decl_exception *exceptions;
	bool is_unknown_source;
	/* Set by compiling. */
	const struct ast *tree; /* the condition with everything in place */
	struct names macros, lists;
};

struct decl_plugin_version {
	struct str name, version;
};

struct decl_requirement {
	const struct where *where;
	uint32_t n;
	struct decl_plugin_version *any;
};

/* Everything that was read. */
struct store {
	struct arena arena;
	uint32_t n_files, cap_files;
	struct yaml_file **files; /* NULL where a file could not be read */
	struct strmap lists, macros, rules;
	uint32_t n_lists, cap_lists;
	struct decl_list **list;
	uint32_t n_macros, cap_macros;
	struct decl_macro **macro;
	uint32_t n_rules, cap_rules;
	struct decl_rule **rule;
	uint32_t n_requirements, cap_requirements;
	struct decl_requirement *requirements;
	uint32_t engine[3]; /* the highest version asked for */
	uint32_t next_index;
	uint32_t n_terms; /* items of expanded lists */
	bool has_odd_names;
};

struct file_result {
	struct rules_result pub;
	uint32_t cap[3];
	bool has_read_errors; /* the file itself is wrong; later warnings about it are held back */
};

struct rules_loader {
	struct rules_options opts;
	struct store *store;
	uint32_t n_results, cap_results;
	struct file_result **results; /* by file number */
	struct strmap sources;        /* name -> struct rules_source */
	int failed;                   /* -ENOMEM once memory was short */
};

/* Room for one more item in an array of the store's arena. */
int store_grow(struct store *s, void *items, uint32_t n, uint32_t *cap, size_t size);

struct store *store_new(void);
struct store *store_free(struct store *s);

/* "x.y.z" to its numbers; -EINVAL. */
int version_parse(struct str text, uint32_t ret[3]);

/* Whether a thing of version @have serves who asks for @want: same major number, not older. */
bool version_serves(const uint32_t have[3], const uint32_t want[3]);
