/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * wire: what the programs in the kernel and the driver in user space share. Fixed widths, explicit
 * padding, sizes asserted; nothing here depends on either side's headers but the __uN types.
 *
 * Two things cross the border while a driver runs, both in memory that user space maps:
 *   - struct wire_control, written by user space, read by the programs: what is wanted;
 *   - struct wire_cpu, one per processor, written by the programs: what was sent and what was lost.
 * Events travel in ring buffers, each already in the encoding of recordings: a packed head (ts u64,
 * tid u64, len u32, type u16, nparams u32), 16-bit lengths, values, and the processor in the last two
 * bytes. User space hands them on as they are.
 */
#pragma once

#include <linux/types.h>

/* The driver's interface and the event schema, as major.minor.patch. An object of another major
 * version of either is refused; so is one whose minor version is older than what is asked for. */
#define WIRE_VERSION(major, minor, patch) ((__u32)((major) << 20 | (minor) << 10 | (patch)))
#define WIRE_MAJOR(v) ((v) >> 20)
#define WIRE_MINOR(v) ((v) >> 10 & 1023)
#define WIRE_PATCH(v) ((v)&1023)
#define WIRE_API WIRE_VERSION(1, 0, 0)
#define WIRE_SCHEMA WIRE_VERSION(4, 5, 1)

enum {
	WIRE_SYSCALLS = 512, /* numbers of system calls are below this, on x86-64 and arm64 */
	WIRE_HEAD = 26,      /* bytes of an event's head */
	WIRE_TEXT_MAX =
		4096, /* bytes of a path, of all arguments, of the environment, of cgroups */
	WIRE_EVENT_MAX = 65536 /* bytes of an event */
};

/* What a process does, as far as it decides how bad a lost event is. */
enum wire_class {
	WIRE_CLASS_OTHER,
	WIRE_CLASS_CLONE_FORK,
	WIRE_CLASS_EXECVE,
	WIRE_CLASS_PROC_EXIT,
	WIRE_CLASS_CONNECT,
	WIRE_CLASS_OPEN,
	WIRE_CLASS_DIR_FILE, /* rename, link, unlink, mkdir, ... */
	WIRE_CLASS_CLOSE,
	WIRE_CLASS_OTHER_INTEREST, /* setuid, ptrace, mount, bpf, ... */
	WIRE_CLASSES
};

/* Why an event was not sent. */
enum wire_drop {
	WIRE_DROP_RING, /* the ring buffer was full */
	WIRE_DROP_SCRATCH, /* no room to build it: too big, or the processor was building another one */
	WIRE_DROPS
};

/* Bits of struct wire_syscall.want. An event is sent if WANTED is set and no guard holds. */
enum wire_want {
	WIRE_WANTED = 1 << 0,
	WIRE_GUARD_FAILED = 1 << 1,    /* not if the call failed */
	WIRE_GUARD_READ_OPEN = 1 << 2, /* not if it opens without any right to write or create */
	WIRE_GUARD_SUCCEEDED = 1 << 3  /* not if the call did not fail */
};

/* Bits of struct wire_control.points: which events that are not system calls are wanted. */
enum wire_point {
	WIRE_POINT_EXIT = 1 << 0,
	WIRE_POINT_SIGNAL = 1 << 1,
	WIRE_POINT_SWITCH = 1 << 2,
	WIRE_POINT_FAULT_USER = 1 << 3,
	WIRE_POINT_FAULT_KERNEL = 1 << 4
};

struct wire_syscall {
	__u16 code; /* of the call in recordings */
	__u16 exit; /* event that records its exit */
	__u8 class; /* enum wire_class */
	__u8 pad[3];
};

struct wire_control {
	__u8 want[WIRE_SYSCALLS]; /* enum wire_want, by number of the call */
	__u64 epoch;              /* ns that make the time since boot the time since the epoch */
	__u32 self;               /* process whose own calls are not reported; 0: none */
	__u32 snaplen;            /* bytes of what is read and written; at most 65535 */
	__u32 points;             /* enum wire_point */
	__u32 wake_bytes;         /* a ring that holds this much wakes the consumer */
	__u32 asleep; /* the consumer waits: the next event wakes it (and clears this) */
	__u32 pad;
};

struct wire_cpu {
	__u64 sent[WIRE_CLASSES];
	__u64 dropped[WIRE_DROPS][WIRE_CLASSES];
	__u64 faults; /* parameters that could not be read from the process; the event went without */
	__u64 truncated; /* parameters that were cut to what fits */
	__u64 guarded;   /* events that a guard kept back */
	__u32 busy;      /* an event is being built in this processor's scratch memory */
	__u32 pad[7];
};

#define WIRE_ASSERT(name, cond) typedef char wire_assert_##name[(cond) ? 1 : -1]
WIRE_ASSERT(syscall, sizeof(struct wire_syscall) == 8);
WIRE_ASSERT(control, sizeof(struct wire_control) == 512 + 32);
WIRE_ASSERT(cpu,
	    sizeof(struct wire_cpu) == (WIRE_CLASSES + WIRE_DROPS * WIRE_CLASSES) * 8 + 3 * 8 + 32);
