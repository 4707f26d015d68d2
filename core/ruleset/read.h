/*
 * read: the YAML of one rules file to declarations, handed to collect.h item by item.
 */
#pragma once

#include "ruleset/decl.h"

/* A file being read. */
struct reader {
	struct rules_loader *l;
	uint32_t file;
	const struct where *content;
};

/* Reads all items of file number @file, whose YAML is in the store. Problems go to its result. */
void read_file(struct rules_loader *l, uint32_t file);

/* --- for the readers of single items -----------------------------------------------------------
 */

enum {
	READ_REQUIRED = 0,
	READ_OPTIONAL = 1,
};

/* The text of @key in @item. 1 when it is not there and optional; -EINVAL when it is wrong, which
 * has then been reported; 0 with *ret_node. */
int read_scalar(struct reader *r, const struct yaml_node *item, const char *key,
		const struct where *w, int optional, const struct yaml_node **ret_node);

/* An optional yes or no; *ret keeps its value when there is none. *ret_has may be NULL. */
int read_bool(struct reader *r, const struct yaml_node *item, const char *key,
	      const struct where *w, bool *ret, bool *ret_has);

/* `exceptions` of a rule: READ_OPTIONAL lets `fields` be left out. */
int read_exceptions(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
		    int optional_fields);

/* What `override` says, one bit a key in the order of @keys. */
struct overrides {
	uint32_t append, replace;
};

struct override_key {
	const char *name;
	bool may_append;
};

int read_overrides(struct reader *r, const struct yaml_node *item, const struct where *w,
		   const struct override_key *keys, uint32_t n_keys, struct overrides *ret);

/* A rule item. */
int read_rule(struct reader *r, const struct yaml_node *item);

/* The name among @known (NULL last) that @name is most like; NULL when none is near. */
const char *read_nearest(struct str name, const char *const *known);

/* Warns of keys that are none of @known (NULL-terminated), and of keys given twice. */
void read_check_keys(struct reader *r, const struct yaml_node *item, const struct where *w,
		     const char *const *known);

/* The text shown when `append` is used. */
void read_warn_append(struct reader *r, const struct where *w);
