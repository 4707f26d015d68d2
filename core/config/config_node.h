/*
 * config_node: the configuration as a tree of text, before anyone says what it means.
 *
 * YAML files, -o options and environment variables all end up here. A scalar keeps its text; who
 * reads it decides whether "12" is a number. Every node remembers where it was written, so that a
 * complaint can point there.
 *
 * Key paths name a node: "webserver.listen_port", "plugins[0].name". A name is any text; "\." "\["
 * "\]" and "\\" stand for the character itself. "list[]" is the place behind the last element.
 *
 * Lifetime: nodes and texts live in the arena they were made in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

enum config_kind { CONFIG_NULL, CONFIG_SCALAR, CONFIG_SEQ, CONFIG_MAP };

/* Where a node was written. line 0: on the command line. */
struct config_place {
	const char *file;
	uint32_t line, column; /* from 1 */
};

struct config_node {
	enum config_kind kind;
	bool quoted;     /* a scalar in quotes: text even where it looks like a number */
	struct str key;  /* in a map */
	struct str text; /* of a scalar */
	struct config_node *first, *last, *next;
	struct config_place place;
};

/* A new node; NULL when memory is short. */
struct config_node *config_node_new(struct arena *a, enum config_kind kind,
				    struct config_place place);

/* Puts @child behind the others; @key is empty in a sequence. */
void config_node_add(struct config_node *parent, struct str key, struct config_node *child);

/* The child called @key of a map; NULL when there is none or @map is no map. */
struct config_node *config_node_child(const struct config_node *map, struct str key);

/* The text of the scalar called @key; NULL when there is none. */
const char *config_node_text(const struct config_node *map, struct str key);

uint32_t config_node_count(const struct config_node *n);

/* Takes the child @key out of a map and returns it, or NULL. */
struct config_node *config_node_remove(struct config_node *map, struct str key);

/* The node @path leads to from @root; *ret is NULL when there is none. -EINVAL for a path that
 * breaks the grammar, with the span in @err. */
int config_node_find(const struct config_node *root, struct str path,
		     const struct config_node **ret, struct err *err);

/* The place @path leads to, made on the way where it is missing; a value of another kind in the way
 * is replaced. The result is a null node or what was there. -EINVAL as above, or for an index past
 * the end; -ENOMEM. */
int config_node_make(struct config_node *root, struct str path, struct arena *a,
		     struct config_node **ret, struct err *err);

/* Puts the value of @from (kind, text, children) into @to; key and siblings of @to stay. */
void config_node_assign(struct config_node *to, const struct config_node *from);

/* Appends @n as JSON. Unquoted scalars that are JSON numbers, true, false or null stay bare. */
void config_node_json(struct buf *b, const struct config_node *n);

/* "file:line:column: " before the text of @err, or "-o: " for the command line. */
void config_place_context(struct config_place p, struct err *err);

/* Says @text of the place of @n. Always -EINVAL. */
int config_node_refuse(const struct config_node *n, struct err *err, const char *text);
