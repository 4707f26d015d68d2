/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* dispatch: where all system calls come by. */
#include "entry.h"

const volatile struct wire_syscall calls[WIRE_SYSCALLS] = {};
const volatile __u64 ring_mask = 0, life_mask = 0;
const volatile __u8 can_cast = 0;
const volatile __u32 api_version = WIRE_API;
const volatile __u32 schema_version = WIRE_SCHEMA;
struct wire_control control = {};

struct cpu_map cpus SEC(".maps");
struct scratch_map scratches SEC(".maps");
struct program_map call_programs SEC(".maps");
struct ring_map rings SEC(".maps");
struct ring_map life_rings SEC(".maps");
struct bell bell SEC(".maps");
struct stash_map stashes SEC(".maps");

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* close, dup and what else has these two parameters: so short and frequent that a jump would double it. */
INLINE int result_fd(struct pt_regs *regs, long ret)
{
	struct ev e;

	if (!fixed_begin(&e, regs, WIRE_CLASS_OTHER, 2, 16))
		return 0;
	if (e.type == WIRE_EVENT_CLOSE)
		e.class = WIRE_CLASS_CLOSE;
	put_s64(&e, ret);
	put_fd(&e, arg(regs, 0));
	return fixed_end(&e, 2, 16);
}

/* This runs at the end of every system call of the machine: what nobody wants costs one load. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	__u64 nr = call_number(regs);
	__u8 want;

	if (nr >= WIRE_SYSCALLS)
		return 0;
	want = control.want[nr];
	if (!want)
		return 0;
	if (ret < 0 ? want & WIRE_GUARD_FAILED : want & WIRE_GUARD_SUCCEEDED) {
		count_guarded();
		return 0;
	}
	if (want & WIRE_RESULT_FD)
		return result_fd(regs, ret);
	bpf_tail_call(ctx, &call_programs, nr);
	return 0;
}
