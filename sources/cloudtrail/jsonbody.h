/*
 * jsonbody: JSON documents that services send.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>

struct json_object;

enum { JSONBODY_DEPTH = 32 };

/* An object, freed by json_object_put(); NULL: no JSON and nothing else, no object, or deeper than JSONBODY_DEPTH. */
struct json_object *jsonbody_parse(const char *body, size_t len);

/* The text of member @name; NULL: @o is no object, there is none, or it has a NUL inside. */
const char *jsonbody_text(struct json_object *o, const char *name);

/* The text of a string; NULL: it is none, or has a NUL inside. */
const char *jsonbody_string(struct json_object *v);
