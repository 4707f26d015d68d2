/* proc_self: what is known of the thread of the event and its process. */
#include <string.h>

#include "fields.h"

static struct thread *self(struct gyr *p, const struct gyr_event *evt)
{
	return state_cur(p, evt)->thread;
}

static int set_text(struct gyr_value *out, const struct rtext *t)
{
	return gyr_set_str(out, rtext_str(t));
}

/* One function a member of the thread, by how the member answers. */
#define THREAD_FIELD(fn, set, expr)                    \
	FIELD_FN(fn)                                   \
	{                                              \
		const struct thread *t = self(p, evt); \
                                                       \
		return t ? set(out, expr) : 0;         \
	}

/* The same, absent when the value is zero. */
#define THREAD_FIELD_NZ(fn, set, expr)                        \
	FIELD_FN(fn)                                          \
	{                                                     \
		const struct thread *t = self(p, evt);        \
                                                              \
		return t && (expr) != 0 ? set(out, expr) : 0; \
	}

THREAD_FIELD(proc_exe, set_text, t->exe)
THREAD_FIELD(proc_exepath, set_text, t->exepath)
THREAD_FIELD(proc_name, set_text, t->comm)
THREAD_FIELD(proc_pid, gyr_set_i64, t->pid)
THREAD_FIELD(proc_sid, gyr_set_i64, t->sid)
THREAD_FIELD(proc_vpgid, gyr_set_i64, t->vpgid)
THREAD_FIELD(proc_pgid, gyr_set_i64, t->pgid)
THREAD_FIELD(proc_tty, gyr_set_u64, t->tty)
THREAD_FIELD(proc_is_exe_writable, gyr_set_bool, t->exe_writable)
THREAD_FIELD(proc_is_exe_upper_layer, gyr_set_bool, t->exe_upper_layer)
THREAD_FIELD(proc_is_exe_lower_layer, gyr_set_bool, t->exe_lower_layer)
THREAD_FIELD(proc_is_exe_from_memfd, gyr_set_bool, t->exe_from_memfd)
THREAD_FIELD(proc_is_sid_leader, gyr_set_bool, t->sid == t->vpid)
THREAD_FIELD(proc_is_vpgid_leader, gyr_set_bool, t->vpgid == t->vpid)
THREAD_FIELD(proc_is_pgid_leader, gyr_set_bool, t->pgid == t->pid)
THREAD_FIELD_NZ(proc_exe_ino, gyr_set_u64, t->exe_ino)
THREAD_FIELD_NZ(proc_exe_ino_ctime, gyr_set_u64, t->exe_ino_ctime)
THREAD_FIELD_NZ(proc_exe_ino_mtime, gyr_set_u64, t->exe_ino_mtime)
THREAD_FIELD_NZ(proc_exe_ino_ctime_duration_proc_start, gyr_set_u64, t->ctime_to_clone)
THREAD_FIELD_NZ(proc_exe_ino_ctime_duration_pidns_start, gyr_set_u64, t->pidns_to_ctime)
THREAD_FIELD_NZ(proc_pidns_init_start_ts, gyr_set_u64, t->pidns_init_start_ts)
THREAD_FIELD_NZ(proc_pid_ts, gyr_set_u64, t->clone_ts)
THREAD_FIELD(proc_fdlimit, gyr_set_u64, t->fdlimit)
THREAD_FIELD(proc_vmsize, gyr_set_u64, t->vmsize_kb)
THREAD_FIELD(proc_vmrss, gyr_set_u64, t->vmrss_kb)
THREAD_FIELD(proc_vmswap, gyr_set_u64, t->vmswap_kb)
THREAD_FIELD(thread_pfmajor, gyr_set_u64, t->pfmajor)
THREAD_FIELD(thread_pfminor, gyr_set_u64, t->pfminor)
THREAD_FIELD(thread_ismain, gyr_set_bool, thread_is_main(t))
THREAD_FIELD(thread_vmsize, gyr_set_u64, thread_is_main(t) ? t->vmsize_kb : 0)
THREAD_FIELD(thread_vmrss, gyr_set_u64, thread_is_main(t) ? t->vmrss_kb : 0)
THREAD_FIELD(thread_vmsize_b, gyr_set_u64, thread_is_main(t) ? t->vmsize_kb * 1024ULL : 0)
THREAD_FIELD(thread_vmrss_b, gyr_set_u64, thread_is_main(t) ? t->vmrss_kb * 1024ULL : 0)

/* Of the event: it is there without its thread being known. */
FIELD_FN(thread_tid)
{
	const int64_t tid = (int64_t)evt->tid;

	return tid >= -1 && tid <= (int64_t)UINT32_MAX ? gyr_set_i64(out, tid) : 0;
}

FIELD_FN(proc_vpid)
{
	const struct thread *t = self(p, evt);

	return t && t->vpid != -1 ? gyr_set_i64(out, t->vpid) : 0;
}

FIELD_FN(thread_vtid)
{
	const struct thread *t = self(p, evt);

	return t && t->vtid != -1 ? gyr_set_i64(out, t->vtid) : 0;
}

FIELD_FN(thread_nametid)
{
	const struct thread *t = self(p, evt);

	return t ? gyr_set_fmt(out, "%s%lld", rtext_str(t->comm), (long long)t->tid) : 0;
}

FIELD_FN(proc_duration)
{
	const struct thread *t = self(p, evt);

	return t && t->clone_ts ? gyr_set_u64(out, evt->ts - t->clone_ts) : 0;
}

FIELD_FN(proc_cwd)
{
	const struct thread *t = self(p, evt);

	return t ? gyr_set_str(out, thread_cwd(gyr_state(p), t)) : 0;
}

/* ---- groups of threads ---- */

/* The live threads of the process beside its main one; the one that ends with this event is none. */
static uint32_t n_others(const struct thread *t, const struct thread *leader)
{
	return leader->n_others - (t != leader && t->is_dead && leader->n_others > 0);
}

FIELD_FN(proc_nthreads)
{
	const struct thread *t = self(p, evt);
	const struct thread *leader = t ? thread_main(gyr_state(p), t) : NULL;

	return t ? gyr_set_u64(out, leader ? n_others(t, leader) + !leader->is_dead : 0) : 0;
}

FIELD_FN(proc_nchilds)
{
	const struct thread *t = self(p, evt);
	const struct thread *leader = t ? thread_main(gyr_state(p), t) : NULL;

	return leader ? gyr_set_u64(out, n_others(t, leader)) : 0;
}

FIELD_FN(proc_fdopencount)
{
	const struct thread *t = self(p, evt);
	const struct thread *owner = t ? fd_owner(gyr_state(p), t) : NULL;

	return owner ? gyr_set_u64(out, owner->fds.n) : 0;
}

FIELD_FN(proc_fdusage)
{
	const struct thread *t = self(p, evt);
	const struct thread *owner = t ? fd_owner(gyr_state(p), t) : NULL;

	if (!owner)
		return 0;
	return gyr_set_double(out,
			      owner->fdlimit ? owner->fds.n * 100.0 / (double)owner->fdlimit : 0);
}

/* ---- lists ---- */

/* A list with a NUL between its items, as text with spaces there. */
static int set_joined(struct gyr *p, struct gyr_value *out, const struct rtext *t)
{
	struct line l;

	if (line_begin(p, &l, (t ? t->len : 0) + 1))
		return -ENOMEM;
	for (uint32_t i = 0; t && i < t->len; i++)
		line_add(&l, t->s[i] ? &t->s[i] : " ", 1);
	return gyr_set_str(out, l.s);
}

/* The item that starts with @key and '='; what follows, NULL when there is none. */
static const char *list_value(const struct rtext *t, const char *key)
{
	const size_t n = strlen(key);

	for (uint32_t at = 0; t && at < t->len; at += (uint32_t)strlen(t->s + at) + 1)
		if (!strncmp(t->s + at, key, n) && t->s[at + n] == '=')
			return t->s + at + n + 1;
	return NULL;
}

FIELD_FN(thread_cgroups)
{
	const struct thread *t = self(p, evt);

	return t && t->cgroups && t->cgroups->len ? set_joined(p, out, t->cgroups) : 0;
}

FIELD_FN(thread_cgroup)
{
	const struct thread *t = self(p, evt);
	const char *path = t && out->arg ? list_value(t->cgroups, out->arg) : NULL;

	return path ? gyr_set_str(out, path) : 0;
}

static const struct rtext *env_of(const struct state *s, const struct thread *t)
{
	const struct thread *leader = thread_main(s, t);

	return leader ? leader->env : t->env;
}

FIELD_FN(proc_env)
{
	const struct thread *t = self(p, evt);

	if (!t)
		return 0;
	const struct rtext *env = env_of(gyr_state(p), t);
	if (!out->arg || out->arg_index != UINT64_MAX)
		return set_joined(p, out, env);
	const char *value = list_value(env, out->arg);
	size_t n = value ? strlen(value) : 0;
	while (n && *value == ' ')
		value++, n--;
	while (n && value[n - 1] == ' ')
		n--;
	return gyr_set_strn(out, n ? value : "", n);
}

/* The environments of all ancestors, nearest first. */
static int set_ancestors_env(struct gyr *p, struct gyr_value *out, const struct thread *t)
{
	const struct state *s = gyr_state(p);
	const struct thread *a = thread_ancestor(s, t, 1);
	int r = 0;

	for (uint32_t i = 0; a && !r && i < ANCESTORS_MAX && a != t; i++) {
		const struct thread *up = thread_parent(s, a);

		r = set_joined(p, out, a->env);
		a = up == a ? NULL : up;
	}
	return r;
}

/* The environment of others: [NAME] of the nearest that has it. Without a name comparisons see that of each
 * ancestor, and what is shown is that of the one that [N] says, or its own. */
FIELD_FN(proc_aenv)
{
	enum { NEAREST = 20 };
	const struct thread *t = self(p, evt);
	const struct state *s = gyr_state(p);

	if (!t)
		return 0;
	if (!out->has_arg || out->arg_index != UINT64_MAX) {
		if (out->req->ftype != GYR_DYN)
			return set_ancestors_env(p, out, t);
		if (!out->has_arg)
			return set_joined(p, out, env_of(s, t));
		const struct thread *a = thread_ancestor(s, t, out->arg_index);

		return a ? set_joined(p, out, a->env) : 0;
	}
	for (uint64_t i = 1; i <= NEAREST; i++) {
		const struct thread *a = thread_ancestor(s, t, i);
		const char *value = a ? list_value(a->env, out->arg) : NULL;

		if (value)
			return gyr_set_str(out, value);
		if (!a)
			break;
	}
	return gyr_set_str(out, "");
}

/* ---- capabilities ---- */

static int set_caps(struct gyr *p, struct gyr_value *out, uint64_t caps)
{
	static const char *const names[] = {
		"CHOWN",
		"DAC_OVERRIDE",
		"DAC_READ_SEARCH",
		"FOWNER",
		"FSETID",
		"KILL",
		"SETGID",
		"SETUID",
		"SETPCAP",
		"LINUX_IMMUTABLE",
		"NET_BIND_SERVICE",
		"NET_BROADCAST",
		"NET_ADMIN",
		"NET_RAW",
		"IPC_LOCK",
		"IPC_OWNER",
		"SYS_MODULE",
		"SYS_RAWIO",
		"SYS_CHROOT",
		"SYS_PTRACE",
		"SYS_PACCT",
		"SYS_ADMIN",
		"SYS_BOOT",
		"SYS_NICE",
		"SYS_RESOURCE",
		"SYS_TIME",
		"SYS_TTY_CONFIG",
		"MKNOD",
		"LEASE",
		"AUDIT_WRITE",
		"AUDIT_CONTROL",
		"SETFCAP",
		"MAC_OVERRIDE",
		"MAC_ADMIN",
		"SYSLOG",
		"WAKE_ALARM",
		"BLOCK_SUSPEND",
		"AUDIT_READ",
		"PERFMON",
		"BPF",
		"CHECKPOINT_RESTORE",
	};
	struct line l;

	if (line_begin(p, &l, 1024))
		return -ENOMEM;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (caps >> i & 1)
			line_fmt(&l, "%sCAP_%s", l.n ? " " : "", names[i]);
	return gyr_set_str(out, l.s);
}

FIELD_FN(thread_cap_permitted)
{
	const struct thread *t = self(p, evt);

	return t ? set_caps(p, out, t->cap_permitted) : 0;
}

FIELD_FN(thread_cap_inheritable)
{
	const struct thread *t = self(p, evt);

	return t ? set_caps(p, out, t->cap_inheritable) : 0;
}

FIELD_FN(thread_cap_effective)
{
	const struct thread *t = self(p, evt);

	return t ? set_caps(p, out, t->cap_effective) : 0;
}

/* ---- standard descriptors ---- */

static int set_std(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out, int64_t num,
		   bool is_name)
{
	const struct thread *t = self(p, evt);
	const struct fd *f = t ? fd_find(gyr_state(p), t, num) : NULL;

	if (!f)
		return 0;
	if (is_name)
		return gyr_set_str(out, fd_text(f));
	return gyr_set_str(out, fd_type_text(f) ? fd_type_text(f) : "<NA>");
}

FIELD_FN(proc_stdin_type)
{
	return set_std(p, evt, out, 0, false);
}

FIELD_FN(proc_stdout_type)
{
	return set_std(p, evt, out, 1, false);
}

FIELD_FN(proc_stderr_type)
{
	return set_std(p, evt, out, 2, false);
}

FIELD_FN(proc_stdin_name)
{
	return set_std(p, evt, out, 0, true);
}

FIELD_FN(proc_stdout_name)
{
	return set_std(p, evt, out, 1, true);
}

FIELD_FN(proc_stderr_name)
{
	return set_std(p, evt, out, 2, true);
}
