/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* generic: calls that have no event of their own. */
#include "event.h"

EXIT(generic)
{
	__u64 nr = call_number(regs);
	struct ev e;

	if (!fixed_begin(&e, regs, WIRE_CLASS_OTHER, 2, 4))
		return 0;
	e.type = WIRE_EVENT_GENERIC;
	put_u16(&e, calls[nr & (WIRE_SYSCALLS - 1)].code);
	put_u16(&e, (__u16)nr);
	return fixed_end(&e, 2, 4);
}
