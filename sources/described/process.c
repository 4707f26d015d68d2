#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/ppm.h>
#include <gyr/scapmetawrite.h>

#include "address.h"
#include "value.h"

/* ---- a member to a member ---- */

enum kind { INT64, UINT64, UINT32, BOOL, TEXT, TEXTS };

struct row {
	const char *key;
	enum kind kind;
	size_t offset; /* in struct gyr_meta_proc; of TEXTS in struct process */
};

#define ROW(k, t, m)                                                                 \
	{                                                                            \
		.key = (k), .kind = (t), .offset = offsetof(struct gyr_meta_proc, m) \
	}
#define LIST(m)                                                                 \
	{                                                                       \
		.key = #m, .kind = TEXTS, .offset = offsetof(struct process, m) \
	}

static const struct row rows[] = {
	ROW("pid", INT64, pid),
	ROW("tid", INT64, tid),
	ROW("sid", INT64, sid),
	ROW("vpid", INT64, vpid),
	ROW("vtid", INT64, vtid),
	ROW("vpgid", INT64, vpgid),
	ROW("pgid", INT64, pgid),
	ROW("uid", UINT32, uid),
	ROW("gid", UINT32, gid),
	ROW("loginuid", UINT32, loginuid),
	ROW("tty", UINT32, tty),
	ROW("fdlimit", UINT64, fdlimit),
	ROW("cap_permitted", UINT64, cap_permitted),
	ROW("cap_effective", UINT64, cap_effective),
	ROW("cap_inheritable", UINT64, cap_inheritable),
	ROW("exe_ino", UINT64, exe_ino),
	ROW("exe_writable", BOOL, exe_writable),
	ROW("exe_upper_layer", BOOL, exe_upper_layer),
	ROW("exe_lower_layer", BOOL, exe_lower_layer),
	ROW("exe_from_memfd", BOOL, exe_from_memfd),
	ROW("name", TEXT, comm),
	ROW("exe", TEXT, exe),
	ROW("exepath", TEXT, exepath),
	ROW("cwd", TEXT, cwd),
	ROW("root", TEXT, root),
	LIST(args),
	LIST(env),
	LIST(cgroups),
};

static const char *const others[] = {"parent", "files"};

static int read_text(const struct row *row, json_object *value, struct process *p, struct fault *f)
{
	struct gyr_meta_text *text = (void *)((char *)&p->meta + row->offset);

	if (!json_object_is_type(value, json_type_string))
		return fault_set(f, "'%s' of a process wants a text", row->key);
	text->p = json_object_get_string(value);
	text->len = (size_t)json_object_get_string_len(value);
	return 0;
}

static int read_number(const struct row *row, json_object *value, struct process *p,
		       struct fault *f)
{
	static const size_t sizes[] = {[INT64] = 8, [UINT64] = 8, [UINT32] = 4, [BOOL] = 1};
	const int64_t n = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_boolean))
		return fault_set(f, "'%s' of a process wants a number", row->key);
	memcpy((char *)&p->meta + row->offset, &n, sizes[row->kind]); /* little endian */
	return 0;
}

static int read_row(const struct row *row, json_object *value, struct process *p, struct fault *f)
{
	switch (row->kind) {
	case TEXT:
		return read_text(row, value, p, f);
	case TEXTS:
		return value_put_texts(value, (void *)((char *)p + row->offset), f);
	default:
		return read_number(row, value, p, f);
	}
}

static int known(const char *key, struct fault *f)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!strcmp(rows[i].key, key))
			return 0;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (!strcmp(others[i], key))
			return 0;
	return fault_set(f, "a process has no '%.40s'", key);
}

static void set_defaults(struct gyr_meta_proc *m, unsigned depth)
{
	const struct gyr_meta_text empty = {.p = "", .len = 0};

	*m = (struct gyr_meta_proc){.pid = PROCESS_PID - (int64_t)depth,
				    .tid = -1,
				    .ptid = -1,
				    .sid = -1,
				    .vpid = -1,
				    .vtid = -1,
				    .vpgid = -1,
				    .pgid = -1,
				    .fdlimit = 1024,
				    .loginuid = UINT32_MAX};
	m->comm = m->exe = m->exepath = m->args = m->cwd = m->env = m->cgroups = m->root = empty;
}

/* What follows from what was said. */
static void complete(struct process *p, json_object *json, unsigned depth)
{
	struct gyr_meta_proc *m = &p->meta;
	json_object *parent = NULL, *pid = NULL;

	m->tid = m->tid < 0 ? m->pid : m->tid;
	m->vpid = m->vpid < 0 ? m->pid : m->vpid;
	m->vtid = m->vtid < 0 ? m->tid : m->vtid;
	m->pgid = m->pgid < 0 ? m->pid : m->pgid;
	m->vpgid = m->vpgid < 0 ? m->vpid : m->vpgid;
	if (!m->exe.len)
		m->exe = m->comm;
	if (!m->cwd.len)
		m->cwd = (struct gyr_meta_text){.p = "/", .len = 1};
	m->args = (struct gyr_meta_text){.p = (const char *)p->args.p, .len = p->args.len};
	m->env = (struct gyr_meta_text){.p = (const char *)p->env.p, .len = p->env.len};
	m->cgroups = (struct gyr_meta_text){.p = (const char *)p->cgroups.p, .len = p->cgroups.len};
	m->ptid = 1;
	if (json_object_object_get_ex(json, "parent", &parent))
		m->ptid = json_object_object_get_ex(parent, "pid", &pid)
				  ? json_object_get_int64(pid)
				  : PROCESS_PID - (int64_t)depth - 1;
}

int process_read(json_object *json, unsigned depth, struct process *ret, struct fault *f)
{
	int r = 0;

	*ret = (struct process){0};
	set_defaults(&ret->meta, depth);
	if (json && !json_object_is_type(json, json_type_object))
		return fault_set(f, "a process is an object");
	if (json) {
		json_object_object_foreach(json, key, value)
		{
			(void)value;
			r = r ? r : known(key, f);
		}
	}
	for (size_t i = 0; json && r == 0 && i < sizeof rows / sizeof rows[0]; i++) {
		json_object *value;

		if (json_object_object_get_ex(json, rows[i].key, &value))
			r = read_row(&rows[i], value, ret, f);
	}
	if (r == 0)
		complete(ret, json, depth);
	return r;
}

void process_deinit(struct process *p)
{
	bytes_deinit(&p->args);
	bytes_deinit(&p->env);
	bytes_deinit(&p->cgroups);
}

/* ---- files ---- */

static const struct {
	const char *name;
	enum gyr_meta_fd_type type, listening;
} file_types[] = {
	{"file", GYR_META_FD_FILE_V2, 0},
	{"directory", GYR_META_FD_DIRECTORY, 0},
	{"ipv4", GYR_META_FD_IPV4_SOCK, GYR_META_FD_IPV4_SERVSOCK},
	{"ipv6", GYR_META_FD_IPV6_SOCK, GYR_META_FD_IPV6_SERVSOCK},
	{"unix", GYR_META_FD_UNIX_SOCK, 0},
	{"pipe", GYR_META_FD_FIFO, 0},
	{"event", GYR_META_FD_EVENT, 0},
	{"memfd", GYR_META_FD_MEMFD, 0},
	{"pidfd", GYR_META_FD_PIDFD, 0},
};

static const char *member_text(json_object *json, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(json, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* Addresses of a socket; one end alone listens. */
static int read_socket(const char *name, uint32_t listening, struct gyr_meta_fd *fd,
		       struct fault *f)
{
	struct address ends[2];
	int r = address_read_pair(name, ends, f);

	if (r < 0)
		return r;
	if (ends[0].path || (ends[0].family == PPM_AF_INET6) != (fd->type == GYR_META_FD_IPV6_SOCK))
		return fault_set(f, "'%.80s' is an address of another kind of file", name);
	if (!ends[1].family)
		fd->type = listening;
	memcpy(fd->saddr, ends[0].ip, sizeof fd->saddr);
	memcpy(fd->daddr, ends[1].ip, sizeof fd->daddr);
	fd->sport = ends[0].port;
	fd->dport = ends[1].port;
	return 0;
}

static int read_open_flags(json_object *json, struct gyr_meta_fd *fd, struct fault *f)
{
	const struct gyr_param_info info = {
		.name = "flags", .type = GYR_PT_FLAGS32, .flags = gyr_flags_find("file_flags")};
	struct bytes b = {0};
	json_object *flags;
	int r;

	if (!json_object_object_get_ex(json, "flags", &flags))
		return 0;
	r = value_put(&info, flags, &b, f);
	if (r == 0 && b.len == sizeof fd->open_flags)
		memcpy(&fd->open_flags, b.p, sizeof fd->open_flags);
	bytes_deinit(&b);
	return r;
}

static int read_file(json_object *json, struct gyr_meta_fd *fd, struct fault *f)
{
	const char *type = member_text(json, "type"), *name = member_text(json, "name"),
		   *l4 = member_text(json, "l4");
	size_t i = 0;

	while (i < sizeof file_types / sizeof file_types[0] &&
	       strcmp(file_types[i].name, type ? type : "file") != 0)
		i++;
	if (i == sizeof file_types / sizeof file_types[0])
		return fault_set(f, "'%.40s' is no type of file (file, directory, ipv4 ...)", type);
	fd->type = file_types[i].type;
	fd->l4 = l4 && !strcmp(l4, "udp") ? 3 : 2;
	fd->name = (struct gyr_meta_text){.p = name ? name : "", .len = name ? strlen(name) : 0};
	if (file_types[i].listening)
		return read_socket(fd->name.p, file_types[i].listening, fd, f);
	return read_open_flags(json, fd, f);
}

/* ---- records ---- */

int record_emit(const struct gyr_meta_shape *shape, struct gyr_batch *out)
{
	const size_t size = gyr_meta_size(shape);
	void *room = malloc(size);
	int r;

	if (!room)
		return -ENOMEM;
	r = gyr_emit_raw(out, gyr_meta_write(shape, room), size);
	free(room);
	return r;
}

static int tell_files(json_object *files, int64_t tid, struct gyr_batch *out, struct fault *f)
{
	int r = 0;

	if (!json_object_is_type(files, json_type_object))
		return fault_set(f, "'files' of a process is an object, by number");
	json_object_object_foreach(files, key, value)
	{
		struct gyr_meta_fd fd = {.tid = tid, .fd = strtoll(key, NULL, 10)};

		r = r ? r : read_file(value, &fd, f);
		r = r ? r : record_emit(GYR_META_SHAPE(GYR_META_FD, fd, name), out);
	}
	return r;
}

static int tell(json_object *json, unsigned depth, struct gyr_batch *out, struct fault *f)
{
	json_object *parent = NULL, *files = NULL;
	struct process p;
	int r = 0;

	if (depth == PROCESS_DEPTH)
		return fault_set(f, "a process has more than %d ancestors", PROCESS_DEPTH);
	if (json_object_object_get_ex(json, "parent", &parent))
		r = tell(parent, depth + 1, out, f);
	if (r)
		return r;
	r = process_read(json, depth, &p, f);
	if (r == 0)
		r = record_emit(GYR_META_SHAPE(GYR_META_PROC, p.meta, comm), out);
	if (r == 0 && json_object_object_get_ex(json, "files", &files))
		r = tell_files(files, p.meta.tid, out, f);
	process_deinit(&p);
	return r;
}

int process_tell(json_object *json, struct gyr_batch *out, struct fault *f)
{
	return tell(json, 0, out, f);
}

/* ---- parameters ---- */

static void put_u64(uint64_t n, const struct gyr_param_info *info, struct bytes *out)
{
	bytes_add(out, &n, gyr_type_size(info->type));
}

static uint64_t exe_flags(const struct gyr_meta_proc *m)
{
	enum { WRITABLE = 1, UPPER_LAYER = 2, FROM_MEMFD = 4, LOWER_LAYER = 8 };

	return (m->exe_writable ? WRITABLE : 0U) | (m->exe_upper_layer ? UPPER_LAYER : 0U) |
	       (m->exe_from_memfd ? FROM_MEMFD : 0U) | (m->exe_lower_layer ? LOWER_LAYER : 0U);
}

void process_put(const struct process *p, const struct gyr_param_info *info, struct bytes *out)
{
	const struct gyr_meta_proc *m = &p->meta;
	const bool is_exec = info->flags && !strcmp(info->flags->name, "execve_flags");
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = {
		{"tid", (uint64_t)m->tid},
		{"pid", (uint64_t)m->pid},
		{"ptid", (uint64_t)m->ptid},
		{"vtid", (uint64_t)m->vtid},
		{"vpid", (uint64_t)m->vpid},
		{"vpgid", (uint64_t)m->vpgid},
		{"pgid", (uint64_t)m->pgid},
		{"fdlimit", m->fdlimit},
		{"tty", m->tty},
		{"loginuid", m->loginuid},
		{"uid", m->uid},
		{"gid", m->gid},
		{"cap_inheritable", m->cap_inheritable},
		{"cap_permitted", m->cap_permitted},
		{"cap_effective", m->cap_effective},
		{"exe_ino", m->exe_ino},
		{"flags", is_exec ? exe_flags(m) : 0},
	};
	const struct {
		const char *name;
		struct gyr_meta_text text;
		bool is_list;
	} texts[] = {
		{"exe", m->exe, false},          {"comm", m->comm, false},
		{"cwd", m->cwd, false},          {"trusted_exepath", m->exepath, false},
		{"filename", m->exepath, false}, {"args", m->args, true},
		{"env", m->env, true},           {"cgroups", m->cgroups, true},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (!strcmp(numbers[i].name, info->name)) {
			put_u64(numbers[i].n, info, out);
			return;
		}
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!strcmp(texts[i].name, info->name)) {
			const bool ends = texts[i].text.len && !texts[i].is_list;

			bytes_add(out, texts[i].text.p, texts[i].text.len + ends);
			return;
		}
	put_u64(0, info, out);
}
