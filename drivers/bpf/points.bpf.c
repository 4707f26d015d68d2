/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* points: events of the kernel that are no system calls: signals, switches between tasks, page faults. */
#include "task.h"

enum { SWITCH_PARAMS = 6, SWITCH_BYTES = 8 + 16 + 12 };
enum { SIGNAL_PARAMS = 3, SIGNAL_BYTES = 8 + 8 + 1 };
enum { FAULT_PARAMS = 3, FAULT_BYTES = 8 + 8 + 4 };

INLINE void ev_of_task(struct ev *e, struct task_struct *task, __u16 type)
{
	e->ts = now();
	e->tid = (__u32)task->pid;
	e->type = type;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(task_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct mm_struct *mm;
	struct ev e;

	prev = plain(prev);
	mm = prev->mm;
	if (!fixed_start(&e, RING, WIRE_CLASS_OTHER, SWITCH_PARAMS, SWITCH_BYTES))
		return 0;
	ev_of_task(&e, prev, WIRE_EVENT_SWITCH);
	put_s64(&e, plain(next)->pid);
	put_u64(&e, prev->maj_flt);
	put_u64(&e, prev->min_flt);
	put_memory(&e, mm);
	return fixed_end(&e, SWITCH_PARAMS, SWITCH_BYTES);
}

/* Who sent a signal is told for those that a process sent. */
SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, struct kernel_siginfo *info, void *action)
{
	struct task_struct *task = current();
	struct ev e;
	int sender = 0;

	if ((__u32)task->tgid == control.self ||
	    !fixed_start(&e, RING, WIRE_CLASS_OTHER_INTEREST, SIGNAL_PARAMS, SIGNAL_BYTES))
		return 0;
	ev_of_task(&e, task, WIRE_EVENT_SIGNAL);
	/* SI_USER, SI_QUEUE, SI_TKILL, and how children end (SIGCHLD) */
	if (info && (info->si_code == 0 || info->si_code == -1 || info->si_code == -6 || sig == 17))
		bpf_probe_read_kernel(
			&sender, sizeof sender,
			(void *)info + bpf_core_field_offset(struct kernel_siginfo, _sifields));
	put_s64(&e, sender);
	put_s64(&e, task->pid);
	put_u8(&e, sig);
	return fixed_end(&e, SIGNAL_PARAMS, SIGNAL_BYTES);
}

#if !defined(__TARGET_ARCH_arm64) /* there are no such trace points */
INLINE __u32 fault_flags(unsigned long code)
{
	return (code & 1 ? PPM_PF_PROTECTION_VIOLATION : PPM_PF_PAGE_NOT_PRESENT) |
	       (code & 2 ? PPM_PF_WRITE_ACCESS : PPM_PF_READ_ACCESS) |
	       (code & 4 ? PPM_PF_USER_FAULT : PPM_PF_SUPERVISOR_FAULT) |
	       FLAG(code, 8, PPM_PF_RESERVED_PAGE) | FLAG(code, 16, PPM_PF_INSTRUCTION_FETCH);
}

INLINE int fault(unsigned long address, struct pt_regs *regs, unsigned long code)
{
	struct task_struct *task = current();
	struct ev e;

	if ((__u32)task->tgid == control.self ||
	    !fixed_start(&e, RING, WIRE_CLASS_OTHER, FAULT_PARAMS, FAULT_BYTES))
		return 0;
	ev_of_task(&e, task, WIRE_EVENT_FAULT);
	put_u64(&e, address);
	put_u64(&e, regs->ip);
	put_u32(&e, fault_flags(code));
	return fixed_end(&e, FAULT_PARAMS, FAULT_BYTES);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	return fault(address, regs, code);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	return fault(address, regs, code);
}
#endif
