/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* iov: data that lies in several places. */
#pragma once

#include "event.h"

enum { IOV_SEEN = 16 }; /* places that are looked at */

/* Bytes of all places together, and up to @want bytes of what lies there (and no more than is wanted of
 * data) written at @at. Of texts.bpf.c. */
__u64 iov_size(__u64 iov, __u64 n);
__u64 write_iov(__u64 at, __u64 iov, __u64 n, __u64 want);

INLINE void put_iov(struct ev *e, __u64 iov, __u64 n, __u64 want)
{
	__u64 len = write_iov(e->at, iov, n, want);

	BOUND16(len);
	put_len(e, len);
}
