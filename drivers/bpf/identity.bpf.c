/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* identity: who a process is: users, groups, sessions, name spaces, capabilities. */
#include "task.h"

/* getegid, geteuid, getgid, getuid: what they return is their only parameter, of 32 bits. */
EXIT_FIXED(id, WIRE_CLASS_OTHER, 1, 4)
{
	put_u32(e, ret);
}

/* setgid, setuid */
EXIT_FIXED(set_id, WIRE_CLASS_OTHER_INTEREST, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0));
}

/* setregid, setreuid */
EXIT_FIXED(set_two_ids, WIRE_CLASS_OTHER_INTEREST, 3, 16)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1));
}

/* setresgid, setresuid */
EXIT_FIXED(set_three_ids, WIRE_CLASS_OTHER_INTEREST, 4, 20)
{
	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, arg(call, 2));
}

INLINE __u32 user_u32(__u64 user)
{
	__u32 v = 0;

	bpf_probe_read_user(&v, sizeof v, (void *)user);
	return v;
}

/* getresgid, getresuid */
EXIT_FIXED(three_ids, WIRE_CLASS_OTHER, 4, 20)
{
	put_s64(e, ret);
	put_u32(e, user_u32(arg(call, 0)));
	put_u32(e, user_u32(arg(call, 1)));
	put_u32(e, user_u32(arg(call, 2)));
}

EXIT_FIXED(setpgid, WIRE_CLASS_OTHER, 3, 24)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
}

EXIT_FIXED(setns, WIRE_CLASS_OTHER_INTEREST, 3, 20)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, clone_flags(arg(call, 1)));
}

EXIT_FIXED(unshare, WIRE_CLASS_OTHER_INTEREST, 2, 12)
{
	put_s64(e, ret);
	put_u32(e, clone_flags(arg(call, 0)));
}

/* What the task has afterwards. */
EXIT_FIXED(capset, WIRE_CLASS_OTHER_INTEREST, 4, 32)
{
	const struct cred *cred = e->task->cred;

	put_s64(e, ret);
	put_u64(e, capabilities(AT(cred, cap_inheritable)));
	put_u64(e, capabilities(AT(cred, cap_permitted)));
	put_u64(e, capabilities(AT(cred, cap_effective)));
}
