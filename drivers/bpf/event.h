/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * event: building one event and sending it.
 *
 * An event whose size is known is built in the ring itself (fixed_begin .. fixed_end). One that has texts is
 * built in the processor's scratch memory and copied (var_begin .. var_end). Between the two, put_*() adds
 * parameters in their order; the compiler turns offsets that it knows into constants, for which the
 * verifier needs no check, and masks all others.
 *
 *	EXIT_FIXED(dup, WIRE_CLASS_OTHER, 2, 8 + 8)
 *	{
 *		put_s64(e, ret);
 *		put_fd(e, arg(call, 0));
 *	}
 *
 * is the whole program of a call: its class, the number of its parameters, their bytes. That they are as
 * many as were put is checked when it is compiled.
 */
#pragma once

#include "call.h"

struct ev {
	__u8 *p;    /* where it is built */
	__u32 at;   /* of the next value */
	__u32 lens; /* of the next length */
	__u32 cpu;
	__u32 class;
	struct wire_cpu *here;
	struct wire_ring *ring;
	__u64 pos, mask; /* where it goes in the ring */
	struct scratch *scratch;
	struct task_struct *task; /* whose call it is */
	__u64 ts, tid;
	__u16 type;
};

/* The program of the call @name; its number decides, so several calls may have the same program. */
#define EXIT(name)                                                 \
	INLINE int exit_##name(const struct call *call, long ret); \
	SEC("tp_btf/sys_exit")                                     \
	int BPF_PROG(x_##name, struct pt_regs *regs, long ret)     \
	{                                                          \
		struct call call;                                  \
                                                                   \
		call_read(&call, regs);                            \
		return exit_##name(&call, ret);                    \
	}                                                          \
	INLINE int exit_##name(const struct call *call, long ret)

/* The monotonic clock is the cheapest, and half of what a short event costs. User space looks after
 * control.epoch when the machine was suspended. */
INLINE __u64 now(void)
{
	return bpf_ktime_get_ns() + control.epoch;
}

#define BOUND16(x) BOUND(x, 0xffff)
#define BOUND4(x) BOUND(x, 0xf)
#define BOUND8(x) BOUND(x, 0xff)
#define BOUND12(x) BOUND(x, 0xfff)

/* ---- where and when ---- */

/* Which of a processor's rings. */
enum ring_kind { RING, LIFE_RING };

INLINE bool ev_place(struct ev *e, enum ring_kind kind, __u32 class)
{
	__u32 cpu = bpf_get_smp_processor_id(); /* of its own: what has an address is no constant */
	__u32 zero = 0;
	void *ring;

	e->here = bpf_map_lookup_elem(&cpus, &cpu);
	ring = bpf_map_lookup_elem(kind == RING ? &rings : &life_rings, &cpu);
	if (!e->here || !ring)
		return false;
	e->ring = bpf_map_lookup_elem(ring, &zero);
	if (!e->ring)
		return false;
	e->mask = kind == RING ? ring_mask : life_mask;
	e->cpu = cpu;
	e->class = class;
	if (e->here->busy) { /* a program was interrupted by one that needs the same memory */
		e->here->dropped[WIRE_DROP_SCRATCH][class]++;
		return false;
	}
	e->here->busy = 1;
	return true;
}

INLINE int ev_give_up(struct ev *e, enum wire_drop why)
{
	e->here->dropped[why][e->class]++;
	e->here->busy = 0;
	return 0;
}

/* Where the next @len bytes of the ring are; NULL when it has no room for them. */
INLINE __u8 *ring_reserve(struct ev *e, __u32 len)
{
	__u64 off;

	e->pos = *(volatile __u64 *)&e->ring->produced;
	if (e->pos + len - *(volatile __u64 *)&e->ring->consumed > e->mask + 1)
		return NULL;
	off = e->pos & e->mask;
	return (__u8 *)(e->ring + 1) + off;
}

/* Hands them over. What was written before is seen before. */
INLINE void ring_commit(struct ev *e, __u32 len)
{
#if defined(__TARGET_ARCH_arm64)
	__sync_fetch_and_add(&e->ring->produced, wire_ring_step(len)); /* a full barrier */
#else
	asm volatile("" ::: "memory"); /* stores stay in order */
	*(volatile __u64 *)&e->ring->produced = e->pos + wire_ring_step(len);
#endif
	e->here->sent[e->class]++;
	e->here->busy = 0;
	if (control.asleep) { /* otherwise the consumer comes by itself */
		__u64 nothing = 0;

		control.asleep = 0;
		bpf_ringbuf_output(&bell, &nothing, sizeof nothing, BPF_RB_FORCE_WAKEUP);
	}
}

INLINE void ev_head(struct ev *e, __u32 nparams, __u32 len)
{
	*(__u64 *)e->p = e->ts;
	*(__u64 *)(e->p + 8) = e->tid;
	*(__u32 *)(e->p + 16) = len;
	*(__u16 *)(e->p + 20) = e->type;
	*(__u32 *)(e->p + 22) = nparams;
}

/* Whose call it is. False: the watcher's own, which is not reported. */
INLINE bool ev_task(struct ev *e, const struct call *call)
{
	e->task = call->task;
	return (__u32)e->task->tgid != control.self;
}

INLINE void ev_of_call(struct ev *e, const struct call *call)
{
	e->ts = now();
	e->tid = (__u32)e->task->pid;
	e->type = calls[call->nr & (WIRE_SLOTS - 1)].exit;
}

/* Counts an event that a guard keeps back. Always true. */
INLINE bool count_guarded(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct wire_cpu *here = bpf_map_lookup_elem(&cpus, &cpu);

	if (here)
		here->guarded++;
	return true;
}

/* ---- events of a known size ---- */

#define FIXED_SIZE(nparams, bytes) (WIRE_HEAD + 2 * (nparams) + (bytes) + 2)

INLINE bool fixed_start(struct ev *e, enum ring_kind kind, __u32 class, __u32 nparams, __u32 bytes)
{
	if (!ev_place(e, kind, class))
		return false;
	e->p = ring_reserve(e, FIXED_SIZE(nparams, bytes));
	if (!e->p) {
		ev_give_up(e, WIRE_DROP_RING);
		return false;
	}
	e->lens = WIRE_HEAD;
	e->at = WIRE_HEAD + 2 * nparams;
	return true;
}

/* For the exit of a call: @nparams parameters of together @bytes bytes, both constants. */
INLINE bool fixed_begin(struct ev *e, const struct call *call, __u32 class, __u32 nparams,
			__u32 bytes)
{
	if (!ev_task(e, call) || !fixed_start(e, RING, class, nparams, bytes))
		return false;
	ev_of_call(e, call);
	return true;
}

INLINE int fixed_end(struct ev *e, __u32 nparams, __u32 bytes)
{
	ev_head(e, nparams, FIXED_SIZE(nparams, bytes));
	*(__u16 *)(e->p + FIXED_SIZE(nparams, bytes) - 2) = (__u16)e->cpu;
	ring_commit(e, FIXED_SIZE(nparams, bytes));
	return 0;
}

/* ---- events with texts ---- */

INLINE bool var_start(struct ev *e, enum ring_kind kind, __u32 class, __u32 nparams)
{
	__u32 cpu;

	if (!ev_place(e, kind, class))
		return false;
	cpu = e->cpu;
	e->scratch = bpf_map_lookup_elem(&scratches, &cpu);
	if (!e->scratch)
		return false;
	e->p = e->scratch->bytes;
	e->lens = WIRE_HEAD;
	e->at = WIRE_HEAD + 2 * nparams;
	return true;
}

INLINE bool var_begin(struct ev *e, const struct call *call, __u32 class, __u32 nparams)
{
	if (!ev_task(e, call) || !var_start(e, RING, class, nparams))
		return false;
	ev_of_call(e, call);
	return true;
}

/* The same, built in the ring itself: for events that no function of its own (texts.bpf.c) writes into, and
 * that have at most @room bytes. */
INLINE bool text_begin(struct ev *e, const struct call *call, __u32 class, __u32 nparams,
		       __u32 room)
{
	if (!ev_task(e, call) || !ev_place(e, RING, class))
		return false;
	e->p = ring_reserve(e, room);
	if (!e->p) {
		ev_give_up(e, WIRE_DROP_RING);
		return false;
	}
	e->lens = WIRE_HEAD;
	e->at = WIRE_HEAD + 2 * nparams;
	ev_of_call(e, call);
	return true;
}

INLINE int text_end(struct ev *e, __u32 nparams)
{
	__u64 at = e->at, len = at + 2;

	BOUND16(at);
	*(__u16 *)(e->p + at) = (__u16)e->cpu;
	ev_head(e, nparams, len);
	ring_commit(e, len);
	return 0;
}

INLINE int var_end(struct ev *e, __u32 nparams)
{
	__u64 at = e->at;
	__u8 *to;

	if (at > SCRATCH_EVENT - 2)
		return ev_give_up(e, WIRE_DROP_SCRATCH);
	BOUND16(at);
	*(__u16 *)(e->p + at) = (__u16)e->cpu;
	at += 2;
	ev_head(e, nparams, at);
	to = ring_reserve(e, at);
	if (!to)
		return ev_give_up(e, WIRE_DROP_RING);
	bpf_probe_read_kernel(to, at, e->p);
	ring_commit(e, at);
	return 0;
}

/* ---- programs of calls ---- */

void wrong_parameters(void) __attribute__((error("not the parameters that were announced")));

#define EXIT_FIXED(name, class, nparams, bytes)                                   \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret); \
	EXIT(name)                                                                \
	{                                                                         \
		struct ev e;                                                      \
                                                                                  \
		if (!fixed_begin(&e, call, class, nparams, bytes))                \
			return 0;                                                 \
		fill_##name(&e, call, ret);                                       \
		if (e.lens != WIRE_HEAD + 2 * (nparams) ||                        \
		    e.at != WIRE_HEAD + 2 * (nparams) + (bytes))                  \
			wrong_parameters();                                       \
		return fixed_end(&e, nparams, bytes);                             \
	}                                                                         \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret)

#define EXIT_TEXT(name, class, nparams, room)                                     \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret); \
	EXIT(name)                                                                \
	{                                                                         \
		struct ev e;                                                      \
                                                                                  \
		if (!text_begin(&e, call, class, nparams, room))                  \
			return 0;                                                 \
		fill_##name(&e, call, ret);                                       \
		if (e.lens != WIRE_HEAD + 2 * (nparams))                          \
			wrong_parameters();                                       \
		return text_end(&e, nparams);                                     \
	}                                                                         \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret)

/* What an event with @n texts, or with data, and short parameters can have at most. */
#define ROOM_TEXTS(n) ((n)*WIRE_TEXT_MAX + 512)
#define ROOM_DATA (control.snaplen + 512)

#define EXIT_VAR(name, class, nparams)                                            \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret); \
	EXIT(name)                                                                \
	{                                                                         \
		struct ev e;                                                      \
                                                                                  \
		if (!var_begin(&e, call, class, nparams))                         \
			return 0;                                                 \
		fill_##name(&e, call, ret);                                       \
		if (e.lens != WIRE_HEAD + 2 * (nparams))                          \
			wrong_parameters();                                       \
		return var_end(&e, nparams);                                      \
	}                                                                         \
	INLINE void fill_##name(struct ev *e, const struct call *call, long ret)

/* ---- parameters ---- */

#define EV_PUT(name, type)                                 \
	INLINE void put_##name(struct ev *e, type v)       \
	{                                                  \
		__u64 at = e->at;                          \
                                                           \
		if (!__builtin_constant_p(at))             \
			BOUND16(at);                       \
		*(type *)(e->p + at) = v;                  \
		*(__u16 *)(e->p + e->lens) = sizeof(type); \
		e->at += sizeof(type);                     \
		e->lens += 2;                              \
	}
EV_PUT(u8, __u8)
EV_PUT(u16, __u16)
EV_PUT(u32, __u32)
EV_PUT(u64, __u64)

INLINE void put_s64(struct ev *e, __s64 v)
{
	put_u64(e, (__u64)v);
}

/* A descriptor, a process: an int of 32 bits, which travels as 64. */
INLINE void put_fd(struct ev *e, __u64 v)
{
	put_u64(e, (__u64)(__s64)(__s32)v);
}

INLINE void put_empty(struct ev *e)
{
	*(__u16 *)(e->p + e->lens) = 0;
	e->lens += 2;
}

/* Says that the parameter has the @len bytes at the end. */
INLINE void put_len(struct ev *e, __u32 len)
{
	*(__u16 *)(e->p + e->lens) = (__u16)len;
	e->lens += 2;
	e->at += len;
}

/* A text of the process; absent when it cannot be read. */
INLINE void put_text_max(struct ev *e, __u64 user, __u32 max)
{
	__u64 at = e->at;
	long n;

	BOUND16(at);
	n = bpf_probe_read_user_str(e->p + at, max, (const void *)user);
	if (n < 0) {
		if (user)
			e->here->faults++;
		n = 0;
	} else if (n == max) {
		e->here->truncated++;
	}
	put_len(e, n);
}

INLINE void put_text(struct ev *e, __u64 user)
{
	put_text_max(e, user, WIRE_TEXT_MAX);
}

INLINE void put_kernel_text(struct ev *e, const void *kernel)
{
	__u64 at = e->at;
	long n;

	BOUND16(at);
	n = bpf_probe_read_kernel_str(e->p + at, WIRE_TEXT_MAX, kernel);
	put_len(e, n < 0 ? 0 : n);
}

/* @len bytes of the process, at most as many as the consumer wants of data. */
INLINE void put_data(struct ev *e, __u64 user, __u64 len)
{
	__u64 at = e->at, n = len;

	if (n > control.snaplen)
		n = control.snaplen;
	BOUND16(at);
	BOUND16(n);
	if (n && bpf_probe_read_user(e->p + at, n, (const void *)user)) {
		e->here->faults++;
		n = 0;
	}
	put_len(e, n);
}

/* This processor's memory, for functions that are given no struct ev. */
struct memory {
	struct wire_cpu *here;
	__u8 *bytes;
};

INLINE bool memory_find(struct memory *m)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &cpu);

	m->here = bpf_map_lookup_elem(&cpus, &cpu);
	if (!scratch || !m->here)
		return false;
	m->bytes = scratch->bytes;
	return true;
}
