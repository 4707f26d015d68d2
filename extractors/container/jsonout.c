/* jsonout: see jsonout.h. */
#include "jsonout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsonout_deinit(struct jsonout *j)
{
	free(j->p);
	*j = (struct jsonout){0};
}

void jsonout_raw(struct jsonout *j, const char *text, size_t len)
{
	if (j->failed || len > JSONOUT_MAX - j->n) {
		j->failed = true;
		return;
	}
	if (j->n + len > j->cap) {
		const size_t cap = 2 * (j->n + len) + 256;
		char *p = realloc(j->p, cap);

		if (!p) {
			j->failed = true;
			return;
		}
		j->p = p;
		j->cap = cap;
	}
	if (len)
		memcpy(j->p + j->n, text, len);
	j->n += len;
}

void jsonout_put(struct jsonout *j, const char *text)
{
	jsonout_raw(j, text, strlen(text));
}

void jsonout_text(struct jsonout *j, const char *text, size_t len)
{
	size_t plain = 0;

	jsonout_raw(j, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];
		char escaped[8];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		jsonout_raw(j, text + plain, i - plain);
		(void)snprintf(escaped, sizeof escaped, "\\u%04x", c);
		jsonout_put(j, escaped);
		plain = i + 1;
	}
	jsonout_raw(j, text + plain, len - plain);
	jsonout_raw(j, "\"", 1);
}

void jsonout_key(struct jsonout *j, const char *key)
{
	if (j->n && j->p[j->n - 1] != '{')
		jsonout_raw(j, ",", 1);
	jsonout_text(j, key, strlen(key));
	jsonout_raw(j, ":", 1);
}

void jsonout_member(struct jsonout *j, const char *key, const char *text, size_t len)
{
	jsonout_key(j, key);
	jsonout_text(j, text, len);
}

void jsonout_flag(struct jsonout *j, const char *key, bool value)
{
	jsonout_key(j, key);
	jsonout_put(j, value ? "true" : "false");
}

void jsonout_copy(struct jsonout *j, const char *key, const struct gyr_json *v,
		  enum gyr_json_type type)
{
	if (v->type != type)
		return;
	jsonout_key(j, key);
	if (type == GYR_JSON_STRING)
		jsonout_raw(j, "\"", 1);
	jsonout_raw(j, v->p, v->len);
	if (type == GYR_JSON_STRING)
		jsonout_raw(j, "\"", 1);
}
