/*
 * k8saudit_fields: what can be asked of a Kubernetes audit event.
 *
 * Three shapes cover nearly all of it: a member of the event (a row with a pointer), a list member
 * of it (the same, with GYR_JF_LIST), and something below every element of an array, as "the image
 * of every container". For the last, the row's pointer is the array, its detail the path below the
 * element, and its function says what happens to elements that have no such value. An index in
 * brackets picks one element of the array. Text stays text, any other value becomes compact JSON.
 *
 * An event without auditID is no audit event and answers nothing.
 */
#include <errno.h>
#include <string.h>

#include <gyr/json_fields.h>

#include "uri.h"

enum path {
	P_URI,
	P_RESOURCE,
	P_SUBRESOURCE,
	P_POD_NAME,
	P_VOLUMES,
	P_CONTAINERS,
	P_SPEC_USER,
	P_SPEC_GROUP,
	P_SUBJECTS,
	N_PATHS,
};

static const char *const paths[N_PATHS] = {
	[P_URI] = "/requestURI",
	[P_RESOURCE] = "/objectRef/resource",
	[P_SUBRESOURCE] = "/objectRef/subresource",
	[P_POD_NAME] = "/responseObject/metadata/name",
	[P_VOLUMES] = "/requestObject/spec/volumes",
	[P_CONTAINERS] = "/requestObject/spec/containers",
	[P_SPEC_USER] = "/requestObject/spec/runAsUser",
	[P_SPEC_GROUP] = "/requestObject/spec/runAsGroup",
	[P_SUBJECTS] = "/requestObject/subjects",
};

#define TEXT(s) (s), sizeof(s) - 1

static bool is_text(const struct gyr_json *v, const char *text)
{
	return gyr_json_equals(v, text, strlen(text));
}

/* ---- below every element of an array ---- */

typedef int (*each_fn)(struct gyr_jf *x, const struct gyr_jf_field *f,
		       const struct gyr_json *element);

/* Calls @fn for the elements of the row's array that the index selects. */
static int each(struct gyr_jf *x, const struct gyr_jf_field *f, each_fn fn)
{
	uint64_t index = gyr_jf_index(x), i = 0;
	struct gyr_json array, element;
	struct gyr_json_iter it;
	int r = gyr_jf_value(x, f, &array);

	if (r)
		return r;
	if (array.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &array);
	while ((r = gyr_json_next(&it, NULL, &element)) > 0) {
		if (index != UINT64_MAX && index != i++)
			continue;
		r = fn(x, f, &element);
		if (r < 0)
			return r;
	}
	return r;
}

/* The value of an element, which must be there. */
static int add_needed(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json v;
	int r = gyr_jf_below(e, f->detail, &v);

	return r ? r : gyr_jf_add_json(x, &v);
}

/* The value of an element, if it has one. */
static int add_some(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	int r = add_needed(x, f, e);

	return r == -ENODATA ? 0 : r;
}

/* The repository of an image: what stands before the first colon, then before the first @. */
static int add_repository(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json v;
	const char *text, *stop;
	size_t len;
	int r = gyr_jf_below(e, f->detail, &v);

	if (!r)
		r = gyr_jf_put_json(x, &v);
	if (r)
		return r;
	text = gyr_jf_pending(x, &len);
	stop = memchr(text, ':', len);
	if (stop)
		len = (size_t)(stop - text);
	stop = memchr(text, '@', len);
	if (stop)
		len = (size_t)(stop - text);
	gyr_jf_keep(x, len);
	return gyr_jf_end(x);
}

/* A list of words as one text, blanks between. */
static int add_words(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json list, word;
	struct gyr_json_iter it;
	bool is_first = true;
	int r = gyr_jf_below(e, f->detail, &list);

	if (r || list.type == GYR_JSON_ABSENT)
		return r;
	if (list.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &list);
	while ((r = gyr_json_next(&it, NULL, &word)) > 0) {
		if (word.type != GYR_JSON_STRING)
			return -ENODATA;
		r = is_first ? 0 : gyr_jf_put(x, " ", 1);
		if (!r)
			r = gyr_jf_put_json(x, &word);
		if (r)
			return r;
		is_first = false;
	}
	return r ? r : gyr_jf_end(x);
}

/* The port of the host of every port, or else that of the container. */
static int add_ports(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json ports, port, v;
	struct gyr_json_iter it;
	int r = gyr_jf_below(e, f->detail, &ports);

	if (r || ports.type == GYR_JSON_ABSENT)
		return r;
	if (ports.type != GYR_JSON_ARRAY)
		return -ENODATA;
	gyr_json_iter_init(&it, &ports);
	while ((r = gyr_json_next(&it, NULL, &port)) > 0) {
		r = gyr_json_member(&port, TEXT("hostPort"), &v);
		if (!r && v.type == GYR_JSON_ABSENT)
			r = gyr_json_member(&port, TEXT("containerPort"), &v);
		if (!r && v.type != GYR_JSON_ABSENT)
			r = gyr_jf_add_json(x, &v);
		if (r)
			return r;
	}
	return r;
}

/* The user or group of an element, or else of the pod, or else 0. Asked by index, an element
 * answers only for itself, as rules written for this source know it. */
static int add_effective(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	enum path pod = !strcmp(f->detail, "runAsGroup") ? P_SPEC_GROUP : P_SPEC_USER;
	struct gyr_json v;
	int r = gyr_jf_below(e, f->detail, &v);

	if (!r && v.type == GYR_JSON_ABSENT && gyr_jf_index(x) == UINT64_MAX)
		r = gyr_jf_get(x, pod, &v);
	else if (!r && v.type == GYR_JSON_ABSENT)
		r = -ENODATA;
	if (r)
		return r;
	return v.type == GYR_JSON_ABSENT ? gyr_jf_add(x, "0", 1) : gyr_jf_add_json(x, &v);
}

/* Every element of a list below the element. */
static int add_spread(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json list, v;
	struct gyr_json_iter it;
	int r = gyr_jf_below(e, f->detail, &list);

	if (r || list.type != GYR_JSON_ARRAY)
		return r;
	gyr_json_iter_init(&it, &list);
	while ((r = gyr_json_next(&it, NULL, &v)) > 0) {
		r = gyr_jf_add_json(x, &v);
		if (r)
			return r;
	}
	return r;
}

/* The names of an element's members but for "name": what kind of volume it is. */
static int add_kinds(struct gyr_jf *x, const struct gyr_jf_field *f, const struct gyr_json *e)
{
	struct gyr_json key, v;
	struct gyr_json_iter it;
	int r;

	(void)f;
	if (e->type != GYR_JSON_OBJECT)
		return -ENODATA;
	gyr_json_iter_init(&it, e);
	while ((r = gyr_json_next(&it, &key, &v)) > 0) {
		r = is_text(&key, "name") ? 0 : gyr_jf_add_json(x, &key);
		if (r)
			return r;
	}
	return r;
}

static int ka_needed(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_needed);
}

static int ka_some(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_some);
}

static int ka_repository(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_repository);
}

static int ka_words(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_words);
}

static int ka_ports(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_ports);
}

static int ka_effective(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_effective);
}

static int ka_spread(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_spread);
}

static int ka_kinds(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return each(x, f, add_kinds);
}

/* The first container alone. */
static int first(struct gyr_jf *x, const struct gyr_jf_field *f, each_fn fn)
{
	struct gyr_json array, element;
	struct gyr_json_iter it;
	int r = gyr_jf_value(x, f, &array);

	if (r)
		return r;
	gyr_json_iter_init(&it, &array);
	r = array.type == GYR_JSON_ARRAY ? gyr_json_next(&it, NULL, &element) : 0;
	return r > 0 ? fn(x, f, &element) : -ENODATA;
}

static int ka_first(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return first(x, f, add_needed);
}

static int ka_first_repository(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return first(x, f, add_repository);
}

/* ---- fields with a meaning of their own ---- */

/* A list as one value. */
static int ka_whole(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json v;
	int r = gyr_jf_value(x, f, &v);

	return r ? r : gyr_jf_add_json(x, &v);
}

/* Said of every audit event; the rules that ask expect it so. */
static int ka_always(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	(void)f;
	return gyr_jf_add(x, TEXT("true"));
}

static int ka_uri_param(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	const char *key = gyr_jf_key(x);
	char *uri;
	struct gyr_json v;
	size_t len;
	int r = gyr_jf_get(x, P_URI, &v);

	(void)f;
	if (!r)
		r = gyr_jf_put_json(x, &v);
	if (r || !key)
		return r ? r : -EINVAL;
	uri = gyr_jf_pending(x, &len);
	r = uri_param(uri, len, key, &len);
	if (r)
		return r;
	gyr_jf_keep(x, len);
	return gyr_jf_end(x);
}

static int ka_target_pod_name(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json resource, sub, name;
	int r = gyr_jf_get(x, P_RESOURCE, &resource);

	(void)f;
	if (!r)
		r = gyr_jf_get(x, P_SUBRESOURCE, &sub);
	if (!r)
		r = gyr_jf_get(x, P_POD_NAME, &name);
	if (r)
		return r;
	if (!is_text(&resource, "pods") || (sub.type != GYR_JSON_ABSENT && !is_text(&sub, "")))
		return -ENODATA;
	return gyr_jf_add_json(x, &name);
}

/* The name of one subject of a binding, if it is of the kind in detail; for "ns" with its
 * namespace. */
static int add_subject(struct gyr_jf *x, const struct gyr_json *subject, const char *kind,
		       bool has_namespace)
{
	struct gyr_json v, name;
	int r = gyr_json_member(subject, TEXT("kind"), &v);

	if (!r)
		r = gyr_json_member(subject, TEXT("name"), &name);
	if (r || !is_text(&v, kind) || name.type == GYR_JSON_ABSENT)
		return r;
	if (has_namespace) {
		r = gyr_json_member(subject, TEXT("namespace"), &v);
		if (r || v.type == GYR_JSON_ABSENT)
			return r;
		r = gyr_jf_put_json(x, &v);
		if (!r)
			r = gyr_jf_put(x, ":", 1);
	}
	return r ? r : gyr_jf_add_json(x, &name);
}

static int subjects(struct gyr_jf *x, const struct gyr_jf_field *f, bool has_namespace)
{
	struct gyr_json list, v;
	struct gyr_json_iter it;
	int r = gyr_jf_get(x, P_SUBJECTS, &list);

	if (r)
		return r;
	gyr_json_iter_init(&it, &list);
	while (list.type == GYR_JSON_ARRAY && (r = gyr_json_next(&it, NULL, &v)) > 0) {
		r = add_subject(x, &v, f->detail, has_namespace);
		if (r)
			return r;
	}
	return r;
}

static int ka_subjects(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return subjects(x, f, false);
}

static int ka_subjects_with_namespace(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	return subjects(x, f, true);
}

/* Whether any container is privileged. */
static int ka_any_privileged(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	struct gyr_json list, container, v;
	struct gyr_json_iter it;
	int r = gyr_jf_get(x, P_CONTAINERS, &list);

	(void)f;
	if (r || list.type != GYR_JSON_ARRAY)
		return r ? r : -ENODATA;
	gyr_json_iter_init(&it, &list);
	while ((r = gyr_json_next(&it, NULL, &container)) > 0) {
		r = gyr_jf_below(&container, "securityContext/privileged", &v);
		if (r)
			return r;
		if (v.type == GYR_JSON_TRUE)
			return gyr_jf_add(x, TEXT("true"));
	}
	return r ? r : gyr_jf_add(x, TEXT("false"));
}

/* Whether the text of @v is the key, or starts with it when the key ends with a star. */
static int is_wanted_path(struct gyr_jf *x, const struct gyr_json *v, const char *key, bool *ret)
{
	size_t n_key = strlen(key), len;
	const char *text;
	int r = gyr_jf_put_json(x, v);

	if (r)
		return r;
	text = gyr_jf_pending(x, &len);
	*ret = len == n_key && !memcmp(text, key, len);
	if (n_key && key[n_key - 1] == '*' && len >= n_key - 1)
		*ret = *ret || !memcmp(text, key, n_key - 1);
	gyr_jf_keep(x, 0);
	return 0;
}

static int ka_has_hostpath(struct gyr_jf *x, const struct gyr_jf_field *f)
{
	const char *key = gyr_jf_key(x);
	struct gyr_json list, volume, v;
	struct gyr_json_iter it;
	bool found = false;
	int r = gyr_jf_get(x, P_VOLUMES, &list);

	(void)f;
	if (r || list.type != GYR_JSON_ARRAY || !key)
		return r ? r : -ENODATA;
	gyr_json_iter_init(&it, &list);
	while (!found && (r = gyr_json_next(&it, NULL, &volume)) > 0) {
		r = gyr_jf_below(&volume, "hostPath/path", &v);
		if (!r && v.type != GYR_JSON_ABSENT)
			r = is_wanted_path(x, &v, key, &found);
		if (r)
			return r;
	}
	if (r < 0)
		return r;
	return found ? gyr_jf_add(x, TEXT("true")) : gyr_jf_add(x, TEXT("false"));
}

/* ---- the table ---- */

static const struct gyr_jf_field fields[] = {
#include "k8saudit_rows.def"
	{0}};

GYR_JSON_EXTRACTOR(.name = "k8saudit_fields", .version = "0.18.0",
		   .description = "Fields of Kubernetes audit events", .contact = "the Gyr project",
		   .sources = "[\"k8s_audit\"]", .fields = fields, .paths = paths,
		   .n_paths = N_PATHS, .required = "/auditID")
