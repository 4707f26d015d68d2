/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* messages: what sockets send and receive. */
#include "iov.h"
#include "sock.h"

/* The head of struct msghdr of 64-bit processes, and of struct mmsghdr, which begins with it. */
struct message {
	__u64 name;
	__u32 name_len, pad;
	__u64 iov, n_iov, control_data, control_len;
};

INLINE void read_message(struct message *m, __u64 user)
{
	__builtin_memset(m, 0, sizeof *m);
	bpf_probe_read_user(m, sizeof *m, (void *)user);
}

EXIT_VAR(sendto, WIRE_CLASS_OTHER, 5)
{
	put_s64(e, ret);
	put_data(e, arg(regs, 1), ret > 0 ? ret : arg(regs, 2));
	put_fd(e, arg(regs, 0));
	put_u32(e, arg(regs, 2));
	put_tuple(e, (__s32)arg(regs, 0), arg(regs, 4), arg(regs, 5), FROM_HERE);
}

EXIT_VAR(recvfrom, WIRE_CLASS_OTHER, 5)
{
	__u32 len = 0;

	if (arg(regs, 5))
		bpf_probe_read_user(&len, sizeof len, (void *)arg(regs, 5));
	put_s64(e, ret);
	put_data(e, arg(regs, 1), ret > 0 ? ret : 0);
	if (ret >= 0)
		put_tuple(e, (__s32)arg(regs, 0), arg(regs, 4), len, TO_HERE);
	else
		put_empty(e);
	put_fd(e, arg(regs, 0));
	put_u32(e, arg(regs, 2));
}

EXIT_VAR(sendmsg, WIRE_CLASS_OTHER, 5)
{
	struct message m;

	read_message(&m, arg(regs, 1));
	put_s64(e, ret);
	put_iov(e, m.iov, m.n_iov, ret > 0 ? ret : ~0ULL);
	put_fd(e, arg(regs, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_tuple(e, (__s32)arg(regs, 0), m.name, m.name_len, FROM_HERE);
}

/* Of several messages, the first. */
EXIT_VAR(sendmmsg, WIRE_CLASS_OTHER, 5)
{
	struct message m;

	read_message(&m, arg(regs, 1));
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, ~0ULL);
	put_tuple(e, (__s32)arg(regs, 0), m.name, m.name_len, FROM_HERE);
}

EXIT_VAR(recvmsg, WIRE_CLASS_OTHER, 6)
{
	struct message m;

	read_message(&m, arg(regs, 1));
	put_s64(e, ret);
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, ret > 0 ? ret : 0);
	if (ret >= 0)
		put_tuple(e, (__s32)arg(regs, 0), m.name, m.name_len, TO_HERE);
	else
		put_empty(e);
	put_data(e, m.control_data, ret >= 0 ? m.control_len : 0);
	put_fd(e, arg(regs, 0));
}

EXIT_VAR(recvmmsg, WIRE_CLASS_OTHER, 6)
{
	struct message m;
	__u32 got = 0;

	read_message(&m, arg(regs, 1));
	if (ret > 0) /* msg_len of struct mmsghdr */
		bpf_probe_read_user(&got, sizeof got, (void *)(arg(regs, 1) + 56));
	put_s64(e, ret);
	put_fd(e, arg(regs, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, got);
	if (ret > 0)
		put_tuple(e, (__s32)arg(regs, 0), m.name, m.name_len, TO_HERE);
	else
		put_empty(e);
	put_data(e, m.control_data, ret > 0 ? m.control_len : 0);
}
