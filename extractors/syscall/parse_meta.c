/*
 * parse_meta: what a source tells before its events: the threads, descriptors, interfaces and users
 * there were when it began (gyr/scapmeta.h), and events that tell of users later.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* ---- threads ---- */

static void set_text(struct state *s, struct rtext **at, struct gyr_meta_text text)
{
	(void)rtext_set(&s->pool, at, text.p, text.len);
}

static void set_list(struct state *s, struct rtext **at, struct gyr_meta_text text)
{
	(void)rtext_set(&s->pool, at, text.p,
			text.len - (text.len && text.p[text.len - 1] == '\0'));
}

size_t meta_path_len(struct gyr_meta_text path)
{
	static const char deleted[] = " (deleted)";
	const size_t n = sizeof deleted - 1;

	return path.len > n && !memcmp(path.p + path.len - n, deleted, n) ? path.len - n : path.len;
}

static void set_texts(struct state *s, struct thread *t, const struct gyr_meta_proc *m)
{
	struct gyr_meta_text exepath = m->exepath;

	exepath.len = meta_path_len(exepath);
	set_text(s, &t->comm, m->comm);
	set_text(s, &t->exe, m->exe);
	set_text(s, &t->exepath, exepath);
	set_list(s, &t->args, m->args);
}

static void set_numbers(struct thread *t, const struct gyr_meta_proc *m)
{
	t->vtid = m->vtid;
	t->vpid = m->vpid;
	t->fdlimit = m->fdlimit;
	t->pfmajor = m->pfmajor;
	t->pfminor = m->pfminor;
	t->pidns_init_start_ts = m->pidns_init_start_ts;
	t->exe_ino = m->exe_ino;
	t->exe_ino_ctime = m->exe_ino_ctime;
	t->exe_ino_mtime = m->exe_ino_mtime;
	t->flags = m->flags | PPM_CL_ACTIVE;
	t->tty = m->tty;
	t->vmsize_kb = m->vmsize_kb;
	t->vmrss_kb = m->vmrss_kb;
	t->vmswap_kb = m->vmswap_kb;
	t->exe_writable = m->exe_writable;
	t->exe_upper_layer = m->exe_upper_layer;
	t->exe_lower_layer = m->exe_lower_layer;
	t->exe_from_memfd = m->exe_from_memfd;
}

void meta_steps(struct state *s, struct thread *t, const struct gyr_meta_proc *m)
{
	t->sid = m->sid;
	t->vpgid = m->vpgid;
	t->pgid = m->pgid;
	t->cap_inheritable = m->cap_inheritable;
	t->cap_permitted = m->cap_permitted;
	t->cap_effective = m->cap_effective;
	t->uid = m->uid;
	t->gid = m->gid;
	t->loginuid = m->loginuid;
	if (m->cgroups.len)
		set_list(s, &t->cgroups, m->cgroups);
	if (m->root.len)
		set_text(s, &t->root, m->root);
	thread_touch(t);
}

struct thread *meta_thread(struct state *s, const struct gyr_meta_proc *m)
{
	struct thread *t = thread_add(s, m->tid);

	if (!t)
		return NULL;
	set_numbers(t, m);
	set_texts(s, t, m);
	t->pid = m->pid;
	t->ptid = m->ptid;
	meta_steps(s, t, m);
	if (t->tid != t->pid)
		return t;
	set_list(s, &t->env, m->env);
	thread_set_cwd(s, t, m->cwd.p, m->cwd.len);
	return t;
}

static int meta_proc(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_proc m;

	if (GYR_META_READ(evt->data, evt->len, &m, comm))
		return -EBADMSG;
	(void)meta_thread(s, &m);
	return 0;
}

/* Parents and processes are there now: their counts begin. */
static void meta_link(struct state *s)
{
	uint32_t at = 0;

	for (struct thread *t; (t = imap_next(&s->threads, &at));) {
		struct thread *leader = t->pid == t->tid ? NULL : thread_find(s, t->pid);

		if (leader)
			leader->n_others++;
		thread_link(t, thread_find(s, t->ptid));
	}
}

/* ---- descriptors ---- */

static void set_sock(struct state *s, struct fd *f, const struct gyr_meta_fd *m)
{
	struct fd_sock *k = &f->u.sock;

	memcpy(k->sip, m->saddr, sizeof k->sip);
	memcpy(k->dip, m->daddr, sizeof k->dip);
	if (f->type == GYR_META_FD_IPV6_SOCK && addr_is_mapped(k->sip) && addr_is_mapped(k->dip)) {
		f->type = GYR_META_FD_IPV4_SOCK;
		memmove(k->sip, k->sip + 12, 4);
		memmove(k->dip, k->dip + 12, 4);
	}
	k->sport = m->sport;
	k->dport = m->dport;
	k->l4 = m->l4;
	if (fd_listens(f))
		f->flags |= FD_ROLE_SERVER;
	else if (k->l4 == L4_TCP)
		f->flags |= FD_CONNECTED;
	fd_name_sock(s, f);
}

void meta_descriptor(struct state *s, struct thread *t, const struct gyr_meta_fd *m)
{
	char name[PATH_TEXT];
	const bool is_v2 = m->type == GYR_META_FD_FILE_V2;
	struct fd *f = fd_add(s, t, m->fd, (uint8_t)(is_v2 ? GYR_META_FD_FILE : m->type));

	if (!f)
		return;
	f->ino = m->ino;
	f->open_flags = m->open_flags;
	f->dev = m->dev;
	if (m->name.len)
		(void)rtext_set(&s->pool, &f->name, name,
				text_clean(name, sizeof name, m->name.p, m->name.len));
	if (fd_is_ip(f) || fd_listens(f))
		set_sock(s, f, m);
	if (f->type == GYR_META_FD_UNIX_SOCK) {
		f->u.unix_.source = m->unix_source;
		f->u.unix_.dest = m->unix_dest;
		f->flags |= m->name.len ? FD_ROLE_SERVER : FD_ROLE_CLIENT;
	}
}

static int meta_fd(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_fd m;

	if (GYR_META_READ(evt->data, evt->len, &m, name))
		return -EBADMSG;
	struct thread *t = thread_find(s, m.tid);
	if (t)
		meta_descriptor(s, t, &m);
	return 0;
}

/* ---- users, groups, interfaces ---- */

static void user_set(struct state *s, struct imap *m, const struct gyr_meta_user *from,
		     struct gyr_meta_text container)
{
	const bool is_user = m == &s->users;
	const int64_t key = user_key(container.p, is_user ? from->uid : from->gid);
	struct user *u = imap_get(m, key);

	if (!u) {
		if (m->n >= USERS_MAX) {
			s->counters.users_refused++;
			return;
		}
		u = calloc(1, sizeof *u);
		if (!u || imap_add(m, key, u)) {
			s->counters.no_memory++;
			free(u);
			return;
		}
	}
	u->uid = from->uid;
	u->gid = from->gid;
	set_text(s, &u->name, from->name);
	set_text(s, &u->home, from->home);
	set_text(s, &u->shell, from->shell);
	set_text(s, &u->container, container);
}

static void user_remove(struct imap *m, int64_t key)
{
	struct user *u = imap_take(m, key);

	if (!u)
		return;
	(void)rtext_unref(u->name);
	(void)rtext_unref(u->home);
	(void)rtext_unref(u->shell);
	(void)rtext_unref(u->container);
	free(u);
}

static const struct gyr_meta_text host = {.p = "", .len = 0};

static int meta_user(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_user m;

	if (GYR_META_READ(evt->data, evt->len, &m, name))
		return -EBADMSG;
	user_set(s, &s->users, &m, host);
	return 0;
}

static int meta_group(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_group m;

	if (GYR_META_READ(evt->data, evt->len, &m, name))
		return -EBADMSG;
	user_set(s, &s->groups,
		 &(struct gyr_meta_user){.gid = m.gid,
					 .name = m.name,
					 .home = {.p = "", .len = 0},
					 .shell = {.p = "", .len = 0}},
		 host);
	return 0;
}

static int meta_iface(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_iface m;

	if (GYR_META_READ(evt->data, evt->len, &m, name))
		return -EBADMSG;
	if (s->n_ifaces == IFACES_MAX) {
		s->counters.ifaces_refused++;
		return 0;
	}
	struct iface *i = &s->ifaces[s->n_ifaces++];
	i->family = m.family;
	memcpy(i->addr, m.addr, sizeof i->addr);
	memcpy(i->netmask, m.netmask, sizeof i->netmask);
	return 0;
}

static struct gyr_meta_text text_param(const struct cur *c, uint32_t i)
{
	const char *text = cur_str(c, i);

	return (struct gyr_meta_text){.p = text ? text : "", .len = text ? strlen(text) : 0};
}

void parse_user(struct state *s, struct cur *c)
{
	enum { DELETED = 356 };
	const struct gyr_meta_user m = {.uid = (uint32_t)gyr_param_u64(&c->params, 0, 0),
					.gid = (uint32_t)gyr_param_u64(&c->params, 1, 0),
					.name = text_param(c, 2),
					.home = text_param(c, 3),
					.shell = text_param(c, 4)};

	const struct gyr_meta_text container = text_param(c, 5);

	if (c->raw->type == DELETED)
		user_remove(&s->users, user_key(container.p, m.uid));
	else
		user_set(s, &s->users, &m, container);
}

void parse_group(struct state *s, struct cur *c)
{
	enum { DELETED = 360 };
	const struct gyr_meta_user m = {.gid = (uint32_t)gyr_param_u64(&c->params, 0, 0),
					.name = text_param(c, 1),
					.home = {.p = "", .len = 0},
					.shell = {.p = "", .len = 0}};

	const struct gyr_meta_text container = text_param(c, 2);

	if (c->raw->type == DELETED)
		user_remove(&s->groups, user_key(container.p, m.gid));
	else
		user_set(s, &s->groups, &m, container);
}

/* ---- direction of sockets ---- */

/* Ports on which this machine was seen to listen, one bit a port. */
struct ports {
	uint64_t bits[65536 / 64];
};

static void each_fd(struct state *s, struct ports *ports,
		    void (*see)(struct state *, struct fd *, struct ports *))
{
	uint32_t at = 0;

	for (struct thread *t; (t = imap_next(&s->threads, &at));) {
		uint32_t i = 0;

		for (struct fd *f; (f = fds_next(t, &i));)
			see(s, f, ports);
	}
}

static void see_listener(struct state *s, struct fd *f, struct ports *ports)
{
	(void)s;
	if (fd_listens(f))
		ports->bits[f->u.sock.sport / 64] |= 1ULL << (f->u.sock.sport % 64);
}

/* A connection from a port that is listened on was made from the other side. */
static void see_connection(struct state *s, struct fd *f, struct ports *ports)
{
	const struct fd_sock *k = &f->u.sock;

	if (!fd_is_ip(f) || (f->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER)))
		return;
	if (!(ports->bits[k->sport / 64] >> (k->sport % 64) & 1) ||
	    f->type != GYR_META_FD_IPV4_SOCK) {
		f->flags |= FD_ROLE_CLIENT;
		return;
	}
	f->flags |= FD_ROLE_SERVER;
	fd_turn(s, f);
}

static int meta_ready(struct state *s)
{
	struct ports *ports = calloc(1, sizeof *ports);

	if (!ports)
		return -ENOMEM;
	each_fd(s, ports, see_listener);
	each_fd(s, ports, see_connection);
	free(ports);
	return 0;
}

static int meta_machine(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_machine m;

	if (GYR_META_READ(evt->data, evt->len, &m, hostname))
		return -EBADMSG;
	s->is_live = m.is_live;
	s->machine = m;
	if (m.hostname.len >= sizeof s->hostname)
		s->machine.hostname.len = sizeof s->hostname - 1;
	memcpy(s->hostname, m.hostname.p, s->machine.hostname.len);
	s->machine.hostname.p = s->hostname;
	return 0;
}

int parse_meta(struct state *s, const struct gyr_event *evt)
{
	const char *name = evt->name;

	if (!strcmp(name, GYR_META_PROC))
		return meta_proc(s, evt);
	if (!strcmp(name, GYR_META_FD))
		return meta_fd(s, evt);
	if (!strcmp(name, GYR_META_USER))
		return meta_user(s, evt);
	if (!strcmp(name, GYR_META_GROUP))
		return meta_group(s, evt);
	if (!strcmp(name, GYR_META_IFACE))
		return meta_iface(s, evt);
	if (!strcmp(name, GYR_META_MACHINE))
		return meta_machine(s, evt);
	if (!strncmp(name, GYR_META_AGAIN, strlen(GYR_META_AGAIN)))
		return recheck_record(s, evt);
	if (!strcmp(name, GYR_META_LINK))
		meta_link(s);
	else if (!strcmp(name, GYR_META_SECTION))
		state_clear(s);
	else if (!strcmp(name, GYR_META_READY))
		return meta_ready(s);
	return 0;
}
