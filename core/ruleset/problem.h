/*
 * problem: collecting what is wrong, with its way from the file to the item and a snippet.
 */
#pragma once

#include <stdarg.h>

#include "ruleset/decl.h"

/* A new item below @parent, at @node. NULL when memory is short (noted in the loader). */
const struct where *where_new(struct rules_loader *l, const struct where *parent, const char *type,
			      struct str name, uint32_t file, const struct yaml_node *node);

/* Adds a problem to the result of @w's file, at the place of @w. */
void problem_add(struct rules_loader *l, enum rules_code code, const struct where *w,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Where a problem is, when that is deeper than its item, and what may help. */
struct problem_place {
	uint32_t file;
	struct yaml_mark at;
	const char *hint; /* may be NULL or empty */
};

void problem_add_at(struct rules_loader *l, enum rules_code code, const struct where *w,
		    const struct problem_place *p, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The place of byte @offset of a text. */
struct problem_place origin_place(const struct rules_loader *l, const struct origin *o,
				  size_t offset);

/* A text made of one scalar; its parts grow by origin_append(). NULL when memory is short. */
struct origin *origin_new(struct rules_loader *l, const struct where *w, uint32_t file,
			  const struct yaml_node *node, struct str text);

/* Puts a blank and @more's text behind @o's. */
int origin_append(struct rules_loader *l, struct origin *o, const struct origin *more);
