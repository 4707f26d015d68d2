/*
 * proc_family: command lines, ancestors, leaders of sessions and groups.
 *
 * A field over ancestors without an index has all of them as its values, nearest first; the process
 * itself is not among them.
 */
#include <string.h>

#include "fields.h"

static struct thread *self(struct gyr *p, const struct gyr_event *evt)
{
	return state_cur(p, evt)->thread;
}

/* ---- lines of one process ---- */

static void add_args(struct line *l, const struct rtext *args)
{
	for (uint32_t i = 0; args && i < args->len; i++)
		line_add(l, args->s[i] ? &args->s[i] : " ", 1);
}

static int set_args(struct gyr_value *out, const struct thread *t)
{
	struct line l;

	if (line_begin(out->p, &l, (t->args ? t->args->len : 0) + 1))
		return -ENOMEM;
	add_args(&l, t->args);
	return gyr_set_str(out, l.s);
}

static int set_cmdline(struct gyr_value *out, const struct thread *t)
{
	struct line l;

	if (line_begin(out->p, &l, (t->args ? t->args->len : 0) + (t->comm ? t->comm->len : 0) + 2))
		return -ENOMEM;
	line_put(&l, rtext_str(t->comm));
	if (t->args && t->args->len)
		line_put(&l, " ");
	add_args(&l, t->args);
	return gyr_set_str(out, l.s);
}

static int set_comm(struct gyr_value *out, const struct thread *t)
{
	return gyr_set_str(out, rtext_str(t->comm));
}

static int set_exe(struct gyr_value *out, const struct thread *t)
{
	return gyr_set_str(out, rtext_str(t->exe));
}

static int set_exepath(struct gyr_value *out, const struct thread *t)
{
	return gyr_set_str(out, rtext_str(t->exepath));
}

static int set_pid(struct gyr_value *out, const struct thread *t)
{
	return gyr_set_i64(out, t->pid);
}

FIELD_FN(proc_args)
{
	const struct thread *t = self(p, evt);
	uint32_t at = 0;

	if (!t)
		return 0;
	if (!out->has_arg)
		return set_args(out, t);
	for (uint64_t i = 0; t->args && at < t->args->len; i++) {
		if (i == out->arg_index)
			return gyr_set_str(out, t->args->s + at);
		at += (uint32_t)strlen(t->args->s + at) + 1;
	}
	return gyr_set_str(out, "");
}

FIELD_FN(proc_cmdline)
{
	const struct thread *t = self(p, evt);

	return t ? set_cmdline(out, t) : 0;
}

FIELD_FN(proc_exeline)
{
	const struct thread *t = self(p, evt);
	struct line l;

	if (!t)
		return 0;
	if (line_begin(p, &l, (t->args ? t->args->len : 0) + (t->exe ? t->exe->len : 0) + 2))
		return -ENOMEM;
	line_put(&l, rtext_str(t->exe));
	line_put(&l, " ");
	add_args(&l, t->args);
	return gyr_set_str(out, l.s);
}

/* Counts the items of a list, and their bytes. */
static uint64_t count_args(const struct rtext *args, uint64_t *ret_bytes)
{
	uint64_t n = 0;

	*ret_bytes = 0;
	for (uint32_t at = 0; args && args->len && at <= args->len; n++) {
		const size_t len = strlen(args->s + at);

		*ret_bytes += len;
		at += (uint32_t)len + 1;
	}
	return n;
}

FIELD_FN(proc_cmdnargs)
{
	const struct thread *t = self(p, evt);
	uint64_t bytes;

	return t ? gyr_set_u64(out, count_args(t->args, &bytes)) : 0;
}

FIELD_FN(proc_cmdlenargs)
{
	const struct thread *t = self(p, evt);
	uint64_t bytes;

	if (!t)
		return 0;
	(void)count_args(t->args, &bytes);
	return gyr_set_u64(out, bytes);
}

/* ---- ancestors ---- */

typedef int (*set_fn)(struct gyr_value *out, const struct thread *t);

static int set_parent(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out, set_fn set)
{
	const struct thread *t = self(p, evt);
	const struct thread *parent = t ? thread_ancestor(gyr_state(p), t, 1) : NULL;

	return parent ? set(out, parent) : 0;
}

static int set_ancestors(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
			 set_fn set)
{
	const struct thread *t = self(p, evt), *a;
	const struct state *s = gyr_state(p);
	int r = 0;

	if (!t)
		return 0;
	if (out->has_arg) {
		a = thread_ancestor(s, t, out->arg_index);
		return a ? set(out, a) : 0;
	}
	a = thread_ancestor(s, t, 1);
	for (uint32_t i = 0; a && !r && i < ANCESTORS_MAX && a != t; i++) {
		const struct thread *up = thread_parent(s, a);

		r = set(out, a);
		a = up == a ? NULL : up;
	}
	return r;
}

FIELD_FN(proc_pexe)
{
	return set_parent(p, evt, out, set_exe);
}

FIELD_FN(proc_pexepath)
{
	return set_parent(p, evt, out, set_exepath);
}

FIELD_FN(proc_pname)
{
	return set_parent(p, evt, out, set_comm);
}

FIELD_FN(proc_pcmdline)
{
	return set_parent(p, evt, out, set_cmdline);
}

FIELD_FN(proc_ppid)
{
	return set_parent(p, evt, out, set_pid);
}

FIELD_FN(proc_aexe)
{
	return set_ancestors(p, evt, out, set_exe);
}

FIELD_FN(proc_aexepath)
{
	return set_ancestors(p, evt, out, set_exepath);
}

FIELD_FN(proc_aname)
{
	return set_ancestors(p, evt, out, set_comm);
}

FIELD_FN(proc_acmdline)
{
	return set_ancestors(p, evt, out, set_cmdline);
}

FIELD_FN(proc_apid)
{
	const struct thread *t = self(p, evt);

	if (out->req->ftype != GYR_DYN)
		return set_ancestors(p, evt, out, set_pid);
	t = t && out->has_arg ? thread_ancestor(gyr_state(p), t, out->arg_index) : t;
	return t ? gyr_set_fmt(out, "%lld", (long long)t->pid) : 0;
}

/* All in one text, which is absent when it is empty. */
FIELD_FN(proc_aargs)
{
	const struct thread *t = self(p, evt), *a;
	const struct state *s = gyr_state(p);
	struct line l;

	if (!t || line_begin(p, &l, LINE_MAX_BYTES))
		return 0;
	a = thread_ancestor(s, t, out->has_arg ? out->arg_index : 1);
	for (uint32_t i = 0; a && i < ANCESTORS_MAX; i++) {
		const struct thread *up = thread_parent(s, a);

		if (l.n && a->args && a->args->len)
			line_put(&l, " ");
		add_args(&l, a->args);
		a = out->has_arg || up == a ? NULL : up;
	}
	return l.n ? gyr_set_str(out, l.s) : 0;
}

FIELD_FN(proc_pvpid)
{
	const struct thread *t = self(p, evt);
	const struct thread *parent = t ? thread_find(gyr_state(p), t->ptid) : NULL;

	return parent ? gyr_set_i64(out, parent->vpid) : 0;
}

FIELD_FN(proc_ppid_ts)
{
	const struct thread *t = self(p, evt);
	const struct thread *parent = t ? thread_find(gyr_state(p), t->ptid) : NULL;

	return parent ? gyr_set_u64(out, parent->clone_ts) : 0;
}

FIELD_FN(proc_ppid_duration)
{
	const struct thread *t = self(p, evt);
	const struct thread *parent = t ? thread_find(gyr_state(p), t->ptid) : NULL;

	return parent && parent->clone_ts ? gyr_set_u64(out, evt->ts - parent->clone_ts) : 0;
}

/* The oldest of the chain, the process included, that a login shell could be. */
FIELD_FN(proc_loginshellid)
{
	const struct state *s = gyr_state(p);
	const struct thread *t = self(p, evt);
	int64_t found = -1;

	t = t ? thread_main(s, t) : NULL;
	for (uint32_t i = 0; t && i < ANCESTORS_MAX; i++) {
		const struct thread *up = thread_parent(s, t);
		const size_t n = t->comm ? t->comm->len : 0;

		if (n >= 2 && !memcmp(t->comm->s + n - 2, "sh", 2))
			found = t->pid;
		t = up == t ? NULL : up;
	}
	return found >= 0 ? gyr_set_i64(out, found) : 0;
}

/* ---- leaders ---- */

enum leader { OF_SESSION, OF_VPGID, OF_PGID };

static int64_t group_of(const struct thread *t, enum leader of)
{
	return of == OF_SESSION ? t->sid : of == OF_VPGID ? t->vpgid : t->pgid;
}

/* The thread that leads: the one of that number, where numbers mean the same as for the host; else
 * the oldest ancestor in an unbroken line with the same number. */
static const struct thread *leader_of(const struct state *s, const struct thread *t, enum leader of)
{
	const int64_t id = group_of(t, of);
	const bool is_host = of == OF_PGID || (t->tid == t->vtid && t->pid == t->vpid);
	const struct thread *found = is_host ? thread_find(s, id) : NULL;

	if (found)
		return found;
	found = thread_main(s, t);
	for (uint32_t i = 0; found && i < ANCESTORS_MAX; i++) {
		const struct thread *up = thread_parent(s, found);

		if (!up || up == found || group_of(up, of) != id)
			break;
		found = up;
	}
	return found;
}

static int set_leader(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		      enum leader of, set_fn set)
{
	const struct thread *t = self(p, evt);
	const struct thread *leader = t ? leader_of(gyr_state(p), t, of) : NULL;

	if (!t)
		return 0;
	return leader ? set(out, leader) : gyr_set_str(out, "");
}

FIELD_FN(proc_sname)
{
	return set_leader(p, evt, out, OF_SESSION, set_comm);
}

FIELD_FN(proc_sid_exe)
{
	return set_leader(p, evt, out, OF_SESSION, set_exe);
}

FIELD_FN(proc_sid_exepath)
{
	return set_leader(p, evt, out, OF_SESSION, set_exepath);
}

FIELD_FN(proc_vpgid_name)
{
	return set_leader(p, evt, out, OF_VPGID, set_comm);
}

FIELD_FN(proc_vpgid_exe)
{
	return set_leader(p, evt, out, OF_VPGID, set_exe);
}

FIELD_FN(proc_vpgid_exepath)
{
	return set_leader(p, evt, out, OF_VPGID, set_exepath);
}

FIELD_FN(proc_pgid_name)
{
	return set_leader(p, evt, out, OF_PGID, set_comm);
}

FIELD_FN(proc_pgid_exe)
{
	return set_leader(p, evt, out, OF_PGID, set_exe);
}

FIELD_FN(proc_pgid_exepath)
{
	return set_leader(p, evt, out, OF_PGID, set_exepath);
}
