/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* process: processes and threads that are made, and that end. */
#include "task.h"

enum { CLONE_PARAMS = 21 };

/* A call that makes a process, by its code in recordings; 0: it is none. */
INLINE __u16 making_call(const struct call *call)
{
	__u64 nr = call->nr;
	__u16 code;

	if (nr >= WIRE_SLOTS)
		return 0;
	code = calls[nr & (WIRE_SLOTS - 1)].code;
	return code == WIRE_CODE_CLONE || code == WIRE_CODE_CLONE3 || code == WIRE_CODE_FORK ||
			       code == WIRE_CODE_VFORK
		       ? code
		       : 0;
}

INLINE __u64 asked_flags(const struct call *call, __u16 code)
{
	__u64 flags = 0;

	switch (code) {
	case WIRE_CODE_CLONE:
		return arg(call, 0);
	case WIRE_CODE_CLONE3: /* struct clone_args begins with them */
		bpf_probe_read_user(&flags, sizeof flags, (void *)arg(call, 0));
		return flags;
	case WIRE_CODE_VFORK:
		return 0x4000 | 0x100; /* CLONE_VFORK | CLONE_VM */
	default:
		return 0;
	}
}

/* Whether children of @task have numbers of their own. */
INLINE bool makes_in_namespace(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;

	return pid->level || task->nsproxy->pid_ns_for_children != innermost_namespace(pid);
}

INLINE void put_clone(struct ev *e, struct task_struct *task, __u32 flags)
{
	struct mm_struct *mm = task->mm;
	struct pid *pid = task->thread_pid;
	struct pid_namespace *ns;

	put_exe_args(e, mm);
	put_identity(e, task, mm, !(flags & PPM_CL_CLONE_THREAD));
	put_cgroups(e, task);
	put_u32(e, flags);
	put_u32(e, task->cred->euid.val);
	put_u32(e, task->cred->egid.val);
	put_s64(e, innermost_number(pid));
	put_s64(e, innermost_number(task->signal->pids[PIDTYPE_TGID_]));
	ns = innermost_namespace(pid);
	put_u64(e, ns ? RD(RD(ns, child_reaper), start_boottime) + control.epoch : 0);
}

/* The side that called. The child's own event was sent when it was made. */
EXIT(clone)
{
	struct ev e;
	__u32 flags;

	if (ret == 0 || !ev_task(&e, call) ||
	    !var_start(&e, LIFE_RING, WIRE_CLASS_CLONE_FORK, CLONE_PARAMS))
		return 0;
	ev_of_call(&e, call);
	flags = clone_flags(asked_flags(call, making_call(call)));
	if (makes_in_namespace(e.task))
		flags |= PPM_CL_CHILD_IN_PIDNS;
	put_s64(&e, ret);
	put_clone(&e, e.task, flags);
	return var_end(&e, CLONE_PARAMS);
}

/* The side that was made: before it runs, so that its event is the first of it. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct pt_regs *regs =
		(struct pt_regs *)bpf_task_pt_regs((void *)bpf_get_current_task_btf());
	struct call at, *call = &at;
	struct ev e;
	__u32 flags;
	__u16 code;

	child = plain(child);
	if (child->flags & (TASK_KERNEL | TASK_IO_WORKER | TASK_USER_WORKER))
		return 0;
	call_read(call, regs);
	code = making_call(call);
	if (!code || !control.want[call->nr & (WIRE_SLOTS - 1)] ||
	    (__u32)child->tgid == control.self)
		return 0;
	if (!var_start(&e, LIFE_RING, WIRE_CLASS_CLONE_FORK, CLONE_PARAMS))
		return 0;
	e.task = child;
	ev_of_call(&e, call);
	flags = clone_flags(asked_flags(call, code));
	if (child->thread_pid->level)
		flags |= PPM_CL_CHILD_IN_PIDNS;
	put_s64(&e, 0);
	put_clone(&e, child, flags);
	return var_end(&e, CLONE_PARAMS);
}

enum { EXIT_PARAMS = 5, EXIT_BYTES = 8 + 8 + 1 + 1 + 8 };

/* Who gets the children of a thread that ends: 0 when it has none. */
INLINE __s64 reaper_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader, *up = task->real_parent;
	struct pid_namespace *ns;

	if ((void *)task->children.next == AT(task, children))
		return 0;
	if (leader->pid != task->pid)
		return leader->pid;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 16; i++) {
		struct signal_struct *signal = RD(up, signal);

		if (RD(up, pid) <= 1)
			break;
		if (BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper))
			return RD(up, tgid);
		up = RD(up, real_parent);
	}
	ns = innermost_namespace(task->thread_pid);
	return ns ? RD(RD(ns, child_reaper), pid) : 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 status, signal;
	struct ev e;

	task = plain(task);
	status = task->exit_code;
	signal = status & 0x7f;
	if (task->flags & (TASK_KERNEL | TASK_IO_WORKER | TASK_USER_WORKER) ||
	    (__u32)task->tgid == control.self)
		return 0;
	if (!fixed_start(&e, LIFE_RING, WIRE_CLASS_PROC_EXIT, EXIT_PARAMS, EXIT_BYTES))
		return 0;
	e.ts = now();
	e.tid = (__u32)task->pid;
	e.type = WIRE_EVENT_PROC_EXIT;
	put_s64(&e, (__s32)status);
	put_s64(&e, signal ? 0 : status >> 8 & 0xff);
	put_u8(&e, signal);
	put_u8(&e, signal && status & 0x80);
	put_s64(&e, reaper_of(task));
	return fixed_end(&e, EXIT_PARAMS, EXIT_BYTES);
}
