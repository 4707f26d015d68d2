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

/* The text of @key, which @item has to have. -EINVAL when it is wrong, which has then been reported; 0
 * with *ret_node. */
int read_scalar(struct reader *r, const struct yaml_node *item, const char *key,
		const struct where *w, const struct yaml_node **ret_node);

/* An optional yes or no; *ret keeps its value when there is none. */
int read_bool(struct reader *r, const struct yaml_node *item, const char *key,
	      const struct where *w, bool *ret);

/* `exceptions` of a rule: those that are appended may leave out `fields`. */
int read_exceptions(struct reader *r, const struct yaml_node *item, struct decl_rule *rule,
		    bool append);

/* What `override` says, one bit a key in the order of @keys. */
struct overrides {
	uint32_t append, replace;
};

struct override_key {
	const char *name;
	bool may_append;
};

/* A name of NULL ends @keys. */
int read_overrides(struct reader *r, const struct yaml_node *item, const struct where *w,
		   const struct override_key *keys, struct overrides *ret);

/* A rule item. */
int read_rule(struct reader *r, const struct yaml_node *item);

/* The name among @known (NULL last) that @name is most like; empty when none is near. */
struct str read_nearest(struct str name, const char *const *known);

/* Warns of keys that are none of @known (NULL-terminated), and of keys given twice. */
void read_check_keys(struct reader *r, const struct yaml_node *item, const struct where *w,
		     const char *const *known);

/* The text shown when `append` is used. */
void read_warn_append(struct reader *r, const struct where *w);
