/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * wire: what the programs in the kernel and the driver in user space share. Fixed widths, explicit
 * padding, sizes asserted; nothing here depends on either side's headers but the __uN types.
 *
 * Beside events, two things cross the border while a driver runs, both in memory that user space maps:
 *   - struct wire_control, written by user space, read by the programs: what is wanted;
 *   - struct wire_cpu, one per processor, written by the programs: what was sent and what was lost.
 * Events travel in rings (struct wire_ring), each already in the encoding of recordings: a packed head (ts u64,
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
	WIRE_SLOTS = 1024, /* beyond them, calls that only 32-bit programs have, by 512 + number */
	WIRE_SOCKET_CALLS = 32, /* calls that socketcall(2) may stand for, and some room */
	WIRE_HEAD = 26,         /* bytes of an event's head */
	WIRE_TEXT_MAX =
		4096, /* bytes of a path, of all arguments, of the environment, of cgroups */
	WIRE_EVENT_MAX = 65536 /* bytes of an event */
};

/* Events that no system call's exit sends, or not only; those of calls are found by their numbers. */
enum wire_event {
	WIRE_EVENT_GENERIC = 1,
	WIRE_EVENT_CLOSE = 5,
	WIRE_EVENT_SWITCH = 152,
	WIRE_EVENT_PROC_EXIT = 186,
	WIRE_EVENT_SIGNAL = 232,
	WIRE_EVENT_FAULT = 290,
	WIRE_EVENT_EXECVE = 293
};

/* Codes of calls, as recordings have them, that programs tell apart. */
enum wire_code {
	WIRE_CODE_OPEN = 5,
	WIRE_CODE_CREAT = 7,
	WIRE_CODE_FORK = 303,
	WIRE_CODE_VFORK = 304,
	WIRE_CODE_CLONE = 327,
	WIRE_CODE_CLONE3 = 328
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
	WIRE_DROP_COMPAT, /* a call of another kind (32 bits, x32) that cannot be told as one of this machine's */
	WIRE_DROPS
};

/* Bits of struct wire_syscall.want. An event is sent if WANTED is set and no guard holds. */
enum wire_want {
	WIRE_WANTED = 1 << 0,
	WIRE_GUARD_FAILED = 1 << 1,    /* not if the call failed */
	WIRE_GUARD_READ_OPEN = 1 << 2, /* not if it opens without any right to write or create */
	WIRE_GUARD_SUCCEEDED = 1 << 3, /* not if the call did not fail */
	WIRE_RESULT_FD = 1 << 4, /* its parameters are result and first argument, a descriptor */
	WIRE_STASH = 1 << 5,     /* its name is kept when it begins */
	WIRE_OPENAT = 1 << 6     /* it is openat */
};

/* Bits of struct wire_control.asked: who may want a call of that number, whatever kind of call it is. */
enum wire_asked {
	WIRE_ASKED_HERE = 1 << 0,   /* as a call of this machine's own kind */
	WIRE_ASKED_NARROW = 1 << 1, /* as a call of a 32-bit program */
	WIRE_ASKED_LOST = 1 << 2    /* as the latter, if it cannot be told */
};

struct wire_syscall {
	__u16 code; /* of the call in recordings */
	__u16 exit; /* event that records its exit */
};

/* How a 32-bit call on x86-64 differs from the 64-bit call that it is told as. */
enum wire_how {
	WIRE_COMPAT_SAME,     /* its number, its registers, and structs that are narrower */
	WIRE_COMPAT_WIDE,     /* but its structs have 64 bits */
	WIRE_COMPAT_SOCKETS,  /* socketcall */
	WIRE_COMPAT_MEMORY,   /* its first argument says where all of them lie */
	WIRE_COMPAT_PAGES,    /* its sixth argument counts pages */
	WIRE_COMPAT_POSITION, /* its fourth argument is one half of a number, the fifth the other */
	WIRE_COMPAT_SIGNED,   /* its second argument has a sign */
	WIRE_COMPAT_IDS,      /* its second and third arguments are identities of 16 bits */
	WIRE_COMPAT_ALL_IDS,  /* its first three are */
	WIRE_COMPAT_NO_SECOND /* it has no second argument, which the other has as 0 */
};

struct wire_compat {
	__u16 slot; /* as which call it is told; WIRE_SLOTS: as none */
	__u16 code; /* of the call that it is, in recordings; 0: it is none of them */
	__u8 how;   /* enum wire_how */
	__u8 pad;
};

struct wire_socket {
	__u16 slot;
	__u16 words; /* of 32 bits that it is given; 0: there is no such call */
};

struct wire_control {
	__u8 want[WIRE_SLOTS];     /* enum wire_want, by number of the call */
	__u8 asked[WIRE_SYSCALLS]; /* enum wire_asked, by the number that the call itself has */
	__u64 epoch;               /* ns that make monotonic time the time since the epoch */
	__u32 self;                /* process whose own calls are not reported; 0: none */
	__u32 snaplen;             /* bytes of what is read and written; at most 65535 */
	__u32 asleep; /* the consumer has nothing to do: the next event wakes it and clears this */
	__u32 pad;
};

struct wire_cpu {
	__u64 sent[WIRE_CLASSES];
	__u64 dropped[WIRE_DROPS][WIRE_CLASSES];
	__u64 faults; /* parameters that could not be read from the process; the event went without */
	__u64 truncated; /* parameters that were cut to what fits */
	__u64 guarded;   /* events that a guard kept back */
	__u32 busy;      /* an event is being built in this processor's scratch memory */
	__u32 pad[17];   /* no processor writes another's cache lines */
};

/*
 * A ring, in memory that both sides map: this head, then its bytes, then room for an event that begins before
 * the end of the ring. One processor writes, one thread reads, so two positions are all it takes: they only
 * grow, and differ by what is in the ring. An event begins at a multiple of 8.
 */
struct wire_ring {
	__u64 produced; /* written by the programs, after the event it counts in */
	__u64 pad1[7];  /* each side writes a cache line of its own */
	__u64 consumed; /* written by user space */
	__u64 pad2[7];
};
enum { WIRE_RING_ROOM = 2 * WIRE_EVENT_MAX + WIRE_TEXT_MAX };

static inline __u64 wire_ring_step(__u32 len)
{
	return ((__u64)len + 7) & ~7ULL;
}

enum { WIRE_GUARDS = WIRE_GUARD_FAILED | WIRE_GUARD_READ_OPEN | WIRE_GUARD_SUCCEEDED };

#define WIRE_ASSERT(name, cond) typedef char wire_assert_##name[(cond) ? 1 : -1]
WIRE_ASSERT(syscall, sizeof(struct wire_syscall) == 4);
WIRE_ASSERT(compat, sizeof(struct wire_compat) == 6);
WIRE_ASSERT(control, sizeof(struct wire_control) == 1024 + 512 + 24);
WIRE_ASSERT(cpu,
	    sizeof(struct wire_cpu) == (WIRE_CLASSES + WIRE_DROPS * WIRE_CLASSES) * 8 + 3 * 8 + 72);
WIRE_ASSERT(cpu_lines, sizeof(struct wire_cpu) % 64 == 0);
WIRE_ASSERT(ring, sizeof(struct wire_ring) == 128);
