/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* io: what is read and written. Data is cut to control.snaplen bytes. */
#include "iov.h"

/* What was read; nothing when the call failed. */
INLINE void put_read(struct ev *e, __u64 user, long ret)
{
	put_data(e, user, ret > 0 ? ret : 0);
}

/* What was to be written; only what was, if the call did not fail. */
INLINE void put_write(struct ev *e, __u64 user, __u64 size, long ret)
{
	put_data(e, user, ret > 0 ? ret : size);
}

EXIT_TEXT(read, WIRE_CLASS_OTHER, 4, ROOM_DATA)
{
	put_s64(e, ret);
	put_read(e, arg(call, 1), ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
}

EXIT_TEXT(write, WIRE_CLASS_OTHER, 4, ROOM_DATA)
{
	put_s64(e, ret);
	put_write(e, arg(call, 1), arg(call, 2), ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
}

EXIT_TEXT(pread64, WIRE_CLASS_OTHER, 5, ROOM_DATA)
{
	put_s64(e, ret);
	put_read(e, arg(call, 1), ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
	put_u64(e, arg(call, 3));
}

EXIT_TEXT(pwrite64, WIRE_CLASS_OTHER, 5, ROOM_DATA)
{
	put_s64(e, ret);
	put_write(e, arg(call, 1), arg(call, 2), ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 2));
	put_u64(e, arg(call, 3));
}

EXIT_VAR(readv, WIRE_CLASS_OTHER, 4)
{
	put_s64(e, ret);
	put_u32(e, iov_size(arg(call, 1), arg(call, 2)));
	put_iov(e, arg(call, 1), arg(call, 2), ret > 0 ? ret : 0);
	put_fd(e, arg(call, 0));
}

EXIT_VAR(writev, WIRE_CLASS_OTHER, 4)
{
	put_s64(e, ret);
	put_iov(e, arg(call, 1), arg(call, 2), ret > 0 ? ret : ~0ULL);
	put_fd(e, arg(call, 0));
	put_u32(e, iov_size(arg(call, 1), arg(call, 2)));
}

EXIT_VAR(preadv, WIRE_CLASS_OTHER, 5)
{
	put_s64(e, ret);
	put_u32(e, iov_size(arg(call, 1), arg(call, 2)));
	put_iov(e, arg(call, 1), arg(call, 2), ret > 0 ? ret : 0);
	put_fd(e, arg(call, 0));
	put_u64(e, arg(call, 3));
}

EXIT_VAR(pwritev, WIRE_CLASS_OTHER, 5)
{
	put_s64(e, ret);
	put_iov(e, arg(call, 1), arg(call, 2), ret > 0 ? ret : ~0ULL);
	put_fd(e, arg(call, 0));
	put_u32(e, iov_size(arg(call, 1), arg(call, 2)));
	put_u64(e, arg(call, 3));
}

/* A number of the process: as many of its bytes as it has. */
INLINE __u64 user_number(__u64 user, bool narrow)
{
	__u64 v = 0;

	if (user)
		bpf_probe_read_user(&v, narrow ? 4 : 8, (void *)user);
	return v;
}

EXIT_FIXED(sendfile, WIRE_CLASS_OTHER, 5, 40)
{
	put_s64(e, ret);
	put_u64(e, user_number(arg(call, 2), call->narrow));
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 1));
	put_u64(e, arg(call, 3));
}

EXIT_FIXED(splice, WIRE_CLASS_OTHER, 5, 36)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_fd(e, arg(call, 2));
	put_u64(e, arg(call, 4));
	put_u32(e, arg(call, 5) & 0xf); /* the same bits */
}

EXIT_FIXED(copy_file_range, WIRE_CLASS_OTHER, 6, 48)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 2));
	put_u64(e, user_number(arg(call, 3), false));
	put_fd(e, arg(call, 0));
	put_u64(e, user_number(arg(call, 1), false));
	put_u64(e, arg(call, 4));
}

/* The memory of another process; the data is what this one has of it. */
INLINE void put_vm(struct ev *e, const struct call *call, long ret)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_iov(e, arg(call, 1), arg(call, 2), ret > 0 ? ret : 0);
}

/* process_vm_readv, process_vm_writev */
EXIT_VAR(process_vm, WIRE_CLASS_OTHER_INTEREST, 3)
{
	put_vm(e, call, ret);
}
