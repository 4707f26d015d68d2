/*
 * scapwrite: blocks are built in one buffer and go out through stdio.
 *
 * What is read back as it was written: the layouts are those that the replay source reads, in their
 * newest versions. A descriptor's block holds one file; blocks of a thread may repeat.
 */
#include "gyr/scapwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gyr/params.h>
#include <gyr/scapmeta.h>

enum {
	BLOCK_SHB = 0x0a0d0d0a,
	BLOCK_MI = 0x201,
	BLOCK_PL_V9 = 0x215,
	BLOCK_FDL_V2 = 0x218,
	BLOCK_IL_V2 = 0x219,
	BLOCK_UL_V2 = 0x220,
	BLOCK_EV_V2 = 0x216,
	BLOCK_EVF_V2 = 0x217,
	BLOCK_EV_V2_LARGE = 0x221,
	BLOCK_EVF_V2_LARGE = 0x222,
	SHB_MAGIC = 0x1a2b3c4d,
	FLAG_HIDDEN = 1,
	TEXT_MAX = 1024,
	LIST_MAX = 4096,
	SHORT_TEXT_MAX = 255,
	CATEGORY_SYSCALL = 0x200,
	FD_NAME_MAX = 1023,
};

/* Bytes that grow. */
struct bytes {
	uint8_t *p;
	size_t len, cap;
	bool failed;
};

enum part { NOTHING, SYSTEM, EVENTS };

struct gyr_scapwrite {
	FILE *file;
	int error;
	enum part part;      /* of the section */
	struct bytes block;  /* the one that is being built */
	struct bytes ifaces; /* entries that wait for gyr.ready */
	struct bytes users;
	struct bytes early; /* blocks of events that wait for it */
};

/* ---- bytes ---- */

static void put(struct bytes *b, const void *p, size_t len)
{
	if (b->cap - b->len < len) {
		const size_t cap = (b->len + len) * 2;
		uint8_t *bigger = b->failed ? NULL : realloc(b->p, cap);

		if (!bigger) {
			b->failed = true;
			return;
		}
		b->p = bigger;
		b->cap = cap;
	}
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void put_u8(struct bytes *b, uint8_t n)
{
	put(b, &n, sizeof n);
}

static void put_u16(struct bytes *b, uint16_t n)
{
	put(b, &n, sizeof n);
}

static void put_u32(struct bytes *b, uint32_t n)
{
	put(b, &n, sizeof n);
}

static void put_u64(struct bytes *b, uint64_t n)
{
	put(b, &n, sizeof n);
}

/* A text behind its length, cut at what readers take. */
static void put_text(struct bytes *b, struct gyr_meta_text t, size_t max)
{
	const size_t len = t.len < max ? t.len : max;

	put_u16(b, (uint16_t)len);
	put(b, t.p, len);
}

/* An entry begins with its length, which is not known yet: where that is. */
static size_t entry_begin(struct bytes *b)
{
	put_u32(b, 0);
	return b->len;
}

static void entry_end(struct bytes *b, size_t begin, bool counts_itself)
{
	const uint32_t len = (uint32_t)(b->len - begin) + (counts_itself ? 4 : 0);

	if (!b->failed)
		memcpy(b->p + begin - sizeof len, &len, sizeof len);
}

/* ---- blocks ---- */

static int settle(struct gyr_scapwrite *w, int r)
{
	if (r && !w->error)
		w->error = r;
	return r;
}

static void block_begin(struct gyr_scapwrite *w, uint32_t type)
{
	w->block.len = 0;
	put_u32(&w->block, type);
	put_u32(&w->block, 0);
}

static int block_finish(struct gyr_scapwrite *w)
{
	uint32_t size;

	while (w->block.len % 4)
		put_u8(&w->block, 0);
	size = (uint32_t)w->block.len + 4;
	put_u32(&w->block, size);
	if (w->block.failed)
		return settle(w, -ENOMEM);
	memcpy(w->block.p + 4, &size, sizeof size);
	return 0;
}

static int write_out(struct gyr_scapwrite *w, const struct bytes *b)
{
	errno = 0;
	if (b->len && fwrite(b->p, 1, b->len, w->file) != b->len)
		return settle(w, errno ? -errno : -EIO);
	return 0;
}

static int block_end(struct gyr_scapwrite *w)
{
	int r = block_finish(w);

	return r ? r : write_out(w, &w->block);
}

static int write_list(struct gyr_scapwrite *w, uint32_t type, struct bytes *entries)
{
	if (entries->failed)
		return settle(w, -ENOMEM);
	if (!entries->len)
		return 0;
	block_begin(w, type);
	put(&w->block, entries->p, entries->len);
	entries->len = 0;
	return block_end(w);
}

/* Everything is told: what waited goes out. */
static int section_ready(struct gyr_scapwrite *w)
{
	int r;

	if (w->part == EVENTS)
		return 0;
	w->part = EVENTS;
	r = write_list(w, BLOCK_IL_V2, &w->ifaces);
	if (r == 0)
		r = write_list(w, BLOCK_UL_V2, &w->users);
	if (r == 0)
		r = write_out(w, &w->early);
	w->early.len = 0;
	return r;
}

static int section_begin(struct gyr_scapwrite *w)
{
	int r = w->part == SYSTEM ? section_ready(w) : 0;

	if (r)
		return r;
	w->part = SYSTEM;
	block_begin(w, BLOCK_SHB);
	put_u32(&w->block, SHB_MAGIC);
	put_u16(&w->block, 1);
	put_u16(&w->block, 2);
	put_u64(&w->block, UINT64_MAX);
	return block_end(w);
}

/* ---- records ---- */

static int write_machine(struct gyr_scapwrite *w, const struct gyr_meta_machine *m)
{
	char hostname[128] = {0};

	memcpy(hostname, m->hostname.p, m->hostname.len < 127 ? m->hostname.len : 127);
	block_begin(w, BLOCK_MI);
	put_u32(&w->block, m->num_cpus);
	put_u64(&w->block, m->memory_size_bytes);
	put_u64(&w->block, m->max_pid);
	put(&w->block, hostname, sizeof hostname);
	put_u64(&w->block, m->boot_ts);
	put_u64(&w->block, m->flags);
	put_u64(&w->block, 0);
	put_u64(&w->block, 0);
	return block_end(w);
}

static int write_this_machine(struct gyr_scapwrite *w)
{
	char name[128] = {0};
	struct gyr_meta_machine m = {
		.num_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		.memory_size_bytes =
			(uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
	};

	if (gethostname(name, sizeof name - 1))
		name[0] = '\0';
	m.hostname = (struct gyr_meta_text){.p = name, .len = strlen(name)};
	return write_machine(w, &m);
}

static void put_process_tail(struct bytes *b, const struct gyr_meta_proc *p)
{
	put_u64(b, p->pidns_init_start_ts);
	put_u32(b, p->tty);
	put_u32(b, p->loginuid);
	put_u8(b, p->exe_writable);
	put_u64(b, p->cap_inheritable);
	put_u64(b, p->cap_permitted);
	put_u64(b, p->cap_effective);
	put_u8(b, p->exe_upper_layer);
	put_u64(b, p->exe_ino);
	put_u64(b, p->exe_ino_ctime);
	put_u64(b, p->exe_ino_mtime);
	put_u8(b, p->exe_from_memfd);
	put_u8(b, p->exe_lower_layer);
	put_u64(b, (uint64_t)p->pgid);
}

static void put_process(struct bytes *b, const struct gyr_meta_proc *p)
{
	const size_t begin = entry_begin(b);

	put_u64(b, (uint64_t)p->tid);
	put_u64(b, (uint64_t)p->pid);
	put_u64(b, (uint64_t)p->ptid);
	put_u64(b, (uint64_t)p->sid);
	put_u64(b, (uint64_t)p->vpgid);
	put_text(b, p->comm, TEXT_MAX);
	put_text(b, p->exe, TEXT_MAX);
	put_text(b, p->exepath, TEXT_MAX);
	put_text(b, p->args, LIST_MAX);
	put_text(b, p->cwd, TEXT_MAX);
	put_u64(b, p->fdlimit);
	put_u32(b, p->flags);
	put_u32(b, p->uid);
	put_u32(b, p->gid);
	put_u32(b, p->vmsize_kb);
	put_u32(b, p->vmrss_kb);
	put_u32(b, p->vmswap_kb);
	put_u64(b, p->pfmajor);
	put_u64(b, p->pfminor);
	put_text(b, p->env, LIST_MAX);
	put_u64(b, (uint64_t)p->vtid);
	put_u64(b, (uint64_t)p->vpid);
	put_text(b, p->cgroups, LIST_MAX);
	put_text(b, p->root, TEXT_MAX);
	put_process_tail(b, p);
	entry_end(b, begin, true);
}

static void put_socket(struct bytes *b, const struct gyr_meta_fd *f)
{
	const bool is_v6 = f->type == GYR_META_FD_IPV6_SOCK || f->type == GYR_META_FD_IPV6_SERVSOCK;
	const bool is_server =
		f->type == GYR_META_FD_IPV4_SERVSOCK || f->type == GYR_META_FD_IPV6_SERVSOCK;
	const size_t len = is_v6 ? 16 : 4;

	put(b, f->saddr, len);
	if (!is_server)
		put(b, f->daddr, len);
	put_u16(b, f->sport);
	if (!is_server)
		put_u16(b, f->dport);
	put_u8(b, f->l4);
}

static void put_file(struct bytes *b, const struct gyr_meta_fd *f)
{
	size_t begin;

	put_u64(b, (uint64_t)f->tid);
	begin = entry_begin(b);
	put_u64(b, (uint64_t)f->fd);
	put_u64(b, f->ino);
	put_u8(b, (uint8_t)f->type);
	if (f->type >= GYR_META_FD_IPV4_SOCK && f->type <= GYR_META_FD_IPV6_SERVSOCK) {
		put_socket(b, f);
	} else if (f->type != GYR_META_FD_UNKNOWN) {
		if (f->type == GYR_META_FD_UNIX_SOCK) {
			put_u64(b, f->unix_source);
			put_u64(b, f->unix_dest);
		}
		if (f->type == GYR_META_FD_FILE_V2)
			put_u32(b, f->open_flags);
		put_text(b, f->name, FD_NAME_MAX);
		if (f->type == GYR_META_FD_FILE_V2)
			put_u32(b, f->dev);
	}
	entry_end(b, begin, true);
}

static void put_iface(struct bytes *b, const struct gyr_meta_iface *x)
{
	const size_t begin = entry_begin(b), len = x->family == 4 ? 4 : 16;
	const size_t name_len = x->name.len < FD_NAME_MAX ? x->name.len : FD_NAME_MAX;

	put_u16(b, x->family == 4 ? 1 : 2);
	put_u16(b, (uint16_t)name_len);
	put(b, x->addr, len);
	put(b, x->netmask, len);
	put(b, x->bcast, len);
	put_u64(b, x->link_speed);
	put(b, x->name.p, name_len);
	entry_end(b, begin, false);
}

static void put_user(struct bytes *b, const struct gyr_meta_user *u)
{
	const size_t begin = entry_begin(b);

	put_u8(b, 0);
	put_u32(b, u->uid);
	put_u32(b, u->gid);
	put_text(b, u->name, SHORT_TEXT_MAX);
	put_text(b, u->home, SHORT_TEXT_MAX);
	put_text(b, u->shell, SHORT_TEXT_MAX);
	entry_end(b, begin, true);
}

static void put_group(struct bytes *b, const struct gyr_meta_group *g)
{
	const size_t begin = entry_begin(b);

	put_u8(b, 1);
	put_u32(b, g->gid);
	put_text(b, g->name, SHORT_TEXT_MAX);
	entry_end(b, begin, true);
}

/* Records of one kind; @p and @len are the data. -EBADMSG when it cannot be read. */

static int on_machine(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_machine m;
	int r = GYR_META_READ(p, len, &m, hostname);

	return r ? r : write_machine(w, &m);
}

static int on_proc(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_proc x;
	int r = GYR_META_READ(p, len, &x, comm);

	if (r)
		return r;
	block_begin(w, BLOCK_PL_V9);
	put_process(&w->block, &x);
	return block_end(w);
}

static int on_fd(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_fd x;
	int r = GYR_META_READ(p, len, &x, name);

	if (r)
		return r;
	block_begin(w, BLOCK_FDL_V2);
	put_file(&w->block, &x);
	return block_end(w);
}

static int on_iface(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_iface x;
	int r = GYR_META_READ(p, len, &x, name);

	if (r == 0)
		put_iface(&w->ifaces, &x);
	return r;
}

static int on_user(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_user x;
	int r = GYR_META_READ(p, len, &x, name);

	if (r == 0)
		put_user(&w->users, &x);
	return r;
}

static int on_group(struct gyr_scapwrite *w, const void *p, size_t len)
{
	struct gyr_meta_group x;
	int r = GYR_META_READ(p, len, &x, name);

	if (r == 0)
		put_group(&w->users, &x);
	return r;
}

static const struct {
	const char *name;
	int (*fn)(struct gyr_scapwrite *w, const void *p, size_t len);
} records[] = {
	{GYR_META_MACHINE, on_machine}, {GYR_META_PROC, on_proc}, {GYR_META_FD, on_fd},
	{GYR_META_IFACE, on_iface},     {GYR_META_USER, on_user}, {GYR_META_GROUP, on_group},
};

static int on_record(struct gyr_scapwrite *w, const char *name, const struct gyr_param *data)
{
	if (strcmp(name, GYR_META_SECTION) == 0)
		return section_begin(w);
	if (strcmp(name, GYR_META_READY) == 0)
		return section_ready(w);
	if (strncmp(name, GYR_META_AGAIN, strlen(GYR_META_AGAIN)) == 0)
		return 0; /* recordings have no place for it */
	if (w->part != SYSTEM)
		return -EBADMSG;
	if (w->ifaces.len + w->users.len > GYR_SCAPWRITE_WAITING_MAX)
		return settle(w, -ENOBUFS);
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		if (strcmp(records[i].name, name) == 0)
			return records[i].fn(w, data->data, data->len);
	}
	return 0;
}

/* ---- events ---- */

static int build_event(struct gyr_scapwrite *w, const ss_plugin_event *evt,
		       const struct gyr_params *params, uint32_t flags)
{
	ss_plugin_event head = *evt;
	const int cpu = gyr_params_cpu(evt, params);
	const bool is_large = gyr_event_is_large(evt->type);

	head.len = (uint32_t)(params->after - (const uint8_t *)evt);
	if (is_large)
		block_begin(w, flags ? BLOCK_EVF_V2_LARGE : BLOCK_EV_V2_LARGE);
	else
		block_begin(w, flags ? BLOCK_EVF_V2 : BLOCK_EV_V2);
	put_u16(&w->block, cpu < 0 ? 0 : (uint16_t)cpu);
	if (flags)
		put_u32(&w->block, flags);
	put(&w->block, &head, sizeof head);
	put(&w->block, evt + 1, head.len - sizeof head);
	return block_finish(w);
}

/* What hides an event: that it enters a call, or comes before gyr.ready, or a flag. */
static uint32_t flags_of(const struct gyr_scapwrite *w, const ss_plugin_event *evt, bool is_hidden)
{
	const struct gyr_event_info *info = gyr_event(evt->type);

	if (!is_hidden || w->part == SYSTEM || !info)
		return 0;
	return !(evt->type & 1) && info->category & CATEGORY_SYSCALL ? 0 : FLAG_HIDDEN;
}

/* The name of a record about the world; "" when the event is none. */
static const char *record_name(const ss_plugin_event *evt, const struct gyr_params *params)
{
	const char *name =
		evt->type == GYR_EVENT_ASYNC && params->n == 3 ? gyr_param_str(params, 1, "") : "";

	return strncmp(name, GYR_META_PREFIX, strlen(GYR_META_PREFIX)) == 0 ? name : "";
}

/* Begins a section for events that nobody told the world of: it is this machine's. */
static int section_plain(struct gyr_scapwrite *w)
{
	int r = section_begin(w);

	if (r == 0)
		r = write_this_machine(w);
	return r ? r : section_ready(w);
}

int gyr_scapwrite_event(struct gyr_scapwrite *w, const ss_plugin_event *evt, bool is_hidden)
{
	struct gyr_params params;
	const char *name;
	int r = w->error;

	if (r == 0)
		r = gyr_params_read(evt, &params);
	if (r)
		return r;
	name = is_hidden ? record_name(evt, &params) : "";
	if (*name)
		return on_record(w, name, &params.at[2]);
	if (w->part == NOTHING)
		r = section_plain(w);
	if (r == 0)
		r = build_event(w, evt, &params, flags_of(w, evt, is_hidden));
	if (r || w->part == EVENTS)
		return r ? r : write_out(w, &w->block);
	if (w->early.len + w->block.len > GYR_SCAPWRITE_WAITING_MAX)
		return settle(w, -ENOBUFS);
	put(&w->early, w->block.p, w->block.len);
	return w->early.failed ? settle(w, -ENOMEM) : 0;
}

/* ---- life ---- */

int gyr_scapwrite_open(const char *path, struct gyr_scapwrite **ret_writer)
{
	struct gyr_scapwrite *w = calloc(1, sizeof *w);
	int fd, r;

	if (!w)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
	w->file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!w->file) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		free(w);
		return r;
	}
	*ret_writer = w;
	return 0;
}

int gyr_scapwrite_close(struct gyr_scapwrite *w)
{
	int r;

	if (!w)
		return 0;
	if (w->part == SYSTEM && !w->error)
		(void)section_ready(w);
	errno = 0;
	if (fclose(w->file))
		(void)settle(w, errno ? -errno : -EIO);
	r = w->error;
	free(w->block.p);
	free(w->ifaces.p);
	free(w->users.p);
	free(w->early.p);
	free(w);
	return r;
}
