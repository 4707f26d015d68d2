/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* tuples: both ends of sockets, in the encoding of recordings: addresses in network order, ports not. */
#include "sock.h"
#include "task.h"

enum { AF_UNIX_ = 1, AF_INET_ = 2, AF_INET6_ = 10 };
enum { UNIX_PATH = 108, SOCKADDR_MAX = 128 };

INLINE __u16 swap16(__u16 v)
{
	return (__u16)(v >> 8 | v << 8);
}

/* An address of a process, as struct sockaddr_storage; `family` 0: none. */
struct address {
	__u16 family;
	__u16 port; /* network order */
	union {
		__u32 ip4;
		struct {
			__u32 flow;
			__u8 ip6[16];
		};
	};
};

INLINE void read_address(struct address *a, __u64 user, __u32 len)
{
	__u64 n = len < sizeof *a ? len : sizeof *a;

	__builtin_memset(a, 0, sizeof *a);
	if (!user || n < 2 || bpf_probe_read_user(a, n, (void *)user))
		a->family = 0;
}

/* A name that there is not. */
INLINE __u64 no_name(__u8 *to)
{
	to[0] = 0;
	return 1;
}

/* The text of a struct sockaddr_un of @len bytes: without the NUL that begins an abstract name, with one at
 * its end, which the length that is returned counts. */
INLINE __u64 write_unix_user(__u8 *to, __u64 user, __u32 len)
{
	__u64 n = len > 2 ? len - 2 : 0;
	char first = 0;
	long got;

	bpf_probe_read_user(&first, 1, (void *)(user + 2));
	user += 2;
	if (!first && n) {
		user++;
		n--;
	}
	if (n > UNIX_PATH)
		n = UNIX_PATH;
	BOUND8(n);
	got = n ? bpf_probe_read_user_str(to, n + 1, (void *)user) : 0;
	return got > 0 ? got : no_name(to);
}

__noinline __u64 write_sockaddr(__u64 at, __u64 user, __u32 len)
{
	struct address a;
	struct memory m;
	__u8 *to;

	if (!memory_find(&m))
		return 0;
	read_address(&a, user, len);
	BOUND16(at);
	to = m.bytes + at;
	to[0] = (__u8)a.family;
	switch (a.family) {
	case AF_INET_:
		*(__u32 *)(to + 1) = a.ip4;
		*(__u16 *)(to + 5) = swap16(a.port);
		return 7;
	case AF_INET6_:
		__builtin_memcpy(to + 1, a.ip6, 16);
		*(__u16 *)(to + 17) = swap16(a.port);
		return 19;
	case AF_UNIX_:
		return 1 + write_unix_user(to + 1, user, len);
	default:
		return 0;
	}
}

/* ---- IPv4 and IPv6 ---- */

struct ends {
	__u32 here4, there4;
	__u8 here6[16], there6[16];
	__u16 here_port, there_port;
};

INLINE bool is_zero(const __u8 *ip6)
{
	const __u64 *w = (const __u64 *)ip6;

	return !(w[0] | w[1]);
}

INLINE void read_ends(struct ends *s, struct sock *sk, bool v6)
{
	struct inet_sock *inet = (void *)sk;

	__builtin_memset(s, 0, sizeof *s);
	if (v6) {
		bpf_core_read(s->here6, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(s->there6, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		s->here4 = RD(sk, __sk_common.skc_rcv_saddr);
		if (!s->here4)
			s->here4 = RD(inet, inet_saddr);
		s->there4 = RD(sk, __sk_common.skc_daddr);
	}
	s->here_port = swap16(RD(inet, inet_sport));
	s->there_port = swap16(RD(sk, __sk_common.skc_dport));
}

INLINE __u64 write_inet(__u8 *to, const struct ends *s, __u32 direction)
{
	bool out = direction == FROM_HERE;

	to[0] = AF_INET_;
	*(__u32 *)(to + 1) = out ? s->here4 : s->there4;
	*(__u16 *)(to + 5) = out ? s->here_port : s->there_port;
	*(__u32 *)(to + 7) = out ? s->there4 : s->here4;
	*(__u16 *)(to + 11) = out ? s->there_port : s->here_port;
	return 13;
}

INLINE __u64 write_inet6(__u8 *to, const struct ends *s, __u32 direction)
{
	bool out = direction == FROM_HERE;

	to[0] = AF_INET6_;
	if (out) {
		__builtin_memcpy(to + 1, s->here6, 16);
		__builtin_memcpy(to + 19, s->there6, 16);
	} else {
		__builtin_memcpy(to + 1, s->there6, 16);
		__builtin_memcpy(to + 19, s->here6, 16);
	}
	*(__u16 *)(to + 17) = out ? s->here_port : s->there_port;
	*(__u16 *)(to + 35) = out ? s->there_port : s->here_port;
	return 37;
}

/* The far end of a socket that has none is the address that the call was given. */
INLINE void far_end(struct ends *s, const struct address *a, bool v6)
{
	if (s->there_port || (v6 ? a->family != AF_INET6_ : a->family != AF_INET_))
		return;
	s->there_port = swap16(a->port);
	if (v6)
		__builtin_memcpy(s->there6, a->ip6, 16);
	else
		s->there4 = a->ip4;
}

/* ---- unix ---- */

/* The name that @sk is bound to; just a NUL when it is not. */
INLINE __u64 write_unix_name(__u8 *to, struct unix_sock *sk)
{
	struct unix_address *addr = sk ? RD(sk, addr) : NULL;
	__u64 n = addr ? RD(addr, len) : 0, name;
	char first = 0;
	long got;

	if (n <= 2)
		return no_name(to);
	n -= 2;
	/* struct sockaddr_un lies behind what is known of struct unix_address */
	name = (__u64)addr + bpf_core_type_size(struct unix_address) + 2;
	bpf_probe_read_kernel(&first, 1, (void *)name);
	if (!first) {
		name++;
		n--;
	}
	if (n > UNIX_PATH)
		n = UNIX_PATH;
	BOUND8(n);
	got = n ? bpf_probe_read_kernel_str(to, n + 1, (void *)name) : 0;
	return got > 0 ? got : no_name(to);
}

INLINE __u64 write_unix(__u8 *to, struct unix_sock *sk, __u64 user, __u32 len, __u32 direction)
{
	struct unix_sock *peer = (void *)RD(sk, peer), *named;
	__u64 here = (__u64)sk, there = (__u64)peer;

	to[0] = AF_UNIX_;
	*(__u64 *)(to + 1) = direction == FROM_HERE ? here : there;
	*(__u64 *)(to + 9) = direction == FROM_HERE ? there : here;
	if (direction == FROM_HERE && !peer && user)
		return 17 + write_unix_user(to + 17, user, len);
	named = direction == FROM_HERE ? peer : sk;
	return 17 + write_unix_name(to + 17, named);
}

__noinline __u64 write_tuple(__u64 at, __u64 address, __u64 user, __u32 len, __u32 direction)
{
	struct sock *sk = (void *)address;
	__u16 family = RD(sk, __sk_common.skc_family);
	struct address a;
	struct memory m;
	struct ends s;
	__u8 *to;

	if (!memory_find(&m))
		return 0;
	BOUND16(at);
	to = m.bytes + at;
	if (family == AF_UNIX_)
		return write_unix(to, (void *)sk, user, len, direction);
	if (family != AF_INET_ && family != AF_INET6_)
		return 0;
	read_address(&a, user, len);
	read_ends(&s, sk, family == AF_INET6_);
	far_end(&s, &a, family == AF_INET6_);
	return family == AF_INET6_ ? write_inet6(to, &s, direction) : write_inet(to, &s, direction);
}
