/*
 * compat: what the calls of 32-bit programs are on x86-64. Their numbers are found by name in the kernel's own
 * header when this is built (compat_calls.inc); what goes by another name than its 64-bit equal, and what
 * differs in more than its number, is listed in compat.c.
 *
 * Threads: any; nothing is kept.
 */
#pragma once

#include <stdint.h>

#include <gyr/events.h>

#include "wire.h"

/* The number of @call on this machine; -1: it has none, or @call is NULL or has no name. */
int compat_number_here(const struct gyr_syscall_info *call);

/* Fills what the programs look up. On machines other than x86-64 every 32-bit call is one that cannot be told.
 * @calls gets what is at slots from WIRE_SYSCALLS on: calls that only 32-bit programs have. */
void compat_describe(struct wire_compat compat[WIRE_SYSCALLS],
		     struct wire_syscall calls[WIRE_SLOTS],
		     struct wire_socket sockets[WIRE_SOCKET_CALLS]);
