/*
 * options: rows that read a JSON object, or a bare text, into a struct.
 *
 * Defaults come first, so the struct is complete whatever the text says. Every complaint names the
 * key, what it wants and what it got; a key that no row knows is a complaint, not a default.
 */
#include "sdk.h"

#include <gyr/json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 128, KEY_MAX = 256, SHOWN_MAX = 60 };

struct reading {
	struct gyr *p;
	const struct gyr_option *rows;
	const char *what; /* the text being read, for errors */
	struct gyr__scratch *owned;
	unsigned char *target;
	bool is_given[OPTIONS_MAX];
};

int gyr_parse_u64(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (!text || !*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		const uint64_t digit = (uint64_t)(*text - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

/* ---- one value ---- */

static int put_str(struct reading *rd, const struct gyr_option *row, const char *text)
{
	bool is_choice = row->choice == NULL;

	for (size_t i = 0; row->choice && row->choice[i]; i++)
		is_choice |= strcmp(row->choice[i], text) == 0;
	if (!is_choice)
		return gyr_fail(rd->p, -EINVAL, "%s: '%s': '%s' is not among the values allowed",
				rd->what, gyr__option_key(row), text);
	memcpy(rd->target + row->offset, &text, sizeof text);
	return 0;
}

static int put_u64(struct reading *rd, const struct gyr_option *row, const char *text)
{
	uint64_t n;

	if (gyr_parse_u64(text, &n))
		return gyr_fail(rd->p, -EINVAL, "%s: '%s': want a whole number, got '%.*s'",
				rd->what, gyr__option_key(row), SHOWN_MAX, text);
	if (n < row->min || (row->max && n > row->max))
		return gyr_fail(rd->p, -ERANGE, "%s: '%s': want %llu to %llu, got %llu", rd->what,
				gyr__option_key(row), (unsigned long long)row->min,
				(unsigned long long)(row->max ? row->max : UINT64_MAX),
				(unsigned long long)n);
	memcpy(rd->target + row->offset, &n, sizeof n);
	return 0;
}

static int put_bool(struct reading *rd, const struct gyr_option *row, const char *text)
{
	const bool b = strcmp(text, "true") == 0;

	if (!b && strcmp(text, "false") != 0)
		return gyr_fail(rd->p, -EINVAL, "%s: '%s': want true or false, got '%.*s'",
				rd->what, gyr__option_key(row), SHOWN_MAX, text);
	memcpy(rd->target + row->offset, &b, sizeof b);
	return 0;
}

static int put_strs(struct reading *rd, const struct gyr_option *row, const char **items)
{
	memcpy(rd->target + row->offset, &items, sizeof items);
	return 0;
}

static int no_memory(struct reading *rd)
{
	return gyr_fail(rd->p, -ENOMEM, "%s: no memory", rd->what);
}

/* A value written as plain text; @text lives as long as the target. */
static int put_text(struct reading *rd, const struct gyr_option *row, const char *text)
{
	switch (row->kind) {
	case GYR_OPTION_STR:
		return put_str(rd, row, text);
	case GYR_OPTION_U64:
		return put_u64(rd, row, text);
	case GYR_OPTION_BOOL:
		return put_bool(rd, row, text);
	case GYR_OPTION_STRS:
		break;
	}

	const char **items = gyr__scratch_alloc(rd->owned, 2 * sizeof *items);
	if (!items)
		return no_memory(rd);
	items[0] = text;
	items[1] = NULL;
	return put_strs(rd, row, items);
}

static int put_defaults(struct reading *rd)
{
	for (const struct gyr_option *row = rd->rows; row->name; row++) {
		if (row - rd->rows == OPTIONS_MAX)
			return gyr_fail(rd->p, -E2BIG, "%s: the plugin has more than %d options",
					rd->what, OPTIONS_MAX);
		if (row->kind == GYR_OPTION_STRS && !row->def) {
			const char **none = gyr__scratch_alloc(rd->owned, sizeof *none);

			if (!none)
				return no_memory(rd);
			*none = NULL;
			(void)put_strs(rd, row, none);
		}

		const int r = row->def ? put_text(rd, row, row->def) : 0;
		if (r)
			return r;
	}
	return 0;
}

/* ---- JSON ---- */

/* Text of a JSON string, of any length, owned by the target. NULL: no memory or not text. */
static char *json_string(struct reading *rd, const struct gyr_json *v)
{
	char *text = gyr__scratch_alloc(rd->owned, (size_t)v->len + 1);
	size_t len;

	if (!text || gyr_json_text(v, text, &len))
		return NULL;
	text[len] = '\0';
	return text;
}

static int want(struct reading *rd, const struct gyr_option *row, const struct gyr_json *v)
{
	static const char *const names[] = {
		[GYR_OPTION_STR] = "a string",
		[GYR_OPTION_U64] = "a whole number",
		[GYR_OPTION_BOOL] = "true or false",
		[GYR_OPTION_STRS] = "an array of strings",
	};
	const char *quote = v->type == GYR_JSON_STRING ? "\"" : "";
	const int len = v->len < SHOWN_MAX ? (int)v->len : SHOWN_MAX;

	return gyr_fail(rd->p, -EINVAL, "%s: '%s': want %s, got %s%.*s%s", rd->what,
			gyr__option_key(row), names[row->kind], quote, len, v->p, quote);
}

static int json_strs(struct reading *rd, const struct gyr_option *row, const struct gyr_json *v)
{
	struct gyr_json_iter it;
	struct gyr_json item;
	size_t n = 0;

	gyr_json_iter_init(&it, v);
	while (gyr_json_next(&it, NULL, &item) > 0)
		n++;

	const char **items = gyr__scratch_alloc(rd->owned, (n + 1) * sizeof *items);
	if (!items)
		return no_memory(rd);
	gyr_json_iter_init(&it, v);
	for (n = 0; gyr_json_next(&it, NULL, &item) > 0; n++) {
		items[n] = item.type == GYR_JSON_STRING ? json_string(rd, &item) : NULL;
		if (!items[n])
			return want(rd, row, v);
	}
	items[n] = NULL;
	return put_strs(rd, row, items);
}

static int put_json(struct reading *rd, const struct gyr_option *row, const struct gyr_json *v)
{
	const bool is_bool = v->type == GYR_JSON_TRUE || v->type == GYR_JSON_FALSE;

	if (v->type == GYR_JSON_NULL)
		return 0;
	if (row->kind == GYR_OPTION_STRS && v->type == GYR_JSON_ARRAY)
		return json_strs(rd, row, v);
	if (v->type == GYR_JSON_STRING &&
	    (row->kind == GYR_OPTION_STR || row->kind == GYR_OPTION_STRS)) {
		const char *text = json_string(rd, v);

		return text ? put_text(rd, row, text) : want(rd, row, v);
	}
	if ((row->kind == GYR_OPTION_U64 && v->type == GYR_JSON_NUMBER) ||
	    (row->kind == GYR_OPTION_BOOL && is_bool)) {
		const char *text = gyr__scratch_dup(rd->owned, v->p, v->len);

		return text ? put_text(rd, row, text) : no_memory(rd);
	}
	return want(rd, row, v);
}

static int unknown_key(struct reading *rd, const char *key)
{
	struct gyr_text known = {0};

	for (const struct gyr_option *row = rd->rows; row->name; row++)
		gyr_text_addf(&known, "%s'%s'", row == rd->rows ? "" : ", ", gyr__option_key(row));

	const int r = gyr_fail(rd->p, -EINVAL, "%s: unknown key '%s'; known are %s", rd->what, key,
			       gyr__text_get(&known));
	gyr__text_deinit(&known);
	return r;
}

static int read_object(struct reading *rd, const struct gyr_json *object, const char *prefix);

/* One member, whose whole dotted key is @key. */
static int read_member(struct reading *rd, const char *key, const struct gyr_json *v)
{
	const size_t len = strlen(key);

	for (const struct gyr_option *row = rd->rows; row->name; row++) {
		const char *known = gyr__option_key(row);

		if (strcmp(known, key) == 0) {
			rd->is_given[row - rd->rows] = v->type != GYR_JSON_NULL;
			return put_json(rd, row, v);
		}
		if (strncmp(known, key, len) == 0 && known[len] == '.' &&
		    v->type == GYR_JSON_OBJECT)
			return read_object(rd, v, key);
	}
	return unknown_key(rd, key);
}

/* Recursion ends with the dots of the longest known key. */
static int read_object(struct reading *rd, const struct gyr_json *object, const char *prefix)
{
	struct gyr_json_iter it;
	struct gyr_json name, value;
	int r;

	gyr_json_iter_init(&it, object);
	while ((r = gyr_json_next(&it, &name, &value)) > 0) {
		char key[2 * KEY_MAX];
		char text[KEY_MAX];
		size_t len;

		if (name.len >= sizeof text || gyr_json_text(&name, text, &len))
			return gyr_fail(rd->p, -EINVAL, "%s: a key is too long", rd->what);
		text[len] = '\0';
		const int n = snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", text);
		if (n < 0 || (size_t)n >= sizeof key)
			return gyr_fail(rd->p, -EINVAL, "%s: a key is too long", rd->what);
		r = read_member(rd, key, &value);
		if (r)
			return r;
	}
	return r;
}

static int read_json(struct reading *rd, const char *text)
{
	size_t bad;
	struct gyr_json doc;

	if (gyr_json_validate(text, strlen(text), &bad))
		return gyr_fail(rd->p, -EINVAL, "%s: not JSON at byte %zu", rd->what, bad + 1);

	int r = gyr_json_value(text, strlen(text), &doc);
	if (r == 0)
		r = read_object(rd, &doc, "");
	return r;
}

static int read_bare(struct reading *rd, const char *text)
{
	for (const struct gyr_option *row = rd->rows; row->name; row++) {
		if (!row->bare)
			continue;
		const char *copy = gyr__scratch_dup(rd->owned, text, strlen(text));

		rd->is_given[row - rd->rows] = true;
		return copy ? put_text(rd, row, copy) : no_memory(rd);
	}
	return gyr_fail(rd->p, -EINVAL, "%s: want a JSON object, got '%.*s'", rd->what, SHOWN_MAX,
			text);
}

int gyr__options_read(struct gyr *p, const struct gyr__options *o, struct gyr__scratch *owned,
		      void *target)
{
	const struct gyr_option *rows = o->rows;

	if (!rows)
		return 0;

	struct reading rd = {
		.p = p, .rows = rows, .what = o->what, .owned = owned, .target = target};
	int r = put_defaults(&rd);
	const char *start = o->text + strspn(o->text, " \t\r\n");

	if (r == 0 && *start)
		r = *start == '{' ? read_json(&rd, start) : read_bare(&rd, o->text);
	for (size_t i = 0; r == 0 && rows[i].name; i++)
		if (rows[i].required && !rd.is_given[i])
			r = gyr_fail(p, -EINVAL, "%s: '%s' is missing: %s", o->what,
				     gyr__option_key(&rows[i]), rows[i].help);
	return r;
}
