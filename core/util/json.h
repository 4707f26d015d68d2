/*
 * json: small JSON texts to a tree that can only be read: metadata of plugins, schemas,
 * configurations. Events are never read with this.
 *
 * Bounds: JSON_MAX_BYTES of text; nesting as deep as the library takes (2048).
 * Lifetime: a tree until json_close(); everything reached from it is a part of it.
 * Threads: any, one tree in one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"

enum { JSON_MAX_BYTES = 16 << 20 };

enum json_kind {
	JSON_KIND_NONE, /* of NULL: nothing is there */
	JSON_KIND_NULL,
	JSON_KIND_BOOL,
	JSON_KIND_INTEGER,
	JSON_KIND_REAL,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT,
};

/* A value; NULL where there is none, which every function here takes. */
struct json;

/* Parses one value of any kind; a key given twice is a mistake. -EINVAL with @err, whose text has
 * line and column and whose offset is the place; -ENOMEM. */
int json_parse(struct str text, struct json **ret_root, struct err *err);
struct json *json_close(struct json *root);

enum json_kind json_kind(const struct json *v);
const char *json_kind_name(enum json_kind k); /* "object", "number", ... as JSON Schema has it */

/* A member of an object, an item of an array; NULL when it is not there. */
const struct json *json_member(const struct json *object, const char *key);
const struct json *json_item(const struct json *array, uint32_t i);

/* Items of an array, members of an object; 0 for anything else. */
uint32_t json_count(const struct json *v);

/* Calls @each for the members of an object until it does not return 0; returns what it did. */
typedef int (*json_member_fn)(void *ctx, const char *key, const struct json *v);
int json_each(const struct json *object, json_member_fn each, void *ctx);

/* Of a value of the right kind; "", false, 0 for any other. Texts are NUL-terminated. */
struct str json_text(const struct json *v);
bool json_is_set(const struct json *v); /* the value true */
int64_t json_int(const struct json *v);
double json_num(const struct json *v); /* integers too */

/* Whether two values are equal, 1 and 1.0 not. */
bool json_same(const struct json *a, const struct json *b);

/* Appends it as compact text. */
void json_print(const struct json *v, struct buf *out);
