/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* uring: rings of requests. What is asked for through them is no system call. */
#include "flags.h"

/* The head of struct io_uring_params (include/uapi/linux/io_uring.h). */
struct uring_params {
	__u32 sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features;
};

EXIT_FIXED(io_uring_setup, WIRE_CLASS_OTHER_INTEREST, 8, 8 + 7 * 4)
{
	struct uring_params p = {};

	bpf_probe_read_user(&p, sizeof p, (void *)arg(call, 1));
	put_s64(e, ret);
	put_u32(e, arg(call, 0));
	put_u32(e, p.sq_entries);
	put_u32(e, p.cq_entries);
	put_u32(e, FLAG(p.flags, 0x01, PPM_IORING_SETUP_IOPOLL) |
			   FLAG(p.flags, 0x02, PPM_IORING_SETUP_SQPOLL) |
			   FLAG(p.flags, 0x04, PPM_IORING_SETUP_SQ_AFF) |
			   FLAG(p.flags, 0x08, PPM_IORING_SETUP_CQSIZE) |
			   FLAG(p.flags, 0x10, PPM_IORING_SETUP_CLAMP) |
			   FLAG(p.flags, 0x20, PPM_IORING_SETUP_ATTACH_WQ) |
			   FLAG(p.flags, 0x40, PPM_IORING_SETUP_R_DISABLED));
	put_u32(e, p.sq_thread_cpu);
	put_u32(e, p.sq_thread_idle);
	put_u32(e, p.features & 0x7ff); /* the same bits */
}

EXIT_FIXED(io_uring_enter, WIRE_CLASS_OTHER_INTEREST, 6, 32)
{
	__u32 flags = arg(call, 3), mask = 0;

	if (arg(call, 4) && !(flags & PPM_IORING_ENTER_EXT_ARG))
		bpf_probe_read_user(&mask, sizeof mask, (void *)arg(call, 4));
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u32(e, arg(call, 1));
	put_u32(e, arg(call, 2));
	put_u32(e, flags & 0xf); /* the same bits */
	put_u32(e, mask);
}

EXIT_FIXED(io_uring_register, WIRE_CLASS_OTHER_INTEREST, 5, 8 + 8 + 2 + 8 + 4)
{
	put_s64(e, ret);
	put_fd(e, arg(call, 0));
	put_u16(e, arg(call, 1));
	put_u64(e, arg(call, 2));
	put_u32(e, arg(call, 3));
}
