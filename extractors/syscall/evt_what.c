/* evt_what: what kind of event it is. */
#include <stdlib.h>
#include <string.h>

#include "fields.h"

enum { GENERIC_ENTER = 0, GENERIC_EXIT = 1, PROCINFO = 234 };

enum { EC_MASK = 0x1ff, EC_SYSCALL = 1 << 9 };

static const char *type_text(struct gyr *p, const struct cur *c)
{
	const struct gyr_syscall_info *call;
	struct line l;

	if (!c->info)
		return NULL;
	if (c->info->code == GYR_EVENT_ASYNC)
		return cur_str(c, 1);
	if (c->info->code > GENERIC_EXIT)
		return c->info->name;
	call = gyr_syscall((uint16_t)gyr_param_u64(&c->params, 0, 0));
	if (call && call->code)
		return call->name;
	const uint64_t native = gyr_param_u64(&c->params, 1, 0);
	for (uint16_t i = 1; i < gyr_syscall_count(); i++)
		if (gyr_syscall(i)->nr_x86_64 == (int64_t)native)
			return gyr_syscall(i)->name;
	if (line_begin(p, &l, 32))
		return NULL;
	line_fmt(&l, "<unknown syscall %u>", (unsigned)gyr_param_u64(&c->params, 1, 0));
	return l.s;
}

FIELD_FN(evt_type)
{
	const char *text = type_text(p, state_cur(p, evt));

	return text ? gyr_set_str(out, text) : 0;
}

FIELD_FN(syscall_type)
{
	const struct cur *c = state_cur(p, evt);
	const char *text = c->info && (c->info->category & EC_SYSCALL) ? type_text(p, c) : NULL;

	return text ? gyr_set_str(out, text) : 0;
}

FIELD_FN(evt_dir)
{
	const struct cur *c = state_cur(p, evt);

	return gyr_set_str(out, c->info && c->info->is_exit ? "<" : ">");
}

FIELD_FN(evt_type_is)
{
	const struct gyr_event_info *named;
	char *end = NULL;

	if (!out->arg || !*out->arg)
		return 0;
	const unsigned long n = strtoul(out->arg, &end, 10);
	if (!*end)
		return gyr_set_u64(out, n == evt->type);
	named = gyr_event_find(out->arg, strlen(out->arg), 0);
	return gyr_set_u64(out, named && (named->code | 1) == (evt->type | 1));
}

static const char *const categories[] = {
	[0] = "unknown", [1] = "other",   [2] = "file",        [3] = "net",    [4] = "IPC",
	[5] = "memory",  [6] = "process", [7] = "sleep",       [8] = "system", [9] = "signal",
	[10] = "user",   [11] = "time",   [12] = "processing",
};

enum {
	EC_IO_READ = 32,
	EC_IO_WRITE,
	EC_IO_OTHER,
	EC_WAIT = 64,
	EC_SCHEDULER = 128,
	EC_INTERNAL = 256
};

static const char *io_category(const struct cur *c)
{
	if (!c->fd)
		return "unknown";
	switch (c->fd->type) {
	case GYR_META_FD_FILE:
	case GYR_META_FD_DIRECTORY:
		return "file";
	case GYR_META_FD_IPV4_SOCK:
	case GYR_META_FD_IPV6_SOCK:
	case GYR_META_FD_IPV4_SERVSOCK:
	case GYR_META_FD_IPV6_SERVSOCK:
		return "net";
	case GYR_META_FD_FIFO:
	case GYR_META_FD_UNIX_SOCK:
	case GYR_META_FD_EVENT:
	case GYR_META_FD_SIGNALFD:
	case GYR_META_FD_INOTIFY:
	case GYR_META_FD_USERFAULTFD:
		return "ipc";
	default:
		return "unknown";
	}
}

static const char *category_text(const struct cur *c)
{
	const unsigned n = c->info ? c->info->category & EC_MASK : 0;

	switch (n) {
	case EC_IO_READ:
	case EC_IO_WRITE:
	case EC_IO_OTHER:
		return io_category(c);
	case EC_WAIT:
		return "wait";
	case EC_SCHEDULER:
		return "scheduler";
	case EC_INTERNAL:
		return "internal";
	default:
		return n < sizeof categories / sizeof categories[0] ? categories[n] : "unknown";
	}
}

FIELD_FN(evt_category)
{
	const struct cur *c = state_cur(p, evt);

	return gyr_set_str(out, category_text(c));
}

FIELD_FN(evt_cpu)
{
	const struct cur *c = state_cur(p, evt);
	const int cpu = gyr_params_cpu(c->raw, &c->params);

	return cpu >= 0 ? gyr_set_i64(out, cpu) : 0;
}

/* ---- results ---- */

FIELD_FN(evt_rawres)
{
	int64_t r;

	return cur_result(state_cur(p, evt), &r) ? gyr_set_i64(out, r) : 0;
}

FIELD_FN(evt_res)
{
	int64_t r;

	if (!cur_result(state_cur(p, evt), &r))
		return 0;
	if (r >= 0)
		return gyr_set_str(out, "SUCCESS");
	return errno_text(r) ? gyr_set_str(out, errno_text(r))
			     : gyr_set_fmt(out, "%lld", (long long)r);
}

FIELD_FN(evt_failed)
{
	int64_t r;

	return cur_result(state_cur(p, evt), &r) ? gyr_set_bool(out, r < 0) : 0;
}

/* ---- reads, writes, waits ---- */

static bool has_flag(const struct cur *c, uint32_t flag)
{
	return c->info && (c->info->flags & flag);
}

FIELD_FN(evt_is_io)
{
	return gyr_set_bool(
		out, has_flag(state_cur(p, evt), GYR_EF_READS_FROM_FD | GYR_EF_WRITES_TO_FD));
}

FIELD_FN(evt_is_io_read)
{
	return gyr_set_bool(out, has_flag(state_cur(p, evt), GYR_EF_READS_FROM_FD));
}

FIELD_FN(evt_is_io_write)
{
	return gyr_set_bool(out, has_flag(state_cur(p, evt), GYR_EF_WRITES_TO_FD));
}

FIELD_FN(evt_io_dir)
{
	const struct cur *c = state_cur(p, evt);

	if (has_flag(c, GYR_EF_WRITES_TO_FD))
		return gyr_set_str(out, "write");
	return has_flag(c, GYR_EF_READS_FROM_FD) ? gyr_set_str(out, "read") : 0;
}

FIELD_FN(evt_is_wait)
{
	return gyr_set_bool(out, has_flag(state_cur(p, evt), GYR_EF_WAITS));
}

bool evt_is_syslog_write(const struct cur *c)
{
	return has_flag(c, GYR_EF_WRITES_TO_FD) && c->fd && c->fd->name &&
	       strstr(c->fd->name->s, "/dev/log");
}

FIELD_FN(evt_is_syslog)
{
	return gyr_set_bool(out, evt_is_syslog_write(state_cur(p, evt)));
}

/* ---- opens ---- */

enum { OPEN = 3, CREAT = 59, OPENAT = 307, OPENAT2 = 327, BY_HANDLE = 337 };

/* Flags and mode of an event of the open family; false for any other. */
static bool open_flags(const struct cur *c, uint64_t *ret_flags, uint64_t *ret_mode)
{
	uint32_t at;

	switch (c->raw->type) {
	case OPEN:
	case BY_HANDLE:
		at = 2;
		break;
	case OPENAT:
	case OPENAT2:
		at = 3;
		break;
	default:
		return false;
	}
	*ret_flags = gyr_param_u64(&c->params, at, 0);
	*ret_mode = c->raw->type == BY_HANDLE ? 0 : gyr_param_u64(&c->params, at + 1, 0);
	return true;
}

FIELD_FN(evt_is_open_read)
{
	uint64_t flags, mode;

	return gyr_set_bool(out,
			    open_flags(state_cur(p, evt), &flags, &mode) && (flags & PPM_O_RDONLY));
}

FIELD_FN(evt_is_open_write)
{
	uint64_t flags, mode;

	return gyr_set_bool(out,
			    open_flags(state_cur(p, evt), &flags, &mode) && (flags & PPM_O_WRONLY));
}

FIELD_FN(evt_is_open_exec)
{
	enum { ANY_X = 0111 };
	const struct cur *c = state_cur(p, evt);
	uint64_t flags, mode;

	if (c->raw->type == CREAT)
		return gyr_set_bool(out, gyr_param_u64(&c->params, 2, 0) & ANY_X);
	return gyr_set_bool(out, open_flags(c, &flags, &mode) && (mode & ANY_X) &&
					 (flags & (PPM_O_CREAT | PPM_O_TMPFILE)));
}

FIELD_FN(evt_is_open_create)
{
	const struct cur *c = state_cur(p, evt);
	uint64_t flags, mode;
	int64_t r;

	if (!open_flags(c, &flags, &mode) || !cur_result(c, &r))
		return gyr_set_bool(out, false);
	return gyr_set_bool(out, (flags & PPM_O_F_CREATED) || ((flags & PPM_O_TMPFILE) && r >= 0));
}

FIELD_FN(evt_count)
{
	return gyr_set_u64(out, 1);
}

FIELD_FN(evt_count_exit)
{
	const struct cur *c = state_cur(p, evt);

	return c->info && c->info->is_exit ? gyr_set_u64(out, 1) : 0;
}

FIELD_FN(evt_count_threadinfo)
{
	return gyr_set_u64(out, evt->type == PROCINFO);
}

FIELD_FN(evt_count_procinfo)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return gyr_set_u64(out, evt->type == PROCINFO && t && thread_is_main(t));
}

FIELD_FN(evt_count_error)
{
	int64_t r;

	return cur_result(state_cur(p, evt), &r) ? gyr_set_u64(out, r < 0) : 0;
}

/* Counts an error in the class that the descriptor or the kind of event says. */
static int count_error(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		       const char *wanted)
{
	const struct cur *c = state_cur(p, evt);
	uint64_t flags, mode;
	const char *kind = "other";
	int64_t r;

	if (!cur_result(c, &r))
		return 0;
	if (c->fd)
		kind = io_category(c);
	else if (open_flags(c, &flags, &mode) || c->raw->type == CREAT)
		kind = "file";
	else if (c->raw->type == 247 || c->raw->type == 389 || c->raw->type == 23)
		kind = "net";
	else if (!strcmp(category_text(c), "memory"))
		kind = "memory";
	if (strcmp(kind, "file") != 0 && strcmp(kind, "net") != 0 && strcmp(kind, "memory") != 0)
		kind = "other";
	return strcmp(kind, wanted) ? 0 : gyr_set_u64(out, r < 0);
}

FIELD_FN(evt_count_error_file)
{
	return count_error(p, evt, out, "file");
}

FIELD_FN(evt_count_error_net)
{
	return count_error(p, evt, out, "net");
}

FIELD_FN(evt_count_error_memory)
{
	return count_error(p, evt, out, "memory");
}

FIELD_FN(evt_count_error_other)
{
	return count_error(p, evt, out, "other");
}

/* ---- no longer measured ---- */

FIELD_FN(evt_latency)
{
	return gyr_set_u64(out, 0);
}

FIELD_FN(evt_latency_s)
{
	return gyr_set_u64(out, 0);
}

FIELD_FN(evt_latency_ns)
{
	return gyr_set_u64(out, 0);
}

FIELD_FN(evt_latency_quantized)
{
	return gyr_set_u64(out, 0);
}

FIELD_FN(evt_latency_human)
{
	return gyr_set_str(out, "0ns");
}

FIELD_FN(evt_wait_latency)
{
	return gyr_set_u64(out, 0);
}
