/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* open: calls that open files. openat is in open.h. */
#include "open.h"

EXIT(open)
{
	__u32 flags = arg(call, 1);
	struct opened o;
	struct ev e;

	if (only_reads(call, flags) || !text_begin(&e, call, WIRE_CLASS_OPEN, 6, ROOM_TEXTS(1)))
		return 0;
	opened(&o, e.task, ret);
	put_s64(&e, ret);
	put_name(&e, call, arg(call, 0));
	put_u32(&e, opened_flags(&o, flags));
	put_u32(&e, open_mode(flags, arg(call, 2)));
	put_u32(&e, o.dev);
	put_u64(&e, o.ino);
	return text_end(&e, 6);
}

struct open_how_ {
	__u64 flags, mode, resolve;
};

EXIT(openat2)
{
	struct open_how_ how = {};
	struct opened o;
	struct ev e;

	bpf_probe_read_user(&how, sizeof how, (void *)arg(call, 2));
	if (only_reads(call, how.flags) || !text_begin(&e, call, WIRE_CLASS_OPEN, 8, ROOM_TEXTS(1)))
		return 0;
	opened(&o, e.task, ret);
	put_s64(&e, ret);
	put_fd(&e, arg(call, 0));
	put_name(&e, call, arg(call, 1));
	put_u32(&e, opened_flags(&o, how.flags));
	put_u32(&e, open_mode(how.flags, how.mode));
	put_u32(&e, FLAG(how.resolve, 0x08, PPM_RESOLVE_BENEATH) |
			    FLAG(how.resolve, 0x10, PPM_RESOLVE_IN_ROOT) |
			    FLAG(how.resolve, 0x02, PPM_RESOLVE_NO_MAGICLINKS) |
			    FLAG(how.resolve, 0x04, PPM_RESOLVE_NO_SYMLINKS) |
			    FLAG(how.resolve, 0x01, PPM_RESOLVE_NO_XDEV) |
			    FLAG(how.resolve, 0x20, PPM_RESOLVE_CACHED));
	put_u32(&e, o.dev);
	put_u64(&e, o.ino);
	return text_end(&e, 8);
}

EXIT(creat)
{
	struct opened o;
	struct ev e;

	if (!text_begin(&e, call, WIRE_CLASS_OPEN, 6, ROOM_TEXTS(1)))
		return 0;
	opened(&o, e.task, ret);
	put_s64(&e, ret);
	put_name(&e, call, arg(call, 0));
	put_u32(&e, arg(call, 1) & 07777);
	put_u32(&e, o.dev);
	put_u64(&e, o.ino);
	put_u16(&e, o.layer == LAYER_UPPER   ? PPM_FD_UPPER_LAYER_CREAT
		    : o.layer == LAYER_LOWER ? PPM_FD_LOWER_LAYER_CREAT
					     : 0);
	return text_end(&e, 6);
}
