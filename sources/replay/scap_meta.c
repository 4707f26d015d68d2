/*
 * scap_meta: a cursor that never reads past its end, and a function a kind of entry.
 *
 * Newer versions of a block begin each entry with its length. What an entry has beyond what is known
 * here is skipped; what an older one lacks keeps its default.
 */
#include "scap_meta.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gyr/scapmeta.h>
#include <gyr/scapmetawrite.h>

#include "scap.h"

enum {
	TEXT_MAX = 1024,
	LIST_MAX = 4096,
	USER_TEXT_MAX = 255,
	FD_TEXT_MAX = 1023,
};

/* ---- reading ---- */

static size_t left(const struct scap_meta *m)
{
	return (size_t)(m->end - m->at);
}

/* Copies @size bytes; zeroes and a mark when they are not there. */
static void take(struct scap_meta *m, void *ret, size_t size)
{
	if (m->failed || left(m) < size) {
		m->failed = true;
		memset(ret, 0, size);
		return;
	}
	memcpy(ret, m->at, size);
	m->at += size;
}

static uint8_t take_u8(struct scap_meta *m)
{
	uint8_t n;

	take(m, &n, sizeof n);
	return n;
}

static uint16_t take_u16(struct scap_meta *m)
{
	uint16_t n;

	take(m, &n, sizeof n);
	return n;
}

static uint32_t take_u32(struct scap_meta *m)
{
	uint32_t n;

	take(m, &n, sizeof n);
	return n;
}

static uint64_t take_u64(struct scap_meta *m)
{
	uint64_t n;

	take(m, &n, sizeof n);
	return n;
}

static int64_t take_i64(struct scap_meta *m)
{
	return (int64_t)take_u64(m);
}

static struct gyr_meta_text take_bytes(struct scap_meta *m, size_t len, size_t max)
{
	struct gyr_meta_text t = {.p = "", .len = 0};

	if (len > max) {
		m->error = "a text is longer than its kind may be";
		m->failed = true;
	}
	if (m->failed || left(m) < len) {
		m->failed = true;
		return t;
	}
	t.p = (const char *)m->at;
	t.len = len;
	m->at += len;
	return t;
}

static struct gyr_meta_text take_text(struct scap_meta *m, size_t max)
{
	return take_bytes(m, take_u16(m), max);
}

/* ---- records ---- */

static ss_plugin_event *record_new(const struct gyr_meta_shape *shape, struct scap_pool *pool)
{
	void *at = scap_pool_get(pool, gyr_meta_size(shape));

	return at ? gyr_meta_write(shape, at) : NULL;
}

static int record(const struct gyr_meta_shape *shape, struct scap_pool *pool,
		  ss_plugin_event **ret_event)
{
	*ret_event = record_new(shape, pool);
	return *ret_event ? 0 : -ENOMEM;
}

ss_plugin_event *scap_meta_mark(const char *name, struct scap_pool *pool)
{
	return record_new(GYR_META_MARK(name), pool);
}

ss_plugin_event *scap_meta_hide(const ss_plugin_event *evt, struct scap_pool *pool)
{
	ss_plugin_event *hidden = record_new(GYR_META_HIDE(evt), pool);

	if (hidden)
		hidden->ts = evt->ts;
	return hidden;
}

/* ---- entries ---- */

static int machine(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	struct gyr_meta_machine x = {.num_cpus = take_u32(m)};

	x.memory_size_bytes = take_u64(m);
	x.max_pid = take_u64(m);
	x.hostname = take_bytes(m, 128, 128);
	x.hostname.len = strnlen(x.hostname.p, x.hostname.len);
	x.boot_ts = take_u64(m);
	x.flags = take_u64(m);
	m->at = m->end;
	return m->failed ? -EBADMSG
			 : record(GYR_META_SHAPE(GYR_META_MACHINE, x, hostname), pool, ret_event);
}

/* Lists that older writers did not end. */
static struct gyr_meta_text ended(struct gyr_meta_text list, char *room)
{
	if (list.len == 0 || list.p[list.len - 1] == '\0')
		return list;
	memcpy(room, list.p, list.len);
	room[list.len] = '\0';
	return (struct gyr_meta_text){.p = room, .len = list.len + 1};
}

#define TAKE_IF(m, member)                                  \
	do {                                                \
		if (left(m) >= sizeof(member))              \
			take(m, &(member), sizeof(member)); \
		else                                        \
			(m)->at = (m)->end;                 \
	} while (0)

/* The members that version 9 added one after the other: each is there if it fits. */
static void process_tail(struct scap_meta *m, struct gyr_meta_proc *x)
{
	if (left(m) > 29) { /* the first writers of version 9 had the five below only */
		TAKE_IF(m, x->pidns_init_start_ts);
		TAKE_IF(m, x->tty);
	}
	TAKE_IF(m, x->loginuid);
	TAKE_IF(m, x->exe_writable);
	TAKE_IF(m, x->cap_inheritable);
	TAKE_IF(m, x->cap_permitted);
	TAKE_IF(m, x->cap_effective);
	TAKE_IF(m, x->exe_upper_layer);
	TAKE_IF(m, x->exe_ino);
	TAKE_IF(m, x->exe_ino_ctime);
	TAKE_IF(m, x->exe_ino_mtime);
	TAKE_IF(m, x->exe_from_memfd);
	TAKE_IF(m, x->exe_lower_layer);
	TAKE_IF(m, x->pgid);
}

static void process_ids(struct scap_meta *m, struct gyr_meta_proc *x)
{
	x->tid = take_i64(m);
	x->pid = take_i64(m);
	x->ptid = take_i64(m);
	x->sid = m->version >= 6 ? take_i64(m) : -1;
	x->vpgid = m->version >= 8 ? take_i64(m) : -1;
	x->vtid = x->vpid = x->pgid = -1;
	x->loginuid = UINT32_MAX;
}

static void process_numbers(struct scap_meta *m, struct gyr_meta_proc *x)
{
	x->fdlimit = take_u64(m);
	x->flags = take_u32(m);
	x->uid = take_u32(m);
	x->gid = take_u32(m);
	if (m->version < 2)
		return;
	x->vmsize_kb = take_u32(m);
	x->vmrss_kb = take_u32(m);
	x->vmswap_kb = take_u32(m);
	x->pfmajor = take_u64(m);
	x->pfminor = take_u64(m);
}

static int process(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	const struct gyr_meta_text none = {.p = ""};
	struct gyr_meta_proc x = {0};
	char args[LIST_MAX + 1], env[LIST_MAX + 1];

	process_ids(m, &x);
	x.comm = take_text(m, TEXT_MAX);
	x.exe = take_text(m, TEXT_MAX);
	x.exepath = m->version >= 7 ? take_text(m, TEXT_MAX) : none;
	x.args = take_text(m, LIST_MAX);
	x.cwd = take_text(m, TEXT_MAX);
	process_numbers(m, &x);
	x.env = m->version >= 3 ? take_text(m, LIST_MAX) : none;
	if (m->version >= 4) {
		x.vtid = take_i64(m);
		x.vpid = take_i64(m);
	}
	x.cgroups = m->version >= 4 ? take_text(m, LIST_MAX) : none;
	x.root = m->version >= 5 ? take_text(m, TEXT_MAX) : none;
	if (m->failed)
		return -EBADMSG;
	if (m->version >= 9)
		process_tail(m, &x);
	x.args = ended(x.args, args);
	x.env = ended(x.env, env);
	return record(GYR_META_SHAPE(GYR_META_PROC, x, comm), pool, ret_event);
}

static void file_socket(struct scap_meta *m, struct gyr_meta_fd *x)
{
	const bool is_v6 = x->type == GYR_META_FD_IPV6_SOCK || x->type == GYR_META_FD_IPV6_SERVSOCK;
	const bool is_server =
		x->type == GYR_META_FD_IPV4_SERVSOCK || x->type == GYR_META_FD_IPV6_SERVSOCK;
	const size_t len = is_v6 ? 16 : 4;

	take(m, x->saddr, len);
	if (!is_server)
		take(m, x->daddr, len);
	x->sport = take_u16(m);
	if (!is_server)
		x->dport = take_u16(m);
	x->l4 = take_u8(m);
}

static int file_payload(struct scap_meta *m, struct gyr_meta_fd *x, char *unknown, size_t size)
{
	switch (x->type) {
	case GYR_META_FD_UNKNOWN:
		break;
	case GYR_META_FD_IPV4_SOCK:
	case GYR_META_FD_IPV6_SOCK:
	case GYR_META_FD_IPV4_SERVSOCK:
	case GYR_META_FD_IPV6_SERVSOCK:
		file_socket(m, x);
		break;
	case GYR_META_FD_UNIX_SOCK:
		x->unix_source = take_u64(m);
		x->unix_dest = take_u64(m);
		x->name = take_text(m, FD_TEXT_MAX);
		break;
	case GYR_META_FD_FILE_V2:
		x->open_flags = take_u32(m);
		x->name = take_text(m, FD_TEXT_MAX);
		if (m->version >= 2 && left(m) >= sizeof x->dev)
			x->dev = take_u32(m);
		break;
	default:
		if (x->type <= GYR_META_FD_PIDFD) {
			x->name = take_text(m, FD_TEXT_MAX);
			break;
		}
		if (m->version < 2) {
			m->error = "a file of an unknown type";
			return -EBADMSG;
		}
		x->name.len = (size_t)snprintf(unknown, size, "unknown-type:[%u]", x->type);
		x->name.p = unknown;
		x->type = GYR_META_FD_UNSUPPORTED;
	}
	return m->failed ? -EBADMSG : 0;
}

static int file(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	struct gyr_meta_fd x = {.tid = (int64_t)m->tid, .name.p = ""};
	char unknown[32];
	int r;

	x.fd = take_i64(m);
	x.ino = take_u64(m);
	x.type = take_u8(m);
	r = file_payload(m, &x, unknown, sizeof unknown);
	return r ? r : record(GYR_META_SHAPE(GYR_META_FD, x, name), pool, ret_event);
}

static int interface(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	const uint16_t type = take_u16(m), name_len = take_u16(m);
	const size_t len = type == 1 || type == 3 ? 4 : 16;
	struct gyr_meta_iface x = {.family = len == 4 ? 4 : 6};

	if (!m->failed && (type < 1 || type > 4)) {
		m->error = "an interface of an unknown type";
		return -EBADMSG;
	}
	take(m, x.addr, len);
	take(m, x.netmask, len);
	take(m, x.bcast, len);
	if (type <= 2)
		x.link_speed = take_u64(m);
	x.name = take_bytes(m, name_len, FD_TEXT_MAX);
	return m->failed ? -EBADMSG
			 : record(GYR_META_SHAPE(GYR_META_IFACE, x, name), pool, ret_event);
}

static int user(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	if (take_u8(m) == 0) {
		struct gyr_meta_user x = {.uid = take_u32(m)};

		x.gid = take_u32(m);
		x.name = take_text(m, USER_TEXT_MAX);
		x.home = take_text(m, USER_TEXT_MAX);
		x.shell = take_text(m, USER_TEXT_MAX);
		return m->failed ? -EBADMSG
				 : record(GYR_META_SHAPE(GYR_META_USER, x, name), pool, ret_event);
	}

	struct gyr_meta_group g = {.gid = take_u32(m)};

	g.name = take_text(m, USER_TEXT_MAX);
	return m->failed ? -EBADMSG
			 : record(GYR_META_SHAPE(GYR_META_GROUP, g, name), pool, ret_event);
}

/* ---- blocks ---- */

typedef int (*entry_fn)(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event);

static const struct {
	entry_fn fn;
	int sized_since;    /* version from which entries begin with their length */
	bool is_sized_self; /* the length counts itself */
} entries[] = {
	[SCAP_KIND_MI] = {.fn = machine, .sized_since = 99},
	[SCAP_KIND_PL] = {.fn = process, .sized_since = 9, .is_sized_self = true},
	[SCAP_KIND_FDL] = {.fn = file, .sized_since = 2, .is_sized_self = true},
	[SCAP_KIND_IL] = {.fn = interface, .sized_since = 2},
	[SCAP_KIND_UL] = {.fn = user, .sized_since = 2, .is_sized_self = true},
};

void scap_meta_begin(struct scap_meta *m, int kind, int version, const void *body, size_t len)
{
	static const uint8_t nothing[1];
	const uint8_t *at = body ? body : nothing;

	*m = (struct scap_meta){
		.at = at,
		.end = at + len,
		.kind = kind,
		.version = version,
	};
}

/* An entry that says how long it is: nothing it holds reaches beyond. */
static int sized_entry(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	const uint8_t *begin = m->at, *block_end = m->end;
	uint32_t len = take_u32(m);
	int r;

	if (!entries[m->kind].is_sized_self)
		begin = m->at;
	if (len > (size_t)(block_end - begin) || begin + len < m->at) {
		m->error = "the length of an entry does not fit";
		return -EBADMSG;
	}
	m->end = begin + len;
	r = entries[m->kind].fn(m, pool, ret_event);
	m->at = r ? m->at : m->end;
	m->end = block_end;
	return r;
}

int scap_meta_next(struct scap_meta *m, struct scap_pool *pool, ss_plugin_event **ret_event)
{
	int r;

	if (m->kind == SCAP_KIND_FDL && !m->has_tid) {
		m->tid = take_u64(m);
		m->has_tid = true;
	}
	if (!m->failed && left(m) < sizeof(uint32_t))
		return SCAP_META_E_END;
	r = m->version >= entries[m->kind].sized_since ? sized_entry(m, pool, ret_event)
						       : entries[m->kind].fn(m, pool, ret_event);
	if (r == -EBADMSG && !m->error)
		m->error = "an entry ends too early";
	return r;
}
