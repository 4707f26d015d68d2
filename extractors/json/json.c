/*
 * json: fields over any event whose data is JSON.
 *
 * The key of json.value is a JSON pointer (RFC 6901), its first slash optional; the empty one is
 * the whole document. jevt.* are the same fields under the names old rules use.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <gyr/json_fields.h>

enum { JSON_MAX_POINTER = 4096 };

static int json_value(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	char pointer[JSON_MAX_POINTER + 1] = "/";
	const char *key = gyr_jf_key(x);
	struct gyr_json v;
	size_t len;
	int r;

	(void)f;
	if (!key)
		return -EINVAL;
	len = strlen(key);
	if (!len || *key == '/') {
		r = gyr_jf_at(x, key, len, &v);
	} else {
		if (len >= JSON_MAX_POINTER)
			return -E2BIG;
		memcpy(pointer + 1, key, len);
		r = gyr_jf_at(x, pointer, len + 1, &v);
	}
	return r ? r : gyr_jf_add_json(x, &v);
}

static int json_obj(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = gyr_jf_value(x, f, &v);

	return r ? r : gyr_jf_add_indented(x, &v);
}

static int json_rawtime(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%" PRIu64, gyr_jf_time(x));

	(void)f;
	return gyr_jf_add(x, text, (size_t)n);
}

static const struct gyr_jf_field fields[] = {
	{.name = "json.value",
	 .extract = json_value,
	 .flags = GYR_JF_KEY | GYR_JF_REQUIRED,
	 .desc = "Value at the JSON pointer given as key: text as it is, everything else as JSON"},
	{.name = "json.obj",
	 .pointer = "",
	 .extract = json_obj,
	 .desc = "The whole event as JSON, one element a line, indented"},
	{.name = "json.rawtime",
	 .extract = json_rawtime,
	 .desc = "Time of the event, in nanoseconds since the epoch, as text"},
	{.name = "jevt.value",
	 .extract = json_value,
	 .flags = GYR_JF_KEY | GYR_JF_REQUIRED,
	 .desc = "Old name of json.value"},
	{.name = "jevt.obj", .pointer = "", .extract = json_obj, .desc = "Old name of json.obj"},
	{.name = "jevt.rawtime", .extract = json_rawtime, .desc = "Old name of json.rawtime"},
	{0}};

GYR_JSON_EXTRACTOR(.name = "json", .version = "0.7.4",
		   .description = "Fields of any event made of JSON", .contact = "the Gyr project",
		   .sources = "[]", .fields = fields)
