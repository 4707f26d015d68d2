/*
 * jsontext: the few pieces of JSON that reports are made of. Private to this folder.
 */
#pragma once

#include "util/buf.h"

static inline void json_string(struct buf *b, struct str s)
{
	buf_add_char(b, '"');
	buf_add_json(b, s);
	buf_add_char(b, '"');
}

static inline void json_name(struct buf *b, const char *name)
{
	buf_printf(b, "\"%s\": ", name);
}

static inline void json_member(struct buf *b, const char *name, struct str value)
{
	json_name(b, name);
	json_string(b, value);
}

static inline void json_strings(struct buf *b, const char *name, const struct str *items,
				uint32_t n)
{
	json_name(b, name);
	buf_add_char(b, '[');
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_add_cstr(b, ", ");
		json_string(b, items[i]);
	}
	buf_add_char(b, ']');
}
