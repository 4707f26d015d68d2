/*
 * fd_self: the descriptor that the event is about.
 *
 * All of it is absent unless the event makes, uses or closes a descriptor. When a call failed to make
 * one, its name is what was asked for.
 */
#include <string.h>

#include "fields.h"
#include "statetables.h"

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

/* What the event asked to open; NULL for events that do not open. */
static const struct asked_row *asked_row(const struct cur *c)
{
	static const struct asked_row rows[] = {
		{3, -1, 1}, {59, -1, 1}, {307, 1, 2}, {327, 1, 2}, {337, -1, 3}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].code == c->raw->type)
			return &rows[i];
	return NULL;
}

/* The path that a failed open asked for: made absolute, or as it is when it was. NULL: there is none. */
static struct rtext *asked_new(struct state *s, const struct cur *c)
{
	const struct asked_row *row = asked_row(c);
	const char *name = row ? cur_str(c, row->name) : NULL;
	char dir[PATH_TEXT], path[PATH_TEXT];
	size_t n;

	if (!name)
		return NULL;
	if (row->dirfd < 0 && *name == '/')
		return names_get(&s->names, &s->pool, name, strnlen(name, sizeof path - 1));
	n = path_join(path, sizeof path, cur_dir(s, c, row->dirfd, name, dir), name);
	return names_get(&s->names, &s->pool, path, n);
}

/* The same, made once an event. */
static const struct rtext *asked_name(struct state *s, const struct cur *c)
{
	if (s->asked.num == c->num && s->asked.raw == c->raw)
		return s->asked.name;
	s->asked.num = c->num;
	s->asked.raw = c->raw;
	(void)rtext_unref(s->asked.name);
	s->asked.name = asked_new(s, c);
	return s->asked.name;
}

static const char *name_of(struct gyr *p, const struct cur *c)
{
	if (!evt_has_fd(c))
		return NULL;
	if (c->fd)
		return fd_text(c->fd);
	const struct rtext *asked = asked_name(gyr_state(p), c);
	if (asked)
		return asked->s;
	return c->info->is_exit ? "" : NULL;
}

/* The name as it was given to an open that failed; NULL: there is none. */
static const char *asked_raw(const struct cur *c)
{
	const int at = gyr_event_param_find(c->raw->type, "name", 4);

	return at < 0 ? NULL : cur_str(c, (uint32_t)at);
}

/* Of an open that failed, what it asked for: by which call, since they differ in what is told. */
static bool asked_entry(struct state *s, const struct cur *c, struct gyr_entry *ret_entry)
{
	enum { NO_FD = 0xff };
	const struct rtext *name = asked_name(s, c);
	const char *text = name && name->id ? asked_raw(c) : NULL;
	struct rtext *raw = text ? names_get(&s->names, &s->pool, text, strlen(text)) : NULL;
	const uint64_t raw_id = raw ? raw->id : 0;

	(void)rtext_unref(raw);
	*ret_entry = (struct gyr_entry){name ? name->id : 0,
					raw_id << 24 | (uint64_t)c->raw->type << 8 | NO_FD};
	return raw_id;
}

/* Texts never change, so their ids say all there is to say of a name. */
bool fd_file_entry(struct state *s, const struct cur *c, struct gyr_entry *ret_entry)
{
	const struct fd *f = c->fd;

	if (!evt_has_fd(c))
		return false;
	if (!f)
		return asked_entry(s, c, ret_entry);
	if ((f->type != GYR_META_FD_FILE && f->type != GYR_META_FD_DIRECTORY) || !f->name ||
	    !f->name->id || !fd_raw(f)->id)
		return false;
	*ret_entry = (struct gyr_entry){f->name->id, fd_raw(f)->id << 8 | f->type};
	return true;
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
	const char *name = name_of(p, c);
	struct line raw, resolved;

	if (!name)
		return 0;
	if (c->fd || !is_connecting(c))
		return gyr_set_str(out, name);
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
	const char *name = name_of(p, state_cur(p, evt));

	return name ? gyr_set_fmt(out, "%s:%s", container_of(p, evt), name) : 0;
}

static size_t directory_len(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? (size_t)(slash - name) : 0;
}

/* The directory of a file, or the directory itself, and its length; NULL for other kinds. */
static const char *directory_of(struct gyr *p, const struct cur *c, size_t *ret_len)
{
	const struct rtext *asked;
	const char *name;

	if (!evt_has_fd(c))
		return NULL;
	if (c->fd && c->fd->type == GYR_META_FD_DIRECTORY) {
		*ret_len = strlen(fd_text(c->fd));
		return fd_text(c->fd);
	}
	if (c->fd) {
		name = fd_is_file(c->fd) ? fd_text(c->fd) : NULL;
	} else {
		asked = asked_name(gyr_state(p), c);
		name = asked ? asked->s : NULL;
	}
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
	size_t len;
	const char *dir = directory_of(p, state_cur(p, evt), &len);

	return dir ? gyr_set_strn(out, dir, len) : 0;
}

FIELD_FN(fd_containerdirectory)
{
	size_t len;
	const char *dir = directory_of(p, state_cur(p, evt), &len);

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

	if (!evt_has_fd(c))
		return 0;
	if (c->fd)
		return set_raw(p, out, rtext_str(fd_raw(c->fd)));
	if (!asked_name(gyr_state(p), c))
		return 0;
	const char *name = asked_raw(c);
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
