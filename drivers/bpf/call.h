/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * call: which system call it is and what it was given.
 *
 * On x86-64 the same kernel serves the calls of 32-bit programs, and of any program that enters by `int 0x80`:
 * their numbers are others, their arguments lie in other registers, and structs they point to are narrower.
 * The kernel marks the task for the time of such a call. All of it is undone here, once, so that programs see
 * one kind of call only; but what they read of the process's memory depends on call->narrow.
 */
#pragma once

#include "current.h"

struct call {
	__u64 nr; /* of the x86-64 call; a slot of its own from WIRE_SYSCALLS on; WIRE_SLOTS: nothing to tell */
	__u64 args[6];
	struct task_struct *task; /* whose it is */
	bool narrow;              /* pointers, sizes and times in memory have 32 bits */
	bool strange; /* a call of another kind than this machine's; what is lost of them is counted */
	__u32 own;    /* its number in its own kind */
};

INLINE __u64 arg(const struct call *call, int i)
{
	return call->args[i];
}

enum { X32_BIT_SHIFT = 30 }; /* __X32_SYSCALL_BIT */

#if defined(__TARGET_ARCH_arm64)
enum { TIF_32BIT_ = 1 << 22 }; /* arch/arm64/include/asm/thread_info.h */

/* Whether the task, which is the current one, is in a call of a 32-bit program. */
INLINE bool is_narrow(struct task_struct *task)
{
	return task->thread_info.flags & TIF_32BIT_;
}

INLINE __u32 call_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

/* Calls of 32-bit Arm have no table here: they are counted as lost. */
INLINE void call_read(struct call *c, struct pt_regs *regs)
{
	__u32 nr = call_number(regs);

	c->task = caller();
	c->narrow = c->strange = is_narrow(c->task);
	c->own = nr;
	c->nr = nr < WIRE_SYSCALLS && !c->strange ? nr : WIRE_SLOTS;
	c->args[0] = regs->orig_x0;
	for (int i = 1; i < 6; i++)
		c->args[i] = regs->regs[i];
}
#else
enum { TS_COMPAT_ = 2 };         /* arch/x86/include/asm/thread_info.h */
enum { COMPAT_PAGE_SHIFT = 12 }; /* of what mmap2 counts in */

/* Whether the task, which is the current one, is in a call of a 32-bit program. */
INLINE bool is_narrow(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT_;
}

/* The kernel looks at these 32 bits only. */
INLINE __u32 call_number(struct pt_regs *regs)
{
	return regs->orig_ax;
}

/* The arguments of @c are @bytes (at most 24) at @user. False: they cannot be read. */
INLINE bool call_read_memory(struct call *c, __u32 user, __u64 bytes)
{
	__u32 words[6] = {};

	BOUND(bytes, 0x1f);
	if (bytes > sizeof words || bpf_probe_read_user(words, bytes, (void *)(__u64)user))
		return false;
	for (int i = 0; i < 6; i++)
		c->args[i] = words[i];
	return true;
}

/* socketcall(2): which call it stands for is its first argument; its second says where the arguments lie. */
INLINE void call_read_socket(struct call *c)
{
	__u64 which = c->args[0], at = which;

	BOUND(at, 0x1f);

	if (which < WIRE_SOCKET_CALLS && sockets[at].words &&
	    call_read_memory(c, c->args[1], sockets[at].words * 4))
		c->nr = sockets[at].slot;
	else
		c->nr = WIRE_SLOTS;
}

/* Identities of 16 bits, in which all bits set means none; the other bits of the register mean nothing. */
INLINE __u64 wide_id(__u64 id)
{
	return (__u16)id == 0xffff ? 0xffffffff : (__u16)id;
}

INLINE void call_read_narrow(struct call *c, struct pt_regs *regs)
{
	__u64 at = c->own;
	__u8 how;

	BOUND(at, 0x1ff);
	how = compat_calls[at].how;
	c->nr = c->own < WIRE_SYSCALLS ? compat_calls[at].slot : WIRE_SLOTS;
	c->narrow = how != WIRE_COMPAT_WIDE;
	c->args[0] = (__u32)regs->bx;
	c->args[1] = (__u32)regs->cx;
	c->args[2] = (__u32)regs->dx;
	c->args[3] = (__u32)regs->si;
	c->args[4] = (__u32)regs->di;
	c->args[5] = (__u32)regs->bp;
	if (how == WIRE_COMPAT_SOCKETS)
		call_read_socket(c);
	else if (how == WIRE_COMPAT_MEMORY && !call_read_memory(c, c->args[0], 24))
		c->nr = WIRE_SLOTS;
	else if (how == WIRE_COMPAT_PAGES)
		c->args[5] <<= COMPAT_PAGE_SHIFT;
	else if (how == WIRE_COMPAT_POSITION)
		c->args[3] |= c->args[4] << 32;
	else if (how == WIRE_COMPAT_SIGNED)
		c->args[1] = (__s64)(__s32)c->args[1];
	else if (how == WIRE_COMPAT_NO_SECOND)
		c->args[1] = 0;
	else if (how == WIRE_COMPAT_IDS) {
		c->args[1] = wide_id(c->args[1]);
		c->args[2] = wide_id(c->args[2]);
	} else if (how == WIRE_COMPAT_ALL_IDS) {
		c->args[0] = wide_id(c->args[0]);
		c->args[1] = wide_id(c->args[1]);
		c->args[2] = wide_id(c->args[2]);
	}
}

INLINE void call_read(struct call *c, struct pt_regs *regs)
{
	__u32 nr = call_number(regs);

	c->own = nr;
	c->task = caller();
	if (is_narrow(c->task)) {
		c->strange = true;
		call_read_narrow(c, regs);
		return;
	}
	c->narrow = false;
	c->strange = nr >> X32_BIT_SHIFT == 1;
	c->nr = nr < WIRE_SYSCALLS ? nr : WIRE_SLOTS;
	c->args[0] = regs->di;
	c->args[1] = regs->si;
	c->args[2] = regs->dx;
	c->args[3] = regs->r10;
	c->args[4] = regs->r8;
	c->args[5] = regs->r9;
}
#endif

INLINE bool in_narrow_call(void)
{
	return is_narrow(caller());
}

/* Whether anybody may want the call: what is asked of every call of the machine, so it has to be short. */
INLINE bool call_is_asked(struct pt_regs *regs)
{
	__u32 nr = call_number(regs);
	__u8 asked;

	if (nr >= WIRE_SYSCALLS)
		return true; /* of x32, or none */
	asked = control.asked[nr];
	return asked & WIRE_ASKED_HERE || (asked && in_narrow_call());
}
