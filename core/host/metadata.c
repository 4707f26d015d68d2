/*
 * metadata: from JSON text to rows, complaining about the first thing that is wrong.
 */
#include "host/metadata.h"

#include <errno.h>

#include "gyr/abi.h"
#include "util/json.h"

static int parse_array(const char *json, struct json **ret, struct err *err)
{
	struct json *root = NULL;
	int r = json_parse(str_from(json), &root, err);

	if (r < 0)
		return r;
	if (json_kind(root) == JSON_KIND_ARRAY) {
		*ret = root;
		return 0;
	}
	err_set(err, 0, 0, "not a JSON array");
	json_close(root);
	return -EINVAL;
}

static bool is(const struct json *v, enum json_kind k)
{
	return json_kind(v) == k;
}

static int read_names(const struct json *list, struct arena *arena, struct module_sources *ret,
		      struct err *err)
{
	uint32_t n = json_count(list);
	struct str *names;
	uint32_t used = 0;

	if (n > METADATA_MAX_NAMES) {
		err_set(err, 0, 0, "more than %d names", METADATA_MAX_NAMES);
		return -EINVAL;
	}
	names = arena_alloc(arena, sizeof *names * (n ? n : 1));
	if (!names)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct json *v = json_item(list, i);

		if (!is(v, JSON_KIND_STRING)) {
			err_set(err, 0, 0, "entry %u is not a string", i);
			return -EINVAL;
		}
		if (!json_text(v).len)
			continue;
		names[used] = arena_str(arena, json_text(v));
		if (!names[used++].p)
			return -ENOMEM;
	}
	*ret = (struct module_sources){names, used};
	return 0;
}

int metadata_names(const char *json, struct arena *arena, struct module_sources *ret_names,
		   struct err *err)
{
	struct json *root = NULL;
	int r;

	if (!json || !*json) {
		*ret_names = (struct module_sources){0};
		return 0;
	}
	r = parse_array(json, &root, err);
	if (r == 0)
		r = read_names(root, arena, ret_names, err);
	json_close(root);
	return r;
}

/* --- fields ---------------------------------------------------------------------------------- */

struct flag {
	const char *name;
	uint32_t bit;
};

static const struct flag arg_flags[] = {
	{"isRequired", FIELD_ARG_REQUIRED},
	{"isIndex", FIELD_ARG_INDEX},
	{"isKey", FIELD_ARG_KEY},
};

static const struct flag gyr_flags[] = {
	{"no_rhs", FIELD_NO_RHS},
	{"no_transformer", FIELD_NO_TRANSFORMER},
	{"filter_only", FIELD_FILTER_ONLY},
	{"any", FIELD_ANY},
	{"not_any", FIELD_NOT_ANY},
	{"slow", FIELD_SLOW},
	{"volatile", FIELD_VOLATILE},
	{"arg_suffix", FIELD_ARG_SUFFIX},
	{"arg_param", FIELD_ARG_SUFFIX | FIELD_ARG_PARAM},
	{"numeric_str", FIELD_NUMERIC_STR},
	{"padded", FIELD_PADDED},
	{"hex", FIELD_HEX},
	{"shown_apart", FIELD_SHOWN_APART},
	{"within", FIELD_WITHIN},
	{"arg_compared", FIELD_ARG_COMPARED},
	{"gone", FIELD_GONE | FIELD_HIDDEN},
};

#define N(a) (sizeof(a) / sizeof *(a))

static int wrong(struct err *err, const char *key, const char *what)
{
	err_set(err, 0, 0, "key '%s': %s", key, what);
	return -EINVAL;
}

static int read_bool(const struct json *row, const char *key, uint32_t bit, uint32_t *flags,
		     struct err *err)
{
	const struct json *v = json_member(row, key);

	if (v && !is(v, JSON_KIND_BOOL))
		return wrong(err, key, "not true or false");
	if (json_is_set(v))
		*flags |= bit;
	return 0;
}

static int read_text(const struct json *row, const char *key, struct arena *arena, struct str *ret,
		     struct err *err)
{
	const struct json *v = json_member(row, key);

	if (!v)
		return 0;
	if (!is(v, JSON_KIND_STRING))
		return wrong(err, key, "not a string");
	*ret = arena_str(arena, json_text(v));
	return ret->p ? 0 : -ENOMEM;
}

static bool is_plugin_type(enum field_type t)
{
	return t == FT_UINT64 || t == FT_CHARBUF || t == FT_RELTIME || t == FT_ABSTIME ||
	       t == FT_BOOL || t == FT_IPADDR || t == FT_IPNET;
}

static int read_type(const struct json *row, struct field *f, struct err *err)
{
	struct str name = json_text(json_member(row, "type"));

	f->type = str_is(name, "string") ? FT_CHARBUF : field_type_parse(name);
	if (is_plugin_type(f->type))
		return 0;
	err_set(err, 0, 0, "unknown type '%.*s'", STR_FMT(name));
	return -EINVAL;
}

static int read_arg(const struct json *row, struct field *f, struct err *err)
{
	const struct json *arg = json_member(row, "arg");
	int r = 0;

	if (arg && !is(arg, JSON_KIND_OBJECT))
		return wrong(err, "arg", "not an object");
	for (size_t i = 0; arg && r == 0 && i < N(arg_flags); i++)
		r = read_bool(arg, arg_flags[i].name, arg_flags[i].bit, &f->flags, err);
	if (r == 0 && (f->flags & FIELD_ARG_REQUIRED) &&
	    !(f->flags & (FIELD_ARG_INDEX | FIELD_ARG_KEY)))
		return wrong(err, "arg", "isRequired without isIndex or isKey");
	return r;
}

static int read_properties(const struct json *row, struct field *f, struct err *err)
{
	const struct json *list = json_member(row, "properties");

	if (list && !is(list, JSON_KIND_ARRAY))
		return wrong(err, "properties", "not an array");
	for (uint32_t i = 0; i < json_count(list); i++) {
		const struct json *v = json_item(list, i);

		if (!is(v, JSON_KIND_STRING))
			return wrong(err, "properties", "holds something else than strings");
		if (str_is(json_text(v), "hidden"))
			f->flags |= FIELD_HIDDEN;
	}
	return 0;
}

static int read_gyr_flags(const struct json *list, struct field *f, struct err *err)
{
	for (uint32_t i = 0; i < json_count(list); i++) {
		struct str name = json_text(json_item(list, i));
		size_t k = 0;

		while (k < N(gyr_flags) && !str_is(name, gyr_flags[k].name))
			k++;
		if (k == N(gyr_flags)) {
			err_set(err, 0, 0, "key 'gyr': unknown flag '%.*s'", STR_FMT(name));
			return -EINVAL;
		}
		f->flags |= gyr_flags[k].bit;
	}
	return 0;
}

static int read_role(const struct json *gyr, struct field *f, struct err *err)
{
	static const char *const names[] = {"", "event_type", "syscall_type", "event_num"};
	struct str role = json_text(json_member(gyr, "role"));

	for (int i = 0; i < (int)N(names); i++) {
		if (!str_is(role, names[i]))
			continue;
		f->role = (enum field_role)i;
		return 0;
	}
	err_set(err, 0, 0, "key 'gyr': unknown role '%.*s'", STR_FMT(role));
	return -EINVAL;
}

static int read_scope(const struct json *scope, struct field *f, struct err *err)
{
	int64_t n;

	if (!scope)
		return 0;
	n = is(scope, JSON_KIND_INTEGER) ? json_int(scope) : 0;
	if (n < 1 || n >= GYR_SCOPES)
		return wrong(err, "gyr.scope", "no number of a scope");
	f->scope = (uint32_t)n;
	return 0;
}

static int read_gyr(const struct json *row, struct arena *arena, struct field *f, struct err *err)
{
	const struct json *gyr = json_member(row, "gyr");
	struct str type;
	int r;

	if (!gyr)
		return 0;
	if (!is(gyr, JSON_KIND_OBJECT))
		return wrong(err, "gyr", "not an object");
	type = json_text(json_member(gyr, "type"));
	if (type.len)
		f->type = field_type_parse(type);
	if (f->type == FT_NONE) {
		err_set(err, 0, 0, "key 'gyr': unknown type '%.*s'", STR_FMT(type));
		return -EINVAL;
	}
	r = read_gyr_flags(json_member(gyr, "flags"), f, err);
	if (r == 0)
		r = read_scope(json_member(gyr, "scope"), f, err);
	if (r == 0)
		r = read_role(gyr, f, err);
	return r == 0 ? read_text(gyr, "deprecated", arena, &f->deprecated, err) : r;
}

static int read_field(const struct json *row, struct arena *arena, struct field *f, struct err *err)
{
	int r;

	if (!is(row, JSON_KIND_OBJECT))
		return wrong(err, "", "not an object");
	r = read_text(row, "name", arena, &f->name, err);
	if (r == 0 && !f->name.len)
		r = wrong(err, "name", "missing or empty");
	if (r == 0)
		r = read_type(row, f, err);
	if (r == 0)
		r = read_text(row, "desc", arena, &f->desc, err);
	if (r == 0 && !f->desc.len)
		r = wrong(err, "desc", "missing or empty");
	if (r == 0)
		r = read_text(row, "display", arena, &f->display, err);
	if (r == 0)
		r = read_bool(row, "isList", FIELD_LIST, &f->flags, err);
	if (r == 0)
		r = read_bool(row, "addOutput", FIELD_ADD_OUTPUT, &f->flags, err);
	if (r == 0)
		r = read_arg(row, f, err);
	if (r == 0)
		r = read_properties(row, f, err);
	return r == 0 ? read_gyr(row, arena, f, err) : r;
}

static int read_fields(const struct json *root, struct arena *arena,
		       const struct field **ret_fields, uint32_t *ret_n, struct err *err)
{
	uint32_t n = json_count(root);
	struct field *fields;
	int r = 0;

	if (n == 0 || n > METADATA_MAX_FIELDS) {
		err_set(err, 0, 0, "%u fields, want 1 to %d", n, METADATA_MAX_FIELDS);
		return -EINVAL;
	}
	fields = arena_alloc(arena, n * sizeof *fields);
	if (!fields)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		fields[i].id = i;
		r = read_field(json_item(root, i), arena, &fields[i], err);
		if (r == -EINVAL)
			err_context(err, "field %u '%.*s'", i, STR_FMT(fields[i].name));
	}
	if (r < 0)
		return r;
	*ret_fields = fields;
	*ret_n = n;
	return 0;
}

int metadata_fields(const char *json, struct arena *arena, const struct field **ret_fields,
		    uint32_t *ret_n, struct err *err)
{
	struct json *root = NULL;
	int r = parse_array(json ? json : "", &root, err);

	if (r == 0)
		r = read_fields(root, arena, ret_fields, ret_n, err);
	json_close(root);
	return r;
}
