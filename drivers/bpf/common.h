/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * common: what every program includes: maps, and how kernel memory is read.
 *
 * The hook on the exit of system calls looks up one byte (control.want) and, for a wanted call, jumps to
 * the program of that call (call_programs). That program builds the event and sends it; event.h has how.
 */
#pragma once

#include "kernel.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "../wire.h"

enum {
	SCRATCH_EVENT = 1 << 16,         /* room that an offset of 16 bits can reach */
	SCRATCH_TMP = SCRATCH_EVENT * 2, /* where it cannot: paths grow backwards here */
	SCRATCH_WALK =
		SCRATCH_TMP + 2 * WIRE_TEXT_MAX, /* twice, so that masked offsets stay inside */
	SCRATCH_SIZE = SCRATCH_WALK + 256
};

struct scratch {
	__u8 bytes[SCRATCH_SIZE];
};

/* Set before loading. */
extern const volatile struct wire_syscall calls[WIRE_SLOTS];
extern const volatile struct wire_compat compat_calls[WIRE_SYSCALLS];
extern const volatile struct wire_socket sockets[WIRE_SOCKET_CALLS];
extern const volatile __u64 ring_mask, life_mask; /* bytes of a ring, a power of 2, less 1 */
extern const volatile __u8 can_cast;              /* the kernel has bpf_rdonly_cast */

/* Set while running. */
extern struct wire_control control;

/* Sizes of maps are set before loading, to the number of processors. */
struct cpu_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wire_cpu);
};
struct scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
};
struct place_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};
struct program_map {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, WIRE_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
};
/* Rings are arrays with one value, because that is memory that both sides can map and write. Their size is
 * set before loading. */
struct ring {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct wire_ring));
};
struct ring_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
};
/* Carries no event: something that user space can sleep on. */
struct bell {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

extern struct cpu_map cpus SEC(".maps");
extern struct scratch_map scratches SEC(".maps");
extern struct place_map task_places SEC(".maps"); /* current.h, by processor */
extern struct program_map call_programs SEC(".maps");
extern struct ring_map rings SEC(".maps");      /* by processor */
extern struct ring_map life_rings SEC(".maps"); /* of clone, exec and exit alone */
extern struct bell bell SEC(".maps");

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

#define INLINE static __always_inline

/* Member @m of the kernel object at @p: a plain load where the kernel can be told the type, a copy that
 * checks otherwise. 0 when @p points nowhere. */
#define RD(p, m)                                                                                 \
	({                                                                                       \
		typeof(p) p_ = (p);                                                              \
		typeof(p_->m) v_;                                                                \
		if (can_cast)                                                                    \
			v_ = ((typeof(p_))bpf_rdonly_cast(p_,                                    \
							  bpf_core_type_id_kernel(typeof(*p_)))) \
				     ->m;                                                        \
		else                                                                             \
			bpf_core_read(&v_, sizeof v_, &p_->m);                                   \
		v_;                                                                              \
	})

/* The pointer that lies at @at in the kernel's memory, in the same two ways: a list's head begins with one. */
INLINE void *pointer_at(const void *at)
{
	return (void *)RD((struct list_head *)at, next);
}

/* The address of a member that has an address of its own: an array, a struct. */
#define AT(p, m) ((void *)__builtin_preserve_access_index(&(p)->m))

/* Keeps the compiler from knowing that @x is in range: the verifier has to see the mask itself. */
#define BOUND(x, mask) asm volatile("%0 &= " #mask : "+r"(x))
