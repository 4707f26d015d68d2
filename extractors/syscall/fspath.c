/*
 * fspath: the paths that calls on the file system name, absolute or as they were passed.
 *
 * A row of the table says where an event has its path, and, for those with two, the source and the
 * target; with the parameter of the directory it starts from, where the call has one. Only calls that
 * succeeded have any.
 */
#include <string.h>

#include "fields.h"

enum { NONE = -1 };

/* Parameters of a path and of its directory; NONE: the process's. */
struct path_at {
	int8_t path, dirfd;
};

struct path_row {
	uint16_t code;
	struct path_at name, source, target;
};

#define NO_PATH            \
	{                  \
		NONE, NONE \
	}
#define ONE(c, path, dirfd)                                                              \
	{                                                                                \
		.code = (c), .name = {path, dirfd}, .source = NO_PATH, .target = NO_PATH \
	}
#define TWO(c, from, from_dir, to, to_dir)                                                         \
	{                                                                                          \
		.code = (c), .name = NO_PATH, .source = {from, from_dir}, .target = { to, to_dir } \
	}

static const struct path_row rows[] = {
	ONE(3, 1, NONE),            /* open */
	ONE(307, 2, 1),             /* openat */
	ONE(327, 2, 1),             /* openat2 */
	ONE(277, 1, NONE),          /* mkdir */
	ONE(305, 2, 1),             /* mkdirat */
	ONE(279, 1, NONE),          /* rmdir */
	ONE(301, 1, NONE),          /* unlink */
	ONE(303, 2, 1),             /* unlinkat */
	ONE(315, 1, NONE),          /* chmod */
	ONE(313, 2, 1),             /* fchmodat */
	ONE(379, 1, NONE),          /* chown */
	ONE(381, 1, NONE),          /* lchown */
	ONE(385, 2, 1),             /* fchownat */
	ONE(191, 1, NONE),          /* quotactl */
	ONE(387, 1, NONE),          /* umount */
	ONE(391, 1, NONE),          /* umount2 */
	TWO(175, 1, NONE, 2, NONE), /* rename */
	TWO(177, 2, NONE, 4, NONE), /* renameat */
	TWO(319, 2, 1, 4, 3),       /* renameat2 */
	TWO(309, 2, NONE, 1, NONE), /* link: the new name is the source */
	TWO(311, 4, NONE, 2, NONE), /* linkat */
	TWO(179, 2, NONE, 1, NONE), /* symlink */
	TWO(181, 3, 2, 1, NONE),    /* symlinkat */
	TWO(257, 1, NONE, 2, NONE), /* mount */
};

static const struct path_row *row_of(const struct cur *c)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].code == c->raw->type)
			return &rows[i];
	return NULL;
}

static bool succeeded(const struct cur *c)
{
	const bool is_open = c->raw->type == 3 || c->raw->type == 307 || c->raw->type == 327;
	int64_t r;

	if (!cur_result(c, &r))
		return false;
	return is_open ? r != -1 : r == 0;
}

/* The name of the descriptor, for the calls that change a file by it. */
static int set_by_fd(const struct cur *c, struct gyr_value *out)
{
	enum { FCHMOD = 317, FCHOWN = 383 };

	if ((c->raw->type != FCHMOD && c->raw->type != FCHOWN) || !c->fd || !succeeded(c))
		return 0;
	return gyr_set_str(out, fd_text(c->fd));
}

/* The text of parameter @i that was passed; NULL when the event has none, or failed. */
static const char *passed(const struct cur *c, const struct path_at *at)
{
	return at->path < 0 || !c->thread || !succeeded(c) ? NULL : cur_str(c, (uint32_t)at->path);
}

static int set_path(struct gyr *p, const struct cur *c, struct gyr_value *out,
		    const struct path_at *at)
{
	const struct state *s = gyr_state(p);
	const char *text = passed(c, at);
	char dir[PATH_TEXT], path[PATH_TEXT];

	if (!text)
		return 0;
	const size_t n = path_join(path, sizeof path, cur_dir(s, c, at->dirfd, text, dir), text);
	return gyr_set_strn(out, path, n);
}

static int set_raw(const struct cur *c, struct gyr_value *out, const struct path_at *at)
{
	const char *text = passed(c, at);

	return text ? gyr_set_str(out, text) : 0;
}

FIELD_FN(fs_path_name)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_path(p, c, out, &row->name) : set_by_fd(c, out);
}

FIELD_FN(fs_path_nameraw)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_raw(c, out, &row->name) : set_by_fd(c, out);
}

FIELD_FN(fs_path_source)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_path(p, c, out, &row->source) : 0;
}

FIELD_FN(fs_path_sourceraw)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_raw(c, out, &row->source) : 0;
}

FIELD_FN(fs_path_target)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_path(p, c, out, &row->target) : 0;
}

FIELD_FN(fs_path_targetraw)
{
	const struct cur *c = state_cur(p, evt);
	const struct path_row *row = row_of(c);

	return row ? set_raw(c, out, &row->target) : 0;
}
