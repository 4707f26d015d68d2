/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* open: what calls that open files have in common, and openat, the most frequent of them, which the program that
 * all calls come by does itself. What is reported of a file that was opened is what the file says. */
#pragma once

#include "entry.h"

/* Whether a call that opens with @flags is of no interest because it can only read. */
INLINE bool only_reads(const struct call *call, __u32 flags)
{
	__u8 want = control.want[call->nr & (WIRE_SLOTS - 1)];

	if (!(want & WIRE_GUARD_READ_OPEN) || flags & (K_O_ACCMODE | K_O_CREAT | K_O_TRUNC) ||
	    (flags & K_O_TMPFILE) == K_O_TMPFILE)
		return false;
	forget_name(call);
	return count_guarded();
}

INLINE int openat(const struct call *call, long ret)
{
	__u32 flags = arg(call, 2);
	struct opened o;
	struct ev e;

	if (only_reads(call, flags) || !text_begin(&e, call, WIRE_CLASS_OPEN, 7, ROOM_TEXTS(1)))
		return 0;
	opened(&o, e.task, ret);
	put_s64(&e, ret);
	put_fd(&e, arg(call, 0));
	put_name(&e, call, arg(call, 1));
	put_u32(&e, opened_flags(&o, flags));
	put_u32(&e, open_mode(flags, arg(call, 3)));
	put_u32(&e, o.dev);
	put_u64(&e, o.ino);
	return text_end(&e, 7);
}
