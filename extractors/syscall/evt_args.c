/* evt_args: the parameters of the event, and what was transferred. */
#include <string.h>

#include "fields.h"

enum { TEXT_MAX = 8192, GENERIC = 1 };

/* The text of parameter @i: what it stands for, else as written. */
static int set_param_text(struct gyr *p, const struct cur *c, uint32_t i, struct gyr_value *out)
{
	struct line raw, resolved;

	if (line_begin(p, &raw, LINE_MAX_BYTES) || line_begin(p, &resolved, TEXT_MAX))
		return -ENOMEM;
	render_param(gyr_state(p), c, i, &raw, &resolved);
	return gyr_set_str(out, resolved.n ? resolved.s : raw.s);
}

static uint32_t n_params(const struct cur *c)
{
	return c->params.n < c->n_rows ? c->params.n : c->n_rows;
}

static int set_args(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct cur *c = state_cur(p, evt);
	struct line l, raw, resolved;

	if (line_begin(p, &l, LINE_MAX_BYTES) || line_begin(p, &raw, LINE_MAX_BYTES) ||
	    line_begin(p, &resolved, TEXT_MAX))
		return -ENOMEM;
	for (uint32_t i = 0; c->raw->type > GENERIC && i < n_params(c); i++) {
		raw.n = resolved.n = 0;
		raw.s[0] = resolved.s[0] = '\0';
		render_param(gyr_state(p), c, i, &raw, &resolved);
		line_fmt(&l, "%s%s=", i ? " " : "", c->rows[i].name);
		line_add(&l, raw.s, raw.n);
		if (resolved.n)
			line_fmt(&l, "(%s)", resolved.s);
	}
	return gyr_set_str(out, l.s);
}

FIELD_FN(evt_args)
{
	return set_args(p, evt, out);
}

FIELD_FN(evt_info)
{
	return set_args(p, evt, out);
}

/* The parameter that the argument of a field names, by number or name; -1 when there is none. */
static int param_asked(const struct cur *c, const struct gyr_value *out)
{
	int at = -1;

	if (!out->arg || !c->info)
		return -1;
	if (out->arg_index != UINT64_MAX)
		at = out->arg_index < n_params(c) ? (int)out->arg_index : -1;
	else
		at = gyr_event_param_find(c->raw->type, out->arg, strlen(out->arg));
	return at >= 0 && (uint32_t)at < n_params(c) ? at : -1;
}

FIELD_FN(evt_arg)
{
	const struct cur *c = state_cur(p, evt);
	const int at = param_asked(c, out);

	return at < 0 ? 0 : set_param_text(p, c, (uint32_t)at, out);
}

static bool is_signed(uint8_t type)
{
	switch (type) {
	case GYR_PT_INT8:
	case GYR_PT_INT16:
	case GYR_PT_INT32:
	case GYR_PT_INT64:
	case GYR_PT_ERRNO:
	case GYR_PT_FD:
	case GYR_PT_PID:
	case GYR_PT_FD32:
	case GYR_PT_PID32:
		return true;
	default:
		return false;
	}
}

static bool is_text(uint32_t type)
{
	return type == GYR_PT_CHARBUF || type == GYR_PT_FSPATH || type == GYR_PT_FSRELPATH;
}

static bool is_number(uint32_t type)
{
	switch (type) {
	case GYR_PT_CHARBUF:
	case GYR_PT_BYTEBUF:
	case GYR_PT_SOCKADDR:
	case GYR_PT_SOCKTUPLE:
	case GYR_PT_FDLIST:
	case GYR_PT_FSPATH:
	case GYR_PT_FSRELPATH:
	case GYR_PT_DYN:
	case GYR_PT_BOOL:
	case GYR_PT_IPV4ADDR:
	case GYR_PT_IPV6ADDR:
		return false;
	default:
		return true;
	}
}

/* A value to be shown: as it is written, 0 for a number that is not there. */
static int set_raw_text(struct gyr *p, const struct cur *c, uint32_t i, struct gyr_value *out)
{
	struct line raw, resolved;

	if (is_number(c->rows[i].type) && !gyr_param(&c->params, i))
		return gyr_set_str(out, "0");
	if (line_begin(p, &raw, LINE_MAX_BYTES) || line_begin(p, &resolved, TEXT_MAX))
		return -ENOMEM;
	render_param(gyr_state(p), c, i, &raw, &resolved);
	return gyr_set_str(out, raw.s);
}

/* The value itself. The host asks by the type that the name has in the first event with it, or, to show
 * it, by none. A text that is not there is as it is written, numbers and bytes are absent. */
FIELD_FN(evt_rawarg)
{
	const struct cur *c = state_cur(p, evt);
	const int at = param_asked(c, out);

	if (at < 0)
		return 0;
	const uint32_t wanted = out->req->ftype, type = c->rows[at].type;
	const struct gyr_param *q = gyr_param(&c->params, (uint32_t)at);
	if (wanted == GYR_PT_DYN)
		return set_raw_text(p, c, (uint32_t)at, out);
	if (is_text(wanted)) {
		const char *text = is_text(type) ? cur_str(c, (uint32_t)at) : NULL;

		return is_text(type) ? gyr_set_str(out, text ? text : "<NA>") : 0;
	}
	if (!q)
		return 0;
	if (!is_number(wanted))
		return gyr_set_bytes(out, q->data, q->len);
	if (!is_number(type) || q->len > 8)
		return 0;
	return gyr_set_u64(out, is_signed((uint8_t)type)
					? (uint64_t)gyr_param_i64(&c->params, (uint32_t)at, 0)
					: gyr_param_u64(&c->params, (uint32_t)at, 0));
}

/* ---- data ---- */

static const struct gyr_param *data_param(const struct cur *c)
{
	const int at = gyr_event_param_find(c->raw->type, "data", 4);

	return at < 0 ? NULL : gyr_param(&c->params, (uint32_t)at);
}

FIELD_FN(evt_buffer)
{
	const struct gyr_param *q = data_param(state_cur(p, evt));

	return q ? gyr_set_bytes(out, q->data, q->len) : 0;
}

enum moved { MOVED_IN = 1, MOVED_OUT = 2, MOVED_FILE = 4, MOVED_NET = 8 };

/* How much an event moved, when it moved in the ways asked for. */
static int set_moved(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		     unsigned how)
{
	enum { CATEGORY = 0x1ff, IO_READ = 32, IO_WRITE = 33 };
	const struct cur *c = state_cur(p, evt);
	const unsigned category = c->info ? c->info->category & CATEGORY : 0;
	int64_t r;

	if (!c->fd || (category != IO_READ && category != IO_WRITE) || !cur_result(c, &r) || r < 0)
		return 0;
	if (((how & MOVED_IN) && category != IO_READ) ||
	    ((how & MOVED_OUT) && category != IO_WRITE))
		return 0;
	if (((how & MOVED_FILE) && !fd_is_file(c->fd)) || ((how & MOVED_NET) && !fd_is_ip(c->fd)))
		return 0;
	return gyr_set_u64(out, (uint64_t)r);
}

FIELD_FN(evt_buflen)
{
	return set_moved(p, evt, out, 0);
}

FIELD_FN(evt_buflen_in)
{
	return set_moved(p, evt, out, MOVED_IN);
}

FIELD_FN(evt_buflen_out)
{
	return set_moved(p, evt, out, MOVED_OUT);
}

FIELD_FN(evt_buflen_file)
{
	return set_moved(p, evt, out, MOVED_FILE);
}

FIELD_FN(evt_buflen_file_in)
{
	return set_moved(p, evt, out, MOVED_FILE | MOVED_IN);
}

FIELD_FN(evt_buflen_file_out)
{
	return set_moved(p, evt, out, MOVED_FILE | MOVED_OUT);
}

FIELD_FN(evt_buflen_net)
{
	return set_moved(p, evt, out, MOVED_NET);
}

FIELD_FN(evt_buflen_net_in)
{
	return set_moved(p, evt, out, MOVED_NET | MOVED_IN);
}

FIELD_FN(evt_buflen_net_out)
{
	return set_moved(p, evt, out, MOVED_NET | MOVED_OUT);
}

/* ---- paths of calls that take a directory ---- */

struct at_row {
	uint16_t code;
	uint8_t dirfd, path; /* the first, or source, path */
	uint8_t dirfd2, path2;
};

FIELD_FN(evt_abspath)
{
	static const struct at_row rows[] = {
		{177, 1, 2, 3, 4}, {319, 1, 2, 3, 4}, {311, 1, 2, 3, 4}, {181, 2, 3, 2, 3},
		{307, 1, 2, 1, 2}, {327, 1, 2, 1, 2}, {303, 1, 2, 1, 2}, {305, 1, 2, 1, 2},
		{313, 1, 2, 1, 2}, {385, 1, 2, 1, 2}, {337, 1, 3, 1, 3},
	};
	const struct cur *c = state_cur(p, evt);
	char dir[PATH_TEXT], path[PATH_TEXT];

	for (size_t i = 0; c->thread && i < sizeof rows / sizeof rows[0]; i++) {
		const bool is_dst = out->arg && !strcmp(out->arg, "dst");
		const uint32_t at = is_dst ? rows[i].path2 : rows[i].path;
		const uint32_t base = is_dst ? rows[i].dirfd2 : rows[i].dirfd;
		const char *name = rows[i].code == evt->type ? cur_str(c, at) : NULL;

		if (!name)
			continue;
		(void)path_join(path, sizeof path,
				cur_dir(gyr_state(p), c, (int32_t)base, name, dir), name);
		return gyr_set_strn(out, path, strlen(path));
	}
	return 0;
}
