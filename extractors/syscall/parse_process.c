/* parse_process: how processes begin, change and end. */
#include <string.h>

#include "state.h"

/* Where a clone event has what. */
enum {
	CL_RES,
	CL_EXE,
	CL_ARGS,
	CL_TID,
	CL_PID,
	CL_PTID,
	CL_CWD,
	CL_FDLIMIT,
	CL_PFMAJOR,
	CL_PFMINOR,
	CL_VMSIZE,
	CL_VMRSS,
	CL_VMSWAP,
	CL_COMM,
	CL_CGROUPS,
	CL_FLAGS,
	CL_UID,
	CL_GID,
	CL_VTID,
	CL_VPID,
	CL_PIDNS_START,
};

/* What execve has from number 15 on. */
enum {
	EX_ENV = 15,
	EX_TTY,
	EX_VPGID,
	EX_LOGINUID,
	EX_FLAGS,
	EX_CAP_INHERITABLE,
	EX_CAP_PERMITTED,
	EX_CAP_EFFECTIVE,
	EX_INO,
	EX_INO_CTIME,
	EX_INO_MTIME,
	EX_UID,
	EX_EXEPATH,
	EX_PGID,
	EX_GID,
	EX_FILENAME,
};

#define STALE_NS 2000000000U

static void set_text(struct state *s, struct rtext **at, const struct cur *c, uint32_t i)
{
	const char *text = cur_str(c, i);

	if (text)
		(void)rtext_set(&s->pool, at, text, strlen(text));
}

/* A list of texts, each with a NUL; kept with one at its end. */
static void set_list(struct state *s, struct rtext **at, const struct cur *c, uint32_t i)
{
	const struct gyr_param *q = gyr_param(&c->params, i);

	if (!q)
		(void)rtext_set(&s->pool, at, "", 0);
	else
		(void)rtext_set(&s->pool, at, (const char *)q->data,
				q->len - (q->data[q->len - 1] == '\0'));
}

/* Recordings that do not have the name of the program have its first argument. */
static void set_comm(struct state *s, struct thread *t, const struct cur *c)
{
	if (cur_str(c, CL_COMM))
		set_text(s, &t->comm, c, CL_COMM);
	else if (t->exe)
		rtext_share(&t->comm, t->exe);
}

static void set_memory(struct thread *t, const struct gyr_params *q, uint32_t at)
{
	t->vmsize_kb = (uint32_t)gyr_param_u64(q, at, t->vmsize_kb);
	t->vmrss_kb = (uint32_t)gyr_param_u64(q, at + 1, t->vmrss_kb);
	t->vmswap_kb = (uint32_t)gyr_param_u64(q, at + 2, t->vmswap_kb);
}

void thread_set_usage(struct thread *t, const struct gyr_params *q, uint32_t at)
{
	t->pfmajor = gyr_param_u64(q, at, t->pfmajor);
	t->pfminor = gyr_param_u64(q, at + 1, t->pfminor);
	set_memory(t, q, at + 2);
}

/* ---- clone ---- */

/* What a new thread has from the one that made it. */
static void inherit(struct state *s, struct thread *t, const struct thread *from, bool is_thread)
{
	const struct thread *leader = thread_main(s, from);

	rtext_share(&t->exepath, from->exepath);
	rtext_share(&t->root, from->root);
	t->exe_writable = from->exe_writable;
	t->exe_upper_layer = from->exe_upper_layer;
	t->exe_lower_layer = from->exe_lower_layer;
	t->exe_from_memfd = from->exe_from_memfd;
	t->exe_ino = from->exe_ino;
	t->exe_ino_ctime = from->exe_ino_ctime;
	t->exe_ino_mtime = from->exe_ino_mtime;
	t->ctime_to_clone = from->ctime_to_clone;
	t->pidns_to_ctime = from->pidns_to_ctime;
	t->cap_inheritable = from->cap_inheritable;
	t->cap_permitted = from->cap_permitted;
	t->cap_effective = from->cap_effective;
	t->sid = from->sid;
	t->vpgid = from->vpgid;
	t->pgid = from->pgid;
	t->tty = from->tty;
	t->loginuid = from->loginuid;
	if (is_thread)
		return;
	if (leader) {
		rtext_share(&t->env, leader->env);
		rtext_share(&t->cwd, leader->cwd);
	}
	const struct thread *owner = fd_owner(s, from);
	if (owner)
		fds_inherit(s, t, owner);
}

/* What the event itself says about the thread it is for. */
static void describe(struct state *s, struct thread *t, const struct cur *c)
{
	thread_touch(t);
	set_text(s, &t->exe, c, CL_EXE);
	set_list(s, &t->args, c, CL_ARGS);
	set_comm(s, t, c);
	set_list(s, &t->cgroups, c, CL_CGROUPS);
	t->fdlimit = gyr_param_u64(&c->params, CL_FDLIMIT, 0);
	thread_set_usage(t, &c->params, CL_PFMAJOR);
	t->uid = (uint32_t)gyr_param_u64(&c->params, CL_UID, UINT32_MAX);
	t->gid = (uint32_t)gyr_param_u64(&c->params, CL_GID, UINT32_MAX);
	t->is_fake = false;
}

/* A made-up thread learns from its own event who it is. */
static void learn_self(struct state *s, struct thread *t, const struct cur *c)
{
	describe(s, t, c);
	thread_set_pids(s, t, gyr_param_i64(&c->params, CL_PID, t->tid),
			gyr_param_i64(&c->params, CL_PTID, -1));
	t->vtid = gyr_param_i64(&c->params, CL_VTID, t->tid);
	t->vpid = gyr_param_i64(&c->params, CL_VPID, t->pid);
}

/* Whether thread @tid ended just before @ts. A child may live its whole life before the call that made
 * it returns to the caller. */
static bool has_ended(const struct state *s, int64_t tid, uint64_t ts)
{
	const uint32_t i = (uint32_t)tid % ENDED_MAX;

	return s->ended[i].tid == tid && ts - s->ended[i].ts < STALE_NS;
}

/* Whether the child's number may be another one for the host. The first process of a container is made as a
 * sibling of the one that called; older recordings say no more of it than that. */
static bool child_is_apart(const struct thread *caller, const struct cur *c, uint32_t flags)
{
	const uint32_t apart = PPM_CL_CHILD_IN_PIDNS | PPM_CL_CLONE_NEWPID;
	const int64_t known = caller->vtid != -1 ? caller->vtid : caller->tid;

	return ((flags | caller->flags) & apart) || (flags & PPM_CL_CLONE_PARENT) ||
	       gyr_param_i64(&c->params, CL_VTID, known) != caller->tid;
}

/* The side that called: the child is made now, unless it was already seen, or its number cannot be
 * told from here because it lives in a namespace of its own. */
static void clone_caller(struct state *s, struct cur *c, int64_t child_tid)
{
	struct thread *caller = c->thread = thread_get(s, (int64_t)c->raw->tid);
	const uint32_t flags = (uint32_t)gyr_param_u64(&c->params, CL_FLAGS, 0);
	const bool is_thread = flags & PPM_CL_CLONE_THREAD;

	if (caller && caller->is_fake)
		learn_self(s, caller, c);
	if (!caller || child_tid == caller->tid || child_is_apart(caller, c, flags))
		return;

	struct thread *t = thread_find(s, child_tid);
	if (t && (t->flags & PPM_CL_CLONE_INVERTED)) {
		t->flags &= ~(uint32_t)PPM_CL_CLONE_INVERTED;
		return;
	}
	if (has_ended(s, child_tid, c->raw->ts))
		return;
	t = thread_add(s, child_tid);
	if (!t)
		return;
	t->flags = flags | (is_thread ? PPM_CL_CLONE_FILES : PPM_CL_IS_MAIN_THREAD);
	thread_set_pids(s, t, is_thread ? caller->pid : child_tid,
			is_thread ? caller->ptid : caller->tid);
	inherit(s, t, caller, is_thread);
	describe(s, t, c);
	t->vtid = t->tid;
	t->vpid = t->pid;
	t->pidns_init_start_ts = s->machine.boot_ts;
	t->clone_ts = c->raw->ts;
}

/* The main thread of the new thread @c was not known: what they share says who it is. */
static void learn_main(struct state *s, struct thread *t, const struct cur *c)
{
	thread_set_pids(s, t, t->tid, gyr_param_i64(&c->params, CL_PTID, -1));
	t->vtid = t->vpid = gyr_param_i64(&c->params, CL_VPID, t->tid);
	set_text(s, &t->exe, c, CL_EXE);
	set_list(s, &t->args, c, CL_ARGS);
	set_comm(s, t, c);
	t->is_fake = false;
	thread_touch(t);
}

/* Events tell when the first process of the namespace began as a time since the machine did. */
static void set_pidns_start(const struct state *s, struct thread *t, const struct cur *c,
			    const struct thread *from)
{
	const bool is_apart =
		(t->flags & (PPM_CL_CHILD_IN_PIDNS | PPM_CL_CLONE_NEWPID)) || t->tid != t->vtid;

	if (is_apart && gyr_param(&c->params, CL_PIDNS_START))
		t->pidns_init_start_ts =
			gyr_param_u64(&c->params, CL_PIDNS_START, 0) + s->machine.boot_ts;
	else if (!is_apart)
		t->pidns_init_start_ts = s->machine.boot_ts;
	else
		t->pidns_init_start_ts = from ? from->pidns_init_start_ts : 0;
}

/* The side that was made. It is made here when the one that called has not done so, or could not know
 * its numbers. */
static void clone_child(struct state *s, struct cur *c)
{
	const int64_t tid = (int64_t)c->raw->tid;
	uint32_t flags = (uint32_t)gyr_param_u64(&c->params, CL_FLAGS, 0);
	const int64_t pid = gyr_param_i64(&c->params, CL_PID, tid);
	const bool is_thread = (flags & PPM_CL_CLONE_THREAD) || pid != tid;
	struct thread *t = thread_find(s, tid);

	if (t && t->clone_ts && c->raw->ts - t->clone_ts < STALE_NS) {
		c->thread = t;
		return;
	}
	t = thread_add(s, tid);
	c->thread = t;
	if (!t)
		return;
	const int64_t ptid = gyr_param_i64(&c->params, CL_PTID, -1);
	struct thread *from = thread_get(s, is_thread ? pid : ptid);

	if (from && from->is_fake && is_thread)
		learn_main(s, from, c);

	flags |= is_thread ? PPM_CL_CLONE_FILES : PPM_CL_IS_MAIN_THREAD;
	t->flags = (flags & ~(uint32_t)PPM_CL_CLONE_NEWPID) | PPM_CL_CLONE_INVERTED;
	thread_set_pids(s, t, pid, ptid);
	if (from)
		inherit(s, t, from, is_thread);
	describe(s, t, c);
	t->vtid = gyr_param_i64(&c->params, CL_VTID, -1);
	t->vpid = gyr_param_i64(&c->params, CL_VPID, -1);
	set_pidns_start(s, t, c, from);
	t->clone_ts = c->raw->ts;
}

void parse_clone(struct state *s, struct cur *c)
{
	int64_t r;

	if (!cur_result(c, &r) || r < 0)
		c->thread = c->thread ? c->thread : thread_get(s, (int64_t)c->raw->tid);
	else if (r == 0)
		clone_child(s, c);
	else
		clone_caller(s, c, r);
}

/* A namespace of process numbers made this way is for the children to come. */
void parse_unshare(struct state *s, struct cur *c)
{
	int64_t r;

	(void)s;
	if (c->thread && cur_result(c, &r) && r == 0)
		c->thread->flags |= (uint32_t)gyr_param_u64(&c->params, 1, 0) & PPM_CL_CLONE_NEWPID;
}

/* ---- execve ---- */

static void set_exe_file(struct thread *t, const struct cur *c)
{
	const uint64_t flags = gyr_param_u64(&c->params, EX_FLAGS, 0);

	t->exe_writable = flags & PPM_EXE_WRITABLE;
	t->exe_upper_layer = flags & PPM_EXE_UPPER_LAYER;
	t->exe_lower_layer = flags & PPM_EXE_LOWER_LAYER;
	t->exe_from_memfd = flags & PPM_EXE_FROM_MEMFD;
	t->exe_ino = gyr_param_u64(&c->params, EX_INO, 0);
	t->exe_ino_ctime = gyr_param_u64(&c->params, EX_INO_CTIME, 0);
	t->exe_ino_mtime = gyr_param_u64(&c->params, EX_INO_MTIME, 0);
	t->ctime_to_clone = t->clone_ts ? t->clone_ts - t->exe_ino_ctime : 0;
	t->pidns_to_ctime = t->pidns_init_start_ts && t->exe_ino_ctime > t->pidns_init_start_ts
				    ? t->exe_ino_ctime - t->pidns_init_start_ts
				    : 0;
}

/* What is executed, as a call begins: by descriptor, or by a path from a directory. */
void parse_execveat_enter(struct state *s, struct cur *c)
{
	enum { EMPTY_PATH = 1 };
	const char *name = cur_str(c, 1);
	char dir[PATH_TEXT], path[PATH_TEXT] = "<NA>";
	const struct fd *f;

	if (!c->thread)
		return;
	if (name && (!*name || !strcmp(name, "<NA>")))
		name = NULL;
	if (name) {
		(void)path_join(path, sizeof path, cur_dir(s, c, 0, name, dir), name);
	} else if (gyr_param_u64(&c->params, 2, 0) & EMPTY_PATH) {
		f = fd_find(s, c->thread, gyr_param_i64(&c->params, 0, -1));
		if (f && f->name && f->name->len < sizeof path)
			memcpy(path, f->name->s, f->name->len + 1);
	}
	(void)rtext_set(&s->pool, &c->thread->enter_name, path, strlen(path));
	c->thread->enter_type = c->raw->type;
}

/* The path the kernel tells; older recordings have what was asked for, in the event or, of execveat, in
 * the one that began the call. */
static void set_exepath(struct state *s, struct thread *t, const struct cur *c)
{
	enum { EXECVE = 293 };
	static const char deleted[] = " (deleted)";
	const char *path = cur_str(c, EX_EXEPATH);
	const char *asked = c->raw->type == EXECVE ? cur_str(c, EX_FILENAME) : NULL;
	char joined[PATH_TEXT];
	size_t len = path ? strlen(path) : 0;

	path = len ? path : NULL;
	if (!path && asked && *asked && strcmp(asked, "<NA>") != 0) {
		len = path_join(joined, sizeof joined, thread_cwd(s, t), asked);
		path = joined;
	} else if (!path && t->enter_type == c->raw->type - 1 && t->enter_name) {
		path = t->enter_name->s;
		len = t->enter_name->len;
	}
	t->enter_type = 0;
	if (len > sizeof deleted - 1 && !strcmp(path + len - (sizeof deleted - 1), deleted))
		len -= sizeof deleted - 1;
	(void)rtext_set(&s->pool, &t->exepath, path ? path : "", len);
}

/* Identities that older recordings do not have stay as they are. */
static void set_ids(struct thread *t, const struct cur *c)
{
	const struct gyr_params *q = &c->params;

	t->tty = (uint32_t)gyr_param_u64(q, EX_TTY, t->tty);
	t->vpgid = gyr_param_i64(q, EX_VPGID, t->vpgid);
	t->loginuid = (uint32_t)gyr_param_u64(q, EX_LOGINUID, t->loginuid);
	t->cap_inheritable = gyr_param_u64(q, EX_CAP_INHERITABLE, t->cap_inheritable);
	t->cap_permitted = gyr_param_u64(q, EX_CAP_PERMITTED, t->cap_permitted);
	t->cap_effective = gyr_param_u64(q, EX_CAP_EFFECTIVE, t->cap_effective);
	t->pgid = gyr_param_i64(q, EX_PGID, t->pgid);

	const uint32_t uid = (uint32_t)gyr_param_u64(q, EX_UID, UINT32_MAX);
	const uint32_t gid = (uint32_t)gyr_param_u64(q, EX_GID, UINT32_MAX);
	t->uid = uid == UINT32_MAX ? t->uid : uid;
	t->gid = gid == UINT32_MAX ? t->gid : gid;
}

static void close_on_exec(struct state *s, struct thread *t)
{
	enum { BATCH = 64 };
	const struct thread *owner = fd_owner(s, t);
	int64_t gone[BATCH];
	uint32_t n = BATCH;

	while (owner && n == BATCH) {
		uint32_t at = 0;

		n = 0;
		for (const struct fd *f; n < BATCH && (f = fds_next(owner, &at));)
			if (f->open_flags & PPM_O_CLOEXEC)
				gone[n++] = f->num;
		for (uint32_t i = 0; i < n; i++)
			fd_close(s, t, gone[i]);
	}
}

/* A call by one thread ends all others, and it goes on under the number of the first. Ends that were seen
 * before have taken theirs already. */
static void end_others(struct state *s, struct thread *t)
{
	uint32_t at = 0;

	t->is_dead = false;
	while (t->n_others > 0 && thread_is_main(t)) {
		struct thread *x = imap_next(&s->threads, &at);

		if (!x)
			return;
		if (x != t && x->pid == t->pid) {
			thread_move_children(s, x, t->tid);
			thread_remove(s, x->tid);
			at--; /* another may have taken its place */
		}
	}
}

/* A parent that is not known takes no known one's place: it may have been a thread whose children went to
 * another when it ended. */
static int64_t parent_told(const struct state *s, const struct thread *t, const struct cur *c)
{
	const int64_t told = gyr_param_i64(&c->params, CL_PTID, t->ptid);

	return t->is_fake || thread_find(s, told) ? told : t->ptid;
}

void parse_execve(struct state *s, struct cur *c)
{
	struct thread *t = c->thread;
	const struct gyr_params *q = &c->params;
	int64_t r;

	if (!t || !cur_result(c, &r) || r < 0)
		return;
	thread_touch(t);
	set_text(s, &t->exe, c, CL_EXE);
	set_list(s, &t->args, c, CL_ARGS);
	set_comm(s, t, c);
	set_list(s, &t->cgroups, c, CL_CGROUPS);
	set_list(s, &t->env, c, EX_ENV);
	if (t->is_fake) {
		t->vtid = t->tid;
		t->vpid = gyr_param_i64(q, CL_PID, t->pid);
	}
	thread_set_pids(s, t, gyr_param_i64(q, CL_PID, t->pid), parent_told(s, t, c));
	t->is_fake = false;
	t->fdlimit = gyr_param_u64(q, CL_FDLIMIT, 0);
	thread_set_usage(t, &c->params, CL_PFMAJOR);
	set_exepath(s, t, c);
	set_ids(t, c);
	set_exe_file(t, c);
	t->exec_ts = c->raw->ts;
	close_on_exec(s, t);
	if (t->n_others > 0 || t->is_dead)
		end_others(s, t);
}

/* ---- the end ---- */

void parse_procexit(struct state *s, struct cur *c)
{
	if (!c->thread)
		return;
	c->thread->reaper = gyr_param_i64(&c->params, 4, -1);
	c->thread->is_dead = true;
	thread_touch(c->thread);
	s->dead_tid = c->thread->tid;
	s->ended[(uint32_t)s->dead_tid % ENDED_MAX].tid = s->dead_tid;
	s->ended[(uint32_t)s->dead_tid % ENDED_MAX].ts = c->raw->ts;
}

/* ---- memory ---- */

void parse_memory(struct state *s, struct cur *c)
{
	(void)s;
	if (!c->thread)
		return;
	thread_touch(c->thread);
	set_memory(c->thread, &c->params, 1);
}
