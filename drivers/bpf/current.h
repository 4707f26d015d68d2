/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * current: whose call it is.
 *
 * The kernel tells a program by a call of a helper, which on x86-64 takes a quarter of what it costs to run a
 * program that does nothing (24 ns of 100), and which the end of very many calls that nobody wants would have to
 * pay (call_is_asked). The scheduler's queue of each processor says the same, and lies where it lies for ever.
 * So that place is looked for once, through the task itself, and believed if it holds what the helper says.
 * Where it is not found (no groups in the scheduler, no bpf_rdonly_cast) the helper is called, as on arm64,
 * where it is no call.
 */
#pragma once

#include "common.h"

/* The same task, without the kernel's promise that it stays: at each pointer that is read through a promised
 * one, the verifier searches all types of the kernel by name, which takes longer than all else it does. */
INLINE struct task_struct *plain(struct task_struct *task)
{
	return can_cast ? bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct)) : task;
}

INLINE struct task_struct *current(void)
{
	return plain((struct task_struct *)bpf_get_current_task_btf());
}

#if defined(__TARGET_ARCH_arm64)
INLINE struct task_struct *caller(void)
{
	return current();
}
#else
/* Where the processor @cpu, on which this runs, keeps its task; NULL: unknown. */
INLINE const void *find_place(__u32 cpu)
{
	__u64 *known = bpf_map_lookup_elem(&task_places, &cpu);
	struct task_struct *task;
	const void *place;
	struct rq *rq;

	if (!known)
		return NULL;
	if (*known)
		return (const void *)*known;
	task = current();
	rq = RD(RD(task, se.cfs_rq), rq);
	place = AT(rq, curr);
	if ((__u32)RD(rq, cpu) != cpu || pointer_at(place) != task)
		return NULL;
	*known = (__u64)place;
	return place;
}

/* The task that made the call. Not for the scheduler's own trace points: there the queue is ahead. */
INLINE struct task_struct *caller(void)
{
	const void *place = NULL;

	if (can_cast && bpf_core_field_exists(struct sched_entity, cfs_rq))
		place = find_place(bpf_get_smp_processor_id());
	return place ? plain(pointer_at(place)) : current();
}
#endif
