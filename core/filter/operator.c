#include "filter/operator.h"

#include "util/nearest.h"

#define COMPARABLE (FILTER_TYPES_NUMBER | FILTER_TYPES_STRING)
#define SCALAR (COMPARABLE | FILTER_TYPES_BOOL | FILTER_TYPES_BUFFER | FILTER_TYPES_NET)
#define TEXT FILTER_TYPES_STRING
#define BYTES (FILTER_TYPES_STRING | FILTER_TYPES_BUFFER)
#define BUFFER FILTER_TYPES_BUFFER
#define ANYTHING (SCALAR | FILTER_TYPES_LIST | FILTER_TYPES_OTHER)

#define UNARY FILTER_OP_KIND_UNARY
#define NUMBER FILTER_OP_KIND_NUMBER
#define VALUE FILTER_OP_KIND_TEXT
#define LIST FILTER_OP_KIND_LIST

#define ROW(op, text, op_kind, op_types, is_word, what)       \
	[FILTER_OP_##op] = {.name = {text, sizeof(text) - 1}, \
			    .kind = op_kind,                  \
			    .types = op_types,                \
			    .blank_after = is_word,           \
			    .doc = what}

static const struct filter_operator operators[FILTER_OP_COUNT] = {
	ROW(EXISTS, "exists", UNARY, ANYTHING, false, "the field has a value"),
	ROW(LE, "<=", NUMBER, COMPARABLE, false, "less or equal"),
	ROW(LT, "<", NUMBER, COMPARABLE, false, "less"),
	ROW(GE, ">=", NUMBER, COMPARABLE, false, "greater or equal"),
	ROW(GT, ">", NUMBER, COMPARABLE, false, "greater"),
	ROW(EQ2, "==", VALUE, SCALAR, false, "equal; the same as ="),
	ROW(EQ, "=", VALUE, SCALAR, false, "equal; for a network: inside it"),
	ROW(NE, "!=", VALUE, SCALAR, false, "present and not equal; for a network: outside it"),
	ROW(GLOB, "glob", VALUE, TEXT, true, "matches a shell pattern; * crosses slashes"),
	ROW(IGLOB, "iglob", VALUE, TEXT, true, "as glob, upper and lower case alike"),
	ROW(CONTAINS, "contains", VALUE, BYTES, true, "holds the text"),
	ROW(ICONTAINS, "icontains", VALUE, TEXT, true, "holds the text, case aside"),
	ROW(BCONTAINS, "bcontains", VALUE, BUFFER, true, "holds the bytes, given in hex"),
	ROW(STARTSWITH, "startswith", VALUE, BYTES, true, "begins with the text"),
	ROW(BSTARTSWITH, "bstartswith", VALUE, BUFFER, true, "begins with the bytes, in hex"),
	ROW(ENDSWITH, "endswith", VALUE, BYTES, true, "ends with the text"),
	ROW(REGEX, "regex", VALUE, TEXT, true, "the whole value matches the POSIX expression"),
	ROW(INTERSECTS, "intersects", LIST, SCALAR | FILTER_TYPES_LIST, false,
	    "some element is one of the values"),
	ROW(IN, "in", LIST, SCALAR | FILTER_TYPES_LIST, false,
	    "the value, or every element, is one of the values"),
	ROW(PMATCH, "pmatch", LIST, TEXT, false, "some path of the list is a parent or the same"),
};

#define CALL(id, text, many, what) \
	[FILTER_CALL_##id] = {.name = {text, sizeof(text) - 1}, .takes_many = many, .doc = what}

static const struct filter_transformer transformers[FILTER_CALL_COUNT] = {
	CALL(TOLOWER, "tolower", false, "ASCII lower case"),
	CALL(TOUPPER, "toupper", false, "ASCII upper case"),
	CALL(B64, "b64", false, "what the base64 text encodes"),
	CALL(BASENAME, "basename", false, "what follows the last slash"),
	CALL(LEN, "len", false, "bytes of a text or buffer, elements of a list"),
	CALL(JOIN, "join", true, "the elements of a list with a separator between them"),
	CALL(CONCAT, "concat", true, "two or more texts, one after the other"),
	CALL(GETOPT, "getopt", true, "the options in a list of arguments"),
	CALL(VAL, "val", false, "the value of another field, on the right of an operator"),
};

const struct filter_operator *filter_operator(enum filter_op op)
{
	return &operators[op];
}

enum filter_op filter_operator_find(struct str name)
{
	int i = 0;

	while (i < FILTER_OP_COUNT && !str_eq(operators[i].name, name))
		i++;
	return (enum filter_op)i;
}

const char *filter_operator_nearest(struct str name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (int i = 0; i < FILTER_OP_COUNT; i++)
		nearest_offer(&n, operators[i].name);
	return n.best.p;
}

/* Of types that are not numbers. */
static const uint8_t groups[] = {
	[FT_CHARBUF] = FILTER_TYPES_STRING,   [FT_FSPATH] = FILTER_TYPES_STRING,
	[FT_FSRELPATH] = FILTER_TYPES_STRING, [FT_BYTEBUF] = FILTER_TYPES_BUFFER,
	[FT_BOOL] = FILTER_TYPES_BOOL,        [FT_IPV4ADDR] = FILTER_TYPES_NET,
	[FT_IPV6ADDR] = FILTER_TYPES_NET,     [FT_IPADDR] = FILTER_TYPES_NET,
	[FT_IPV4NET] = FILTER_TYPES_NET,      [FT_IPV6NET] = FILTER_TYPES_NET,
	[FT_IPNET] = FILTER_TYPES_NET,        [FT_NONE] = FILTER_TYPES_OTHER,
	[FT_SOCKADDR] = FILTER_TYPES_OTHER,   [FT_SOCKTUPLE] = FILTER_TYPES_OTHER,
	[FT_FDLIST] = FILTER_TYPES_OTHER,     [FT_DYN] = FILTER_TYPES_OTHER,
	[FT_UID] = FILTER_TYPES_OTHER,        [FT_GID] = FILTER_TYPES_OTHER,
	[FT_SIGSET] = FILTER_TYPES_OTHER,
};

enum filter_types filter_types_of(enum field_type t)
{
	if ((size_t)t >= sizeof groups || groups[t] == FILTER_TYPES_NONE)
		return FILTER_TYPES_NUMBER;
	return (enum filter_types)groups[t];
}

const char *filter_types_name(enum filter_types t)
{
	switch (t) {
	case FILTER_TYPES_NUMBER:
		return "number";
	case FILTER_TYPES_BOOL:
		return "bool";
	case FILTER_TYPES_STRING:
		return "string";
	case FILTER_TYPES_BUFFER:
		return "byte buffer";
	case FILTER_TYPES_NET:
		return "address or network";
	case FILTER_TYPES_LIST:
		return "list";
	default:
		return "opaque";
	}
}

static const char *const modifiers[] = {
	[FILTER_MOD_NONE] = "",
	[FILTER_MOD_ONEOF] = "oneof",
	[FILTER_MOD_ANYOF] = "anyof",
	[FILTER_MOD_ALLOF] = "allof",
};

const char *filter_modifier_name(enum filter_modifier m)
{
	return modifiers[m];
}

enum filter_modifier filter_modifier_find(struct str name)
{
	for (int i = FILTER_MOD_ONEOF; i <= FILTER_MOD_ALLOF; i++) {
		if (str_is(name, modifiers[i]))
			return (enum filter_modifier)i;
	}
	return FILTER_MOD_NONE;
}

const struct filter_transformer *filter_transformer(enum filter_call c)
{
	return &transformers[c];
}

enum filter_call filter_transformer_find(struct str name)
{
	int i = 0;

	while (i < FILTER_CALL_COUNT && !str_eq(transformers[i].name, name))
		i++;
	return (enum filter_call)i;
}
