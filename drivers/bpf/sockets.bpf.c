/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* sockets: sockets that are made, bound, connected, accepted, configured. */
#include "sock.h"

enum { SOCKET_TYPE = 0xf };
enum { EINPROGRESS_ = 115 };

EXIT_FIXED(socket, WIRE_CLASS_OTHER, 5, 24)
{
	__u32 type = arg(call, 1);

	put_s64(e, ret);
	put_u32(e, arg(call, 0)); /* families have the kernel's numbers */
	put_u32(e, type & SOCKET_TYPE);
	put_u32(e, arg(call, 2));
	put_u32(e, fd_flags(type));
}

EXIT_FIXED(socketpair, WIRE_CLASS_OTHER, 8, 8 * 5 + 4 * 3)
{
	int fds[2] = {-1, -1};

	if (ret == 0)
		bpf_probe_read_user(fds, sizeof fds, (void *)arg(call, 3));
	put_s64(e, ret);
	put_s64(e, fds[0]);
	put_s64(e, fds[1]);
	put_u64(e, sock_of(e->task, fds[0]));
	put_u64(e, sock_of(e->task, fds[1]));
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1) & SOCKET_TYPE);
	put_u32(e, arg(call, 2));
}

EXIT_VAR(bind, WIRE_CLASS_OTHER, 3)
{
	put_s64(e, ret);
	put_sockaddr(e, arg(call, 1), arg(call, 2));
	put_fd(e, arg(call, 0));
}

EXIT_VAR(connect, WIRE_CLASS_CONNECT, 4)
{
	__u64 user = arg(call, 1);
	__u32 len = arg(call, 2);

	put_s64(e, ret);
	if (ret == 0 || ret == -EINPROGRESS_)
		put_tuple(e, (__s32)arg(call, 0), user, len, FROM_HERE);
	else
		put_empty(e);
	put_fd(e, arg(call, 0));
	put_sockaddr(e, user, len);
}

EXIT_FIXED(listen, WIRE_CLASS_OTHER, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 1));
}

/* How full the queue of the listening socket is. */
INLINE void put_queue(struct ev *e, __s64 fd)
{
	struct sock *sk = (void *)sock_of(e->task, fd);
	__u32 len = sk ? RD(sk, sk_ack_backlog) : 0, max = sk ? RD(sk, sk_max_ack_backlog) : 0;

	put_u8(e, max ? (__u64)len * 100 / max : 0);
	put_u32(e, len);
	put_u32(e, max);
}

EXIT_VAR(accept, WIRE_CLASS_OTHER, 5)
{
	put_s64(e, ret);
	put_tuple(e, ret, 0, 0, TO_HERE);
	put_queue(e, (__s32)arg(call, 0));
}

EXIT_VAR(accept4, WIRE_CLASS_OTHER, 6)
{
	put_s64(e, ret);
	put_tuple(e, ret, 0, 0, TO_HERE);
	put_queue(e, (__s32)arg(call, 0));
	put_u32(e, fd_flags(arg(call, 3)));
}

EXIT_FIXED(shutdown, WIRE_CLASS_OTHER, 3, 17)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u8(e, arg(call, 1)); /* the same numbers */
}

/* ---- options ---- */

enum { SOL_SOCKET_ = 1, SOL_TCP_ = 6 };

INLINE __u8 option_level(__u32 level)
{
	return level == SOL_SOCKET_ ? PPM_SOCKOPT_LEVEL_SOL_SOCKET
	       : level == SOL_TCP_  ? PPM_SOCKOPT_LEVEL_SOL_TCP
				    : PPM_SOCKOPT_LEVEL_UNKNOWN;
}

enum {
	KSO_ATTACH_BPF = 50,
	KSO_MEMINFO = 55,
	KSO_COOKIE = 57,
	KSO_PEERGROUPS = 59,
	KSO_RCVTIMEO_NEW = 66,
	KSO_SNDTIMEO_NEW = 67
};

/* Most have the kernel's numbers. */
INLINE __u8 option_name(__u32 level, __u32 name)
{
	if (level != SOL_SOCKET_)
		return PPM_SOCKOPT_UNKNOWN;
	if (name <= KSO_ATTACH_BPF)
		return name;
	switch (name) {
	case KSO_MEMINFO:
		return PPM_SOCKOPT_SO_MEMINFO;
	case KSO_COOKIE:
		return PPM_SOCKOPT_SO_COOKIE;
	case KSO_PEERGROUPS:
		return PPM_SOCKOPT_SO_PEERGROUPS;
	case KSO_RCVTIMEO_NEW:
		return PPM_SOCKOPT_SO_RCVTIMEO;
	case KSO_SNDTIMEO_NEW:
		return PPM_SOCKOPT_SO_SNDTIMEO;
	default:
		return PPM_SOCKOPT_UNKNOWN;
	}
}

/* Options whose value is an int; a bit each, by PPM_SOCKOPT_*. */
#define INT_OPTION(name) (1ULL << PPM_SOCKOPT_##name)
#define INT_OPTIONS                                                                              \
	(INT_OPTION(SO_DEBUG) | INT_OPTION(SO_REUSEADDR) | INT_OPTION(SO_TYPE) |                 \
	 INT_OPTION(SO_DONTROUTE) | INT_OPTION(SO_BROADCAST) | INT_OPTION(SO_SNDBUF) |           \
	 INT_OPTION(SO_RCVBUF) | INT_OPTION(SO_SNDBUFFORCE) | INT_OPTION(SO_RCVBUFFORCE) |       \
	 INT_OPTION(SO_KEEPALIVE) | INT_OPTION(SO_OOBINLINE) | INT_OPTION(SO_NO_CHECK) |         \
	 INT_OPTION(SO_PRIORITY) | INT_OPTION(SO_BSDCOMPAT) | INT_OPTION(SO_REUSEPORT) |         \
	 INT_OPTION(SO_PASSCRED) | INT_OPTION(SO_RCVLOWAT) | INT_OPTION(SO_SNDLOWAT) |           \
	 INT_OPTION(SO_SECURITY_AUTHENTICATION) | INT_OPTION(SO_SECURITY_ENCRYPTION_TRANSPORT) | \
	 INT_OPTION(SO_SECURITY_ENCRYPTION_NETWORK) | INT_OPTION(SO_TIMESTAMP) |                 \
	 INT_OPTION(SO_ACCEPTCONN) | INT_OPTION(SO_PASSSEC) | INT_OPTION(SO_TIMESTAMPNS) |       \
	 INT_OPTION(SO_MARK) | INT_OPTION(SO_TIMESTAMPING) | INT_OPTION(SO_PROTOCOL) |           \
	 INT_OPTION(SO_DOMAIN) | INT_OPTION(SO_RXQ_OVFL) | INT_OPTION(SO_WIFI_STATUS) |          \
	 INT_OPTION(SO_PEEK_OFF) | INT_OPTION(SO_NOFCS) | INT_OPTION(SO_LOCK_FILTER) |           \
	 INT_OPTION(SO_SELECT_ERR_QUEUE) | INT_OPTION(SO_BUSY_POLL) |                            \
	 INT_OPTION(SO_MAX_PACING_RATE) | INT_OPTION(SO_BPF_EXTENSIONS) |                        \
	 INT_OPTION(SO_INCOMING_CPU))

/* Index of the variant and @bytes (1 to 8) bytes of a number. */
INLINE void put_variant(struct ev *e, __u8 which, __u64 v, __u64 bytes)
{
	__u64 at = e->at;

	BOUND16(at);
	e->p[at] = which;
	*(__u64 *)(e->p + at + 1) = v; /* what is too much is written over by the next */
	put_len(e, 1 + bytes);
}

/* Seconds and microseconds, as struct timeval. */
INLINE void read_timeval(__u64 v[2], __u64 user, bool narrow)
{
	__u32 half[2] = {};

	if (!narrow) {
		bpf_probe_read_user(v, 16, (void *)user);
		return;
	}
	bpf_probe_read_user(half, sizeof half, (void *)user);
	v[0] = half[0];
	v[1] = half[1];
}

INLINE void put_option(struct ev *e, __u32 level, __u32 name, __u64 user, __u32 len)
{
	__u8 option = option_name(level, name);
	__u64 v[2] = {0, 0}, at = e->at, n = len;

	if (option == PPM_SOCKOPT_SO_ERROR) {
		bpf_probe_read_user(v, 4, (void *)user);
		put_variant(e, PPM_SOCKOPT_IDX_ERRNO, -(__s64)(__s32)v[0], 8);
	} else if (option == PPM_SOCKOPT_SO_RCVTIMEO || option == PPM_SOCKOPT_SO_SNDTIMEO) {
		read_timeval(v, user, in_narrow_call() && name < KSO_RCVTIMEO_NEW);
		put_variant(e, PPM_SOCKOPT_IDX_TIMEVAL, v[0] * 1000000000 + v[1] * 1000, 8);
	} else if (option == PPM_SOCKOPT_SO_COOKIE) {
		bpf_probe_read_user(v, 8, (void *)user);
		put_variant(e, PPM_SOCKOPT_IDX_UINT64, v[0], 8);
	} else if (option < 64 && INT_OPTIONS >> option & 1) {
		bpf_probe_read_user(v, 4, (void *)user);
		put_variant(e, PPM_SOCKOPT_IDX_UINT32, v[0], 4);
	} else {
		if (n > control.snaplen)
			n = control.snaplen;
		BOUND16(at);
		e->p[at] = PPM_SOCKOPT_IDX_UNKNOWN;
		BOUND16(n);
		if (n && bpf_probe_read_user(e->p + at + 1, n, (void *)user)) {
			e->here->faults++;
			n = 0;
		}
		put_len(e, 1 + n);
	}
}

INLINE void put_option_call(struct ev *e, const struct call *call, long ret, __u32 len)
{
	__u32 level = arg(call, 1), name = arg(call, 2);

	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u8(e, option_level(level));
	put_u8(e, option_name(level, name));
	put_option(e, level, name, arg(call, 3), len);
	put_u32(e, len);
}

EXIT_VAR(setsockopt, WIRE_CLASS_OTHER, 6)
{
	put_option_call(e, call, ret, arg(call, 4));
}

EXIT_VAR(getsockopt, WIRE_CLASS_OTHER, 6)
{
	__u32 len = 0;

	bpf_probe_read_user(&len, sizeof len, (void *)arg(call, 4));
	if (ret < 0)
		len = 0;
	put_option_call(e, call, ret, len);
}
