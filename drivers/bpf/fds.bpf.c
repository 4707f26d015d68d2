/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* fds: descriptors that close, multiply or are asked about. */
#include "event.h"

EXIT(close)
{
	struct ev e;

	if (!fixed_begin(&e, regs, WIRE_CLASS_CLOSE, 2, 16))
		return 0;
	put_s64(&e, ret);
	put_fd(&e, arg(regs, 0));
	return fixed_end(&e, 2, 16);
}
