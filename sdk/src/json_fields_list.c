/*
 * json_fields_list: what a JSON extractor says about itself: its fields, options and events.
 */
#include "gyr/json_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts text into a JSON string. Rows are ours: no control characters, UTF-8. */
static void list_quote(FILE *f, const char *text)
{
	(void)fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', f);
		(void)fputc(*text, f);
	}
	(void)fputc('"', f);
}

static void list_member(FILE *f, const char *key, const char *text)
{
	(void)fprintf(f, ",\"%s\":", key);
	list_quote(f, text);
}

static const char *list_bool(uint32_t flag)
{
	return flag ? "true" : "false";
}

static void list_properties(FILE *f, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} rows[] = {{GYR_JF_HIDDEN, "hidden"},
		    {GYR_JF_INFO, "info"},
		    {GYR_JF_CONVERSATION, "conversation"}};
	const char *comma = "";

	if (!(flags & (GYR_JF_HIDDEN | GYR_JF_INFO | GYR_JF_CONVERSATION)))
		return;
	(void)fputs(",\"properties\":[", f);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!(flags & rows[i].flag))
			continue;
		(void)fprintf(f, "%s\"%s\"", comma, rows[i].name);
		comma = ",";
	}
	(void)fputc(']', f);
}

static void list_row(FILE *f, const struct gyr_jf_field *row)
{
	(void)fputs("{\"name\":", f);
	list_quote(f, row->name);
	list_member(f, "type", row->flags & GYR_JF_U64 ? "uint64" : "string");
	if (row->flags & GYR_JF_LIST)
		(void)fputs(",\"isList\":true", f);
	if (row->flags & (GYR_JF_KEY | GYR_JF_INDEX))
		(void)fprintf(f, ",\"arg\":{\"isRequired\":%s,\"isIndex\":%s,\"isKey\":%s}",
			      list_bool(row->flags & GYR_JF_REQUIRED),
			      list_bool(row->flags & GYR_JF_INDEX),
			      list_bool(row->flags & GYR_JF_KEY));
	list_properties(f, row->flags);
	if (row->display)
		list_member(f, "display", row->display);
	list_member(f, "desc", row->desc);
	if (row->deprecated) {
		(void)fputs(",\"gyr\":{\"deprecated\":", f);
		list_quote(f, row->deprecated);
		(void)fputc('}', f);
	}
	(void)fputc('}', f);
}

char *gyr__jf_list(const struct gyr_jf_plugin *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	(void)fputc('[', f);
	for (const struct gyr_jf_field *row = p->fields; row->name; row++) {
		if (row != p->fields)
			(void)fputs(",\n", f);
		list_row(f, row);
	}
	(void)fputc(']', f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

void gyr__jf_list_free(char *list)
{
	free(list);
}

const char *gyr__jf_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\","
	       "\"properties\":{\"strict\":{\"type\":\"boolean\",\"description\":"
	       "\"Check every event in full; one that is not JSON answers nothing "
	       "(default: false)\"},\"useAsync\":{\"type\":\"boolean\",\"description\":"
	       "\"Accepted for old configurations, without effect\"}}}";
}

uint16_t *gyr__jf_types(uint32_t *n)
{
	static uint16_t types[] = {GYR_EVENT_PLUGIN};

	*n = 1;
	return types;
}
