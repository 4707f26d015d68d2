/*
 * json_oracle: what must hold of the JSON scanner for any bytes, checked against json-c.
 *
 * - The portable and the vector build answer alike, in results and in error offsets.
 * - What gyr_json_validate() accepts, json-c accepts; and then every value of json-c's tree is
 * found at its pointer with the same type and text, in one pass with all others and by hand.
 * - Text made from a value (compact, indented) reads back as the same value.
 * Any difference aborts. Documents with a name twice in one object are compared only between the
 * builds: json-c keeps the last member, the scanner the first.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gyr/json.h"

int gyr__json_use(int level);

#define ORACLE(claim)                                                                          \
	((claim) ? (void)0                                                                     \
		 : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim), \
		    abort()))

enum { ORACLE_POINTERS = 512, ORACLE_POINTER_MAX = 1024 };

struct oracle {
	char *pointer[ORACLE_POINTERS];
	size_t len[ORACLE_POINTERS];
	struct json_object *value[ORACLE_POINTERS];
	uint32_t n;
};

static inline size_t oracle_escape(char *dst, const char *key, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (key[i] == '~' || key[i] == '/') {
			dst[n++] = '~';
			dst[n++] = key[i] == '~' ? '0' : '1';
		} else {
			dst[n++] = key[i];
		}
	}
	return n;
}

static inline void oracle_collect(struct oracle *o, struct json_object *v, const char *at,
				  size_t len);

static inline void oracle_child(struct oracle *o, struct json_object *v, const char *at, size_t len,
				const char *key)
{
	size_t n = strlen(key);
	char *p;

	if (n > GYR_JSON_MAX_KEY || len + 2 * n + 1 > ORACLE_POINTER_MAX)
		return;
	p = malloc(len + 2 * n + 2);
	ORACLE(p);
	memcpy(p, at, len);
	p[len] = '/';
	oracle_collect(o, v, p, len + 1 + oracle_escape(p + len + 1, key, n));
	free(p);
}

static inline void oracle_collect(struct oracle *o, struct json_object *v, const char *at,
				  size_t len)
{
	if (o->n == ORACLE_POINTERS)
		return;
	o->pointer[o->n] = malloc(len + 1);
	ORACLE(o->pointer[o->n]);
	memcpy(o->pointer[o->n], at, len);
	o->len[o->n] = len;
	o->value[o->n++] = v;
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach(v, key, child) oracle_child(o, child, at, len, key);
	} else if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++) {
			char index[24];

			(void)snprintf(index, sizeof index, "%zu", i);
			oracle_child(o, json_object_array_get_idx(v, i), at, len, index);
		}
	}
}

/* Whether the scanner's value means what json-c's does; false too when a key hides a zero byte. */
static inline bool oracle_same(const struct gyr_json *a, struct json_object *b);

static inline bool oracle_same_text(const struct gyr_json *a, struct json_object *b)
{
	char *text = malloc((size_t)a->len + 1);
	const char *want = json_object_get_string(b);
	size_t n = 0, n_want = (size_t)json_object_get_string_len(b);
	bool same;

	ORACLE(text);
	ORACLE(!gyr_json_text(a, text, &n));
	same = n == n_want && memcmp(text, want, n) == 0;
	/* Half pairs and zero characters have no place in a C string; only these may differ. */
	same = same || (a->has_escapes && memmem(a->p, a->len, "\\u", 2) &&
			(memmem(text, n, "\xef\xbf\xbd", 3) || memchr(want, 0, n_want)));
	free(text);
	return same;
}

static inline bool oracle_same_elements(const struct gyr_json *a, struct json_object *b)
{
	struct gyr_json_iter it;
	struct gyr_json key, value;
	size_t n = 0;

	gyr_json_iter_init(&it, a);
	while (gyr_json_next(&it, &key, &value) > 0) {
		if (a->type == GYR_JSON_ARRAY &&
		    !oracle_same(&value, json_object_array_get_idx(b, n)))
			return false;
		n++;
	}
	return n == (a->type == GYR_JSON_ARRAY ? json_object_array_length(b)
					       : (size_t)json_object_object_length(b));
}

static inline bool oracle_same_number(const struct gyr_json *a, struct json_object *b)
{
	char *text = strndup(a->p, a->len);
	double d = strtod(text, NULL);

	free(text);
	return json_object_is_type(b, json_type_int)
		       ? d == json_object_get_double(b) || d >= 9e18 || d <= -9e18
		       : json_object_is_type(b, json_type_double) && d == json_object_get_double(b);
}

static inline bool oracle_same(const struct gyr_json *a, struct json_object *b)
{
	switch (a->type) {
	case GYR_JSON_NULL:
		return b == NULL;
	case GYR_JSON_TRUE:
	case GYR_JSON_FALSE:
		return json_object_is_type(b, json_type_boolean) &&
		       json_object_get_boolean(b) == (a->type == GYR_JSON_TRUE);
	case GYR_JSON_NUMBER:
		return oracle_same_number(a, b);
	case GYR_JSON_STRING:
		return json_object_is_type(b, json_type_string) && oracle_same_text(a, b);
	case GYR_JSON_ARRAY:
		return json_object_is_type(b, json_type_array) && oracle_same_elements(a, b);
	case GYR_JSON_OBJECT:
		return json_object_is_type(b, json_type_object) && oracle_same_elements(a, b);
	default:
		return false;
	}
}

/* Whether some object names a member twice, or a name hides a zero or half a pair. */
static inline bool oracle_is_odd(const struct gyr_json *v)
{
	struct gyr_json_iter it, other;
	struct gyr_json key, value, key2, value2;
	char text[256];
	size_t n;

	gyr_json_iter_init(&it, v);
	while (gyr_json_next(&it, &key, &value) > 0) {
		int same = 0;

		if (oracle_is_odd(&value))
			return true;
		if (v->type != GYR_JSON_OBJECT)
			continue;
		if (key.len > sizeof text || gyr_json_text(&key, text, &n) ||
		    memmem(text, n, "\xef\xbf\xbd", 3))
			return true;
		gyr_json_iter_init(&other, v);
		while (gyr_json_next(&other, &key2, &value2) > 0)
			same += gyr_json_equals(&key2, text, n);
		if (same != 1)
			return true;
	}
	return false;
}

/* Compact and indented text of a valid document read back as the same. */
static inline void oracle_rendering(const struct gyr_json *doc)
{
	char *compact = malloc((size_t)doc->len + 2), *again = malloc((size_t)doc->len + 2), *wide;
	size_t n = 0, n_wide = 0, n_again = 0, bad = 0;
	struct gyr_json v;

	ORACLE(compact && again);
	ORACLE(!gyr_json_compact(doc, compact, &n));
	ORACLE(!gyr_json_validate(compact, n, &bad));
	ORACLE(!gyr_json_indent(doc, NULL, &n_wide));
	wide = malloc(n_wide + 1);
	ORACLE(wide);
	ORACLE(!gyr_json_indent(doc, wide, &n_wide));
	ORACLE(!gyr_json_validate(wide, n_wide, &bad));
	ORACLE(!gyr_json_value(wide, n_wide, &v));
	ORACLE(!gyr_json_compact(&v, again, &n_again));
	ORACLE(n == n_again && !memcmp(compact, again, n));
	free(wide);
	free(again);
	free(compact);
}

/* Every pointer of json-c's tree against the reader, all at once. */
static inline void oracle_tree(const char *text, size_t len, struct json_object *tree)
{
	struct gyr_json_reader *r = gyr_json_reader_new();
	struct oracle o = {.n = 0};
	uint32_t id[ORACLE_POINTERS];

	ORACLE(r);
	oracle_collect(&o, tree, "", 0);
	for (uint32_t i = 1; i < o.n; i++)
		ORACLE(!gyr_json_reader_add(r, o.pointer[i], o.len[i], id + i));
	ORACLE(!gyr_json_reader_load(r, text, len));
	for (uint32_t i = 1; i < o.n; i++) {
		struct gyr_json v;

		ORACLE(!gyr_json_reader_get(r, id[i], &v));
		ORACLE(oracle_same(&v, o.value[i]));
	}
	for (uint32_t i = 0; i < o.n; i++)
		free(o.pointer[i]);
	gyr_json_reader_free(r);
}

/* Both builds, on anything: same result, same spans, same offset. */
static inline void oracle_builds(const char *text, size_t len)
{
	static const char *const pointers[] = {"",        "/a",     "/a/b", "/a/0",   "/0",
					       "/0/a",    "/1/1",   "/c",   "/a/b/c", "/",
					       "/a~1b/c", "/b/2/a", "/key", "/key/x", "/a/b/0/c"};
	enum { N = sizeof pointers / sizeof *pointers };
	struct gyr_json v[2][N];
	int result[2][N];
	size_t bad[2];

	for (uint32_t first = 0; first < N; first++) {
		for (int level = 0; level < 2; level++) {
			struct gyr_json_reader *r = gyr_json_reader_new();
			uint32_t id;

			(void)gyr__json_use(level);
			memset(v[level], 0, sizeof v[level]);
			for (uint32_t i = first; i < N; i++)
				ORACLE(!gyr_json_reader_add(r, pointers[i], strlen(pointers[i]),
							    &id));
			ORACLE(!gyr_json_reader_load(r, text, len));
			for (uint32_t i = first; i < N; i++)
				result[level][i] = gyr_json_reader_get(r, i - first, &v[level][i]);
			bad[level] = gyr_json_reader_bad_offset(r);
			ORACLE(bad[level] <= len);
			gyr_json_reader_free(r);
		}
		ORACLE(bad[0] == bad[1]);
		for (uint32_t i = first; i < N; i++) {
			ORACLE(result[0][i] == result[1][i]);
			ORACLE(v[0][i].type == v[1][i].type && v[0][i].p == v[1][i].p);
			ORACLE(v[0][i].len == v[1][i].len);
			ORACLE(v[0][i].has_escapes == v[1][i].has_escapes);
		}
	}
}

static inline void oracle_check(const char *text, size_t len)
{
	struct json_tokener *tok;
	struct json_object *tree;
	struct gyr_json doc;
	size_t bad = 0;

	oracle_builds(text, len);
	if (gyr_json_validate(text, len, &bad)) {
		ORACLE(bad <= len);
		if (!gyr_json_value(text, len, &doc) && !gyr_json_indent(&doc, NULL, &bad))
			ORACLE(bad > 0);
		return;
	}
	ORACLE(!gyr_json_value(text, len, &doc));
	oracle_rendering(&doc);
	tok = json_tokener_new_ex(GYR_JSON_MAX_DEPTH + 2);
	tree = json_tokener_parse_ex(tok, text, (int)len);
	if (json_tokener_get_error(tok) == json_tokener_continue)
		tree = json_tokener_parse_ex(tok, "\n", 1); /* ends a number at top level */
	ORACLE(json_tokener_get_error(tok) == json_tokener_success);
	for (int level = 0; level < 2 && !oracle_is_odd(&doc); level++) {
		(void)gyr__json_use(level);
		ORACLE(oracle_same(&doc, tree));
		oracle_tree(text, len, tree);
	}
	json_object_put(tree);
	json_tokener_free(tok);
}
