/*
 * cinfo: one piece of memory: the struct, the rows, the JSON text, the texts.
 *
 * A text is at most as long without escapes as it was between its quotes, so that all of them, each
 * with a NUL, fit into as many bytes as the JSON text has. Rows are counted in a first pass.
 */
#include "cinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/json.h>

const struct cinfo cinfo_host = {
	.id = "host",
	.full_id = "host",
	.name = "host",
	.image = "",
	.image_id = "",
	.repository = "",
	.tag = "",
	.digest = "",
	.ip = "",
	.cni = "",
	.sandbox_id = "",
	.type = CINFO_HOST,
	.json = "",
};

const char *cinfo_type_text(uint32_t type)
{
	static const char *const names[] = {
		[CINFO_DOCKER] = "docker",
		[CINFO_LXC] = "lxc",
		[CINFO_LIBVIRT_LXC] = "libvirt-lxc",
		[CINFO_MESOS] = "mesos",
		[CINFO_RKT] = "rkt",
		[CINFO_CRI] = "cri",
		[CINFO_CONTAINERD] = "containerd",
		[CINFO_CRIO] = "cri-o",
		[CINFO_BPM] = "bpm",
		[CINFO_PODMAN] = "podman",
	};

	if (type == CINFO_HOST)
		return "host";
	return type < sizeof names / sizeof names[0] && names[type] ? names[type] : "";
}

const char *cinfo_label(const struct cinfo_label *labels, uint32_t n, const char *key)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(labels[i].key, key))
			return labels[i].value;
	return NULL;
}

/* ---- reading ---- */

struct reader {
	struct cinfo *c;
	struct cinfo_mount *mounts;
	struct cinfo_label *labels, *pod_labels;
	char *text; /* free room for texts */
};

/* A text as a C string; "" for what is none. */
static const char *text(struct reader *r, const struct gyr_json *v)
{
	char *at = r->text;
	size_t n;

	if (gyr_json_text(v, at, &n))
		return "";
	at[n] = '\0';
	r->text += n + 1;
	return at;
}

enum member_kind { TEXT, FLAG, NUMBER, LABELS, MOUNTS };

static const struct member {
	const char *name;
	enum member_kind kind;
	size_t at;
} members[] = {
	{"id", TEXT, offsetof(struct cinfo, id)},
	{"full_id", TEXT, offsetof(struct cinfo, full_id)},
	{"name", TEXT, offsetof(struct cinfo, name)},
	{"image", TEXT, offsetof(struct cinfo, image)},
	{"imageid", TEXT, offsetof(struct cinfo, image_id)},
	{"imagerepo", TEXT, offsetof(struct cinfo, repository)},
	{"imagetag", TEXT, offsetof(struct cinfo, tag)},
	{"imagedigest", TEXT, offsetof(struct cinfo, digest)},
	{"ip", TEXT, offsetof(struct cinfo, ip)},
	{"cni_json", TEXT, offsetof(struct cinfo, cni)},
	{"pod_sandbox_id", TEXT, offsetof(struct cinfo, sandbox_id)},
	{"type", NUMBER, offsetof(struct cinfo, type)},
	{"privileged", FLAG, offsetof(struct cinfo, privileged)},
	{"host_pid", FLAG, offsetof(struct cinfo, host_pid)},
	{"host_network", FLAG, offsetof(struct cinfo, host_network)},
	{"host_ipc", FLAG, offsetof(struct cinfo, host_ipc)},
	{"is_pod_sandbox", FLAG, offsetof(struct cinfo, is_sandbox)},
	{"labels", LABELS, 0},
	{"pod_sandbox_labels", LABELS, 1},
	{"Mounts", MOUNTS, 0},
};

static const struct member *member_of(const struct gyr_json *key)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (gyr_json_equals(key, members[i].name, strlen(members[i].name)))
			return &members[i];
	return NULL;
}

static int read_labels(struct reader *r, const struct gyr_json *v, struct cinfo_label *rows,
		       uint32_t *n)
{
	struct gyr_json key, value;
	struct gyr_json_iter it;
	int res;

	gyr_json_iter_init(&it, v);
	for (*n = 0; (res = gyr_json_next(&it, &key, &value)) == 1 && *n < CINFO_ROWS_MAX;)
		if (value.type == GYR_JSON_STRING) {
			rows[*n].key = text(r, &key);
			rows[(*n)++].value = text(r, &value);
		}
	return res < 0 ? res : 0;
}

static int read_mount(struct reader *r, const struct gyr_json *v, struct cinfo_mount *m)
{
	struct gyr_json key, value;
	struct gyr_json_iter it;
	int res;

	*m = (struct cinfo_mount){.source = "", .dest = "", .mode = "", .propagation = ""};
	gyr_json_iter_init(&it, v);
	while ((res = gyr_json_next(&it, &key, &value)) == 1) {
		if (gyr_json_equals(&key, "Source", 6))
			m->source = text(r, &value);
		else if (gyr_json_equals(&key, "Destination", 11))
			m->dest = text(r, &value);
		else if (gyr_json_equals(&key, "Mode", 4))
			m->mode = text(r, &value);
		else if (gyr_json_equals(&key, "Propagation", 11))
			m->propagation = text(r, &value);
		else if (gyr_json_equals(&key, "RW", 2))
			m->is_writable = value.type == GYR_JSON_TRUE;
	}
	return res;
}

static int read_mounts(struct reader *r, const struct gyr_json *v)
{
	struct gyr_json_iter it;
	struct gyr_json value;
	int res = 0;

	r->c->n_mounts = 0;
	if (v->type != GYR_JSON_ARRAY)
		return 0;
	gyr_json_iter_init(&it, v);
	while (r->c->n_mounts < CINFO_ROWS_MAX && (res = gyr_json_next(&it, NULL, &value)) == 1) {
		if (value.type != GYR_JSON_OBJECT)
			continue;
		res = read_mount(r, &value, &r->mounts[r->c->n_mounts]);
		if (res < 0)
			return res;
		r->c->n_mounts++;
	}
	return res < 0 ? res : 0;
}

static int read_member(struct reader *r, const struct member *m, const struct gyr_json *v)
{
	void *at = (char *)r->c + m->at;
	uint64_t n;

	switch (m->kind) {
	case TEXT:
		*(const char **)at = text(r, v);
		return 0;
	case FLAG:
		*(bool *)at = v->type == GYR_JSON_TRUE;
		return 0;
	case NUMBER:
		if (!gyr_json_u64(v, &n) && n <= CINFO_UNKNOWN)
			*(uint32_t *)at = (uint32_t)n;
		return 0;
	case LABELS:
		if (v->type != GYR_JSON_OBJECT)
			return 0;
		return m->at ? read_labels(r, v, r->pod_labels, &r->c->n_pod_labels)
			     : read_labels(r, v, r->labels, &r->c->n_labels);
	default:
		return read_mounts(r, v);
	}
}

/* ---- counting ---- */

struct counts {
	uint32_t mounts, labels, pod_labels;
};

static int count(const struct gyr_json *v, uint32_t *ret)
{
	struct gyr_json_iter it;
	struct gyr_json key, value;
	int res;

	*ret = 0;
	gyr_json_iter_init(&it, v);
	while ((res = gyr_json_next(&it, &key, &value)) == 1 && *ret < CINFO_ROWS_MAX)
		++*ret;
	return res < 0 ? res : 0;
}

/* The rows each list needs. Of members of one name the first counts; later ones are not read. */
static int count_rows(const struct gyr_json *container, struct counts *ret)
{
	const struct {
		const char *name;
		uint32_t *n;
	} lists[] = {{"Mounts", &ret->mounts},
		     {"labels", &ret->labels},
		     {"pod_sandbox_labels", &ret->pod_labels}};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct gyr_json v;
		int res = gyr_json_member(container, lists[i].name, strlen(lists[i].name), &v);

		if (res == 0)
			res = count(&v, lists[i].n);
		if (res < 0)
			return res;
	}
	return 0;
}

static struct cinfo *cinfo_room(const char *json, size_t len, const struct counts *n,
				struct reader *r)
{
	const size_t rows = n->mounts * sizeof *r->mounts +
			    ((size_t)n->labels + n->pod_labels) * sizeof *r->labels;
	struct cinfo *c = malloc(sizeof *c + rows + 2 * (len + 1));

	if (!c)
		return NULL;
	*c = cinfo_host;
	c->id = c->full_id = c->name = "";
	c->type = CINFO_UNKNOWN;
	*r = (struct reader){.c = c, .mounts = (void *)(c + 1)};
	r->labels = (void *)(r->mounts + n->mounts);
	r->pod_labels = r->labels + n->labels;

	char *copy = (void *)(r->pod_labels + n->pod_labels);
	memcpy(copy, json, len);
	copy[len] = '\0';
	r->text = copy + len + 1;
	c->json = copy;
	c->json_len = len;
	c->mounts = r->mounts;
	c->labels = r->labels;
	c->pod_labels = r->pod_labels;
	return c;
}

static int read_all(struct reader *r, const struct gyr_json *container)
{
	uint32_t seen = 0;
	struct gyr_json key, value;
	struct gyr_json_iter it;
	int res;

	gyr_json_iter_init(&it, container);
	while ((res = gyr_json_next(&it, &key, &value)) == 1) {
		const struct member *m = member_of(&key);
		const uint32_t bit = m ? 1U << (m - members) : 0;

		if (!m || (seen & bit))
			continue;
		seen |= bit;
		res = read_member(r, m, &value);
		if (res < 0)
			break;
	}
	return res < 0 ? -EBADMSG : 0;
}

int cinfo_read(const char *json, size_t len, struct cinfo **ret)
{
	struct gyr_json root, container = {0};
	struct counts n = {0};
	struct reader r;
	struct cinfo *c;

	if (len > CINFO_TEXT_MAX)
		return -E2BIG;
	if (gyr_json_value(json, len, &root) ||
	    gyr_json_member(&root, "container", 9, &container) ||
	    container.type != GYR_JSON_OBJECT || count_rows(&container, &n) < 0)
		return -EBADMSG;
	c = cinfo_room(json, len, &n, &r);
	if (!c)
		return -ENOMEM;
	if (read_all(&r, &container) < 0 || !*c->id) {
		free(c);
		return -EBADMSG;
	}
	*ret = c;
	return 0;
}

struct cinfo *cinfo_free(struct cinfo *c)
{
	free(c);
	return NULL;
}
