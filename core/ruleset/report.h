/*
 * report: what the loader has to say, and what a ruleset holds, as text and as JSON.
 *
 * All functions append to a buf; nothing fails but by want of memory (buf.failed).
 */
#pragma once

#include <stdbool.h>

#include "ruleset/loader.h"
#include "util/buf.h"

/* "file.yaml: Ok" or "Invalid" and the counts; with @verbose every problem with place and snippet.
 */
void rules_result_text(struct buf *b, const struct rules_result *r, bool verbose);

/* {"name", "successful", "errors": [...], "warnings": [...], "lints": [...]}; one object, one line.
 */
void rules_result_json(struct buf *b, const struct rules_result *r);

/* {"falco_load_results": [...]}: the results of all files of @l. */
void rules_loader_json(struct buf *b, const struct rules_loader *l);

/* -L and -l: every rule of @rs, which @l made, with its description as text; with @name only that
 * one. False when there is no rule of that name. */
bool rules_describe_text(struct buf *b, const struct rules_loader *l, const struct ruleset *rs,
			 const char *name);

/* The same as one JSON object: rules, macros, lists, required versions, each with its details. */
bool rules_describe_json(struct buf *b, const struct rules_loader *l, const struct ruleset *rs,
			 const char *name);

/* Appends the condition of @rule with macros, lists and exceptions in place, as text that reads back as
 * the same condition (what -L writes is the text that other engines of the language write, which leaves
 * brackets bare). */
void rules_condition_print(struct buf *b, const struct rules_loader *l, const struct rule *rule);

/* --rule-schema: the JSON schema (draft 6) of a rules file. */
void rules_schema(struct buf *b);
