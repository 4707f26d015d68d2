/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* task: what is told about a process when it is made and when it executes something. */
#pragma once

#include "inode.h"

enum { PIDTYPE_PID_, PIDTYPE_TGID_, PIDTYPE_PGID_ };
enum { TASK_IO_WORKER = 0x10, TASK_USER_WORKER = 0x4000, TASK_KERNEL = 0x200000 };
enum { RLIMIT_NOFILE_ = 7, PAGE_KB = 4 };

/*
 * Functions of their own (texts.bpf.c): the verifier looks at each once, however many programs use it. They
 * write into this processor's scratch memory, at offset @at of the event, and return the number of bytes.
 * Objects of the kernel come as numbers, because that is all that such a function can be given.
 */
__u64 write_text(__u64 at, __u64 from, __u64 to); /* one, which begins before @to */
__u64 write_texts(__u64 at, __u64 from, __u64 to);
__u64 write_array(__u64 at, __u64 array, __u32 first);
__u64 write_path(__u64 at, __u64 mnt, __u64 dentry, __u64 root_mnt, __u64 root_dentry);
__u64 write_cgroups(__u64 at, __u64 css);

INLINE void put_written(struct ev *e, __u64 n)
{
	if (n > WIRE_TEXT_MAX)
		n = WIRE_TEXT_MAX;
	put_len(e, n);
}

/* ---- numbers of processes ---- */

/* The number that @pid has in the name space it was made in. */
INLINE int innermost_number(struct pid *pid)
{
	int nr = 0;
	__u64 level = RD(pid, level);

	bpf_probe_read_kernel(&nr, sizeof nr,
			      AT(pid, numbers) + level * bpf_core_type_size(struct upid));
	return nr;
}

INLINE struct pid_namespace *innermost_namespace(struct pid *pid)
{
	struct pid_namespace *ns = NULL;
	__u64 level = RD(pid, level);

	bpf_probe_read_kernel(&ns, sizeof ns,
			      AT(pid, numbers) + level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, ns));
	return ns;
}

/* The number of @pid in the first name space. */
INLINE int outermost_number(struct pid *pid)
{
	int nr = 0;

	bpf_probe_read_kernel(&nr, sizeof nr, AT(pid, numbers));
	return nr;
}

/* ---- rights ---- */

/* A set of capabilities; recordings have the kernel's bits. */
INLINE __u64 capabilities(const void *member)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof v, member);
	return v & 0x1ffffffffffULL;
}

/* ---- memory ---- */

INLINE __u32 rss_kb(struct mm_struct *mm, int what)
{
	const void *at;
	__s64 n = 0;

	if (bpf_core_field_exists(mm->rss_stat[0].count))
		at = (void *)mm + bpf_core_field_offset(struct mm_struct, rss_stat) +
		     what * bpf_core_type_size(struct percpu_counter) +
		     bpf_core_field_offset(struct percpu_counter, count);
	else
		at = (void *)mm + bpf_core_field_offset(struct mm_struct___old, rss_stat) +
		     what * sizeof(atomic64_t);
	bpf_probe_read_kernel(&n, sizeof n, at);
	return n < 0 ? 0 : n * PAGE_KB;
}

/* A task whose memory is gone has NULL there, and reads as 0. */
INLINE void put_memory(struct ev *e, struct mm_struct *mm)
{
	put_u32(e, mm->total_vm * PAGE_KB);
	put_u32(e, rss_kb(mm, 0) + rss_kb(mm, 1) + rss_kb(mm, 3)); /* files, anonymous, shared */
	put_u32(e, rss_kb(mm, 2));
}

/* ---- texts that lie in the memory of the process ---- */

/* Bytes from @from to @to: texts, each with a NUL. What does not fit is cut. */
INLINE void put_texts(struct ev *e, __u64 from, __u64 to)
{
	put_written(e, write_texts(e->at, from, to));
}

/* Name and arguments, as the process has them in its memory. */
INLINE void put_exe_args(struct ev *e, struct mm_struct *mm)
{
	__u64 start = mm->arg_start, end = mm->arg_end, n = write_text(e->at, start, end);

	put_written(e, n);
	put_texts(e, start + n, end);
}

/* The first text of an array that a call was given. */
INLINE void put_first(struct ev *e, __u64 array)
{
	__u64 text = 0;

	bpf_probe_read_user(&text, in_narrow_call() ? 4 : 8, (void *)array);
	put_written(e, write_text(e->at, text, ~0ULL));
}

/* The texts from @first on of such an array. */
INLINE void put_array(struct ev *e, __u64 array, __u32 first)
{
	put_written(e, write_array(e->at, array, first));
}

/* ---- paths ---- */

/* The path at @path as a process sees it whose root is at @fs. Both are addresses of kernel objects. */
INLINE void put_path(struct ev *e, const void *path, struct fs_struct *fs)
{
	struct {
		__u64 mnt, dentry; /* as struct path */
	} p = {}, root = {};

	bpf_probe_read_kernel(&p, sizeof p, path);
	if (fs)
		bpf_probe_read_kernel(&root, sizeof root, AT(fs, root));
	if (p.mnt && p.dentry)
		put_written(e, write_path(e->at, p.mnt, p.dentry, root.mnt, root.dentry));
	else
		put_empty(e);
}

INLINE void put_cwd(struct ev *e, struct task_struct *task)
{
	struct fs_struct *fs = task->fs;

	if (fs)
		put_path(e, AT(fs, pwd), fs);
	else
		put_empty(e);
}

INLINE void put_cgroups(struct ev *e, struct task_struct *task)
{
	__u64 css = 0;

	bpf_probe_read_kernel(&css, sizeof css, AT(task, cgroups));
	put_written(e, write_cgroups(e->at, css));
}

/* ---- what clone and execve have in common ---- */

/* Parameters tid to comm, without what is before. @cwd: whether to tell the working directory. */
INLINE void put_identity(struct ev *e, struct task_struct *task, struct mm_struct *mm, bool cwd)
{
	struct signal_struct *signal = task->signal;

	put_s64(e, task->pid);
	put_s64(e, task->tgid);
	put_s64(e, task->real_parent->tgid);
	if (cwd)
		put_cwd(e, task);
	else
		put_empty(e);
	put_u64(e, signal->rlim[RLIMIT_NOFILE_].rlim_cur);
	put_u64(e, task->maj_flt);
	put_u64(e, task->min_flt);
	put_memory(e, mm);
	put_kernel_text(e, AT(task, comm));
}
