/*
 * optionschema: rows of options as JSON Schema (draft 7).
 *
 * A dotted key "a.b" is the property b of the object a; rows that share a prefix share the object,
 * wherever they stand.
 */
#include "sdk.h"

#include <string.h>

const char *gyr__option_key(const struct gyr_option *row)
{
	return row->key ? row->key : row->name;
}

static void add_default(const struct gyr_option *row, struct gyr_text *out)
{
	const bool is_text = row->kind == GYR_OPTION_STR || row->kind == GYR_OPTION_STRS;

	if (!row->def || row->kind == GYR_OPTION_STRS)
		return;
	gyr_text_add(out, ",\"default\":");
	if (is_text)
		gyr_text_add_json(out, row->def, strlen(row->def));
	else
		gyr_text_add(out, row->def);
}

static void add_choice(const struct gyr_option *row, struct gyr_text *out)
{
	if (!row->choice)
		return;
	gyr_text_add(out, ",\"enum\":[");
	for (size_t i = 0; row->choice[i]; i++) {
		gyr_text_add(out, i ? "," : "");
		gyr_text_add_json(out, row->choice[i], strlen(row->choice[i]));
	}
	gyr_text_add(out, "]");
}

static void add_property(const struct gyr_option *row, const char *name, struct gyr_text *out)
{
	static const char *const types[] = {
		[GYR_OPTION_STR] = "\"type\":\"string\"",
		[GYR_OPTION_U64] = "\"type\":\"integer\"",
		[GYR_OPTION_BOOL] = "\"type\":\"boolean\"",
		[GYR_OPTION_STRS] =
			"\"type\":[\"array\",\"string\"],\"items\":{\"type\":\"string\"}",
	};

	gyr_text_add_json(out, name, strlen(name));
	gyr_text_addf(out, ":{%s", types[row->kind]);
	if (row->kind == GYR_OPTION_U64)
		gyr_text_addf(out, ",\"minimum\":%llu", (unsigned long long)row->min);
	if (row->kind == GYR_OPTION_U64 && row->max)
		gyr_text_addf(out, ",\"maximum\":%llu", (unsigned long long)row->max);
	add_choice(row, out);
	add_default(row, out);
	if (row->help) {
		gyr_text_add(out, ",\"description\":");
		gyr_text_add_json(out, row->help, strlen(row->help));
	}
	gyr_text_add(out, "}");
}

/* Whether a row before @row is in the same object, @len bytes of key long. */
static bool group_is_known(const struct gyr_option *rows, const struct gyr_option *row, size_t len)
{
	for (const struct gyr_option *o = rows; o != row; o++)
		if (strncmp(gyr__option_key(o), gyr__option_key(row), len) == 0)
			return true;
	return false;
}

static void add_required(const struct gyr_option *rows, const char *prefix, size_t len,
			 struct gyr_text *out)
{
	bool is_first = true;

	for (const struct gyr_option *row = rows; row->name; row++) {
		const char *key = gyr__option_key(row);

		if (!row->required || strncmp(key, prefix, len) != 0 || strchr(key + len, '.'))
			continue;
		gyr_text_add(out, is_first ? ",\"required\":[" : ",");
		gyr_text_add_json(out, key + len, strlen(key + len));
		is_first = false;
	}
	if (!is_first)
		gyr_text_add(out, "]");
}

/* The object of all rows whose key starts with @len bytes of @prefix. */
static void add_object(const struct gyr_option *rows, const char *prefix, size_t len,
		       struct gyr_text *out)
{
	bool is_first = true;

	gyr_text_add(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (const struct gyr_option *row = rows; row->name; row++) {
		const char *key = gyr__option_key(row);

		if (strncmp(key, prefix, len) != 0)
			continue;

		const char *dot = strchr(key + len, '.');
		const size_t deeper = dot ? (size_t)(dot - key) + 1 : 0;
		if (dot && group_is_known(rows, row, deeper))
			continue;
		gyr_text_add(out, is_first ? "" : ",");
		is_first = false;
		if (!dot) {
			add_property(row, key + len, out);
			continue;
		}
		gyr_text_add_json(out, key + len, deeper - len - 1);
		gyr_text_add(out, ":");
		add_object(rows, key, deeper, out);
	}
	gyr_text_add(out, "}");
	add_required(rows, prefix, len, out);
	gyr_text_add(out, "}");
}

void gyr__options_schema(const struct gyr_option *rows, struct gyr_text *out)
{
	add_object(rows, "", 0, out);
}
