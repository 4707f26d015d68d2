/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* dispatch: where all system calls come by. */
#include "open.h"

const volatile struct wire_syscall calls[WIRE_SLOTS] = {};
const volatile struct wire_compat compat_calls[WIRE_SYSCALLS] = {};
const volatile struct wire_socket sockets[WIRE_SOCKET_CALLS] = {};
const volatile __u64 ring_mask = 0, life_mask = 0;
const volatile __u8 can_cast = 0;
const volatile __u32 api_version = WIRE_API;
const volatile __u32 schema_version = WIRE_SCHEMA;
struct wire_control control = {};

struct cpu_map cpus SEC(".maps");
struct scratch_map scratches SEC(".maps");
struct place_map task_places SEC(".maps");
struct program_map call_programs SEC(".maps");
struct ring_map rings SEC(".maps");
struct ring_map life_rings SEC(".maps");
struct bell bell SEC(".maps");
struct stash_map stashes SEC(".maps");

char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum { ENOSYS_ = 38 };

/* close, dup and what else has these two parameters: so frequent that a jump would show. */
INLINE int result_fd(const struct call *call, long ret)
{
	struct ev e;

	if (!fixed_begin(&e, call, WIRE_CLASS_OTHER, 2, 16))
		return 0;
	if (e.type == WIRE_EVENT_CLOSE)
		e.class = WIRE_CLASS_CLOSE;
	put_s64(&e, ret);
	put_fd(&e, arg(call, 0));
	return fixed_end(&e, 2, 16);
}

/* A call that is not told: a 32-bit one that somebody wants, or one of x32. What the kernel does not have
 * itself is no loss. */
INLINE int count_strange(const struct call *call, long ret)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct wire_cpu *here = bpf_map_lookup_elem(&cpus, &cpu);
	__u64 nr = call->own;

	BOUND(nr, 0x1ff);
	if (ret == -ENOSYS_ || !here ||
	    (call->own < WIRE_SYSCALLS ? !(control.asked[nr] & WIRE_ASKED_LOST)
				       : call->own >> X32_BIT_SHIFT != 1))
		return 0;
	here->dropped[WIRE_DROP_COMPAT][WIRE_CLASS_OTHER]++;
	return 0;
}

/* This runs at the end of every system call of the machine: what nobody wants has to cost next to nothing. */
SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
	struct call call;
	__u8 want;

	if (!call_is_asked(regs))
		return 0;
	call_read(&call, regs);
	if (call.nr >= WIRE_SLOTS)
		return call.strange ? count_strange(&call, ret) : 0;
	want = control.want[call.nr];
	if (!want)
		return 0;
	if (ret < 0 ? want & WIRE_GUARD_FAILED : want & WIRE_GUARD_SUCCEEDED) {
		count_guarded();
		forget_name(&call);
		return 0;
	}
	if (want & WIRE_RESULT_FD)
		return result_fd(&call, ret);
	if (want & WIRE_OPENAT)
		return openat(&call, ret);
	bpf_tail_call(ctx, &call_programs, call.nr);
	return 0;
}
