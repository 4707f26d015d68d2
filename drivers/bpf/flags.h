/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * flags: the kernel's numbers to those of recordings (PPM_*, gyr/ppm.h). The kernel's are those of
 * x86-64 and arm64, which differ in a few open flags only.
 */
#pragma once

#include "event.h"

#include <gyr/ppm.h>

#define FLAG(from, kernel, ppm) (((from) & (kernel)) ? (ppm) : 0)

#if defined(__TARGET_ARCH_arm64)
enum {
	K_O_DIRECTORY = 040000,
	K_O_NOFOLLOW = 0100000,
	K_O_DIRECT = 0200000,
	K_O_LARGEFILE = 0400000
};
#else
enum {
	K_O_DIRECT = 040000,
	K_O_LARGEFILE = 0100000,
	K_O_DIRECTORY = 0200000,
	K_O_NOFOLLOW = 0400000
};
#endif
enum {
	K_O_WRONLY = 1,
	K_O_RDWR = 2,
	K_O_ACCMODE = 3,
	K_O_CREAT = 0100,
	K_O_EXCL = 0200,
	K_O_TRUNC = 01000,
	K_O_APPEND = 02000,
	K_O_NONBLOCK = 04000,
	K_O_DSYNC = 010000,
	K_O_CLOEXEC = 02000000,
	K_O_SYNC = 04000000 | K_O_DSYNC,
	K_O_TMPFILE_BIT = 020000000,
	K_O_TMPFILE = K_O_TMPFILE_BIT | K_O_DIRECTORY
};

INLINE __u32 open_flags(__u32 f)
{
	__u32 r = (f & K_O_ACCMODE) == K_O_RDWR     ? PPM_O_RDWR
		  : (f & K_O_ACCMODE) == K_O_WRONLY ? PPM_O_WRONLY
		  : (f & K_O_ACCMODE) == 0          ? PPM_O_RDONLY
						    : 0;

	r |= FLAG(f, K_O_CREAT, PPM_O_CREAT) | FLAG(f, K_O_APPEND, PPM_O_APPEND) |
	     FLAG(f, K_O_DSYNC, PPM_O_DSYNC) | FLAG(f, K_O_EXCL, PPM_O_EXCL) |
	     FLAG(f, K_O_NONBLOCK, PPM_O_NONBLOCK) | FLAG(f, K_O_TRUNC, PPM_O_TRUNC) |
	     FLAG(f, K_O_DIRECT, PPM_O_DIRECT) | FLAG(f, K_O_DIRECTORY, PPM_O_DIRECTORY) |
	     FLAG(f, K_O_LARGEFILE, PPM_O_LARGEFILE) | FLAG(f, K_O_CLOEXEC, PPM_O_CLOEXEC);
	if ((f & K_O_SYNC) == K_O_SYNC)
		r |= PPM_O_SYNC;
	if ((f & K_O_TMPFILE) == K_O_TMPFILE)
		r |= PPM_O_TMPFILE;
	return r;
}

/* The mode counts only where something may be made. */
INLINE __u32 open_mode(__u32 flags, __u32 mode)
{
	return (flags & K_O_CREAT) || (flags & K_O_TMPFILE) == K_O_TMPFILE ? mode & 07777 : 0;
}

/* SOCK_CLOEXEC and its like have the numbers of the open flags. */
INLINE __u32 fd_flags(__u32 f)
{
	return FLAG(f, K_O_NONBLOCK, PPM_O_NONBLOCK) | FLAG(f, K_O_CLOEXEC, PPM_O_CLOEXEC);
}

INLINE __u32 clone_flags(__u64 f)
{
	return FLAG(f, 0x100, PPM_CL_CLONE_VM) | FLAG(f, 0x200, PPM_CL_CLONE_FS) |
	       FLAG(f, 0x400, PPM_CL_CLONE_FILES) | FLAG(f, 0x800, PPM_CL_CLONE_SIGHAND) |
	       FLAG(f, 0x2000, PPM_CL_CLONE_PTRACE) | FLAG(f, 0x4000, PPM_CL_CLONE_VFORK) |
	       FLAG(f, 0x8000, PPM_CL_CLONE_PARENT) | FLAG(f, 0x10000, PPM_CL_CLONE_THREAD) |
	       FLAG(f, 0x20000, PPM_CL_CLONE_NEWNS) | FLAG(f, 0x40000, PPM_CL_CLONE_SYSVSEM) |
	       FLAG(f, 0x80000, PPM_CL_CLONE_SETTLS) |
	       FLAG(f, 0x100000, PPM_CL_CLONE_PARENT_SETTID) |
	       FLAG(f, 0x200000, PPM_CL_CLONE_CHILD_CLEARTID) |
	       FLAG(f, 0x800000, PPM_CL_CLONE_UNTRACED) |
	       FLAG(f, 0x1000000, PPM_CL_CLONE_CHILD_SETTID) |
	       FLAG(f, 0x2000000, PPM_CL_CLONE_NEWCGROUP) |
	       FLAG(f, 0x4000000, PPM_CL_CLONE_NEWUTS) | FLAG(f, 0x8000000, PPM_CL_CLONE_NEWIPC) |
	       FLAG(f, 0x10000000, PPM_CL_CLONE_NEWUSER) |
	       FLAG(f, 0x20000000, PPM_CL_CLONE_NEWPID) | FLAG(f, 0x40000000, PPM_CL_CLONE_NEWNET) |
	       FLAG(f, 0x80000000ULL, PPM_CL_CLONE_IO);
}
