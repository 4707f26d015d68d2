/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* fds: descriptors that are made, multiply, close or are asked about. */
#include "inode.h"

EXIT_FIXED(close_range, WIRE_CLASS_CLOSE, 4, 8 + 3 * 4)
{
	__u32 flags = arg(call, 2);

	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, flags & (PPM_CLOSE_RANGE_UNSHARE | PPM_CLOSE_RANGE_CLOEXEC)); /* the same bits */
}

EXIT_FIXED(dup2, WIRE_CLASS_OTHER, 3, 24)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
}

EXIT_FIXED(dup3, WIRE_CLASS_OTHER, 4, 28)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
	put_u32(e, fd_flags(arg(call, 2)));
}

INLINE __u8 fcntl_command(__u32 cmd)
{
	static const volatile __u8 low[] = {PPM_FCNTL_F_DUPFD,
					    PPM_FCNTL_F_GETFD,
					    PPM_FCNTL_F_SETFD,
					    PPM_FCNTL_F_GETFL,
					    PPM_FCNTL_F_SETFL,
					    PPM_FCNTL_F_GETLK,
					    PPM_FCNTL_F_SETLK,
					    PPM_FCNTL_F_SETLKW,
					    PPM_FCNTL_F_SETOWN,
					    PPM_FCNTL_F_GETOWN,
					    PPM_FCNTL_F_SETSIG,
					    PPM_FCNTL_F_GETSIG,
					    0,
					    0,
					    0,
					    PPM_FCNTL_F_SETOWN_EX,
					    PPM_FCNTL_F_GETOWN_EX};
	static const volatile __u8 ofd[] = {PPM_FCNTL_F_OFD_GETLK, PPM_FCNTL_F_OFD_SETLK,
					    PPM_FCNTL_F_OFD_SETLKW};
	static const volatile __u8 high[] = {PPM_FCNTL_F_SETLEASE,
					     PPM_FCNTL_F_GETLEASE,
					     PPM_FCNTL_F_NOTIFY,
					     0,
					     0,
					     PPM_FCNTL_F_CANCELLK,
					     PPM_FCNTL_F_DUPFD_CLOEXEC,
					     PPM_FCNTL_F_SETPIPE_SZ,
					     PPM_FCNTL_F_GETPIPE_SZ};

	if (cmd < sizeof low)
		return low[cmd];
	if (cmd >= 36 && cmd < 36 + sizeof ofd)
		return ofd[cmd - 36];
	if (cmd >= 1024 && cmd < 1024 + sizeof high)
		return high[cmd - 1024];
	return PPM_FCNTL_UNKNOWN;
}

EXIT_FIXED(fcntl, WIRE_CLASS_OTHER, 4, 8 + 8 + 1 + 8)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u8(e, fcntl_command(arg(call, 1)));
	put_u64(e, arg(call, 2));
}

EXIT_FIXED(flock, WIRE_CLASS_OTHER, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 1) & (PPM_LOCK_SH | PPM_LOCK_EX | PPM_LOCK_NB | PPM_LOCK_UN));
}

EXIT_FIXED(ioctl, WIRE_CLASS_OTHER, 4, 32)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u64(e, arg(call, 1));
	put_u64(e, arg(call, 2));
}

EXIT_FIXED(lseek, WIRE_CLASS_OTHER, 4, 25)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u64(e, arg(call, 1));
	put_u8(e, arg(call, 2)); /* SEEK_SET, SEEK_CUR, SEEK_END have the same numbers */
}

/* Both ends, and the inode that they share. */
INLINE void put_pipe(struct ev *e, const struct call *call, long ret)
{
	int fds[2] = {-1, -1};
	struct opened o;

	if (ret == 0)
		bpf_probe_read_user(fds, sizeof fds, (void *)arg(call, 0));
	opened(&o, e->task, fds[0]);
	put_s64(e, ret);
	put_s64(e, fds[0]);
	put_s64(e, fds[1]);
	put_u64(e, o.ino);
}

EXIT_FIXED(pipe, WIRE_CLASS_OTHER, 4, 32)
{
	put_pipe(e, call, ret);
}

EXIT_FIXED(pipe2, WIRE_CLASS_OTHER, 5, 36)
{
	__u32 flags = arg(call, 1);

	put_pipe(e, call, ret);
	put_u32(e, fd_flags(flags) | FLAG(flags, K_O_DIRECT, PPM_O_DIRECT));
}

EXIT_FIXED(eventfd, WIRE_CLASS_OTHER, 3, 20)
{
	put_s64(e, ret);
	put_u64(e, (__u32)arg(call, 0));
	put_u32(e, 0);
}

EXIT_FIXED(eventfd2, WIRE_CLASS_OTHER, 3, 18)
{
	put_s64(e, ret);
	put_u16(e, fd_flags(arg(call, 1)));
	put_u64(e, (__u32)arg(call, 0));
}

EXIT_FIXED(inotify_init, WIRE_CLASS_OTHER, 2, 9)
{
	put_s64(e, ret);
	put_u8(e, 0);
}

EXIT_FIXED(inotify_init1, WIRE_CLASS_OTHER, 2, 10)
{
	put_s64(e, ret);
	put_u16(e, fd_flags(arg(call, 0)));
}

INLINE __u32 signal_mask(__u64 user)
{
	__u64 mask = 0;

	bpf_probe_read_user(&mask, sizeof mask, (void *)user);
	return mask; /* recordings have the first 32 signals */
}

EXIT_FIXED(signalfd, WIRE_CLASS_OTHER, 4, 8 + 8 + 4 + 1)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, signal_mask(arg(call, 1)));
	put_u8(e, 0);
}

EXIT_FIXED(signalfd4, WIRE_CLASS_OTHER, 4, 8 + 2 + 8 + 4)
{
	put_s64(e, ret);
	put_u16(e, fd_flags(arg(call, 3)));
	put_fd(e, arg(call, 0));
	put_u32(e, signal_mask(arg(call, 1)));
}

EXIT_FIXED(timerfd_create, WIRE_CLASS_OTHER, 3, 10)
{
	put_s64(e, ret);
	put_u8(e, arg(call, 0));
	put_u8(e, 0); /* its flags do not fit into 8 bits */
}

EXIT_FIXED(epoll_create, WIRE_CLASS_OTHER, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0));
}

EXIT_FIXED(epoll_create1, WIRE_CLASS_OTHER, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, FLAG(arg(call, 0), K_O_CLOEXEC, PPM_EPOLL_CLOEXEC));
}

EXIT_FIXED(userfaultfd, WIRE_CLASS_OTHER, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, fd_flags(arg(call, 0)));
}

EXIT_TEXT(memfd_create, WIRE_CLASS_OTHER_INTEREST, 3, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, arg(call, 1) & (PPM_MFD_CLOEXEC | PPM_MFD_ALLOW_SEALING | PPM_MFD_HUGETLB));
}

EXIT_FIXED(pidfd_open, WIRE_CLASS_OTHER, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, FLAG(arg(call, 1), K_O_NONBLOCK, PPM_PIDFD_NONBLOCK));
}

EXIT_FIXED(pidfd_getfd, WIRE_CLASS_OTHER, 4, 28)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}
