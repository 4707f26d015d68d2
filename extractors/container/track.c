/*
 * track: which thread is in which container, and what events tell about containers.
 *
 * A process gets its container when it begins or becomes another program; the threads that were there
 * at the beginning get theirs when the source has told of all of them. The control group is looked at
 * only then, so a thread keeps its container when it is moved to another group while it runs.
 */
#include <string.h>

#include <gyr/events.h>
#include <gyr/params.h>
#include <gyr/scapmeta.h>

#include "container.h"

enum {
	EVENT_PROCEXIT = 186,
	EVENT_CLONE = 223,
	EVENT_FORK = 225,
	EVENT_VFORK = 227,
	EVENT_CHROOT = 267,
	EVENT_EXECVE = 293,
	EVENT_CONTAINER = 324,
	EVENT_EXECVEAT = 331,
	EVENT_CLONE3 = 335,
	EVENT_ASYNC_CODE = 402,
};

/* ---- the table of threads ---- */

static const char *owner_error(struct gyr *p)
{
	const ss_plugin_init_input *host = gyr_init_input(p);
	const char *text = host->get_owner_last_error(host->owner);

	return text ? text : "there is none";
}

/* The column of the table inside a row: asked of a row that is in no table. */
static ss_plugin_table_field_t *second_column(struct container *s,
					      const ss_plugin_init_tables_input *in)
{
	ss_plugin_table_entry_t *row = s->writer.create_table_entry(s->threads);
	ss_plugin_table_field_t *column = NULL;
	ss_plugin_state_data groups;

	if (row && s->reader.read_entry_field(s->threads, row, s->columns.cgroups, &groups) ==
			   SS_PLUGIN_SUCCESS)
		column = in->fields_ext->get_table_field(groups.table, "second",
							 SS_PLUGIN_ST_STRING);
	if (row)
		s->writer.destroy_table_entry(s->threads, row);
	return column;
}

int track_init(struct gyr *p, struct container *s)
{
	const ss_plugin_init_input *host = gyr_init_input(p);
	const ss_plugin_init_tables_input *in = host ? host->tables : NULL;
	struct columns *c = &s->columns;

	if (!in || !in->reader_ext || !in->writer_ext || !in->fields_ext)
		return 0; /* rules load all the same */
	s->threads = in->get_table(host->owner, "threads", SS_PLUGIN_ST_INT64);
	if (!s->threads)
		return 0;
	s->reader = *in->reader_ext;
	s->writer = *in->writer_ext;

	const ss_plugin_table_fields_vtable_ext *f = in->fields_ext;
	c->container_id = f->add_table_field(s->threads, "container_id", SS_PLUGIN_ST_STRING);
	c->cgroups = f->get_table_field(s->threads, "cgroups", SS_PLUGIN_ST_TABLE);
	c->pidns = f->get_table_field(s->threads, "pidns_init_start_ts", SS_PLUGIN_ST_UINT64);
	c->vpid = f->get_table_field(s->threads, "vpid", SS_PLUGIN_ST_INT64);
	c->vtid = f->get_table_field(s->threads, "vtid", SS_PLUGIN_ST_INT64);
	c->second = c->cgroups ? second_column(s, in) : NULL;
	if (c->container_id && c->second && c->pidns && c->vpid && c->vtid)
		return 0;
	return gyr_fail(p, -ENOENT, "init: the table 'threads' lacks a column: %s", owner_error(p));
}

static uint64_t row_number(struct container *s, ss_plugin_table_entry_t *row,
			   ss_plugin_table_field_t *column)
{
	ss_plugin_state_data v = {.u64 = 0};

	if (s->reader.read_entry_field(s->threads, row, column, &v) != SS_PLUGIN_SUCCESS)
		return 0;
	return v.u64;
}

static void row_id(struct container *s, ss_plugin_table_entry_t *row, char *ret)
{
	ss_plugin_state_data v = {.u64 = 0};

	*ret = '\0';
	if (s->reader.read_entry_field(s->threads, row, s->columns.container_id, &v) ==
		    SS_PLUGIN_SUCCESS &&
	    v.str) {
		const size_t len = strnlen(v.str, CGROUP_NAME_MAX);

		memcpy(ret, v.str, len);
		ret[len] = '\0';
	}
}

static ss_plugin_table_entry_t *row_of(struct container *s, int64_t tid)
{
	return s->threads
		       ? s->reader.get_table_entry(s->threads, &(ss_plugin_state_data){.s64 = tid})
		       : NULL;
}

bool track_id(struct container *s, int64_t tid, char *ret)
{
	ss_plugin_table_entry_t *row = row_of(s, tid);

	if (!row)
		return false;
	row_id(s, row, ret);
	s->reader.release_table_entry(s->threads, row);
	return true;
}

uint64_t track_number(struct container *s, int64_t tid, ss_plugin_table_field_t *column)
{
	ss_plugin_table_entry_t *row = row_of(s, tid);
	uint64_t n = 0;

	if (row) {
		n = row_number(s, row, column);
		s->reader.release_table_entry(s->threads, row);
	}
	return n;
}

/* ---- the container of a thread ---- */

struct search {
	struct container *s;
	ss_plugin_table_t *groups;
	struct cgroup_match found;
	bool is_found;
	char path[4096]; /* what found points into */
};

/* Where a path that is of no container is remembered: there are few. */
static char *host_path(struct container *s, const char *path, size_t len)
{
	const size_t mixed =
		len * 7 + (unsigned char)path[len / 2] * 3 + (unsigned char)path[len - 1];

	return s->host_paths[mixed % HOST_PATHS];
}

static ss_plugin_bool look_at_group(ss_plugin_table_iterator_state_t *state,
				    ss_plugin_table_entry_t *row)
{
	struct search *q = state;
	ss_plugin_state_data v = {.u64 = 0};

	if (q->s->reader.read_entry_field(q->groups, row, q->s->columns.second, &v) !=
		    SS_PLUGIN_SUCCESS ||
	    !v.str)
		return 1;
	const size_t len = strnlen(v.str, sizeof q->path);
	if (!len || len == sizeof q->path)
		return 1;
	char *known = host_path(q->s, v.str, len);
	if (!strcmp(known, v.str))
		return 1;
	if (!cgroup_match(v.str, len, q->s->engines, &q->found)) {
		if (len < HOST_PATH_SIZE)
			memcpy(known, v.str, len + 1);
		return 1;
	}
	memcpy(q->path, v.str, len + 1);
	q->found.id = q->path + (q->found.id - v.str);
	if (q->found.ns)
		q->found.ns = q->path + (q->found.ns - v.str);
	q->is_found = true;
	return 0;
}

/* Puts in a description made here, of what no runtime tells more about. */
static void describe(struct container *s, uint32_t type, const char *id)
{
	char json[2 * CGROUP_NAME_MAX + 64];
	struct cinfo *info;
	const int n = live_describe(json, sizeof json, type, id);

	if (n > 0 && cinfo_read(json, (size_t)n, &info) == 0 && ccache_put(s->cache, info) &&
	    s->live)
		live_tell(s->live, json, (size_t)n);
}

static void ask_about(struct container *s, const struct cgroup_match *m, const char *id)
{
	static const struct {
		enum cgroup_engine engine;
		uint32_t type;
	} final[] = {{CGROUP_LXC, CINFO_LXC},
		     {CGROUP_LIBVIRT_LXC, CINFO_LIBVIRT_LXC},
		     {CGROUP_BPM, CINFO_BPM}};

	if (ccache_find(s->cache, id))
		return;
	for (size_t i = 0; i < sizeof final / sizeof final[0]; i++)
		if (m->engine == final[i].engine) {
			describe(s, final[i].type, id);
			return;
		}
	if (s->live && ccache_ask(s->cache, id, s->now))
		live_ask(s->live, m);
}

static void mark(struct container *s, ss_plugin_table_entry_t *row, const char *id)
{
	const ss_plugin_state_data v = {.str = id};

	if (s->writer.write_entry_field(s->threads, row, s->columns.container_id, &v) !=
	    SS_PLUGIN_SUCCESS)
		s->counters.unmarked++;
}

static void resolve(struct container *s, ss_plugin_table_entry_t *row)
{
	struct search q;
	char id[CGROUP_NAME_MAX + 1] = "";
	ss_plugin_state_data v;

	if (s->options.is_static) {
		mark(s, row, s->options.static_id);
		return;
	}
	q.s = s; /* the path is too large to be cleared for every process */
	q.is_found = false;
	if (s->reader.read_entry_field(s->threads, row, s->columns.cgroups, &v) ==
	    SS_PLUGIN_SUCCESS) {
		q.groups = v.table;
		(void)s->reader.iterate_entries(q.groups, look_at_group, &q);
	}
	if (q.is_found) {
		memcpy(id, q.found.id, q.found.shown);
		id[q.found.shown] = '\0';
	}
	mark(s, row, id);
	if (q.is_found)
		ask_about(s, &q.found, id);
}

static void resolve_tid(struct container *s, int64_t tid)
{
	ss_plugin_table_entry_t *row = row_of(s, tid);

	if (!row)
		return;
	resolve(s, row);
	s->reader.release_table_entry(s->threads, row);
}

static ss_plugin_bool resolve_row(ss_plugin_table_iterator_state_t *state,
				  ss_plugin_table_entry_t *row)
{
	resolve(state, row);
	return 1;
}

void track_all(struct container *s)
{
	if (s->threads)
		(void)s->reader.iterate_entries(s->threads, resolve_row, s);
}

/* ---- events ---- */

/* A process began, or is another program now. The number a caller of clone gets is that of the new
 * thread as the caller sees it; when there is a thread of this number, its own groups are looked at. */
static void on_process(struct container *s, const struct gyr_event *evt)
{
	struct gyr_params params;
	int64_t res;

	if (gyr_params_read(evt->raw, &params))
		return;
	res = gyr_param_i64(&params, 0, -1);
	if (res < 0)
		return;
	resolve_tid(s, (int64_t)evt->tid);
	if (res > 0 && evt->type != EVENT_EXECVE && evt->type != EVENT_EXECVEAT)
		resolve_tid(s, res);
}

/* The first process of a container ends, and with it the container. */
static void on_exit(struct container *s, const struct gyr_event *evt)
{
	char id[CGROUP_NAME_MAX + 1];
	ss_plugin_table_entry_t *row = s->live ? row_of(s, (int64_t)evt->tid) : NULL;

	if (!row)
		return;
	const bool is_first = row_number(s, row, s->columns.vpid) == 1 &&
			      row_number(s, row, s->columns.vtid) == 1;
	row_id(s, row, id);
	s->reader.release_table_entry(s->threads, row);
	if (!is_first || !*id)
		return;
	const struct cinfo *info = ccache_find(s->cache, id);
	if (info)
		live_end(s->live, info->json, info->json_len);
	else
		ccache_remove(s->cache, id);
}

static void on_container(struct container *s, const struct gyr_event *evt, const char *json,
			 size_t len, bool is_end)
{
	struct cinfo *info;

	if (len && json[len - 1] == '\0')
		len--;
	if (cinfo_read(json, len, &info)) {
		s->counters.bad_descriptions++;
		return;
	}
	s->told_num = evt->num;
	s->told = info;
	if (is_end) {
		ccache_remove(s->cache, info->id);
		s->told_gone = info;
	} else if (!ccache_put(s->cache, info)) {
		s->told = NULL;
	}
}

/* Whoever keeps the threads may have taken this one over, which nobody has looked at then. */
static void on_told_again(struct container *s, const struct gyr_event *evt)
{
	struct gyr_meta_proc m;

	if (GYR_META_READ(evt->data, evt->len, &m, comm) == 0)
		resolve_tid(s, m.tid);
}

static void on_async(struct container *s, const struct gyr_event *evt)
{
	if (!evt->name)
		return;
	if (!strcmp(evt->name, LIVE_EVENT_NEW))
		on_container(s, evt, evt->data, evt->len, false);
	else if (!strcmp(evt->name, LIVE_EVENT_END))
		on_container(s, evt, evt->data, evt->len, true);
	else if (!strcmp(evt->name, GYR_META_AGAIN_PROC))
		on_told_again(s, evt);
	else if (!strcmp(evt->name, GYR_META_READY)) {
		s->is_ready = true;
		track_all(s);
	}
}

static void on_recorded(struct container *s, const struct gyr_event *evt)
{
	struct gyr_params params;
	const struct gyr_param *json;

	if (gyr_params_read(evt->raw, &params))
		return;
	json = gyr_param(&params, 0);
	if (json)
		on_container(s, evt, (const char *)json->data, json->len, false);
}

int track_event(struct gyr *p, const struct gyr_event *evt)
{
	struct container *s = gyr_state(p);

	ccache_begin(s->cache);
	if (evt->ts != UINT64_MAX)
		s->now = evt->ts;
	s->told_gone = cinfo_free(s->told_gone);
	s->told = NULL;
	s->subject.raw = NULL;
	switch (evt->type) {
	case EVENT_ASYNC_CODE:
		on_async(s, evt);
		break;
	case EVENT_CONTAINER:
		on_recorded(s, evt);
		break;
	case EVENT_PROCEXIT:
		on_exit(s, evt);
		break;
	default:
		on_process(s, evt);
	}
	return 0;
}
