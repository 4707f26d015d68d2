/*
 * field: what can be asked of an event, as the extractors declare it.
 *
 * A field belongs to the extractor that declared it; for one event source a name has one owner. The
 * core knows fields only by these rows: their type decides which operators and constants go with
 * them, their flags say how an argument is written and what else the rule compiler may do.
 *
 * Type numbers are the PT_* codes of the event schema (a plugin's field types are a subset of
 * them).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/err.h"
#include "util/str.h"

enum field_type {
	FT_NONE = 0,
	FT_INT8 = 1,
	FT_INT16 = 2,
	FT_INT32 = 3,
	FT_INT64 = 4,
	FT_UINT8 = 5,
	FT_UINT16 = 6,
	FT_UINT32 = 7,
	FT_UINT64 = 8,
	FT_CHARBUF = 9, /* a plugin's "string" */
	FT_BYTEBUF = 10,
	FT_ERRNO = 11,
	FT_SOCKADDR = 12,
	FT_SOCKTUPLE = 13,
	FT_FD = 14,
	FT_PID = 15,
	FT_FDLIST = 16,
	FT_FSPATH = 17,
	FT_SYSCALLID = 18,
	FT_SIGTYPE = 19,
	FT_RELTIME = 20,
	FT_ABSTIME = 21,
	FT_PORT = 22,
	FT_L4PROTO = 23,
	FT_SOCKFAMILY = 24,
	FT_BOOL = 25,
	FT_IPV4ADDR = 26,
	FT_DYN = 27,
	FT_FLAGS8 = 28,
	FT_FLAGS16 = 29,
	FT_FLAGS32 = 30,
	FT_UID = 31,
	FT_GID = 32,
	FT_DOUBLE = 33,
	FT_SIGSET = 34,
	FT_IPV4NET = 37,
	FT_IPV6ADDR = 38,
	FT_IPV6NET = 39,
	FT_IPADDR = 40,
	FT_IPNET = 41,
	FT_MODE = 42,
	FT_FSRELPATH = 43,
	FT_ENUMFLAGS8 = 44,
	FT_ENUMFLAGS16 = 45,
	FT_ENUMFLAGS32 = 46,
};

enum field_flag {
	FIELD_LIST = 1 << 0,
	FIELD_ARG_INDEX = 1 << 1, /* name[3] */
	FIELD_ARG_KEY = 1 << 2,   /* name[key] */
	FIELD_ARG_REQUIRED = 1 << 3,
	FIELD_ARG_SUFFIX = 1 << 4, /* name.anything: the rest after the dot is the argument */
	FIELD_NO_RHS = 1 << 5,     /* may not stand on the right of an operator */
	FIELD_NO_TRANSFORMER = 1 << 6,
	FIELD_FILTER_ONLY = 1 << 7,  /* refused in output templates */
	FIELD_HIDDEN = 1 << 8,       /* not listed */
	FIELD_ADD_OUTPUT = 1 << 9,   /* suggested for the output of rules of its source */
	FIELD_ANY = 1 << 10,         /* several values, compared one by one: some value satisfies */
	FIELD_NOT_ANY = 1 << 11,     /* as FIELD_ANY, but "!=" means: no value is equal */
	FIELD_SLOW = 1 << 12,        /* may ask the host (DNS, user database): always lazy */
	FIELD_VOLATILE = 1 << 13,    /* the answer depends on earlier questions: never memoised */
	FIELD_NUMERIC_STR = 1 << 14, /* decimal rendering of a number prints as is in JSON */
	FIELD_ARG_PARAM = 1 << 15,   /* the suffix is the name of an event parameter */
	FIELD_PADDED = 1 << 16,      /* text shows the number with at least nine digits */
	FIELD_HEX = 1 << 17,         /* text shows the number in hexadecimal */
	FIELD_BASE64 = 1 << 18,      /* bytes are shown in base64 */
	FIELD_WITHIN = 1 << 21,      /* a distance: compared by "=" alone, which means at most */
	FIELD_SHOWN_APART = 1 << 20, /* what is shown is asked for as FT_DYN, and is a text */
	FIELD_ARG_COMPARED =
		1 << 23, /* its argument is what it is compared with for equality, one a line */
	FIELD_GONE = 1 << 22, /* no field any more, nor is any name that goes on with a dot */
};

/* What the rule compiler may conclude from a comparison with this field. */
enum field_role {
	FIELD_ROLE_NONE,
	FIELD_ROLE_EVENT_TYPE, /* constants must be event names; decides which events a rule sees */
	FIELD_ROLE_SYSCALL_TYPE, /* decides too, but its constants are not checked */
	FIELD_ROLE_EVENT_NUM,    /* counts from 1: comparisons may be trivially true or false */
};

union value;

struct field {
	struct str name;
	struct str desc, display;
	enum field_type type;
	uint32_t flags;
	enum field_role role;
	uint32_t owner;        /* index of the extractor in the registry that built the fieldset */
	uint32_t id;           /* the extractor's number for it */
	uint32_t scope;        /* shows only what the entry of the event in it holds; 0: no such */
	struct str deprecated; /* "use X"; empty for a field that is neither deprecated nor gone */
	const union value
		*fixed; /* its value for every event, and nobody owns it; NULL: has an owner */
};

/* One use of a field with its argument, as resolved; equal uses of a ruleset share one. */
struct field_use {
	const struct field *field;
	bool has_arg;      /* brackets (or a suffix) were given */
	struct str arg;    /* their text, unquoted; NUL-terminated in memory */
	uint64_t index;    /* the argument as a number; UINT64_MAX when it is none */
	uint32_t slot;     /* number of this use in its ruleset, from 0 */
	struct str hidden; /* what alerts show instead of its values; .p NULL: the values */
};

/* The fields of one event source, by name. Built, then immutable; whoever keeps what it found there
 * has a reference. */
struct fieldset;

/* One reference, the caller's. NULL: memory is short. */
struct fieldset *fieldset_new(void);
struct fieldset *fieldset_ref(struct fieldset *s);   /* [any] */
struct fieldset *fieldset_unref(struct fieldset *s); /* [any]; NULL is fine, returns NULL */

/* Adds a copy of @f (its texts too, and its fixed value, which is a text). -EEXIST when the name is taken: *ret_other then tells by whom.
 * -ENOMEM. Fields are asked in the order added. */
int fieldset_add(struct fieldset *s, const struct field *f, const struct field **ret_other);

/* The n-th field in the order added; NULL past the end. */
const struct field *fieldset_at(const struct fieldset *s, uint32_t n);

/* Resolves "name", "name[arg]" or "name.arg" (the whole of @text) to a field and its argument;
 * ret_use->slot stays 0, ret_use->arg is in @arena. -ENOENT for an unknown name (the hint names the
 * nearest known one) and for one that is gone (the hint says what to use), -EINVAL for a wrong argument. Spans in @err count from the start of @text.
 * Rules: filter_semantics 3. */
int fieldset_resolve(const struct fieldset *s, struct str text, struct arena *arena,
		     struct field_use *ret_use, struct err *err);

/* A field as a parser took it apart, unquoted. */
struct field_parts {
	struct str name;
	const struct str *arg; /* NULL: there is none */
};

/* The same for @parts. @err may be NULL: then it is only asked whether there is such a field. */
int fieldset_resolve_parts(const struct fieldset *s, struct field_parts parts, struct arena *arena,
			   struct field_use *ret_use, struct err *err);

/* Makes a use one that is shown and not compared: a FIELD_SHOWN_APART field becomes FT_DYN. -ENOMEM. */
int field_use_show(struct field_use *use, struct arena *arena);

/* The longest field name that @text starts with, as output templates read it ("%evt.time."), and
 * its argument; leaves the rest in @text. -ENOENT, -EINVAL as above: @text then stays. */
int fieldset_resolve_prefix(const struct fieldset *s, struct str *text, struct arena *arena,
			    struct field_use *ret_use, struct err *err);

/* Text name of a type ("uint64", "string", ...), as --list prints it; and back (FT_NONE unknown).
 */
const char *field_type_name(enum field_type t);
enum field_type field_type_parse(struct str name);
