/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* control: calls that change how processes and the kernel work: bpf, keyctl, modules, prctl, ptrace, limits. */
#include "flags.h"

EXIT_FIXED(bpf, WIRE_CLASS_OTHER_INTEREST, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0)); /* the same numbers */
}

EXIT_FIXED(seccomp, WIRE_CLASS_OTHER_INTEREST, 3, 24)
{
	put_s64(e, ret);
	put_u64(e, (__u32)arg(call, 0));
	put_u64(e, (__u32)arg(call, 1));
}

EXIT_TEXT(prctl, WIRE_CLASS_OTHER_INTEREST, 4, ROOM_TEXTS(1))
{
	__u32 option = arg(call, 0), subreaper = 0;
	__s64 number = arg(call, 1);

	if (option == PPM_PR_GET_CHILD_SUBREAPER) {
		bpf_probe_read_user(&subreaper, sizeof subreaper, (void *)arg(call, 1));
		number = subreaper;
	}
	put_s64(e, ret);
	put_u32(e, option); /* the same numbers */
	if (option == PPM_PR_SET_NAME) {
		put_text(e, arg(call, 1));
		put_s64(e, 0);
	} else {
		put_empty(e);
		put_s64(e, number);
	}
}

INLINE __u16 ptrace_request(__u64 r)
{
	static const volatile __u8 low[] = {PPM_PTRACE_TRACEME,
					    PPM_PTRACE_PEEKTEXT,
					    PPM_PTRACE_PEEKDATA,
					    PPM_PTRACE_PEEKUSR,
					    PPM_PTRACE_POKETEXT,
					    PPM_PTRACE_POKEDATA,
					    PPM_PTRACE_POKEUSR,
					    PPM_PTRACE_CONT,
					    PPM_PTRACE_KILL,
					    PPM_PTRACE_SINGLESTEP,
					    0,
					    0,
					    PPM_PTRACE_GETREGS,
					    PPM_PTRACE_SETREGS,
					    PPM_PTRACE_GETFPREGS,
					    PPM_PTRACE_SETFPREGS,
					    PPM_PTRACE_ATTACH,
					    PPM_PTRACE_DETACH,
					    PPM_PTRACE_GETFPXREGS,
					    PPM_PTRACE_SETFPXREGS,
					    0,
					    PPM_PTRACE_OLDSETOPTIONS,
					    0,
					    0,
					    PPM_PTRACE_SYSCALL,
					    PPM_PTRACE_GET_THREAD_AREA,
					    PPM_PTRACE_SET_THREAD_AREA,
					    0,
					    0,
					    0,
					    PPM_PTRACE_ARCH_PRCTL,
					    PPM_PTRACE_SYSEMU,
					    PPM_PTRACE_SYSEMU_SINGLESTEP,
					    PPM_PTRACE_SINGLEBLOCK};

	if (r < sizeof low)
		return low[r];
	/* PTRACE_SETOPTIONS (0x4200) to PTRACE_SETSIGMASK come in the same order */
	if (r >= 0x4200 && r <= 0x420b)
		return PPM_PTRACE_SETOPTIONS + (r - 0x4200);
	return PPM_PTRACE_UNKNOWN;
}

INLINE bool ptrace_peeks(__u16 request)
{
	return request == PPM_PTRACE_PEEKTEXT || request == PPM_PTRACE_PEEKDATA ||
	       request == PPM_PTRACE_PEEKUSR;
}

/* Requests whose data is a signal to be delivered. */
INLINE bool ptrace_signals(__u16 request)
{
	return request == PPM_PTRACE_CONT || request == PPM_PTRACE_SINGLESTEP ||
	       request == PPM_PTRACE_DETACH || request == PPM_PTRACE_SYSCALL;
}

EXIT_TEXT(ptrace, WIRE_CLASS_OTHER_INTEREST, 5, ROOM_TEXTS(1))
{
	__u16 request = ptrace_request(arg(call, 0));
	__u64 data = arg(call, 3), at, peeked = 0;

	if (ret >= 0 && ptrace_peeks(request)) {
		bpf_probe_read_user(&peeked, call->narrow ? 4 : 8, (void *)data);
		data = peeked;
	}
	put_s64(e, ret);
	at = e->at;
	BOUND16(at);
	e->p[at] = PPM_PTRACE_IDX_UINT64;
	*(__u64 *)(e->p + at + 1) = arg(call, 2);
	put_len(e, 9);
	at = e->at;
	BOUND16(at);
	if (ptrace_signals(request)) {
		e->p[at] = PPM_PTRACE_IDX_SIGTYPE;
		e->p[at + 1] = data;
		put_len(e, 2);
	} else {
		e->p[at] = PPM_PTRACE_IDX_UINT64;
		*(__u64 *)(e->p + at + 1) = data;
		put_len(e, 9);
	}
	put_u16(e, request);
	put_fd(e, arg(call, 1));
}

/* ---- keys ---- */

/* arg2 to arg5, @i from 0: a text when its bit of @texts is set, otherwise a number, which has a sign. */
INLINE void put_key_arg(struct ev *e, const struct call *call, __u32 texts, int i)
{
	__u64 at = e->at, v = arg(call, 1 + i);
	long n = 8;

	BOUND16(at);
	if (texts >> i & 1) {
		e->p[at] = PPM_KEYCTL_IDX_CHARBUF;
		n = bpf_probe_read_user_str(e->p + at + 1, WIRE_TEXT_MAX, (void *)v);
		if (n < 0) {
			e->here->faults += v != 0;
			e->p[at + 1] = 0;
			n = 1;
		}
	} else {
		e->p[at] = PPM_KEYCTL_IDX_INT64;
		*(__u64 *)(e->p + at + 1) = call->narrow ? (__u64)(__s64)(__s32)v : v;
	}
	put_len(e, 1 + n);
}

/* Which of arg2 to arg5 of keyctl(2) are texts. */
INLINE __u32 key_texts(__u32 operation)
{
	switch (operation) {
	case PPM_KEYCTL_JOIN_SESSION_KEYRING:
		return 1;
	case PPM_KEYCTL_SEARCH:
	case PPM_KEYCTL_RESTRICT_KEYRING:
		return 2 | 4;
	default:
		return 0;
	}
}

EXIT_VAR(keyctl, WIRE_CLASS_OTHER_INTEREST, 6)
{
	__u32 operation = arg(call, 0), texts = key_texts(operation);

	put_s64(e, ret);
	put_u32(e, operation);
	put_key_arg(e, call, texts, 0);
	put_key_arg(e, call, texts, 1);
	put_key_arg(e, call, texts, 2);
	put_key_arg(e, call, texts, 3);
}

/* ---- modules ---- */

EXIT_VAR(init_module, WIRE_CLASS_OTHER_INTEREST, 4)
{
	put_s64(e, ret);
	put_data(e, arg(call, 0), arg(call, 1));
	put_u64(e, arg(call, 1));
	put_text(e, arg(call, 2));
}

EXIT_TEXT(finit_module, WIRE_CLASS_OTHER_INTEREST, 4, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_u32(e, arg(call, 2) & 7); /* the same bits */
}

EXIT_TEXT(delete_module, WIRE_CLASS_OTHER_INTEREST, 3, ROOM_TEXTS(1))
{
	__u32 flags = arg(call, 1);

	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, FLAG(flags, K_O_TRUNC, PPM_DELETE_MODULE_O_TRUNC) |
			   FLAG(flags, K_O_NONBLOCK, PPM_DELETE_MODULE_O_NONBLOCK));
}

/* ---- limits ---- */

struct limits {
	__s64 now, max; /* as struct rlimit */
};

INLINE void read_limits(struct limits *l, __u64 user, bool narrow)
{
	__u32 both[2] = {};

	l->now = l->max = 0;
	if (!narrow) {
		bpf_probe_read_user(l, sizeof *l, (void *)user);
		return;
	}
	bpf_probe_read_user(both, sizeof both, (void *)user);
	l->now = both[0] == ~0U ? -1 : (__s64)both[0]; /* no limit */
	l->max = both[1] == ~0U ? -1 : (__s64)both[1];
}

/* getrlimit, setrlimit */
EXIT_FIXED(limit, WIRE_CLASS_OTHER, 4, 25)
{
	struct limits l;

	read_limits(&l, arg(call, 1), call->narrow);
	put_s64(e, ret);
	put_s64(e, l.now);
	put_s64(e, l.max);
	put_u8(e, arg(call, 0)); /* the same numbers */
}

EXIT_FIXED(prlimit64, WIRE_CLASS_OTHER, 7, 8 * 6 + 1)
{
	struct limits l;

	put_s64(e, ret);
	read_limits(&l, arg(call, 2), false);
	put_s64(e, l.now);
	put_s64(e, l.max);
	read_limits(&l, ret == 0 ? arg(call, 3) : 0, false);
	put_s64(e, l.now);
	put_s64(e, l.max);
	put_fd(e, arg(call, 0));
	put_u8(e, arg(call, 1));
}

/* ---- quotas ---- */

/* Commands of include/uapi/linux/quota.h and dqblk_xfs.h, without the kind of quota in their low byte. */
enum {
	Q_SYNC_ = 0x800001,
	Q_QUOTAON_,
	Q_QUOTAOFF_,
	Q_GETFMT_,
	Q_GETINFO_,
	Q_SETINFO_,
	Q_GETQUOTA_,
	Q_SETQUOTA_,
	Q_XQUOTAON_ = 0x5801,
	Q_XQUOTAOFF_,
	Q_XGETQUOTA_,
	Q_XSETQLIM_,
	Q_XGETQSTAT_,
	Q_XQUOTARM_,
	Q_XQUOTASYNC_
};

/* Those of all file systems; 0: another. */
INLINE __u16 plain_quota_command(__u32 cmd)
{
	switch (cmd) {
	case Q_SYNC_:
		return PPM_Q_SYNC;
	case Q_QUOTAON_:
		return PPM_Q_QUOTAON;
	case Q_QUOTAOFF_:
		return PPM_Q_QUOTAOFF;
	case Q_GETFMT_:
		return PPM_Q_GETFMT;
	case Q_GETINFO_:
		return PPM_Q_GETINFO;
	case Q_SETINFO_:
		return PPM_Q_SETINFO;
	case Q_GETQUOTA_:
		return PPM_Q_GETQUOTA;
	case Q_SETQUOTA_:
		return PPM_Q_SETQUOTA;
	default:
		return 0;
	}
}

/* Those of XFS; 0: another. */
INLINE __u16 xfs_quota_command(__u32 cmd)
{
	switch (cmd) {
	case Q_XQUOTAON_:
		return PPM_Q_XQUOTAON;
	case Q_XQUOTAOFF_:
		return PPM_Q_XQUOTAOFF;
	case Q_XGETQUOTA_:
		return PPM_Q_XGETQUOTA;
	case Q_XSETQLIM_:
		return PPM_Q_XSETQLIM;
	case Q_XGETQSTAT_:
		return PPM_Q_XGETQSTAT;
	case Q_XQUOTARM_:
		return PPM_Q_XQUOTARM;
	case Q_XQUOTASYNC_:
		return PPM_Q_XQUOTASYNC;
	default:
		return 0;
	}
}

INLINE __u16 quota_command(__u32 cmd)
{
	const __u16 plain = plain_quota_command(cmd);

	return plain ? plain : xfs_quota_command(cmd);
}

INLINE __u8 quota_format(__u32 id)
{
	return id == 1   ? PPM_QFMT_VFS_OLD
	       : id == 2 ? PPM_QFMT_VFS_V0
	       : id == 4 ? PPM_QFMT_VFS_V1
			 : PPM_QFMT_NOT_USED;
}

struct quota_limits { /* as struct if_dqblk */
	__u64 bhardlimit, bsoftlimit, curspace, ihardlimit, isoftlimit, curinodes, btime, itime;
};

struct quota_info { /* as struct if_dqinfo */
	__u64 bgrace, igrace;
	__u32 flags, valid;
};

INLINE void put_quota_limits(struct ev *e, __u64 user, bool there)
{
	struct quota_limits l = {};

	if (there)
		bpf_probe_read_user(&l, sizeof l, (void *)user);
	put_u64(e, l.bhardlimit);
	put_u64(e, l.bsoftlimit);
	put_u64(e, l.curspace);
	put_u64(e, l.ihardlimit);
	put_u64(e, l.isoftlimit);
	put_u64(e, l.btime);
	put_u64(e, l.itime);
}

EXIT_VAR(quotactl, WIRE_CLASS_OTHER_INTEREST, 18)
{
	__u32 cmd = arg(call, 0), type = cmd & 0xff, format = 0;
	__u16 what = quota_command(cmd >> 8);
	__u64 user = arg(call, 3);
	struct quota_info info = {};

	if (what == PPM_Q_GETINFO || what == PPM_Q_SETINFO)
		bpf_probe_read_user(&info, sizeof info, (void *)user);
	if (what == PPM_Q_GETFMT)
		bpf_probe_read_user(&format, sizeof format, (void *)user);
	put_s64(e, ret);
	put_text(e, arg(call, 1));
	put_text(e, what == PPM_Q_QUOTAON ? user : 0);
	put_quota_limits(e, user, what == PPM_Q_GETQUOTA || what == PPM_Q_SETQUOTA);
	put_u64(e, info.bgrace);
	put_u64(e, info.igrace);
	put_u8(e, info.flags & 1 ? PPM_V1_DQF_RSQUASH : PPM_DQF_NONE);
	put_u8(e, quota_format(format));
	put_u16(e, what);
	put_u8(e, type == 0 ? PPM_USRQUOTA : type == 1 ? PPM_GRPQUOTA : 0);
	put_u32(e, arg(call, 2));
	put_u8(e, what == PPM_Q_QUOTAON ? quota_format(arg(call, 2)) : PPM_QFMT_NOT_USED);
}
