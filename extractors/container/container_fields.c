/*
 * container_fields: one function a field.
 *
 * All of them start from the subject of the event: the container of its thread, or, for an event that
 * tells of a container, that one. Texts point into the description or are built in the memory of one
 * extraction.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"

/* ---- the subject ---- */

static const struct subject *subject(struct gyr *p, const struct gyr_event *evt)
{
	struct container *s = gyr_state(p);
	struct subject *j = &s->subject;

	if (j->raw == evt->raw && j->num == evt->num)
		return j;
	j->raw = evt->raw;
	j->num = evt->num;
	if (s->told && s->told_num == evt->num) {
		j->info = s->told;
		j->is_known = true;
		return j;
	}
	j->info = NULL;
	j->is_known = evt->tid != UINT64_MAX && track_id(s, (int64_t)evt->tid, j->id);
	if (j->is_known)
		j->info = ccache_find(s->cache, j->id);
	return j;
}

static const struct cinfo *described(struct gyr *p, const struct gyr_event *evt)
{
	return subject(p, evt)->info;
}

/* The description of the sandbox; that of the host where there is none. */
static const struct cinfo *sandbox(struct gyr *p, const struct cinfo *c)
{
	const struct container *s = gyr_state(p);
	char id[CGROUP_SHORT_ID + 1] = "";

	memcpy(id, c->sandbox_id, strnlen(c->sandbox_id, CGROUP_SHORT_ID));
	return ccache_find(s->cache, id);
}

/* A text that is built in the memory of one extraction; what would not fit is cut. */
struct line {
	char *p;
	size_t n, cap;
};

static bool line_begin(struct gyr *p, struct line *l, size_t size)
{
	*l = (struct line){.p = gyr_scratch(p, size), .cap = size};
	if (l->p)
		*l->p = '\0';
	return l->p != NULL;
}

static void line_put(struct line *l, const char *text)
{
	const size_t len = strlen(text), room = l->cap - l->n - 1;
	const size_t n = len < room ? len : room;

	memcpy(l->p + l->n, text, n);
	l->n += n;
	l->p[l->n] = '\0';
}

/* ---- container ---- */

FIELD_FN(container_id)
{
	const struct subject *j = subject(p, evt);

	if (!j->is_known)
		return 0;
	return gyr_set_str(out, j->info ? j->info->id : j->id);
}

#define TEXT_FIELD(fn, member)                              \
	FIELD_FN(fn)                                        \
	{                                                   \
		const struct cinfo *c = described(p, evt);  \
                                                            \
		return c ? gyr_set_str(out, c->member) : 0; \
	}

#define BOOL_FIELD(fn, member)                               \
	FIELD_FN(fn)                                         \
	{                                                    \
		const struct cinfo *c = described(p, evt);   \
                                                             \
		return c ? gyr_set_bool(out, c->member) : 0; \
	}

TEXT_FIELD(container_full_id, full_id)
TEXT_FIELD(container_name, name)
TEXT_FIELD(container_image, image)
TEXT_FIELD(container_image_id, image_id)
TEXT_FIELD(container_image_repository, repository)
TEXT_FIELD(container_image_tag, tag)
TEXT_FIELD(container_image_digest, digest)
TEXT_FIELD(container_ip, ip)
TEXT_FIELD(container_cni_json, cni)
BOOL_FIELD(container_privileged, privileged)
BOOL_FIELD(container_host_pid, host_pid)
BOOL_FIELD(container_host_network, host_network)
BOOL_FIELD(container_host_ipc, host_ipc)

FIELD_FN(container_type)
{
	const struct cinfo *c = described(p, evt);

	return c ? gyr_set_str(out, cinfo_type_text(c->type)) : 0;
}

/* When the first process of the thread's PID namespace started; 0: not known. */
static uint64_t start_ts(struct gyr *p, const struct gyr_event *evt)
{
	struct container *s = gyr_state(p);

	if (!subject(p, evt)->is_known || (s->told && s->told_num == evt->num))
		return 0;
	return track_number(s, (int64_t)evt->tid, s->columns.pidns);
}

FIELD_FN(container_start_ts)
{
	const uint64_t ts = start_ts(p, evt);

	return ts ? gyr_set_u64(out, ts) : 0;
}

FIELD_FN(container_duration)
{
	const uint64_t ts = start_ts(p, evt);

	return ts ? gyr_set_u64(out, evt->ts - ts) : 0;
}

/* ---- mounts ---- */

static size_t mount_size(const struct cinfo_mount *m)
{
	return strlen(m->source) + strlen(m->dest) + strlen(m->mode) + strlen(m->propagation) +
	       sizeof ":::false:,";
}

static void mount_write(struct line *l, const struct cinfo_mount *m)
{
	const char *parts[] = {m->source, m->dest, m->mode, m->is_writable ? "true" : "false",
			       m->propagation};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		line_put(l, i ? ":" : "");
		line_put(l, parts[i]);
	}
}

FIELD_FN(container_mounts)
{
	const struct cinfo *c = described(p, evt);
	size_t size = 1;
	struct line l;

	if (!c)
		return 0;
	for (uint32_t i = 0; i < c->n_mounts; i++)
		size += mount_size(&c->mounts[i]);
	if (!line_begin(p, &l, size))
		return -ENOMEM;
	for (uint32_t i = 0; i < c->n_mounts; i++) {
		line_put(&l, i ? "," : "");
		mount_write(&l, &c->mounts[i]);
	}
	return gyr_set_str(out, l.p);
}

/* Expressions of rules, compiled once. The oldest makes room for one more. */
enum { EXPRESSIONS = 64 };

struct expression {
	char *text; /* NULL: free */
	regex_t compiled;
	bool is_bad;
};

struct expressions {
	struct expression all[EXPRESSIONS];
	uint32_t next;
};

static void expression_clear(struct expression *e)
{
	if (e->text && !e->is_bad)
		regfree(&e->compiled);
	free(e->text);
	e->text = NULL;
}

struct expressions *expressions_free(struct expressions *x)
{
	for (uint32_t i = 0; x && i < EXPRESSIONS; i++)
		expression_clear(&x->all[i]);
	free(x);
	return NULL;
}

static const struct expression *expression(struct container *s, const char *text)
{
	struct expressions *x = s->expressions;

	if (!x)
		x = s->expressions = calloc(1, sizeof *x);
	if (!x)
		return NULL;
	for (uint32_t i = 0; i < EXPRESSIONS; i++)
		if (x->all[i].text && !strcmp(x->all[i].text, text))
			return &x->all[i];

	struct expression *e = &x->all[x->next];
	char *copy = strdup(text);
	if (!copy)
		return NULL;
	x->next = (x->next + 1) % EXPRESSIONS;
	expression_clear(e);
	e->text = copy;
	e->is_bad = regcomp(&e->compiled, text, REG_EXTENDED | REG_NEWLINE | REG_NOSUB) != 0;
	if (e->is_bad)
		s->counters.bad_expressions++;
	return e;
}

/* By its number, or the first whose source (or destination) has a part that fits the expression. */
static const struct cinfo_mount *mount(struct gyr *p, const struct gyr_event *evt,
				       const struct gyr_value *out, bool by_dest)
{
	const struct cinfo *c = described(p, evt);
	const struct expression *e;

	if (!c || !out->arg)
		return NULL;
	if (out->arg_index != UINT64_MAX)
		return out->arg_index < c->n_mounts ? &c->mounts[out->arg_index] : NULL;
	e = expression(gyr_state(p), out->arg);
	for (uint32_t i = 0; e && !e->is_bad && i < c->n_mounts; i++) {
		const struct cinfo_mount *m = &c->mounts[i];

		if (!regexec(&e->compiled, by_dest ? m->dest : m->source, 0, NULL, 0))
			return m;
	}
	return NULL;
}

FIELD_FN(container_mount)
{
	const struct cinfo_mount *m = mount(p, evt, out, false);
	struct line l;

	if (!m)
		return 0;
	if (!line_begin(p, &l, mount_size(m)))
		return -ENOMEM;
	mount_write(&l, m);
	return gyr_set_str(out, l.p);
}

FIELD_FN(container_mount_source)
{
	const struct cinfo_mount *m = mount(p, evt, out, true);

	return m ? gyr_set_str(out, m->source) : 0;
}

FIELD_FN(container_mount_dest)
{
	const struct cinfo_mount *m = mount(p, evt, out, false);

	return m ? gyr_set_str(out, m->dest) : 0;
}

FIELD_FN(container_mount_mode)
{
	const struct cinfo_mount *m = mount(p, evt, out, false);

	return m ? gyr_set_str(out, m->mode) : 0;
}

FIELD_FN(container_mount_rdwr)
{
	const struct cinfo_mount *m = mount(p, evt, out, false);

	return m ? gyr_set_str(out, m->is_writable ? "true" : "false") : 0;
}

FIELD_FN(container_mount_propagation)
{
	const struct cinfo_mount *m = mount(p, evt, out, false);

	return m ? gyr_set_str(out, m->propagation) : 0;
}

/* ---- labels ---- */

static bool is_shown(const struct cinfo_label *l)
{
	return strncmp(l->key, "annotation.", 11) != 0 &&
	       strncmp(l->key, "io.kubernetes.", 14) != 0;
}

static int compare_labels(const void *a, const void *b)
{
	const struct cinfo_label *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

/* "key:value, key" in the order of the keys. */
static int set_labels(struct gyr *p, struct gyr_value *out, const struct cinfo_label *labels,
		      uint32_t n)
{
	const struct cinfo_label **sorted = gyr_scratch(p, (n + 1) * sizeof(void *));
	size_t size = 1;
	uint32_t shown = 0;
	struct line l;

	for (uint32_t i = 0; sorted && i < n; i++)
		if (is_shown(&labels[i])) {
			sorted[shown++] = &labels[i];
			size += strlen(labels[i].key) + strlen(labels[i].value) + 3;
		}
	if (!sorted || !line_begin(p, &l, size))
		return -ENOMEM;
	qsort(sorted, shown, sizeof(void *), compare_labels);
	for (uint32_t i = 0; i < shown; i++) {
		line_put(&l, i ? ", " : "");
		line_put(&l, sorted[i]->key);
		line_put(&l, *sorted[i]->value ? ":" : "");
		line_put(&l, sorted[i]->value);
	}
	return gyr_set_str(out, l.p);
}

static int set_label(struct gyr_value *out, const struct cinfo_label *labels, uint32_t n,
		     const char *key)
{
	const char *value = key ? cinfo_label(labels, n, key) : NULL;

	return value ? gyr_set_str(out, value) : 0;
}

FIELD_FN(container_label)
{
	const struct cinfo *c = described(p, evt);

	return c ? set_label(out, c->labels, c->n_labels, out->arg) : 0;
}

FIELD_FN(container_labels)
{
	const struct cinfo *c = described(p, evt);

	return c ? set_labels(p, out, c->labels, c->n_labels) : 0;
}

/* ---- k8s ---- */

static int set_own_label(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
			 const char *key)
{
	const struct cinfo *c = described(p, evt);

	return c ? set_label(out, c->labels, c->n_labels, key) : 0;
}

FIELD_FN(k8s_pod_name)
{
	return set_own_label(p, evt, out, "io.kubernetes.pod.name");
}

FIELD_FN(k8s_ns_name)
{
	return set_own_label(p, evt, out, "io.kubernetes.pod.namespace");
}

FIELD_FN(k8s_pod_uid)
{
	return set_own_label(p, evt, out, "io.kubernetes.pod.uid");
}

TEXT_FIELD(k8s_pod_full_sandbox_id, sandbox_id)

FIELD_FN(k8s_pod_sandbox_id)
{
	const struct cinfo *c = described(p, evt);

	return c ? gyr_set_strn(out, c->sandbox_id, strnlen(c->sandbox_id, CGROUP_SHORT_ID)) : 0;
}

/* Who knows about the pod: the container itself when it has the answer of the network plugin, else
 * its sandbox. NULL: neither. */
static const struct cinfo *pod(struct gyr *p, const struct gyr_event *evt)
{
	const struct cinfo *c = described(p, evt);

	return c && !*c->cni ? sandbox(p, c) : c;
}

FIELD_FN(k8s_pod_label)
{
	const struct cinfo *c = described(p, evt), *of = pod(p, evt);
	const char *value = NULL;

	if (!c || !out->arg)
		return 0;
	if (of)
		value = cinfo_label(of->pod_labels, of->n_pod_labels, out->arg);
	if (!value)
		value = cinfo_label(c->pod_labels, c->n_pod_labels, out->arg);
	return value ? gyr_set_str(out, value) : 0;
}

FIELD_FN(k8s_pod_labels)
{
	const struct cinfo *c = described(p, evt), *of = pod(p, evt);

	if (!c)
		return 0;
	if (!of || !of->n_pod_labels)
		of = c;
	return set_labels(p, out, of->pod_labels, of->n_pod_labels);
}

FIELD_FN(k8s_pod_ip)
{
	const struct cinfo *of = pod(p, evt);

	return of ? gyr_set_str(out, of->ip) : 0;
}

FIELD_FN(k8s_pod_cni_json)
{
	const struct cinfo *of = pod(p, evt);

	return of ? gyr_set_str(out, of->cni) : 0;
}
