/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* memory: what is mapped, and with which rights. */
#include "task.h"

/* PROT_NONE to PROT_SEM are the same bits; the two that say where it grows are not. */
INLINE __u32 protection(__u64 p)
{
	return (p & 0xf) | FLAG(p, 0x01000000, PPM_PROT_GROWSDOWN) |
	       FLAG(p, 0x02000000, PPM_PROT_GROWSUP);
}

INLINE __u32 map_flags(__u64 f)
{
	return FLAG(f, 0x01, PPM_MAP_SHARED) | FLAG(f, 0x02, PPM_MAP_PRIVATE) |
	       FLAG(f, 0x10, PPM_MAP_FIXED) | FLAG(f, 0x20, PPM_MAP_ANONYMOUS) |
	       FLAG(f, 0x40, PPM_MAP_32BIT) | FLAG(f, 0x4000, PPM_MAP_NORESERVE) |
	       FLAG(f, 0x8000, PPM_MAP_POPULATE) | FLAG(f, 0x10000, PPM_MAP_NONBLOCK) |
	       FLAG(f, 0x0100, PPM_MAP_GROWSDOWN) | FLAG(f, 0x0800, PPM_MAP_DENYWRITE) |
	       FLAG(f, 0x1000, PPM_MAP_EXECUTABLE) | FLAG(f, 0x2000, PPM_MAP_LOCKED);
}

EXIT_FIXED(brk, WIRE_CLASS_OTHER, 5, 28)
{
	put_s64(e, ret);
	put_memory(e, e->task->mm);
	put_u64(e, arg(call, 0));
}

EXIT_FIXED(mmap, WIRE_CLASS_OTHER, 10, 8 + 12 + 16 + 8 + 16)
{
	put_s64(e, ret);
	put_memory(e, e->task->mm);
	put_u64(e, arg(call, 0));
	put_u64(e, arg(call, 1));
	put_u32(e, protection(arg(call, 2)));
	put_u32(e, map_flags(arg(call, 3)));
	put_fd(e, arg(call, 4));
	put_u64(e, arg(call, 5));
}

EXIT_FIXED(munmap, WIRE_CLASS_OTHER, 6, 36)
{
	put_s64(e, ret);
	put_memory(e, e->task->mm);
	put_u64(e, arg(call, 0));
	put_u64(e, arg(call, 1));
}

EXIT_FIXED(mprotect, WIRE_CLASS_OTHER, 4, 28)
{
	put_s64(e, ret);
	put_u64(e, arg(call, 0));
	put_u64(e, arg(call, 1));
	put_u32(e, protection(arg(call, 2)));
}

/* mlock, munlock */
EXIT_FIXED(mlock, WIRE_CLASS_OTHER, 3, 24)
{
	put_s64(e, ret);
	put_u64(e, arg(call, 0));
	put_u64(e, arg(call, 1));
}

EXIT_FIXED(mlock2, WIRE_CLASS_OTHER, 4, 28)
{
	put_s64(e, ret);
	put_u64(e, arg(call, 0));
	put_u64(e, arg(call, 1));
	put_u32(e, arg(call, 2) & PPM_MLOCK_ONFAULT);
}

EXIT_FIXED(mlockall, WIRE_CLASS_OTHER, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0) & 7); /* the same bits */
}
