/*
 * schema: one function a keyword; a walk over the value with the schema at its side.
 */
#include "host/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/json.h"

enum { DEPTH_MAX = 64, PATH_MAX_BYTES = 256 };

struct walk {
	const struct json *root; /* of the schema, for $ref */
	struct err *err;
	unsigned depth;
	char path[PATH_MAX_BYTES];
};

static int check(struct walk *w, const struct json *schema, const struct json *v);

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

static const char *type_name(const struct json *v)
{
	return json_kind_name(json_kind(v));
}

static bool is_number(const struct json *v)
{
	return json_kind(v) == JSON_KIND_INTEGER || json_kind(v) == JSON_KIND_REAL;
}

static bool is_type(const struct json *v, struct str want)
{
	if (str_is(want, "number"))
		return is_number(v);
	if (str_is(want, "integer") && json_kind(v) == JSON_KIND_REAL) {
		double d = json_num(v);

		return d >= -9e15 && d <= 9e15 && d == (double)(long long)d;
	}
	return str_is(want, type_name(v));
}

static int check_type(struct walk *w, const struct json *want, const struct json *v)
{
	if (json_kind(want) == JSON_KIND_STRING)
		return is_type(v, json_text(want))
			       ? 0
			       : refuse(w, "expected %s, got %s", json_text(want).p, type_name(v));
	for (uint32_t i = 0; i < json_count(want); i++)
		if (is_type(v, json_text(json_item(want, i))))
			return 0;
	return refuse(w, "%s is none of the types allowed", type_name(v));
}

static int check_enum(struct walk *w, const struct json *list, const struct json *v)
{
	struct buf allowed;
	int r;

	for (uint32_t i = 0; i < json_count(list); i++)
		if (json_same(json_item(list, i), v))
			return 0;
	buf_init(&allowed, 300);
	json_print(list, &allowed);
	r = refuse(w, "expected one of %.*s", STR_FMT(buf_str(&allowed)));
	buf_deinit(&allowed);
	return r;
}

static int check_const(struct walk *w, const struct json *want, const struct json *v)
{
	return json_same(want, v) ? 0 : refuse(w, "not the one value allowed");
}

static int check_minimum(struct walk *w, const struct json *limit, const struct json *v)
{
	if (!is_number(v) || json_num(v) >= json_num(limit))
		return 0;
	return refuse(w, "%g is less than %g", json_num(v), json_num(limit));
}

static int check_maximum(struct walk *w, const struct json *limit, const struct json *v)
{
	if (!is_number(v) || json_num(v) <= json_num(limit))
		return 0;
	return refuse(w, "%g is more than %g", json_num(v), json_num(limit));
}

static int check_above(struct walk *w, const struct json *limit, const struct json *v)
{
	if (!is_number(v) || json_num(v) > json_num(limit))
		return 0;
	return refuse(w, "%g is not more than %g", json_num(v), json_num(limit));
}

static int check_below(struct walk *w, const struct json *limit, const struct json *v)
{
	if (!is_number(v) || json_num(v) < json_num(limit))
		return 0;
	return refuse(w, "%g is not less than %g", json_num(v), json_num(limit));
}

/* Length of a string in characters, of an array in items; -1 for anything else. */
static int64_t length(const struct json *v)
{
	struct str s = json_text(v);
	int64_t n = 0;

	if (json_kind(v) == JSON_KIND_ARRAY)
		return json_count(v);
	if (json_kind(v) != JSON_KIND_STRING)
		return -1;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static int check_longest(struct walk *w, const struct json *limit, const struct json *v)
{
	if (length(v) <= json_int(limit))
		return 0;
	return refuse(w, "longer than %lld", (long long)json_int(limit));
}

static int check_shortest(struct walk *w, const struct json *limit, const struct json *v)
{
	if (length(v) < 0 || length(v) >= json_int(limit))
		return 0;
	return refuse(w, "shorter than %lld", (long long)json_int(limit));
}

static int check_required(struct walk *w, const struct json *names, const struct json *v)
{
	for (uint32_t i = 0; json_kind(v) == JSON_KIND_OBJECT && i < json_count(names); i++) {
		const struct json *one = json_item(names, i);

		if (json_kind(one) == JSON_KIND_STRING && !json_member(v, json_text(one).p))
			return refuse(w, "key '%s' is missing", json_text(one).p);
	}
	return 0;
}

static int check_member(struct walk *w, const struct json *schema, const char *key,
			const struct json *v)
{
	size_t len = strlen(w->path);
	int r;

	(void)snprintf(w->path + len, sizeof w->path - len, ".%s", key);
	r = check(w, schema, v);
	w->path[len] = 0;
	return r;
}

static int check_items(struct walk *w, const struct json *schema, const struct json *v)
{
	size_t len = strlen(w->path);
	int r = 0;

	if (json_kind(v) != JSON_KIND_ARRAY || json_kind(schema) != JSON_KIND_OBJECT)
		return 0;
	for (uint32_t i = 0; r == 0 && i < json_count(v); i++) {
		(void)snprintf(w->path + len, sizeof w->path - len, "[%u]", i);
		r = check(w, schema, json_item(v, i));
	}
	w->path[len] = 0;
	return r;
}

struct members {
	struct walk *w;
	const struct json *schema;
};

static int check_pair(void *ctx, const char *key, const struct json *v)
{
	const struct members *m = ctx;
	const struct json *s = json_member(json_member(m->schema, "properties"), key);
	const struct json *rest = json_member(m->schema, "additionalProperties");

	if (s)
		return check_member(m->w, s, key, v);
	if (json_kind(rest) == JSON_KIND_BOOL && !json_is_set(rest))
		return refuse(m->w, "unknown key '%s'", key);
	return json_kind(rest) == JSON_KIND_OBJECT ? check_member(m->w, rest, key, v) : 0;
}

static const struct json *follow(const struct walk *w, const char *ref)
{
	static const char *const homes[] = {"definitions", "$defs"};

	if (strcmp(ref, "#") == 0)
		return w->root;
	for (int i = 0; i < 2; i++) {
		size_t len = strlen(homes[i]);

		if (strncmp(ref, "#/", 2) == 0 && strncmp(ref + 2, homes[i], len) == 0 &&
		    ref[2 + len] == '/')
			return json_member(json_member(w->root, homes[i]), ref + 3 + len);
	}
	return NULL;
}

static int check_keywords(struct walk *w, const struct json *schema, const struct json *v)
{
	static const struct {
		const char *keyword;
		int (*check)(struct walk *w, const struct json *arg, const struct json *v);
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
		const struct json *arg = json_member(schema, rows[i].keyword);

		if (arg)
			r = rows[i].check(w, arg, v);
	}
	return r == 0 ? json_each(v, check_pair, &(struct members){w, schema}) : r;
}

static int check(struct walk *w, const struct json *schema, const struct json *v)
{
	const struct json *ref = json_member(schema, "$ref");
	int r;

	if (json_kind(schema) == JSON_KIND_BOOL && !json_is_set(schema))
		return refuse(w, "not allowed here");
	if (json_kind(schema) != JSON_KIND_OBJECT)
		return 0;
	if (++w->depth > DEPTH_MAX)
		return refuse(w, "nested too deep");
	if (json_kind(ref) == JSON_KIND_STRING) {
		const struct json *target = follow(w, json_text(ref).p);

		r = target ? check(w, target, v)
			   : refuse(w, "the schema has no '%s'", json_text(ref).p);
	} else {
		r = check_keywords(w, schema, v);
	}
	w->depth--;
	return r;
}

int schema_check(struct str schema, struct str config, struct err *err)
{
	struct walk w = {.err = err, .path = "$"};
	struct json *root = NULL, *v = NULL;
	int r = json_parse(schema, &root, err);

	if (r < 0) {
		err_context(err, "the plugin's schema");
	} else if (json_kind(root) != JSON_KIND_OBJECT) {
		err_set(err, 0, 0, "the plugin's schema is no JSON object");
		r = -EINVAL;
	} else {
		r = json_parse(config, &v, err);
	}
	w.root = root;
	if (r == 0)
		r = check(&w, root, v);
	json_close(v);
	json_close(root);
	return r;
}
