/*
 * problem: collecting what is wrong, with its way from the file to the item and a snippet.
 */
#pragma once

#include <stdarg.h>

#include "ruleset/decl.h"

/* The content of file number @file, of which all its items are part. When memory is short, here and in
 * where_new(), that is noted in the loader and something that may be used all the same is returned. */
const struct where *where_content(struct rules_loader *l, uint32_t file);

/* A new item below @parent, at @node; NULL: where the parent is. */
const struct where *where_new(struct rules_loader *l, const struct where *parent, const char *type,
			      struct str name, const struct yaml_node *node);

/* Adds a problem to the result of @w's file, at the place of @w. */
void problem_add(struct rules_loader *l, enum rules_code code, const struct where *w,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Where a problem is, when that is deeper than its item, and what may help. */
struct problem_place {
	const struct where *where; /* the item: the problem is one of its file */
	uint32_t file;
	struct yaml_mark at;
	const char *hint; /* may be NULL or empty */
	struct str near;  /* without a hint: what was probably meant; may be empty */
};

void problem_add_at(struct rules_loader *l, enum rules_code code, const struct problem_place *p,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Byte @offset of a text that @w has or uses. */
struct problem_place origin_place(const struct rules_loader *l, const struct where *w,
				  const struct origin *o, size_t offset);

/* What @err says of byte err->offset of the text @o, which @w has or uses. */
void problem_add_err(struct rules_loader *l, enum rules_code code, const struct where *w,
		     const struct origin *o, const struct err *err);

/* A text made of one scalar; its parts grow by origin_append(). NULL when memory is short. */
struct origin *origin_new(struct rules_loader *l, const struct where *w, uint32_t file,
			  const struct yaml_node *node, struct str text);

/* Puts a blank and @more's text behind @o's. */
int origin_append(struct rules_loader *l, struct origin *o, const struct origin *more);
