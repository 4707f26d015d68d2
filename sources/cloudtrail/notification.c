/*
 * notification: shapes, tried one after another on one parsed document.
 */
#include "notification.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonbody.h"
#include "trailkey.h"

enum {
	MAX_ENVELOPES = 4, /* SNS inside SNS */
	MAX_BUCKET = 255,
};

static int say(struct notification *n, enum notification_kind kind, const char *why)
{
	n->kind = kind;
	n->why = why;
	return 0;
}

static json_object *member(json_object *o, const char *name, enum json_type type)
{
	json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, type))
		return NULL;
	return v;
}

struct named {
	const char *bucket, *key, *region;
	bool is_encoded;
};

static int add(struct notification *n, const struct named *what)
{
	struct notification_object *o = &n->objects[n->n];

	if (!what->bucket || !*what->bucket || strlen(what->bucket) > MAX_BUCKET || !what->key ||
	    !*what->key || strlen(what->key) > (size_t)3 * NOTIFICATION_MAX_KEY)
		return say(n, NOTIFICATION_UNKNOWN, "an object without bucket or key");
	*o = (struct notification_object){.bucket = strdup(what->bucket), .key = strdup(what->key)};
	if (what->region)
		o->region = strdup(what->region);
	n->n++; /* deinit frees what is there */
	if (!o->bucket || !o->key || (what->region && !o->region))
		return -ENOMEM;
	if (what->is_encoded)
		trailkey_decode(o->key);
	if (strlen(o->key) > NOTIFICATION_MAX_KEY)
		return say(n, NOTIFICATION_UNKNOWN, "a key too long for S3");
	return 0;
}

/* Room for @count objects; false when there is none to be had, which it says. */
static bool make_room(struct notification *n, size_t count, int *ret)
{
	*ret = 0;
	if (count > NOTIFICATION_MAX_OBJECTS) {
		*ret = say(n, NOTIFICATION_UNKNOWN, "too many objects in one message");
		return false;
	}
	n->objects = calloc(count ? count : 1, sizeof *n->objects);
	if (!n->objects)
		*ret = -ENOMEM;
	return n->objects;
}

/* {"s3Bucket": "b", "s3ObjectKey": ["k"]} */
static int from_trail(json_object *doc, json_object *keys, struct notification *n)
{
	size_t count = json_object_array_length(keys);
	int r;

	if (!make_room(n, count, &r))
		return r;
	(void)say(n, count ? NOTIFICATION_OBJECTS : NOTIFICATION_NOTHING, "no object in it");
	for (size_t i = 0; i < count && r == 0 && n->kind == NOTIFICATION_OBJECTS; i++) {
		const char *key = jsonbody_string(json_object_array_get_idx(keys, i));

		r = add(n, &(struct named){.bucket = jsonbody_text(doc, "s3Bucket"), .key = key});
	}
	return r;
}

static bool is_creation(const char *name)
{
	if (name && strncmp(name, "s3:", 3) == 0)
		name += 3;
	return name && strncmp(name, "ObjectCreated:", 14) == 0;
}

static int from_record(json_object *record, struct notification *n)
{
	json_object *s3 = member(record, "s3", json_type_object);

	return add(n,
		   &(struct named){
			   .bucket = jsonbody_text(member(s3, "bucket", json_type_object), "name"),
			   .key = jsonbody_text(member(s3, "object", json_type_object), "key"),
			   .region = jsonbody_text(record, "awsRegion"),
			   .is_encoded = true});
}

/* {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": ...}]} */
static int from_s3(json_object *records, struct notification *n)
{
	size_t count = json_object_array_length(records), n_s3 = 0;
	int r;

	if (!make_room(n, count, &r))
		return r;
	(void)say(n, NOTIFICATION_OBJECTS, "");
	for (size_t i = 0; i < count && r == 0 && n->kind == NOTIFICATION_OBJECTS; i++) {
		json_object *record = json_object_array_get_idx(records, i);
		const char *source = jsonbody_text(record, "eventSource");

		if (!source || strcmp(source, "aws:s3") != 0)
			continue;
		n_s3++;
		if (is_creation(jsonbody_text(record, "eventName")))
			r = from_record(record, n);
	}
	if (r < 0 || n->kind != NOTIFICATION_OBJECTS)
		return r;
	if (n_s3 == 0 && count > 0)
		return say(n, NOTIFICATION_UNKNOWN, "its records are not of S3");
	return n->n ? 0 : say(n, NOTIFICATION_NOTHING, "no object was created");
}

/* {"source": "aws.s3", "detail-type": "Object Created", "detail": ...}; some leave the type out. */
static int from_bridge(json_object *doc, json_object *detail, struct notification *n)
{
	const char *type = jsonbody_text(doc, "detail-type");
	int r;

	if (type && strcmp(type, "Object Created") != 0)
		return say(n, NOTIFICATION_NOTHING, "no object was created");
	if (!make_room(n, 1, &r))
		return r;
	(void)say(n, NOTIFICATION_OBJECTS, "");
	return add(
		n,
		&(struct named){
			.bucket = jsonbody_text(member(detail, "bucket", json_type_object), "name"),
			.key = jsonbody_text(member(detail, "object", json_type_object), "key"),
			.region = jsonbody_text(doc, "region")});
}

static bool is_text(json_object *doc, const char *name, const char *value)
{
	const char *s = jsonbody_text(doc, name);

	return s && strcmp(s, value) == 0;
}

static int from_document(json_object *doc, struct notification *n)
{
	json_object *v;

	v = member(doc, "s3ObjectKey", json_type_array);
	if (v)
		return from_trail(doc, v, n);
	v = member(doc, "Records", json_type_array);
	if (v)
		return from_s3(v, n);
	v = member(doc, "detail", json_type_object);
	if (v && is_text(doc, "source", "aws.s3"))
		return from_bridge(doc, v, n);
	if (is_text(doc, "Event", "s3:TestEvent"))
		return say(n, NOTIFICATION_NOTHING, "a test of S3");
	if (is_text(doc, "Type", "SubscriptionConfirmation") ||
	    is_text(doc, "Type", "UnsubscribeConfirmation"))
		return say(n, NOTIFICATION_NOTHING, "SNS about a subscription");
	return say(n, NOTIFICATION_UNKNOWN, "JSON of a shape that is not known");
}

static bool is_validation(const char *body, size_t len)
{
	static const char said[] = "CloudTrail validation message.";

	while (len > 0 && (body[len - 1] == '\n' || body[len - 1] == '\r' || body[len - 1] == ' '))
		len--;
	return len == sizeof said - 1 && memcmp(body, said, len) == 0;
}

static int parse_level(const char *body, size_t len, unsigned level, struct notification *n)
{
	json_object *doc, *inside;
	int r;

	if (is_validation(body, len))
		return say(n, NOTIFICATION_NOTHING, "CloudTrail trying the topic");
	doc = jsonbody_parse(body, len);
	if (!doc)
		return say(n, NOTIFICATION_UNKNOWN, "neither a JSON object nor a known text");
	inside = member(doc, "Message", json_type_string);
	if (inside && is_text(doc, "Type", "Notification") && level < MAX_ENVELOPES)
		r = parse_level(json_object_get_string(inside),
				(size_t)json_object_get_string_len(inside), level + 1, n);
	else
		r = from_document(doc, n);
	json_object_put(doc);
	return r;
}

static void free_objects(struct notification *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->objects[i].bucket);
		free(n->objects[i].key);
		free(n->objects[i].region);
	}
	free(n->objects);
	n->objects = NULL;
	n->n = 0;
}

int notification_parse(const char *body, size_t len, struct notification *ret)
{
	struct notification n = {.why = ""};
	int r;

	if (len > NOTIFICATION_MAX_BODY)
		r = say(&n, NOTIFICATION_UNKNOWN, "a body larger than a queue allows");
	else
		r = parse_level(body, len, 0, &n);
	if (r < 0 || n.kind != NOTIFICATION_OBJECTS)
		free_objects(&n);
	if (r == 0)
		*ret = n;
	return r;
}

void notification_deinit(struct notification *n)
{
	free_objects(n);
}
