/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * texts: those that take a loop to find: arrays of a call, paths, control groups.
 *
 * Loops are bpf_loop(), whose body the verifier looks at until nothing new can happen, not as often as it
 * may run. What a body keeps lies in scratch memory: what is read from there is just a number, so that one
 * round looks like the next.
 */
#include "iov.h"
#include "task.h"

enum { PATH_DEPTH = 128, CGROUP_DEPTH = 16, ARRAY_TEXTS = 512, CGROUP_NAME = 256 };

__noinline __u64 write_text(__u64 at, __u64 from, __u64 to)
{
	struct memory m;
	long n;

	if (from >= to || !from || !memory_find(&m))
		return 0;
	BOUND16(at);
	n = bpf_probe_read_user_str(m.bytes + at, WIRE_TEXT_MAX, (void *)from);
	if (n < 0) {
		m.here->faults++;
		return 0;
	}
	if (n == WIRE_TEXT_MAX)
		m.here->truncated++;
	return n;
}

__noinline __u64 write_texts(__u64 at, __u64 from, __u64 to)
{
	__u64 n = to > from ? to - from : 0, last;
	struct memory m;

	if (!n || !memory_find(&m))
		return 0;
	if (n > WIRE_TEXT_MAX) {
		n = WIRE_TEXT_MAX;
		m.here->truncated++;
	}
	BOUND16(at);
	BOUND16(n);
	if (bpf_probe_read_user(m.bytes + at, n, (void *)from)) {
		m.here->faults++;
		return 0;
	}
	last = at + n - 1;
	BOUND16(last);
	m.bytes[last] = 0;
	return n;
}

struct array {
	struct memory m;
	__u64 at, began, user;
	__u32 first;
	__u32 width; /* of a pointer */
};

static long array_step(__u32 i, void *ctx)
{
	struct array *a = ctx;
	__u64 text = 0, to = a->at;
	long len;

	if (bpf_probe_read_user(&text, a->width == 4 ? 4 : 8,
				(void *)(a->user + (a->first + i) * a->width)) ||
	    !text)
		return 1;
	BOUND16(to);
	len = bpf_probe_read_user_str(a->m.bytes + to, WIRE_TEXT_MAX, (void *)text);
	if (len < 0) {
		a->m.here->faults++;
		return 1;
	}
	a->at = to + len;
	return a->at - a->began >= WIRE_TEXT_MAX;
}

__noinline __u64 write_array(__u64 at, __u64 array, __u32 first)
{
	struct array a = {.at = at,
			  .began = at,
			  .user = array,
			  .first = first,
			  .width = in_narrow_call() ? 4 : 8};
	long rounds;

	if (!array || !memory_find(&a.m))
		return 0;
	rounds = bpf_loop(ARRAY_TEXTS, array_step, &a, 0);
	if (rounds == ARRAY_TEXTS || a.at - a.began > WIRE_TEXT_MAX)
		a.m.here->truncated++;
	return a.at - a.began;
}

/* ---- paths ---- */

struct walk {
	struct dentry *dentry, *root;
	struct mount *mnt;
	struct vfsmount *vfs, *root_vfs;
	__u64 pos; /* of what is written so far, which grows towards the beginning */
};

/* One step towards the root. 1: arrived. */
static long walk_step(__u32 i, void *ctx)
{
	struct memory *m = ctx;
	struct walk *w = (struct walk *)(m->bytes + SCRATCH_WALK);
	__u8 *tmp = m->bytes + SCRATCH_TMP;
	struct dentry *parent;
	const unsigned char *name;
	__u64 len, pos;

	if (w->dentry == w->root && w->vfs == w->root_vfs)
		return 1;
	parent = RD(w->dentry, d_parent);
	if (w->dentry == parent || w->dentry == RD(w->vfs, mnt_root)) {
		struct mount *up = RD(w->mnt, mnt_parent);

		if (!up || up == w->mnt)
			return 1;
		w->dentry = RD(w->mnt, mnt_mountpoint);
		w->mnt = up;
		w->vfs = AT(up, mnt);
		return 0;
	}
	len = RD(w->dentry, d_name.len);
	name = RD(w->dentry, d_name.name);
	len &= 0xff;
	if (w->pos < len + 1)
		return 1;
	w->pos -= len;
	pos = w->pos;
	BOUND12(pos);
	BOUND8(len);
	bpf_probe_read_kernel(tmp + pos, len, name);
	w->pos--;
	pos = w->pos;
	BOUND12(pos);
	tmp[pos] = '/';
	w->dentry = parent;
	return 0;
}

__noinline __u64 write_path(__u64 at, __u64 mnt, __u64 dentry, __u64 root_mnt, __u64 root_dentry)
{
	struct memory m;
	struct walk *w;
	__u64 n, pos;
	__u8 *tmp;

	if (!memory_find(&m))
		return 0;
	w = (struct walk *)(m.bytes + SCRATCH_WALK);
	w->dentry = (void *)dentry;
	w->root = (void *)root_dentry;
	w->mnt = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	w->vfs = (void *)mnt;
	w->root_vfs = (void *)root_mnt;
	w->pos = WIRE_TEXT_MAX - 1;
	tmp = m.bytes + SCRATCH_TMP;
	tmp[WIRE_TEXT_MAX - 1] = 0;
	if (bpf_loop(PATH_DEPTH, walk_step, &m, 0) == PATH_DEPTH)
		m.here->truncated++;
	BOUND16(at);
	pos = w->pos;
	if (pos == WIRE_TEXT_MAX - 1) {
		if (w->root != w->dentry) { /* a file that lies in no folder, of memfd_create(2) */
			long len = bpf_probe_read_kernel_str(m.bytes + at, WIRE_TEXT_MAX,
							     RD(w->dentry, d_name.name));

			return len < 0 ? 0 : len;
		}
		pos--;
		tmp[WIRE_TEXT_MAX - 2] = '/';
	}
	BOUND12(pos);
	n = WIRE_TEXT_MAX - pos;
	BOUND16(n);
	if (n > WIRE_TEXT_MAX)
		return 0;
	bpf_probe_read_kernel(m.bytes + at, n, tmp + pos);
	return n;
}

/* ---- control groups ---- */

INLINE struct kernfs_node *node_parent(struct kernfs_node *kn)
{
	if (bpf_core_field_exists(kn->__parent))
		return RD(kn, __parent);
	return (void *)RD((struct kernfs_node___old *)kn, parent);
}

struct group_path {
	__u64 kn; /* struct kernfs_node * */
	__u64 at;
	__u64 names[CGROUP_DEPTH];
};

static long name_step(__u32 i, void *ctx)
{
	struct memory *m = ctx;
	struct group_path *p = (struct group_path *)(m->bytes + SCRATCH_WALK);
	struct kernfs_node *kn = (void *)p->kn, *up = kn ? node_parent(kn) : NULL;

	__u64 slot = i;

	if (!up) /* the root has no name of its own */
		return 1;
	BOUND4(slot);
	p->names[slot] = (__u64)RD(kn, name);
	p->kn = (__u64)up;
	return 0;
}

static long write_name(__u32 i, void *ctx)
{
	struct memory *m = ctx;
	struct group_path *p = (struct group_path *)(m->bytes + SCRATCH_WALK);
	__u64 at = p->at, slot = CGROUP_DEPTH - 1 - i, name;
	long len;

	BOUND4(slot);
	name = p->names[slot];
	if (!name)
		return 0;
	BOUND16(at);
	m->bytes[at] = '/';
	at++;
	BOUND16(at);
	len = bpf_probe_read_kernel_str(m->bytes + at, CGROUP_NAME, (void *)name);
	p->at = len > 0 ? at + len - 1 : at;
	return 0;
}

/* "/a/b" and a NUL, at @at: the path of a group. */
__noinline __u64 write_group(__u64 at, __u64 group)
{
	struct group_path *p;
	struct memory m;
	__u64 to;

	if (!memory_find(&m))
		return 0;
	p = (struct group_path *)(m.bytes + SCRATCH_WALK);
	__builtin_memset(p, 0, sizeof *p);
	p->kn = (__u64)RD((struct cgroup *)group, kn);
	p->at = at;
	bpf_loop(CGROUP_DEPTH, name_step, &m, 0);
	bpf_loop(CGROUP_DEPTH, write_name, &m, 0);
	to = p->at;
	BOUND16(to);
	if (to == at) {
		m.bytes[to] = '/';
		to++;
	}
	BOUND16(to);
	m.bytes[to] = 0;
	return to + 1 - at;
}

struct groups {
	struct memory m;
	__u64 css;  /* the set of the task */
	__u64 last; /* group whose path is at `from`, `n` bytes */
	__u64 from, n;
};

/* "<label><path>" and a NUL. */
INLINE __u64 put_group(struct groups *g, __u64 at, __u64 which, const char *label, __u32 len)
{
	const struct css_set *set = (struct css_set *)g->css;
	struct cgroup_subsys_state *state = NULL;
	__u64 group = 0, to = at;

	bpf_probe_read_kernel(&state, sizeof state, AT(set, subsys) + which * sizeof(void *));
	if (!state)
		return at;
	bpf_core_read(&group, sizeof group, &state->cgroup); /* as a number */
	BOUND16(to);
	__builtin_memcpy(g->m.bytes + to, label, len);
	to += len;
	if (group == g->last) {
		__u64 from = g->from, n = g->n;

		BOUND16(to);
		BOUND16(from);
		BOUND12(n);
		bpf_probe_read_kernel(g->m.bytes + to, n, g->m.bytes + from);
	} else {
		g->last = group;
		g->from = to;
		g->n = write_group(to, group);
	}
	return to + g->n;
}

#define PUT_GROUP(id, label)                                                                   \
	do {                                                                                   \
		if (bpf_core_enum_value_exists(enum cgroup_subsys_id, id))                     \
			to = put_group(&g, to, bpf_core_enum_value(enum cgroup_subsys_id, id), \
				       label, sizeof(label) - 1);                              \
	} while (0)

__noinline __u64 write_cgroups(__u64 at, __u64 css)
{
	struct groups g = {.css = css};
	__u64 to = at;

	if (!css || !memory_find(&g.m))
		return 0;
	PUT_GROUP(cpuset_cgrp_id, "cpuset=");
	PUT_GROUP(cpu_cgrp_id, "cpu=");
	PUT_GROUP(cpuacct_cgrp_id, "cpuacct=");
	PUT_GROUP(io_cgrp_id, "io=");
	PUT_GROUP(memory_cgrp_id, "memory=");
	return to - at;
}

/* ---- data in several places ---- */

struct place {
	__u64 base, len; /* as struct iovec */
};

struct places {
	struct memory m;
	__u64 iov, n, at, began, want, size;
	bool narrow;
};

INLINE bool read_place(const struct places *p, __u32 i, struct place *place)
{
	__u32 half[2];

	if (!p->narrow)
		return !bpf_probe_read_user(place, sizeof *place,
					    (void *)(p->iov + i * sizeof *place));
	if (bpf_probe_read_user(half, sizeof half, (void *)(p->iov + i * sizeof half)))
		return false;
	place->base = half[0];
	place->len = half[1];
	return true;
}

static long size_step(__u32 i, void *ctx)
{
	struct places *p = ctx;
	struct place place = {};

	if (i >= p->n || !read_place(p, i, &place))
		return 1;
	p->size += place.len;
	return 0;
}

__noinline __u64 iov_size(__u64 iov, __u64 n)
{
	struct places p = {.iov = iov, .n = n, .narrow = in_narrow_call()};

	bpf_loop(IOV_SEEN, size_step, &p, 0);
	return p.size;
}

static long copy_step(__u32 i, void *ctx)
{
	struct places *p = ctx;
	struct place place = {};
	__u64 n, at = p->at;

	if (i >= p->n || p->want == 0 || !read_place(p, i, &place))
		return 1;
	n = place.len < p->want ? place.len : p->want;
	BOUND16(at);
	BOUND16(n);
	if (n && bpf_probe_read_user(p->m.bytes + at, n, (void *)place.base)) {
		p->m.here->faults++;
		return 1;
	}
	p->at = at + n;
	p->want -= n;
	return 0;
}

__noinline __u64 write_iov(__u64 at, __u64 iov, __u64 n, __u64 want)
{
	struct places p = {.iov = iov,
			   .n = n,
			   .at = at,
			   .began = at,
			   .want = want,
			   .narrow = in_narrow_call()};

	if (p.want > control.snaplen)
		p.want = control.snaplen;
	if (!iov || !memory_find(&p.m))
		return 0;
	bpf_loop(IOV_SEEN, copy_step, &p, 0);
	return p.at - p.began;
}
