/*
 * jsonbody: json-c, with a bound on depth and no surprise about NULs.
 */
#include "jsonbody.h"

#include <stdbool.h>
#include <string.h>

#include <json-c/json.h>

/* Whether nothing but blanks follows the document. */
static bool is_blank(const char *body, size_t from, size_t len)
{
	while (from < len && strchr(" \t\r\n", body[from]) && body[from])
		from++;
	return from >= len;
}

json_object *jsonbody_parse(const char *body, size_t len)
{
	struct json_tokener *t = json_tokener_new_ex(JSONBODY_DEPTH);
	json_object *o;

	if (!t)
		return NULL;
	o = json_tokener_parse_ex(t, body, (int)len);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object) ||
	    !is_blank(body, json_tokener_get_parse_end(t), len)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

const char *jsonbody_text(json_object *o, const char *name)
{
	json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v))
		return NULL;
	return jsonbody_string(v);
}

const char *jsonbody_string(json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return strlen(s) == (size_t)json_object_get_string_len(v) ? s : NULL;
}
