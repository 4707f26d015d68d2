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

enum { NEXT_OF_MESSAGE = 56, NEXT_OF_NARROW = 28 }; /* msg_len of struct mmsghdr */

INLINE void read_message(struct message *m, __u64 user, bool narrow)
{
	struct {
		__u32 name, name_len, iov, n_iov, control_data, control_len;
	} half = {};

	__builtin_memset(m, 0, sizeof *m);
	if (!narrow) {
		bpf_probe_read_user(m, sizeof *m, (void *)user);
		return;
	}
	bpf_probe_read_user(&half, sizeof half, (void *)user);
	m->name = half.name;
	m->name_len = half.name_len;
	m->iov = half.iov;
	m->n_iov = half.n_iov;
	m->control_data = half.control_data;
	m->control_len = half.control_len;
}

EXIT_VAR(sendto, WIRE_CLASS_OTHER, 5)
{
	put_s64(e, ret);
	put_data(e, arg(call, 1), ret > 0 ? ret : arg(call, 2));
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
	put_tuple(e, (__s32)arg(call, 0), arg(call, 4), arg(call, 5), FROM_HERE);
}

EXIT_VAR(recvfrom, WIRE_CLASS_OTHER, 5)
{
	__u32 len = 0;

	if (arg(call, 5))
		bpf_probe_read_user(&len, sizeof len, (void *)arg(call, 5));
	put_s64(e, ret);
	put_data(e, arg(call, 1), ret > 0 ? ret : 0);
	if (ret >= 0)
		put_tuple(e, (__s32)arg(call, 0), arg(call, 4), len, TO_HERE);
	else
		put_empty(e);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
}

EXIT_VAR(sendmsg, WIRE_CLASS_OTHER, 5)
{
	struct message m;

	read_message(&m, arg(call, 1), call->narrow);
	put_s64(e, ret);
	put_iov(e, m.iov, m.n_iov, ret > 0 ? ret : ~0ULL);
	put_fd(e, arg(call, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_tuple(e, (__s32)arg(call, 0), m.name, m.name_len, FROM_HERE);
}

/* Of several messages, the first. */
EXIT_VAR(sendmmsg, WIRE_CLASS_OTHER, 5)
{
	struct message m;

	read_message(&m, arg(call, 1), call->narrow);
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, ~0ULL);
	put_tuple(e, (__s32)arg(call, 0), m.name, m.name_len, FROM_HERE);
}

EXIT_VAR(recvmsg, WIRE_CLASS_OTHER, 6)
{
	struct message m;

	read_message(&m, arg(call, 1), call->narrow);
	put_s64(e, ret);
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, ret > 0 ? ret : 0);
	if (ret >= 0)
		put_tuple(e, (__s32)arg(call, 0), m.name, m.name_len, TO_HERE);
	else
		put_empty(e);
	put_data(e, m.control_data, ret >= 0 ? m.control_len : 0);
	put_fd(e, arg(call, 0));
}

EXIT_VAR(recvmmsg, WIRE_CLASS_OTHER, 6)
{
	struct message m;
	__u32 got = 0;

	read_message(&m, arg(call, 1), call->narrow);
	if (ret > 0)
		bpf_probe_read_user(
			&got, sizeof got,
			(void *)(arg(call, 1) + (call->narrow ? NEXT_OF_NARROW : NEXT_OF_MESSAGE)));
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, iov_size(m.iov, m.n_iov));
	put_iov(e, m.iov, m.n_iov, got);
	if (ret > 0)
		put_tuple(e, (__s32)arg(call, 0), m.name, m.name_len, TO_HERE);
	else
		put_empty(e);
	put_data(e, m.control_data, ret > 0 ? m.control_len : 0);
}
