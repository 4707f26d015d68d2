/*
 * metadata: from JSON text to rows, complaining about the first thing that is wrong.
 */
#include "host/metadata.h"

#include <errno.h>

#include <jansson.h>

static int parse_array(const char *json, json_t **ret, struct err *err)
{
	json_error_t at;
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &at);

	if (root && json_is_array(root)) {
		*ret = root;
		return 0;
	}
	if (root)
		err_set(err, 0, 0, "not a JSON array");
	else
		err_set(err, 0, 0, "not JSON: line %d: %s", at.line, at.text);
	json_decref(root);
	return -EINVAL;
}

static struct str text_of(const json_t *v)
{
	return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)}
				 : (struct str){"", 0};
}

static int read_names(const json_t *list, struct arena *arena, struct module_sources *ret,
		      struct err *err)
{
	size_t n = json_array_size(list);
	struct str *names;
	uint32_t used = 0;

	if (n > METADATA_MAX_NAMES) {
		err_set(err, 0, 0, "more than %d names", METADATA_MAX_NAMES);
		return -EINVAL;
	}
	names = arena_alloc(arena, sizeof *names * (n ? n : 1));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v)) {
			err_set(err, 0, 0, "entry %zu is not a string", i);
			return -EINVAL;
		}
		if (!json_string_length(v))
			continue;
		names[used] = arena_str(arena, text_of(v));
		if (!names[used++].p)
			return -ENOMEM;
	}
	*ret = (struct module_sources){names, used};
	return 0;
}

int metadata_names(const char *json, struct arena *arena, struct module_sources *ret_names,
		   struct err *err)
{
	json_t *root = NULL;
	int r;

	if (!json || !*json) {
		*ret_names = (struct module_sources){0};
		return 0;
	}
	r = parse_array(json, &root, err);
	if (r == 0)
		r = read_names(root, arena, ret_names, err);
	json_decref(root);
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
	{"no_rhs", FIELD_NO_RHS},           {"no_transformer", FIELD_NO_TRANSFORMER},
	{"filter_only", FIELD_FILTER_ONLY}, {"any", FIELD_ANY},
	{"not_any", FIELD_NOT_ANY},         {"slow", FIELD_SLOW},
	{"volatile", FIELD_VOLATILE},       {"arg_suffix", FIELD_ARG_SUFFIX},
	{"numeric_str", FIELD_NUMERIC_STR},
};

#define N(a) (sizeof(a) / sizeof *(a))

static int wrong(struct err *err, const char *key, const char *what)
{
	err_set(err, 0, 0, "key '%s': %s", key, what);
	return -EINVAL;
}

static int read_bool(const json_t *row, const char *key, uint32_t bit, uint32_t *flags,
		     struct err *err)
{
	const json_t *v = json_object_get(row, key);

	if (v && !json_is_boolean(v))
		return wrong(err, key, "not true or false");
	if (json_is_true(v))
		*flags |= bit;
	return 0;
}

static int read_text(const json_t *row, const char *key, struct arena *arena, struct str *ret,
		     struct err *err)
{
	const json_t *v = json_object_get(row, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong(err, key, "not a string");
	*ret = arena_str(arena, text_of(v));
	return ret->p ? 0 : -ENOMEM;
}

static bool is_plugin_type(enum field_type t)
{
	return t == FT_UINT64 || t == FT_CHARBUF || t == FT_RELTIME || t == FT_ABSTIME ||
	       t == FT_BOOL || t == FT_IPADDR || t == FT_IPNET;
}

static int read_type(const json_t *row, struct field *f, struct err *err)
{
	struct str name = text_of(json_object_get(row, "type"));

	f->type = str_is(name, "string") ? FT_CHARBUF : field_type_parse(name);
	if (is_plugin_type(f->type))
		return 0;
	err_set(err, 0, 0, "unknown type '%.*s'", STR_FMT(name));
	return -EINVAL;
}

static int read_arg(const json_t *row, struct field *f, struct err *err)
{
	const json_t *arg = json_object_get(row, "arg");
	int r = 0;

	if (arg && !json_is_object(arg))
		return wrong(err, "arg", "not an object");
	for (size_t i = 0; arg && r == 0 && i < N(arg_flags); i++)
		r = read_bool(arg, arg_flags[i].name, arg_flags[i].bit, &f->flags, err);
	if (r == 0 && (f->flags & FIELD_ARG_REQUIRED) &&
	    !(f->flags & (FIELD_ARG_INDEX | FIELD_ARG_KEY)))
		return wrong(err, "arg", "isRequired without isIndex or isKey");
	return r;
}

static int read_properties(const json_t *row, struct field *f, struct err *err)
{
	const json_t *list = json_object_get(row, "properties");

	if (list && !json_is_array(list))
		return wrong(err, "properties", "not an array");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_string(v))
			return wrong(err, "properties", "holds something else than strings");
		if (str_is(text_of(v), "hidden"))
			f->flags |= FIELD_HIDDEN;
	}
	return 0;
}

static int read_gyr_flags(const json_t *list, struct field *f, struct err *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct str name = text_of(json_array_get(list, i));
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

static int read_role(const json_t *gyr, struct field *f, struct err *err)
{
	static const char *const names[] = {"", "event_type", "syscall_type", "event_num"};
	struct str role = text_of(json_object_get(gyr, "role"));

	for (int i = 0; i < (int)N(names); i++) {
		if (!str_is(role, names[i]))
			continue;
		f->role = (enum field_role)i;
		return 0;
	}
	err_set(err, 0, 0, "key 'gyr': unknown role '%.*s'", STR_FMT(role));
	return -EINVAL;
}

static int read_gyr(const json_t *row, struct arena *arena, struct field *f, struct err *err)
{
	const json_t *gyr = json_object_get(row, "gyr");
	struct str type;
	int r;

	if (!gyr)
		return 0;
	if (!json_is_object(gyr))
		return wrong(err, "gyr", "not an object");
	type = text_of(json_object_get(gyr, "type"));
	if (type.len)
		f->type = field_type_parse(type);
	if (f->type == FT_NONE) {
		err_set(err, 0, 0, "key 'gyr': unknown type '%.*s'", STR_FMT(type));
		return -EINVAL;
	}
	r = read_gyr_flags(json_object_get(gyr, "flags"), f, err);
	if (r == 0)
		r = read_role(gyr, f, err);
	return r == 0 ? read_text(gyr, "deprecated", arena, &f->deprecated, err) : r;
}

static int read_field(const json_t *row, struct arena *arena, struct field *f, struct err *err)
{
	int r;

	if (!json_is_object(row))
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

static int read_fields(const json_t *root, struct arena *arena, const struct field **ret_fields,
		       uint32_t *ret_n, struct err *err)
{
	size_t n = json_array_size(root);
	struct field *fields;
	int r = 0;

	if (n == 0 || n > METADATA_MAX_FIELDS) {
		err_set(err, 0, 0, "%zu fields, want 1 to %d", n, METADATA_MAX_FIELDS);
		return -EINVAL;
	}
	fields = arena_alloc(arena, n * sizeof *fields);
	if (!fields)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++) {
		fields[i].id = (uint32_t)i;
		r = read_field(json_array_get(root, i), arena, &fields[i], err);
		if (r == -EINVAL)
			err_context(err, "field %zu '%.*s'", i, STR_FMT(fields[i].name));
	}
	if (r < 0)
		return r;
	*ret_fields = fields;
	*ret_n = (uint32_t)n;
	return 0;
}

int metadata_fields(const char *json, struct arena *arena, const struct field **ret_fields,
		    uint32_t *ret_n, struct err *err)
{
	json_t *root = NULL;
	int r = parse_array(json ? json : "", &root, err);

	if (r == 0)
		r = read_fields(root, arena, ret_fields, ret_n, err);
	json_decref(root);
	return r;
}
