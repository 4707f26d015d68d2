/*
 * json: jansson's values under another name, so that no other file knows the library.
 */
#include "util/json.h"

#include <errno.h>

#include <jansson.h>

/* struct json is never defined: a pointer to one is a json_t pointer. */
static json_t *lib(const struct json *v)
{
	return (json_t *)(uintptr_t)v;
}

int json_parse(struct str text, struct json **ret_root, struct err *err)
{
	json_error_t at;
	json_t *root;

	if (text.len > JSON_MAX_BYTES) {
		err_set(err, 0, 0, "longer than %d MiB", JSON_MAX_BYTES >> 20);
		return -EINVAL;
	}
	root = json_loadb(text.p ? text.p : "", text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
			  &at);
	if (!root) {
		err_set(err, at.position > 0 ? (size_t)at.position : 0, 0,
			"not JSON: line %d, column %d: %s", at.line, at.column, at.text);
		return json_error_code(&at) == json_error_out_of_memory ? -ENOMEM : -EINVAL;
	}
	*ret_root = (struct json *)root;
	return 0;
}

struct json *json_close(struct json *root)
{
	json_decref(lib(root));
	return NULL;
}

enum json_kind json_kind(const struct json *v)
{
	if (!v)
		return JSON_KIND_NONE;
	switch (json_typeof(lib(v))) {
	case JSON_OBJECT:
		return JSON_KIND_OBJECT;
	case JSON_ARRAY:
		return JSON_KIND_ARRAY;
	case JSON_STRING:
		return JSON_KIND_STRING;
	case JSON_INTEGER:
		return JSON_KIND_INTEGER;
	case JSON_REAL:
		return JSON_KIND_REAL;
	case JSON_NULL:
		return JSON_KIND_NULL;
	default:
		return JSON_KIND_BOOL;
	}
}

const char *json_kind_name(enum json_kind k)
{
	static const char *const names[] = {"nothing", "null",   "boolean", "integer",
					    "number",  "string", "array",   "object"};

	return names[k];
}

const struct json *json_member(const struct json *object, const char *key)
{
	return (const struct json *)json_object_get(lib(object), key);
}

const struct json *json_item(const struct json *array, uint32_t i)
{
	return (const struct json *)json_array_get(lib(array), i);
}

uint32_t json_count(const struct json *v)
{
	return (uint32_t)(json_is_object(lib(v)) ? json_object_size(lib(v))
						 : json_array_size(lib(v)));
}

int json_each(const struct json *object, json_member_fn each, void *ctx)
{
	const char *key;
	json_t *v;
	int r = 0;

	json_object_foreach(lib(object), key, v)
	{
		r = each(ctx, key, (const struct json *)v);
		if (r)
			break;
	}
	return r;
}

struct str json_text(const struct json *v)
{
	const char *p = json_string_value(lib(v));

	return p ? (struct str){p, json_string_length(lib(v))} : STR("");
}

bool json_is_set(const struct json *v)
{
	return json_is_true(lib(v));
}

int64_t json_int(const struct json *v)
{
	return json_integer_value(lib(v));
}

double json_num(const struct json *v)
{
	return json_number_value(lib(v));
}

bool json_same(const struct json *a, const struct json *b)
{
	return json_equal(lib(a), lib(b));
}

static int add_piece(const char *p, size_t len, void *ctx)
{
	buf_add(ctx, p, len);
	return 0;
}

void json_print(const struct json *v, struct buf *out)
{
	if (json_dump_callback(lib(v), add_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		out->failed = true;
}
