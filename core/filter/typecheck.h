/*
 * typecheck: a tree of words -> a typed expression.
 *
 * Here names become fields, constants become values of the field's type, patterns are compiled, and
 * whatever cannot work is refused before any event is seen. All mistakes of a condition are
 * reported, not only the first.
 *
 * Fields, constants and comparisons are interned: equal uses of a ruleset share one `struct
 * field_use` and its slot, which the later plan indexes by, and what ten thousand rules compare
 * alike is there once.
 *
 * Lifetime: chains and calls live in the arena, everything that is shared in the use table; both for
 * as long as the ruleset, and neither points into the trees. Threads: building is single-threaded; what was built may be read by any.
 */
#pragma once

#include "event/field.h"
#include "event/value.h"
#include "filter/ast.h"
#include "filter/regex.h"
#include "util/err.h"

/* The field uses (and compiled patterns) of a ruleset. */
struct use_table;

struct use_table *use_table_new(void);
struct use_table *use_table_free(struct use_table *t);
uint32_t use_table_count(const struct use_table *t);
const struct field_use *use_table_at(const struct use_table *t, uint32_t slot);

/* Fields whose values alerts do not show. Names may hold '*' for any text; one fits the name of a
 * field alone or with its argument, as it is written. */
struct redaction {
	uint32_t n_fields;
	const char *const *fields;
	const char *text; /* shown instead */
};

/* For the uses to come, as long as the table is added to; its texts are copied. */
void use_table_redact(struct use_table *t, const struct redaction *r);

/* From now on fields that hold bytes are shown in base64. */
void use_table_base64(struct use_table *t);

/* The shared copy of @use, its slot set; NULL when memory is short. */
const struct field_use *use_table_intern(struct use_table *t, const struct field_use *use);

/* Forgets the trees that were checked (they are remembered by their address, so that shared ones
 * are checked once) and whatever else serves only to find equal comparisons. To be called before
 * trees go while the table stays. What was made remains valid; more may be added, and is shared with
 * what is added after this. */
void use_table_seal(struct use_table *t);

/* Bytes the table takes, compiled expressions apart. */
size_t use_table_size(const struct use_table *t);

enum operand_kind {
	OPERAND_FIELD,
	OPERAND_CALL,
	OPERAND_CONST, /* literal argument of a call; 1 value, or n in a list */
	OPERAND_LIST,  /* ( ... ) as argument of a call; spliced */
};

/* Something that yields values. */
struct operand {
	enum operand_kind kind;
	enum field_type type; /* of each value */
	bool is_list;
	const struct field_use *use; /* FIELD */
	enum filter_call call;       /* CALL; never FILTER_CALL_VAL */
	bool has_arg;                /* getopt(...)[c] */
	char arg;
	uint32_t n; /* CALL, LIST */
	const struct operand *const *args;
	union value value; /* CONST */
	bool is_volatile;  /* a field of it may not be memoised */
};

/* A constant, converted to the type of the left side. */
struct constant {
	union value v;
	struct str text;     /* as written, escapes resolved; NUL-terminated */
	uint8_t prefix;      /* networks: leading bits that count; v.bytes is the address, masked */
	struct regex *regex; /* FILTER_OP_REGEX; owned by the use table */
};

/* One comparison. */
struct test {
	enum filter_op op : 8; /* never FILTER_OP_EQ2 */
	enum filter_modifier modifier : 8;
	uint32_t n;
	const struct operand *left;
	const struct operand *right; /* NULL: the constants count */
	const struct constant *const *consts;
};

enum expr_kind { EXPR_AND, EXPR_OR, EXPR_NOT, EXPR_TEST };

struct expr {
	enum expr_kind kind;
	uint32_t n; /* kids; 0 for a TEST */
	union {
		const struct expr *const *kids;
		const struct test *test; /* TEST */
	};
};

enum typecheck_code {
	TYPECHECK_ERROR,              /* the condition cannot be used */
	TYPECHECK_UNKNOWN_FIELD,      /* as above; a rule may ask to be skipped instead */
	TYPECHECK_UNKNOWN_EVENT,      /* as above */
	TYPECHECK_UNKNOWN_NAME,       /* a macro nobody defined */
	TYPECHECK_WARN_FIELD_AS_TEXT, /* the constant is the name of a field or reads as a call */
	TYPECHECK_WARN_REGEX,         /* a simpler operator would do */
	TYPECHECK_WARN_NA,            /* compared to the text "<NA>" */
	TYPECHECK_WARN_DEPRECATED,    /* a deprecated field */
};

/* Whether @c refuses the condition. */
static inline bool typecheck_is_error(enum typecheck_code c)
{
	return c <= TYPECHECK_UNKNOWN_NAME;
}

struct typecheck_options {
	const struct fieldset *fields;
	struct use_table *uses;
	struct arena *arena;

	/* Told about each mistake and warning; e->offset and e->len lie in the text of
	 * @where.origin.
	 * @subject is the name at fault (the field, the event, the macro); may be empty. */
	void (*report)(void *ctx, enum typecheck_code code, struct ast_place where,
		       struct str subject, const struct err *e);

	/* Whether a plugin declared @name as an event of its own (asynchronous events); may be
	 * NULL. */
	bool (*is_event)(void *ctx, struct str name);
	void *ctx;
};

/* Checks an expanded tree. -EINVAL when something was reported that is an error; -ENOMEM. */
int typecheck(const struct ast *tree, const struct typecheck_options *o,
	      const struct expr **ret_expr);

/* Checks a lone field or call, as output templates use them. */
int typecheck_term(const struct ast_term *term, const struct typecheck_options *o,
		   const struct operand **ret_operand);
