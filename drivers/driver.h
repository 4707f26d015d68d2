/*
 * driver: the kernel side, as a library. In: which system calls are of interest. Out: their events, in
 * the encoding of recordings, in the order of their time.
 *
 *	struct drv *d;
 *	struct drv_problem why;
 *	struct drv_batch batch;
 *
 *	if (drv_open(&(struct drv_options){.size = sizeof(struct drv_options)}, &d, &why) < 0)
 *		return complain(why.text);
 *	drv_interest(d, &wanted, &why);        // may be called again at any time
 *	drv_attach(d, &why);
 *	while (drv_poll(d, 100, &batch) >= 0)
 *		for (uint32_t i = 0; i < batch.n; i++)
 *			look(batch.events[i]);  // in the ring itself: nothing was copied
 *	d = drv_close(d);
 *
 * States: opened -> attached -> closed. Interest may be set in the first two.
 *
 * Threads: one thread polls; another may set interest and read counters at the same time (each of the
 * two functions by one thread at a time). Everything else is for one thread alone.
 *
 * Errors are negative errno values; a struct drv_problem says in one sentence what is missing and what
 * to do about it. Nothing is ever pinned: when the process ends, however it ends, the kernel frees all.
 *
 * Target: gyr_driver (static library; exists only where the build found clang, bpftool and libbpf).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

struct drv;

struct drv_problem {
	char text[512]; /* one sentence, no newline */
};

/* Members that are 0 have the default. The struct grows at its end. */
struct drv_options {
	size_t size;     /* of this struct, as the caller knows it */
	uint32_t api;    /* WIRE_API the caller was built with; 0: do not check */
	uint32_t schema; /* WIRE_SCHEMA likewise */
	uint32_t
		ring_bytes; /* one processor's ring; default 8 MiB; rounded up to a power of 2 of pages */
	uint32_t
		life_ring_bytes; /* its ring for clone, exec and exit, which no other event can fill; default
				  * half of ring_bytes, at least 1 MiB: an exec has up to 8 KiB */
	uint32_t
		cpus_per_ring; /* processors that ring_bytes is shared by, for settings of others; default 1 */
	uint32_t snaplen;  /* bytes of data of reads and writes; default 80, at most 65,000 */
	uint32_t merge_us; /* how long an event may wait for older ones of other rings: 1,000 */
	uint32_t self; /* process whose calls are not reported; default the caller's; ~0: none */
	uint32_t batch_max; /* events in a batch; default 4,096 */
	bool entry; /* keep names of files as calls begin: another thread may change them; about
				     40 ns on every system call of the machine */
	bool drop_failed; /* no events of calls that failed, of any type */
};

/* Loads the programs, creates and maps the rings. Needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE, or root.
 * -EPERM: a capability is missing. -ENOTSUP: the kernel cannot (no BTF, too old). -EPROTO: versions.
 * -EINVAL: an option is out of range. -ENOMEM, and what libbpf reports. */
int drv_open(const struct drv_options *options, struct drv **ret, struct drv_problem *ret_why);

/* What is wanted, by code of recordings (gyr/events.h; the codes of tracepoints too: sched_process_exit,
 * sched_switch, page_fault_user, page_fault_kernel, signal_deliver). Guards keep back events of wanted
 * calls in the kernel; whoever sets one has made sure that nobody misses those events. */
enum drv_guard {
	DRV_GUARD_FAILED = WIRE_GUARD_FAILED,
	DRV_GUARD_READ_OPEN = WIRE_GUARD_READ_OPEN,
	DRV_GUARD_SUCCEEDED = WIRE_GUARD_SUCCEEDED,
};
enum { DRV_CODES = 512 };

struct drv_interest {
	uint64_t wanted[DRV_CODES / 64]; /* bit code % 64 of word code / 64 */
	uint8_t guards[DRV_CODES];       /* enum drv_guard, by code */
};

static inline void drv_want(struct drv_interest *i, uint32_t code)
{
	if (code < DRV_CODES)
		i->wanted[code / 64] |= 1ULL << (code % 64);
}

static inline bool drv_wants(const struct drv_interest *i, uint32_t code)
{
	return code < DRV_CODES && (i->wanted[code / 64] >> (code % 64) & 1);
}

/*
 * Makes @interest hold from now on; while attached it changes hooks as needed. To swap rules without a
 * gap: set the union of old and new (widen), swap, set the new one (narrow). Calls that this machine does
 * not have are no error. Nothing is lost while it changes. Errors: as drv_attach.
 */
int drv_interest(struct drv *d, const struct drv_interest *interest, struct drv_problem *ret_why);

/* Starts events. Hooks that nothing wants are not attached. -EPERM, and what libbpf reports. */
int drv_attach(struct drv *d, struct drv_problem *ret_why);

struct drv_batch {
	const ss_plugin_event *const *events; /* in the order of their time */
	uint32_t n;
	uint32_t more; /* not 0: there were events left that could have been given */
};

/*
 * The next events, up to batch_max; waits up to @timeout_ms (-1: for ever; 0: not at all) for the first.
 * 0, also with n = 0 when the time is over or a signal came. Events stay valid until the next drv_poll() or
 * drv_close(), which give their room back to the kernel. Events of all rings are merged by time; one that
 * comes later than merge_us after a younger one was given goes out of order and is counted (late).
 */
int drv_poll(struct drv *d, int timeout_ms, struct drv_batch *ret);

/* Makes a drv_poll() that waits return soon. Any thread; safe in signal handlers. */
void drv_wake(struct drv *d);

struct drv_counters {
	uint64_t events;  /* given by drv_poll() */
	uint64_t sent;    /* put into rings */
	uint64_t dropped; /* all causes */
	uint64_t dropped_by[WIRE_DROPS][WIRE_CLASSES];
	uint64_t faults, truncated, guarded;
	uint64_t late;      /* events given out of order */
	uint64_t malformed; /* records that were no event; always 0 */
	uint32_t cpus;
	uint32_t rings;
	uint64_t ring_bytes; /* memory of all rings */
};

/* All counters since drv_open(), added up over processors. Any thread while open. */
void drv_counters(const struct drv *d, struct drv_counters *ret);

/* Those of one processor; NULL when @cpu is not below counters.cpus. Valid until drv_close(); changes as
 * events happen. */
const struct wire_cpu *drv_counters_cpu(const struct drv *d, uint32_t cpu);

/* "clone_fork", "execve", ... and "ring", "scratch", "compat": what metrics call them. */
const char *drv_class_name(enum wire_class class);
const char *drv_drop_name(enum wire_drop drop);

/* Detaches, unloads, unmaps. Takes NULL. Returns NULL. */
struct drv *drv_close(struct drv *d);

#ifdef __cplusplus
}
#endif
