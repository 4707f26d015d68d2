/*
 * schema: one function a keyword; a walk over the value with the schema at its side.
 */
#include "host/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { DEPTH_MAX = 64, PATH_MAX_BYTES = 256 };

struct walk {
	const json_t *root; /* of the schema, for $ref */
	struct err *err;
	unsigned depth;
	char path[PATH_MAX_BYTES];
};

static int check(struct walk *w, const json_t *schema, const json_t *v);

#define refuse(w, ...) refuse(w, __VA_ARGS__)

__attribute__((format(printf, 2, 3))) static int refuse(struct walk *w, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	err_set(w->err, 0, 0, "%s: %s", w->path, text);
	return -EINVAL;
}

static const char *type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "integer";
	case JSON_REAL:
		return "number";
	case JSON_NULL:
		return "null";
	default:
		return "boolean";
	}
}

static bool is_type(const json_t *v, const char *want)
{
	const char *have = type_name(v);

	if (strcmp(want, "number") == 0)
		return json_is_number(v);
	if (strcmp(want, "integer") == 0 && json_is_real(v)) {
		double d = json_real_value(v);

		return d >= -9e15 && d <= 9e15 && d == (double)(long long)d;
	}
	return strcmp(have, want) == 0;
}

static int check_type(struct walk *w, const json_t *want, const json_t *v)
{
	const json_t *one;
	size_t i;

	if (json_is_string(want))
		return is_type(v, json_string_value(want))
			       ? 0
			       : refuse(w, "expected %s, got %s", json_string_value(want),
					type_name(v));
	json_array_foreach(want, i, one)
	{
		if (json_is_string(one) && is_type(v, json_string_value(one)))
			return 0;
	}
	return refuse(w, "%s is none of the types allowed", type_name(v));
}

static int check_enum(struct walk *w, const json_t *list, const json_t *v)
{
	const json_t *one;
	char *allowed;
	size_t i;
	int r;

	json_array_foreach(list, i, one)
	{
		if (json_equal(one, v))
			return 0;
	}
	allowed = json_dumps(list, JSON_COMPACT);
	r = refuse(w, "expected one of %s", allowed ? allowed : "a list");
	free(allowed);
	return r;
}

static int check_const(struct walk *w, const json_t *want, const json_t *v)
{
	return json_equal(want, v) ? 0 : refuse(w, "not the one value allowed");
}

static int check_minimum(struct walk *w, const json_t *limit, const json_t *v)
{
	if (!json_is_number(v) || json_number_value(v) >= json_number_value(limit))
		return 0;
	return refuse(w, "%g is less than %g", json_number_value(v), json_number_value(limit));
}

static int check_maximum(struct walk *w, const json_t *limit, const json_t *v)
{
	if (!json_is_number(v) || json_number_value(v) <= json_number_value(limit))
		return 0;
	return refuse(w, "%g is more than %g", json_number_value(v), json_number_value(limit));
}

static int check_above(struct walk *w, const json_t *limit, const json_t *v)
{
	if (!json_is_number(v) || json_number_value(v) > json_number_value(limit))
		return 0;
	return refuse(w, "%g is not more than %g", json_number_value(v), json_number_value(limit));
}

static int check_below(struct walk *w, const json_t *limit, const json_t *v)
{
	if (!json_is_number(v) || json_number_value(v) < json_number_value(limit))
		return 0;
	return refuse(w, "%g is not less than %g", json_number_value(v), json_number_value(limit));
}

/* Length of a string in characters, of an array in items; -1 for anything else. */
static json_int_t length(const json_t *v)
{
	json_int_t n = 0;

	if (json_is_array(v))
		return (json_int_t)json_array_size(v);
	if (!json_is_string(v))
		return -1;
	for (const char *p = json_string_value(v); *p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

static int check_longest(struct walk *w, const json_t *limit, const json_t *v)
{
	if (length(v) <= json_integer_value(limit))
		return 0;
	return refuse(w, "longer than %lld", (long long)json_integer_value(limit));
}

static int check_shortest(struct walk *w, const json_t *limit, const json_t *v)
{
	if (length(v) < 0 || length(v) >= json_integer_value(limit))
		return 0;
	return refuse(w, "shorter than %lld", (long long)json_integer_value(limit));
}

static int check_required(struct walk *w, const json_t *names, const json_t *v)
{
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
	{
		if (json_is_object(v) && json_is_string(one) &&
		    !json_object_get(v, json_string_value(one)))
			return refuse(w, "key '%s' is missing", json_string_value(one));
	}
	return 0;
}

static int check_member(struct walk *w, const json_t *schema, const char *key, const json_t *v)
{
	size_t len = strlen(w->path);
	int r;

	(void)snprintf(w->path + len, sizeof w->path - len, ".%s", key);
	r = check(w, schema, v);
	w->path[len] = 0;
	return r;
}

static int check_items(struct walk *w, const json_t *schema, const json_t *v)
{
	size_t len = strlen(w->path);
	int r = 0;

	for (size_t i = 0; r == 0 && json_is_object(schema) && i < json_array_size(v); i++) {
		(void)snprintf(w->path + len, sizeof w->path - len, "[%zu]", i);
		r = check(w, schema, json_array_get(v, i));
	}
	w->path[len] = 0;
	return r;
}

static int check_object(struct walk *w, const json_t *schema, const json_t *v)
{
	const json_t *known = json_object_get(schema, "properties"), *rest;
	const char *key;
	json_t *one;
	int r = 0;

	rest = json_object_get(schema, "additionalProperties");
	json_object_foreach((json_t *)v, key, one)
	{
		const json_t *s = json_object_get(known, key);

		if (s)
			r = check_member(w, s, key, one);
		else if (json_is_false(rest))
			r = refuse(w, "unknown key '%s'", key);
		else if (json_is_object(rest))
			r = check_member(w, rest, key, one);
		if (r < 0)
			return r;
	}
	return 0;
}

static const json_t *follow(const struct walk *w, const char *ref)
{
	static const char *const homes[] = {"definitions", "$defs"};

	if (strcmp(ref, "#") == 0)
		return w->root;
	for (int i = 0; i < 2; i++) {
		size_t len = strlen(homes[i]);

		if (strncmp(ref, "#/", 2) == 0 && strncmp(ref + 2, homes[i], len) == 0 &&
		    ref[2 + len] == '/')
			return json_object_get(json_object_get(w->root, homes[i]), ref + 3 + len);
	}
	return NULL;
}

static int check_keywords(struct walk *w, const json_t *schema, const json_t *v)
{
	static const struct {
		const char *keyword;
		int (*check)(struct walk *w, const json_t *arg, const json_t *v);
	} rows[] = {
		{"type", check_type},
		{"enum", check_enum},
		{"const", check_const},
		{"minimum", check_minimum},
		{"maximum", check_maximum},
		{"exclusiveMinimum", check_above},
		{"exclusiveMaximum", check_below},
		{"maxLength", check_longest},
		{"minLength", check_shortest},
		{"maxItems", check_longest},
		{"minItems", check_shortest},
		{"required", check_required},
		{"items", check_items},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof rows / sizeof *rows; i++) {
		const json_t *arg = json_object_get(schema, rows[i].keyword);

		if (arg)
			r = rows[i].check(w, arg, v);
	}
	return r == 0 && json_is_object(v) ? check_object(w, schema, v) : r;
}

static int check(struct walk *w, const json_t *schema, const json_t *v)
{
	const json_t *ref = json_object_get(schema, "$ref");
	int r;

	if (json_is_false(schema))
		return refuse(w, "not allowed here");
	if (!json_is_object(schema))
		return 0;
	if (++w->depth > DEPTH_MAX)
		return refuse(w, "nested too deep");
	if (json_is_string(ref)) {
		const json_t *target = follow(w, json_string_value(ref));

		r = target ? check(w, target, v)
			   : refuse(w, "the schema has no '%s'", json_string_value(ref));
	} else {
		r = check_keywords(w, schema, v);
	}
	w->depth--;
	return r;
}

int schema_check(struct str schema, struct str config, struct err *err)
{
	struct walk w = {.err = err, .path = "$"};
	json_error_t at;
	json_t *root = json_loadb(schema.p, schema.len, 0, &at), *v = NULL;
	int r = -EINVAL;

	if (!json_is_object(root)) {
		err_set(err, 0, 0, "the plugin's schema is no JSON object");
		goto out;
	}
	v = json_loadb(config.p, config.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &at);
	if (!v) {
		err_set(err, (size_t)(at.position > 0 ? at.position : 0), 0,
			"not JSON: line %d, column %d: %s", at.line, at.column, at.text);
		goto out;
	}
	w.root = root;
	r = check(&w, root, v);
out:
	json_decref(v);
	json_decref(root);
	return r;
}
