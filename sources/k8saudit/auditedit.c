#include "auditedit.h"

#include <errno.h>
#include <string.h>

#include <gyr/json.h>

#define TRUNCATED "router.audit/truncated"
#define CLUSTER "cluster_name"

struct writer {
	char *at;
	bool has_member; /* of the object that is being written */
};

static void put(struct writer *w, const char *p, size_t len)
{
	memcpy(w->at, p, len);
	w->at += len;
}

static void put_text(struct writer *w, const char *text)
{
	put(w, text, strlen(text));
}

/* The bytes of a value; a string's with its quotes. */
static void put_value(struct writer *w, const struct gyr_json *v)
{
	const size_t quote = v->type == GYR_JSON_STRING;

	put(w, v->p - quote, v->len + 2 * quote);
}

static void put_comma(struct writer *w)
{
	if (w->has_member)
		put_text(w, ",");
	w->has_member = true;
}

static void put_member(struct writer *w, const struct gyr_json *key, const struct gyr_json *value)
{
	put_comma(w);
	put_value(w, key);
	put_text(w, ":");
	put_value(w, value);
}

static void put_own(struct writer *w, const char *key, const char *value)
{
	put_comma(w);
	put_text(w, "\"");
	put_text(w, key);
	put_text(w, "\":\"");
	put_text(w, value);
	put_text(w, "\"");
}

static bool is(const struct gyr_json *key, const char *name)
{
	return gyr_json_equals(key, name, strlen(name));
}

/* @old: those of the event; absent when it has none. */
static int put_annotations(const struct auditedit *e, const struct gyr_json *old, struct writer *w)
{
	const struct gyr_json none = {0};
	struct gyr_json key, value;
	struct gyr_json_iter it;
	int r;

	put_comma(w);
	put_text(w, "\"annotations\":{");
	w->has_member = false;
	gyr_json_iter_init(&it, old->type == GYR_JSON_OBJECT ? old : &none);
	while ((r = gyr_json_next(&it, &key, &value)) == 1)
		if (!(e->cluster && is(&key, CLUSTER)) && !(e->is_reduced && is(&key, TRUNCATED)))
			put_member(w, &key, &value);
	if (e->cluster)
		put_own(w, CLUSTER, e->cluster);
	if (e->is_reduced)
		put_own(w, TRUNCATED, "true");
	put_text(w, "}");
	w->has_member = true;
	return r;
}

int auditedit_write(const struct auditedit *e, const char *event, size_t len, char *dst,
		    size_t *ret_len)
{
	struct writer w = {.at = dst};
	struct gyr_json v, key, value, annotations = {0};
	struct gyr_json_iter it;
	int r;

	if (gyr_json_value(event, len, &v) < 0 || v.type != GYR_JSON_OBJECT)
		return -EBADMSG;
	put_text(&w, "{");
	gyr_json_iter_init(&it, &v);
	while ((r = gyr_json_next(&it, &key, &value)) == 1) {
		if (e->is_reduced && (is(&key, "requestObject") || is(&key, "responseObject")))
			continue;
		if (!is(&key, "annotations"))
			put_member(&w, &key, &value);
		else if (annotations.type == GYR_JSON_ABSENT) /* of two, the first counts */
			annotations = value;
	}
	if (r == 0)
		r = put_annotations(e, &annotations, &w);
	if (r < 0)
		return r;
	put_text(&w, "}");
	*ret_len = (size_t)(w.at - dst);
	return 0;
}

bool auditedit_is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char c = name[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.' && c != '_')
			return false;
	}
	return len > 0 && len <= AUDITEDIT_MAX_NAME;
}
