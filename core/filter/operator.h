/*
 * operator: one row an operator, modifier and transformer of the condition language.
 *
 * The rows say how it is written, what it needs on its right, and which types it takes; parser,
 * type check and the generated documentation read the same rows.
 *
 * Lifetime: constant. Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "util/str.h"

/* In the order in which they are tried. */
enum filter_op {
	FILTER_OP_EXISTS,
	FILTER_OP_LE,
	FILTER_OP_LT,
	FILTER_OP_GE,
	FILTER_OP_GT,
	FILTER_OP_EQ2, /* "==": kept apart only so that a tree prints as it was written */
	FILTER_OP_EQ,
	FILTER_OP_NE,
	FILTER_OP_GLOB,
	FILTER_OP_IGLOB,
	FILTER_OP_CONTAINS,
	FILTER_OP_ICONTAINS,
	FILTER_OP_BCONTAINS,
	FILTER_OP_STARTSWITH,
	FILTER_OP_BSTARTSWITH,
	FILTER_OP_ENDSWITH,
	FILTER_OP_REGEX,
	FILTER_OP_INTERSECTS,
	FILTER_OP_IN,
	FILTER_OP_PMATCH,
	FILTER_OP_COUNT,
};

/* What follows the operator. */
enum filter_op_kind {
	FILTER_OP_KIND_UNARY,  /* nothing */
	FILTER_OP_KIND_NUMBER, /* a number, val() or a transformer */
	FILTER_OP_KIND_TEXT,   /* a text, val() or a transformer; or a modifier and a list */
	FILTER_OP_KIND_LIST,   /* a list, the name of one, val() or a transformer */
};

/* Groups of field types that take the same operators. */
enum filter_types {
	FILTER_TYPES_NONE = 0,
	FILTER_TYPES_NUMBER = 1 << 0,
	FILTER_TYPES_BOOL = 1 << 1,
	FILTER_TYPES_STRING = 1 << 2,
	FILTER_TYPES_BUFFER = 1 << 3,
	FILTER_TYPES_NET = 1 << 4,  /* addresses and networks */
	FILTER_TYPES_LIST = 1 << 5, /* any list */
	FILTER_TYPES_OTHER = 1 << 6,
};

struct filter_operator {
	struct str name;
	enum filter_op_kind kind;
	uint32_t types;   /* enum filter_types it accepts on its left */
	bool blank_after; /* a word that needs a blank behind it */
	const char *doc;
};

const struct filter_operator *filter_operator(enum filter_op op);

/* The operator written @name; FILTER_OP_COUNT when there is none. */
enum filter_op filter_operator_find(struct str name);

/* The operator whose name is nearest to @name, for a hint; NULL when none is near. */
const char *filter_operator_nearest(struct str name);

/* The group of a scalar type. */
enum filter_types filter_types_of(enum field_type t);

/* What people call the group: "number", "string", ... */
const char *filter_types_name(enum filter_types t);

enum filter_modifier {
	FILTER_MOD_NONE,
	FILTER_MOD_ONEOF, /* exactly one of the values satisfies */
	FILTER_MOD_ANYOF, /* at least one */
	FILTER_MOD_ALLOF, /* all, and there is one */
};

const char *filter_modifier_name(enum filter_modifier m);

/* The modifier written @name; FILTER_MOD_NONE when there is none. */
enum filter_modifier filter_modifier_find(struct str name);

enum filter_call {
	FILTER_CALL_TOLOWER,
	FILTER_CALL_TOUPPER,
	FILTER_CALL_B64,
	FILTER_CALL_BASENAME,
	FILTER_CALL_LEN,
	FILTER_CALL_JOIN,
	FILTER_CALL_CONCAT,
	FILTER_CALL_GETOPT,
	FILTER_CALL_VAL, /* only on the right of an operator */
	FILTER_CALL_COUNT,
};

struct filter_transformer {
	struct str name;
	bool takes_many; /* several arguments, literals among them */
	const char *doc;
};

const struct filter_transformer *filter_transformer(enum filter_call c);
enum filter_call filter_transformer_find(struct str name);
