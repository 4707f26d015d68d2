/*
 * fd_self: the descriptor that the event is about.
 *
 * All of it is absent unless the event makes, uses or closes a descriptor. When a call failed to make
 * one, its name is what was asked for.
 */
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "statetables.h"

bool evt_has_fd(const struct cur *c)
{
	return c->thread && c->info &&
	       (c->info->flags & (GYR_EF_CREATES_FD | GYR_EF_USES_FD | GYR_EF_DESTROYS_FD));
}

const char *fd_text(const struct fd *f)
{
	return rtext_str(f->name);
}

/* The descriptor; NULL when the event has none or it is not known. */
static const struct fd *fd_of(struct gyr *p, const struct gyr_event *evt)
{
	const struct cur *c = state_cur(p, evt);

	return evt_has_fd(c) ? c->fd : NULL;
}

FIELD_FN(fd_num)
{
	const struct cur *c = state_cur(p, evt);

	return evt_has_fd(c) ? gyr_set_i64(out, c->thread->last_fd) : 0;
}

FIELD_FN(fd_uid)
{
	const struct cur *c = state_cur(p, evt);

	if (!evt_has_fd(c))
		return 0;
	return gyr_set_fmt(out, "%lld%lld", (long long)c->thread->tid,
			   (long long)c->thread->last_fd);
}

FIELD_FN(fd_type)
{
	const struct fd *f = fd_of(p, evt);

	return f ? gyr_set_str(out, fd_type_text(f) ? fd_type_text(f) : "<NA>") : 0;
}

FIELD_FN(fd_typechar)
{
	const struct cur *c = state_cur(p, evt);
	char kind = 'o';

	if (!evt_has_fd(c))
		return 0;
	if (c->fd)
		kind = fd_type_char(c->fd->type);
	else if (evt->type == 59 || evt->type == 307 || evt->type == 327)
		kind = 'f';
	else if (evt->type == 19 || evt->type == 247 || evt->type == 389)
		kind = '4';
	else if (evt->type == 61 || evt->type == 393)
		kind = 'p';
	else if (evt->type == 63 || evt->type == 397)
		kind = 'e';
	return gyr_set_strn(out, &kind, 1);
}

/* ---- names ---- */

struct asked_row {
	uint16_t code;
	int8_t dirfd;
	uint8_t name;
};

/* The path that a failed open asked for, in @path: made absolute, or as it is when it was; NULL for other
 * events. */
static const char *asked_path(struct gyr *p, const struct cur *c, char *path, size_t size)
{
	static const struct asked_row rows[] = {
		{3, -1, 1}, {59, -1, 1}, {307, 1, 2}, {327, 1, 2}, {337, -1, 3}};
	const struct state *s = gyr_state(p);
	char dir[PATH_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *name = rows[i].code == c->raw->type ? cur_str(c, rows[i].name) : NULL;

		if (!name)
			continue;
		if (rows[i].dirfd < 0 && *name == '/') {
			(void)snprintf(path, size, "%s", name);
			return path;
		}
		(void)path_join(path, size,
				rows[i].dirfd < 0 ? thread_cwd(s, c->thread)
						  : cur_dir(s, c, (uint32_t)rows[i].dirfd, name,
							    dir, sizeof dir),
				name);
		return path;
	}
	return NULL;
}

static const char *name_of(struct gyr *p, const struct cur *c, char *path, size_t size)
{
	if (!evt_has_fd(c))
		return NULL;
	if (c->fd)
		return fd_text(c->fd);
	const char *asked = asked_path(p, c, path, size);
	if (asked)
		return asked;
	return c->info->is_exit ? "" : NULL;
}

/* Whether the event connects two ends that its second parameter names. */
static bool is_connecting(const struct cur *c)
{
	enum { CONNECT = 23, ACCEPT = 247, ACCEPT4 = 389 };
	const uint16_t code = c->raw->type;

	return (code == CONNECT || code == ACCEPT || code == ACCEPT4) && c->params.n > 1;
}

FIELD_FN(fd_name)
{
	const struct cur *c = state_cur(p, evt);
	char path[PATH_TEXT];
	const char *name = name_of(p, c, path, sizeof path);
	struct line raw, resolved;

	if (!name)
		return 0;
	if (c->fd)
		return gyr_set_str(out, name);
	if (!is_connecting(c))
		return gyr_set_strn(out, name, strlen(name));
	if (line_begin(p, &raw, 512) || line_begin(p, &resolved, 16))
		return -ENOMEM;
	render_param(gyr_state(p), c, 1, &raw, &resolved);
	return gyr_set_str(out, raw.s);
}

static const char *container_of(struct gyr *p, const struct gyr_event *evt)
{
	return statetables_container(gyr_state(p), state_cur(p, evt)->thread);
}

FIELD_FN(fd_containername)
{
	char path[PATH_TEXT];
	const char *name = name_of(p, state_cur(p, evt), path, sizeof path);

	return name ? gyr_set_fmt(out, "%s:%s", container_of(p, evt), name) : 0;
}

static size_t directory_len(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? (size_t)(slash - name) : 0;
}

/* The directory of a file, or the directory itself, and its length; NULL for other kinds. */
static const char *directory_of(struct gyr *p, const struct cur *c, char *path, size_t size,
				size_t *ret_len)
{
	const char *name;

	if (!evt_has_fd(c))
		return NULL;
	if (c->fd && c->fd->type == GYR_META_FD_DIRECTORY) {
		*ret_len = strlen(fd_text(c->fd));
		return fd_text(c->fd);
	}
	if (c->fd)
		name = fd_is_file(c->fd) ? fd_text(c->fd) : NULL;
	else
		name = asked_path(p, c, path, size);
	if (!name && (c->fd || !c->info->is_exit))
		return NULL;
	*ret_len = name ? directory_len(name) : 0;
	if (*ret_len)
		return name;
	*ret_len = 1;
	return "/";
}

FIELD_FN(fd_directory)
{
	char path[PATH_TEXT];
	size_t len;
	const char *dir = directory_of(p, state_cur(p, evt), path, sizeof path, &len);

	return dir ? gyr_set_strn(out, dir, len) : 0;
}

FIELD_FN(fd_containerdirectory)
{
	char path[PATH_TEXT];
	size_t len;
	const char *dir = directory_of(p, state_cur(p, evt), path, sizeof path, &len);

	return dir ? gyr_set_fmt(out, "%s:%.*s", container_of(p, evt), (int)len, dir) : 0;
}

FIELD_FN(fd_filename)
{
	const struct fd *f = fd_of(p, evt);
	const char *slash;

	if (!f || !fd_is_file(f))
		return 0;
	slash = strrchr(fd_text(f), '/');
	return gyr_set_str(out, slash ? slash + 1 : "/");
}

/* Without doubled slashes. */
static int set_raw(struct gyr *p, struct gyr_value *out, const char *name)
{
	struct line l;

	if (!strstr(name, "//"))
		return gyr_set_str(out, name);
	if (line_begin(p, &l, strlen(name) + 1))
		return -ENOMEM;
	for (; *name; name++)
		if (*name != '/' || !l.n || l.s[l.n - 1] != '/')
			line_add(&l, name, 1);
	return gyr_set_str(out, l.s);
}

FIELD_FN(fd_nameraw)
{
	const struct cur *c = state_cur(p, evt);
	char path[PATH_TEXT];

	if (!evt_has_fd(c))
		return 0;
	if (c->fd)
		return set_raw(p, out, rtext_str(c->fd->raw ? c->fd->raw : c->fd->name));
	if (!asked_path(p, c, path, sizeof path))
		return 0;
	const int at = gyr_event_param_find(c->raw->type, "name", 4);
	const char *name = at < 0 ? NULL : cur_str(c, (uint32_t)at);
	return name ? set_raw(p, out, name) : 0;
}

/* ---- the rest ---- */

#define FD_FIELD(fn, set, expr)                     \
	FIELD_FN(fn)                                \
	{                                           \
		const struct fd *f = fd_of(p, evt); \
                                                    \
		return f ? set(out, expr) : 0;      \
	}

/* A device number holds its two parts in mixed bits. */
static uint32_t dev_major(uint32_t dev)
{
	return dev >> 20;
}

static uint32_t dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

FD_FIELD(fd_dev, gyr_set_u64, f->dev)
FD_FIELD(fd_dev_major, gyr_set_u64, dev_major(f->dev))
FD_FIELD(fd_dev_minor, gyr_set_u64, dev_minor(f->dev))
FD_FIELD(fd_ino, gyr_set_u64, f->ino)
FD_FIELD(fd_connected, gyr_set_bool, (f->flags & FD_CONNECTED) != 0)
FD_FIELD(fd_is_upper_layer, gyr_set_bool, (f->flags & FD_UPPER_LAYER) != 0)
FD_FIELD(fd_is_lower_layer, gyr_set_bool, (f->flags & FD_LOWER_LAYER) != 0)

FIELD_FN(fd_name_changed)
{
	return fd_of(p, evt) ? gyr_set_bool(out, state_cur(p, evt)->fd_renamed) : 0;
}

/* Kinds of all open descriptors, each once; of one with an index. */
FIELD_FN(fd_types)
{
	const struct thread *t = state_cur(p, evt)->thread;
	const struct thread *owner = t ? fd_owner(gyr_state(p), t) : NULL;
	uint32_t at = 0, seen = 0;
	int r = 0;

	if (!owner)
		return 0;
	for (const struct fd *f; !r && (f = fds_next(owner, &at));) {
		if (out->has_arg && (uint64_t)f->num != out->arg_index)
			continue;
		if (seen >> f->type & 1)
			continue;
		seen |= 1U << f->type;
		r = gyr_set_str(out, fd_type_text(f) ? fd_type_text(f) : "<NA>");
	}
	return r;
}
