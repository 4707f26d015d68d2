/*
 * container: which container a system call happened in, and what is known of that container.
 *
 * The plugin itself: options, fields, metrics, beginning and end. See container.h for how the parts
 * work together.
 */
#include <gyr/plugin.h>

#include <stdio.h>
#include <string.h>

#include "container.h"

FIELD_FN(absent)
{
	return 0;
}

/* ---- options ---- */

#define ENGINE(member, name, sockets_help)                                                  \
	GYR_OPT_BOOL(struct container, options.member.enabled, "true",                      \
		     "look for containers of " name, .key = "engines." #member ".enabled"), \
		GYR_OPT_STRS(struct container, options.member.sockets, NULL, sockets_help,  \
			     .key = "engines." #member ".sockets")

#define SIMPLE(member, name)                                                                   \
	GYR_OPT_BOOL(struct container, options.member, "true", "look for containers of " name, \
		     .key = "engines." #member ".enabled")

static const struct gyr_option option_rows[] = {
	ENGINE(docker, "docker", "where docker listens; else /var/run/docker.sock"),
	ENGINE(podman, "podman",
	       "where podman listens; else /run/podman/podman.sock and those of users"),
	ENGINE(containerd, "containerd", "where containerd listens; else the usual places"),
	ENGINE(cri, "kubernetes",
	       "where the runtime of the kubelet listens; else the usual places"),
	SIMPLE(lxc, "lxc"),
	SIMPLE(libvirt_lxc, "libvirt"),
	SIMPLE(bpm, "bpm"),
	GYR_OPT_BOOL(struct container, options.is_static, "false",
		     "everything happens in one container, described here",
		     .key = "engines.static.enabled"),
	GYR_OPT_STR(struct container, options.static_id, "", "its ID",
		    .key = "engines.static.container_id"),
	GYR_OPT_STR(struct container, options.static_name, "", "its name",
		    .key = "engines.static.container_name"),
	GYR_OPT_STR(struct container, options.static_image, "", "its image",
		    .key = "engines.static.container_image"),
	GYR_OPT_U64(struct container, options.label_max_len, "100",
		    "labels longer than this are left out", .key = "label_max_len", .max = 65536),
	GYR_OPT_BOOL(struct container, options.with_size, "false", "has no effect",
		     .key = "with_size"),
	GYR_OPT_STRS(struct container, options.hooks, NULL, "has no effect", .key = "hooks"),
	{0}};

static unsigned engines(const struct options *o)
{
	const struct {
		bool enabled;
		enum cgroup_engine engine;
	} rows[] = {
		{o->docker.enabled, CGROUP_DOCKER},
		{o->podman.enabled, CGROUP_PODMAN},
		{o->cri.enabled, CGROUP_CRI},
		{o->containerd.enabled, CGROUP_CONTAINERD},
		{o->lxc, CGROUP_LXC},
		{o->libvirt_lxc, CGROUP_LIBVIRT_LXC},
		{o->bpm, CGROUP_BPM},
	};
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		bits |= rows[i].enabled ? rows[i].engine : 0;
	return bits;
}

static int static_init(struct gyr *p, struct container *s)
{
	const struct options *o = &s->options;
	struct cinfo *info;
	char json[4096];
	int n;

	if (!*o->static_id || !*o->static_name || !*o->static_image)
		return gyr_fail(p, -EINVAL,
				"init: engines.static needs container_id, container_name and "
				"container_image");
	if (strlen(o->static_id) > CGROUP_NAME_MAX)
		return gyr_fail(p, -EINVAL, "init: engines.static.container_id is too long");
	n = live_describe_static(json, sizeof json, o);
	if (n <= 0 || cinfo_read(json, (size_t)n, &info) || !ccache_put(s->cache, info))
		return gyr_fail(p, -EINVAL, "init: engines.static does not fit");
	return 0;
}

/* ---- beginning and end ---- */

static int container_init(struct gyr *p)
{
	struct container *s = gyr_state(p);
	int r = 0;

	s->cache = ccache_new();
	if (!s->cache)
		return -ENOMEM;
	s->engines = engines(&s->options);
	if (s->options.is_static)
		r = static_init(p, s);
	if (r == 0)
		r = track_init(p, s);
	if (r < 0)
		s->cache = ccache_free(s->cache);
	return r;
}

static void container_destroy(struct gyr *p)
{
	struct container *s = gyr_state(p);

	s->live = live_stop(s->live);
	s->told_gone = cinfo_free(s->told_gone);
	s->expressions = expressions_free(s->expressions);
	s->cache = ccache_free(s->cache);
}

static int container_start(struct gyr *p)
{
	struct container *s = gyr_state(p);

	s->live = s->options.is_static ? NULL : live_start(p, &s->options);
	return s->live || s->options.is_static ? 0 : -ENOMEM;
}

static void container_stop(struct gyr *p)
{
	struct container *s = gyr_state(p);

	s->live = live_stop(s->live);
}

/* Other hosts have no event that says that everything was told. */
static int container_open(struct gyr *p, const ss_plugin_capture_listen_input *in)
{
	struct container *s = gyr_state(p);

	(void)in;
	if (!s->is_ready)
		track_all(s);
	return 0;
}

static uint32_t container_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct container *s = gyr_state(p);
	struct ccache_counters c;
	struct live_counters l = s->live_last;

	ccache_count(s->cache, &c);
	if (s->live)
		live_count(s->live, &l);

	const struct {
		const char *name;
		ss_plugin_metric_type type;
		uint64_t n;
	} rows[] = {
		{"n_containers", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, c.n_described},
		{"n_missing", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, c.n - c.n_described},
		{"evicted", SS_PLUGIN_METRIC_TYPE_MONOTONIC, c.n_evicted},
		{"no_memory", SS_PLUGIN_METRIC_TYPE_MONOTONIC, c.n_no_memory},
		{"bad_descriptions", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.bad_descriptions},
		{"bad_expressions", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.bad_expressions},
		{"unmarked", SS_PLUGIN_METRIC_TYPE_MONOTONIC, s->counters.unmarked},
		{"asked", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_asked},
		{"told", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_told},
		{"unknown", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_unknown},
		{"request_errors", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_errors},
		{"questions_dropped", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_full},
		{"descriptions_dropped", SS_PLUGIN_METRIC_TYPE_MONOTONIC, l.n_unsent},
	};
	const uint32_t n = sizeof rows / sizeof rows[0];

	for (uint32_t i = 0; i < n && i < cap; i++) {
		ret[i] = (ss_plugin_metric){.name = rows[i].name,
					    .type = rows[i].type,
					    .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
		ret[i].value.u64 = rows[i].n;
	}
	return n < cap ? n : cap;
}

/* What is known of containers, as the events that told of them. */
static int container_dump(struct gyr *p, struct gyr_dump *d)
{
	const struct container *s = gyr_state(p);
	const struct cinfo *i = NULL;
	int r = 0;

	while (r == 0 && (i = ccache_next(s->cache, i ? i->id : NULL))) {
		/* Readers of such events expect a NUL. */
		const size_t len = strnlen(i->json, i->json_len) + 1;

		r = gyr_dump_async(d, LIVE_EVENT_NEW, s->now, i->json, len);
	}
	return r;
}

/* ---- the plugin ---- */

#define FIELD(n, t, f, fn, text) \
	int fn(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out);
#include "container_rows.def"
#undef FIELD

#define ARG_KEY (GYR_ARG_KEY | GYR_ARG_REQUIRED)
#define ARG_MOUNT (GYR_ARG_KEY | GYR_ARG_INDEX | GYR_ARG_REQUIRED)
#define FIELD(n, t, f, fn, text) \
	{.name = (n), .type = (t), .flags = (f), .extract = (fn), .desc = (text)},

static const struct gyr_field fields[] = {
#include "container_rows.def"
	{0}};

static const char *const sources[] = {"syscall", NULL};

PLUGIN(.name = "container", .version = "0.7.1",
       .description = "Which container a system call happened in, and what is known of it",
       .contact = "the Gyr authors", .event_schema = "4.0.0", .options = option_rows,
       .state_size = sizeof(struct container), .init = container_init, .destroy = container_destroy,
       .metrics = container_metrics);
PLUGIN_PARSER(.sources = sources, .parse = track_event, GYR_TYPES(TRACK_EVENTS));
PLUGIN_ASYNC(.sources = sources, .start = container_start, .stop = container_stop,
	     .events = (const char *const[]){LIVE_EVENT_NEW, LIVE_EVENT_END, NULL});
PLUGIN_DUMP_STATE(container_dump);
PLUGIN_LISTENER(.open = container_open);
PLUGIN_EXTRACTOR(.sources = sources, .fields = fields);
