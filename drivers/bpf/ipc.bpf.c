/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* ipc: signals, semaphores, futexes, and calls that wait for descriptors and for time. */
#include "flags.h"

/* kill, tkill */
EXIT_FIXED(kill, WIRE_CLASS_OTHER_INTEREST, 3, 17)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u8(e, arg(call, 1));
}

EXIT_FIXED(tgkill, WIRE_CLASS_OTHER_INTEREST, 4, 25)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
	put_u8(e, arg(call, 2));
}

EXIT_FIXED(futex, WIRE_CLASS_OTHER, 4, 26)
{
	put_s64(e, ret);
	put_u64(e, arg(call, 0));
	put_u16(e, arg(call, 1)); /* the same numbers */
	put_u64(e, (__u32)arg(call, 2));
}

/* ---- semaphores ---- */

INLINE __u16 semaphore_flags(__u16 f)
{
	return FLAG(f, 04000, PPM_IPC_NOWAIT) | FLAG(f, 0x1000, PPM_SEM_UNDO);
}

struct operation {
	__u16 number;
	__s16 op, flags; /* as struct sembuf */
};

INLINE void put_operation(struct ev *e, __u64 user, bool there)
{
	struct operation o = {};

	if (there)
		bpf_probe_read_user(&o, sizeof o, (void *)user);
	put_u16(e, o.number);
	put_u16(e, o.op);
	put_u16(e, semaphore_flags(o.flags));
}

EXIT_FIXED(semop, WIRE_CLASS_OTHER, 9, 8 + 4 + 12 + 4)
{
	__u32 n = arg(call, 2);

	put_s64(e, ret);
	put_u32(e, n);
	put_operation(e, arg(call, 1), n > 0);
	put_operation(e, arg(call, 1) + sizeof(struct operation), n > 1);
	put_u32(e, arg(call, 0));
}

EXIT_FIXED(semget, WIRE_CLASS_OTHER, 4, 20)
{
	__u32 flags = arg(call, 2);

	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, FLAG(flags, 01000, PPM_IPC_CREAT) | FLAG(flags, 02000, PPM_IPC_EXCL));
}

INLINE __u16 semaphore_command(__u32 cmd)
{
	static const volatile __u16 low[] = {PPM_IPC_RMID, PPM_IPC_SET, PPM_IPC_STAT, PPM_IPC_INFO};
	static const volatile __u16 high[] = {PPM_GETPID,  PPM_GETVAL,   PPM_GETALL,
					      PPM_GETNCNT, PPM_GETZCNT,  PPM_SETVAL,
					      PPM_SETALL,  PPM_SEM_STAT, PPM_SEM_INFO};

	cmd &= ~0x100u; /* IPC_64 */
	if (cmd < 4)
		return low[cmd];
	if (cmd >= 11 && cmd < 20)
		return high[cmd - 11];
	return 0;
}

EXIT_FIXED(semctl, WIRE_CLASS_OTHER, 5, 8 + 4 + 4 + 2 + 4)
{
	__u16 cmd = semaphore_command(arg(call, 2));

	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u16(e, cmd);
	put_u32(e, cmd == PPM_SETVAL ? arg(call, 3) : 0);
}

/* ---- waiting ---- */

EXIT_FIXED(epoll_wait, WIRE_CLASS_OTHER, 2, 16)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 2));
}

INLINE __u64 user_time(__u64 user, bool narrow)
{
	__u64 t[2] = {0, 0}; /* as struct timespec */
	__u32 half[2];

	if (user && narrow && !bpf_probe_read_user(half, sizeof half, (void *)user))
		return half[0] * 1000000000ULL + half[1];
	if (!user || narrow || bpf_probe_read_user(t, sizeof t, (void *)user))
		return ~0ULL;
	return t[0] * 1000000000 + t[1];
}

EXIT_FIXED(nanosleep, WIRE_CLASS_OTHER, 2, 16)
{
	put_s64(e, ret);
	put_u64(e, user_time(arg(call, 0), call->narrow));
}

enum { POLL_SEEN = 16 }; /* descriptors of a poll that are told */

struct polled {
	__s32 fd;
	__u16 events, revents; /* as struct pollfd */
};

INLINE __u16 poll_flags(__u16 f)
{
	return FLAG(f, 0x001, PPM_POLLIN) | FLAG(f, 0x002, PPM_POLLPRI) |
	       FLAG(f, 0x004, PPM_POLLOUT) | FLAG(f, 0x2000, PPM_POLLRDHUP) |
	       FLAG(f, 0x008, PPM_POLLERR) | FLAG(f, 0x010, PPM_POLLHUP) |
	       FLAG(f, 0x020, PPM_POLLNVAL) | FLAG(f, 0x040, PPM_POLLRDNORM) |
	       FLAG(f, 0x080, PPM_POLLRDBAND) | FLAG(f, 0x100, PPM_POLLWRNORM) |
	       FLAG(f, 0x200, PPM_POLLWRBAND);
}

/* Descriptors and what happened to them; what was asked for when the call failed. */
INLINE void put_polled(struct ev *e, __u64 user, __u32 n, long ret)
{
	__u64 began = e->at, at = began;
	__u32 told = 0;

	BOUND16(began);
	at += 2;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < POLL_SEEN; i++) {
		struct polled p = {};

		if (i >= n || bpf_probe_read_user(&p, sizeof p, (void *)(user + i * sizeof p)))
			break;
		BOUND16(at);
		*(__s64 *)(e->p + at) = p.fd;
		*(__u16 *)(e->p + at + 8) = poll_flags(ret >= 0 ? p.revents : p.events);
		at += 10;
		told++;
	}
	if (told < n)
		e->here->truncated++;
	*(__u16 *)(e->p + began) = told;
	put_len(e, 2 + told * 10);
}

EXIT_TEXT(poll, WIRE_CLASS_OTHER, 3, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_polled(e, arg(call, 0), arg(call, 1), ret);
	put_fd(e, arg(call, 2));
}

EXIT_TEXT(ppoll, WIRE_CLASS_OTHER, 4, ROOM_TEXTS(1))
{
	__u32 mask = 0;

	if (arg(call, 3))
		bpf_probe_read_user(&mask, sizeof mask, (void *)arg(call, 3));
	put_s64(e, ret);
	put_polled(e, arg(call, 0), arg(call, 1), ret);
	put_u64(e, user_time(arg(call, 2), call->narrow));
	put_u32(e, mask);
}
