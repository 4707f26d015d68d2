/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* generic: calls that have no event of their own. */
#include "event.h"

EXIT_FIXED(generic, WIRE_CLASS_OTHER, 2, 4)
{
	__u64 nr = call->nr;

	e->type = WIRE_EVENT_GENERIC;
	put_u16(e, calls[nr & (WIRE_SLOTS - 1)].code);
	put_u16(e, nr < WIRE_SYSCALLS ? nr : nr - WIRE_SYSCALLS);
}

/* Calls whose events have no parameters. */
EXIT_FIXED(nothing, WIRE_CLASS_OTHER, 0, 0)
{
}

/* Calls whose only parameter is what they return. */
EXIT_FIXED(result, WIRE_CLASS_OTHER, 1, 8)
{
	put_s64(e, ret);
}
