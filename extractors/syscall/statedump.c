/*
 * statedump: one record after the other, in the order that readers want: all threads, then descriptors,
 * each of a thread that was told; users and interfaces last.
 *
 * What the event at hand took away (a descriptor it closed) is still there for questions about it, so it is
 * told, too: the event is the first of the recording. Placeholders for threads of which nothing is known are
 * left out; a reader makes its own.
 */
#include "statedump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/scapmetawrite.h>

#include "state.h"

/* Where records go, and the memory they are made in. */
struct out {
	struct gyr_dump *to;
	void *room;
	size_t size;
};

static int write_record(struct out *o, const struct gyr_meta_shape *shape)
{
	const size_t size = gyr_meta_size(shape);

	if (size > o->size) {
		void *bigger = realloc(o->room, size * 2);

		if (!bigger)
			return -ENOMEM;
		o->room = bigger;
		o->size = size * 2;
	}
	return gyr_dump(o->to, gyr_meta_write(shape, o->room));
}

static struct gyr_meta_text text(const struct rtext *t)
{
	const char *p = rtext_str(t);

	return (struct gyr_meta_text){.p = p, .len = strlen(p)};
}

/* Its items end with a NUL each; the text ends with one of its own. */
static struct gyr_meta_text list(const struct rtext *t)
{
	return (struct gyr_meta_text){.p = rtext_str(t), .len = t && t->len ? t->len + 1u : 0};
}

static int dump_thread(struct out *o, const struct thread *t)
{
	struct gyr_meta_proc m;

	memset(&m, 0, sizeof m);
	m.tid = t->tid;
	m.pid = t->pid;
	m.ptid = t->ptid;
	m.sid = t->sid;
	m.vpgid = t->vpgid;
	m.vtid = t->vtid;
	m.vpid = t->vpid;
	m.pgid = t->pgid;
	m.fdlimit = t->fdlimit;
	m.pfmajor = t->pfmajor;
	m.pfminor = t->pfminor;
	m.pidns_init_start_ts = t->pidns_init_start_ts;
	m.cap_inheritable = t->cap_inheritable;
	m.cap_permitted = t->cap_permitted;
	m.cap_effective = t->cap_effective;
	m.exe_ino = t->exe_ino;
	m.exe_ino_ctime = t->exe_ino_ctime;
	m.exe_ino_mtime = t->exe_ino_mtime;
	m.flags = t->flags;
	m.uid = t->uid;
	m.gid = t->gid;
	m.vmsize_kb = t->vmsize_kb;
	m.vmrss_kb = t->vmrss_kb;
	m.vmswap_kb = t->vmswap_kb;
	m.tty = t->tty;
	m.loginuid = t->loginuid;
	m.exe_writable = t->exe_writable;
	m.exe_upper_layer = t->exe_upper_layer;
	m.exe_lower_layer = t->exe_lower_layer;
	m.exe_from_memfd = t->exe_from_memfd;
	m.comm = text(t->comm);
	m.exe = text(t->exe);
	m.exepath = text(t->exepath);
	m.args = list(t->args);
	m.cwd = text(t->cwd);
	m.env = list(t->env);
	m.cgroups = list(t->cgroups);
	m.root = text(t->root);
	return write_record(o, GYR_META_SHAPE(GYR_META_PROC, m, comm));
}

static int dump_fd(struct out *o, const struct thread *owner, const struct fd *f)
{
	struct gyr_meta_fd m;

	memset(&m, 0, sizeof m);
	m.tid = owner->tid;
	m.fd = f->num;
	m.ino = f->ino;
	m.type = f->type == GYR_META_FD_FILE ? GYR_META_FD_FILE_V2 : f->type;
	m.open_flags = f->open_flags;
	m.dev = f->dev;
	if (fd_is_ip(f) || fd_listens(f)) {
		m.sport = f->u.sock.sport;
		m.dport = f->u.sock.dport;
		memcpy(m.saddr, f->u.sock.sip, sizeof m.saddr);
		memcpy(m.daddr, f->u.sock.dip, sizeof m.daddr);
		m.l4 = f->u.sock.l4;
	} else if (f->type == GYR_META_FD_UNIX_SOCK) {
		m.unix_source = f->u.unix_.source;
		m.unix_dest = f->u.unix_.dest;
	}
	m.name = text(f->name);
	return write_record(o, GYR_META_SHAPE(GYR_META_FD, m, name));
}

static int dump_threads(struct out *o, const struct state *s)
{
	uint32_t at = 0;
	int r = 0;

	for (const struct thread *t; r == 0 && (t = imap_next(&s->threads, &at));)
		if (!t->is_fake)
			r = dump_thread(o, t);
	return r;
}

static int dump_closed(struct out *o, const struct state *s)
{
	const struct thread *owner = s->cur.thread ? fd_owner(s, s->cur.thread) : NULL;
	int r = 0;

	for (uint32_t i = 0; owner && r == 0 && i < s->n_closed; i++)
		if (!fdtab_get(&owner->fds, s->closed[i]->num))
			r = dump_fd(o, owner, s->closed[i]);
	return r;
}

static int dump_fds(struct out *o, const struct state *s)
{
	uint32_t at = 0;
	int r = 0;

	for (const struct thread *t; r == 0 && (t = imap_next(&s->threads, &at));) {
		uint32_t i = 0;

		for (const struct fd *f; r == 0 && !t->is_fake && (f = fds_next(t, &i));)
			r = dump_fd(o, t, f);
	}
	return r ? r : dump_closed(o, s);
}

static int dump_users(struct out *o, const struct imap *users, bool are_groups)
{
	uint32_t at = 0;
	int r = 0;

	for (const struct user *u; r == 0 && (u = imap_next(users, &at));) {
		struct gyr_meta_user m = {.uid = u->uid,
					  .gid = u->gid,
					  .name = text(u->name),
					  .home = text(u->home),
					  .shell = text(u->shell)};
		struct gyr_meta_group g = {.gid = u->gid, .name = text(u->name)};

		if (*rtext_str(u->container))
			continue; /* the format knows users of the host alone */
		r = write_record(o, are_groups ? GYR_META_SHAPE(GYR_META_GROUP, g, name)
					       : GYR_META_SHAPE(GYR_META_USER, m, name));
	}
	return r;
}

static int dump_ifaces(struct out *o, const struct state *s)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < s->n_ifaces; i++) {
		struct gyr_meta_iface m;

		memset(&m, 0, sizeof m);
		m.family = s->ifaces[i].family;
		memcpy(m.addr, s->ifaces[i].addr, sizeof m.addr);
		memcpy(m.netmask, s->ifaces[i].netmask, sizeof m.netmask);
		m.name.p = "";
		r = write_record(o, GYR_META_SHAPE(GYR_META_IFACE, m, name));
	}
	return r;
}

static int dump_all(struct out *o, const struct state *s)
{
	int r = write_record(o, GYR_META_MARK(GYR_META_SECTION));

	if (r == 0 && s->machine.num_cpus)
		r = write_record(o, GYR_META_SHAPE(GYR_META_MACHINE, s->machine, hostname));
	if (r == 0)
		r = dump_threads(o, s);
	if (r == 0)
		r = dump_fds(o, s);
	if (r == 0)
		r = write_record(o, GYR_META_MARK(GYR_META_LINK));
	if (r == 0)
		r = dump_ifaces(o, s);
	if (r == 0)
		r = dump_users(o, &s->users, false);
	if (r == 0)
		r = dump_users(o, &s->groups, true);
	return r ? r : write_record(o, GYR_META_MARK(GYR_META_READY));
}

int state_dump(struct gyr *p, struct gyr_dump *d)
{
	struct out o = {.to = d};
	const int r = dump_all(&o, gyr_state(p));

	free(o.room);
	return r;
}
