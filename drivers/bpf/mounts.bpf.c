/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* mounts: file systems that come and go. */
#include "flags.h"

EXIT_TEXT(mount, WIRE_CLASS_OTHER_INTEREST, 5, ROOM_TEXTS(3))
{
	__u32 flags = arg(call, 3);

	if ((flags & 0xffff0000) == 0xc0ed0000) /* a mark of old times, which the kernel ignores */
		flags &= 0xffff;
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_text(e, arg(call, 1));
	put_text(e, arg(call, 2));
	put_u32(e, flags); /* the same bits */
}

EXIT_TEXT(umount2, WIRE_CLASS_OTHER_INTEREST, 3, ROOM_TEXTS(1))
{
	put_s64(e, ret);
	put_text(e, arg(call, 0));
	put_u32(e, arg(call, 1) & 0xf); /* the same bits */
}

/* What the value is depends on the command: nothing, a text, bytes (aux of them), a path. */
EXIT_VAR(fsconfig, WIRE_CLASS_OTHER_INTEREST, 7)
{
	__u32 cmd = arg(call, 1);
	__u64 value = arg(call, 3);
	bool text = cmd == PPM_FSCONFIG_SET_STRING || cmd == PPM_FSCONFIG_SET_PATH ||
		    cmd == PPM_FSCONFIG_SET_PATH_EMPTY;

	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, cmd);
	put_text(e, arg(call, 2));
	put_data(e, value, cmd == PPM_FSCONFIG_SET_BINARY ? (__u32)arg(call, 4) : 0);
	put_text(e, text ? value : 0);
	put_u32(e, arg(call, 4));
}
