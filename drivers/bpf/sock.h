/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* sock: addresses, as the kernel has them and as calls are given them. */
#pragma once

#include "inode.h"

enum { FROM_HERE, TO_HERE }; /* directions: which end is the source of a tuple */

/* The kernel's object of descriptor @fd, if it is a socket; 0 otherwise. */
INLINE __u64 sock_of(struct task_struct *task, __s64 fd)
{
	struct file *file = file_of(task, fd);
	struct socket *socket;
	__u64 sk = 0;

	if (!file || (RD(RD(file, f_inode), i_mode) & MODE_TYPE) != MODE_SOCKET)
		return 0;
	socket = RD(file, private_data);
	if (socket)
		bpf_core_read(&sk, sizeof sk, &socket->sk); /* as a number */
	return sk;
}

/*
 * Functions of tuples.bpf.c. @user, @len: an address in the memory of the process; 0 when there is none.
 * A tuple has the ends of socket @sk; the far end is @user's when that is given and the socket has none.
 */
__u64 write_tuple(__u64 at, __u64 sk, __u64 user, __u32 len, __u32 direction);
__u64 write_sockaddr(__u64 at, __u64 user, __u32 len);

INLINE void put_tuple(struct ev *e, __s64 fd, __u64 user, __u32 len, __u32 direction)
{
	__u64 sk = sock_of(e->task, fd), n = sk ? write_tuple(e->at, sk, user, len, direction) : 0;

	BOUND8(n);
	put_len(e, n);
}

INLINE void put_sockaddr(struct ev *e, __u64 user, __u32 len)
{
	__u64 n = user ? write_sockaddr(e->at, user, len) : 0;

	BOUND8(n);
	put_len(e, n);
}
