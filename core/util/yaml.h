/*
 * yaml: text in YAML 1.1 to a tree of nodes that remember where they stood.
 *
 * Rules, configuration and manifests are read by people when something in them is wrong, so every
 * node keeps its line, column and byte offset, and yaml_mark_in() finds the place of any byte of a
 * scalar's value in the file, whatever the scalar's style. A file is a stream of documents. Aliases
 * are resolved: a node may be reached on more than one way, so the tree is in truth an acyclic
 * graph, with a bound on what a walk over it may visit.
 *
 * Bounds (each refused with an error at its place): YAML_MAX_BYTES, YAML_MAX_DEPTH, YAML_MAX_NODES.
 *
 * Lifetime: nodes and texts live until yaml_close(). Threads: any, one at a time; a parsed file is
 * immutable and may be read by several.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/str.h"

enum {
	YAML_MAX_BYTES = 64 << 20,
	YAML_MAX_DEPTH = 100,
	YAML_MAX_NODES = 4 << 20, /* counted as a walk sees them, so an alias counts its target */
};

/* A place in a file. Lines and columns count from 0, columns in characters; show them plus 1. */
struct yaml_mark {
	uint32_t line, column;
	size_t offset; /* bytes */
};

enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_SEQ, YAML_MAP };

enum yaml_style {
	YAML_PLAIN,
	YAML_SINGLE_QUOTED,
	YAML_DOUBLE_QUOTED,
	YAML_LITERAL,
	YAML_FOLDED,
};

struct yaml_node;

struct yaml_pair {
	struct yaml_node *key, *value;
};

struct yaml_node {
	enum yaml_kind kind;   /* YAML_NULL: nothing, `~` or `null` written plain */
	enum yaml_style style; /* of a scalar */
	struct str text;       /* value of a scalar; of a YAML_NULL what was written */
	struct yaml_mark start, end;
	uint32_t n;    /* items or pairs */
	uint32_t size; /* nodes of the tree below and including this one */
	union {
		struct yaml_node **items;
		struct yaml_pair *pairs;
	};
};

struct yaml_file {
	struct str name; /* as given; NUL-terminated */
	struct str text; /* the bytes that were parsed, without a byte order mark */
	uint32_t n_docs;
	struct yaml_node **docs; /* the root of each document; an empty document is a YAML_NULL */
};

/* Parses a copy of @text. -EINVAL with @err (span of the text) and *ret_at, which may be NULL, for
 * text that is not YAML or breaks a bound; -ENOMEM. Duplicate keys are kept: see yaml_duplicate().
 */
int yaml_parse(const char *name, struct str text, struct yaml_file **ret, struct yaml_mark *ret_at,
	       struct err *err);

/* Reads and parses a file. Besides the above, the errno of what failed while reading (err is set).
 */
int yaml_load(const char *path, struct yaml_file **ret, struct yaml_mark *ret_at, struct err *err);

struct yaml_file *yaml_close(struct yaml_file *f);

/* The value of @key in a map, the first if there are several; NULL when there is none or @map is
 * NULL or no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const struct yaml_pair *yaml_get_pair(const struct yaml_node *map, const char *key);

/* The first pair of @map whose key was already in the map; NULL when all keys are different. */
const struct yaml_pair *yaml_duplicate(const struct yaml_node *map);

/* Scalars as other types. 0 or -EINVAL; a bool is true/false, yes/no, on/off, y/n in any usual
 * case. */
int yaml_bool(const struct yaml_node *n, bool *ret);
int yaml_u64(const struct yaml_node *n, uint64_t *ret);
int yaml_double(const struct yaml_node *n, double *ret);

/* Where byte @offset of the value of scalar @n stands in the file. Escapes, folded lines and
 * indentation are followed; past the end it is the end of the scalar. */
struct yaml_mark yaml_mark_in(const struct yaml_file *f, const struct yaml_node *n, size_t offset);

/* The mark of byte @offset of the file's text. */
struct yaml_mark yaml_mark_at(const struct yaml_file *f, size_t offset);

/* The line that holds @at, without its end. */
struct str yaml_line(const struct yaml_file *f, struct yaml_mark at);

/* "a list", "nothing", ... for messages: what @n is. */
const char *yaml_kind_name(const struct yaml_node *n);
