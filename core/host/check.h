/*
 * check: whether the bytes of an event are what its header says.
 *
 * Threads: any.
 */
#pragma once

#include <stdbool.h>

#include "gyr/abi.h"

/* For codes 322 and 402: the right number of parameters, whose lengths add up to the event's, the
 * plugin ID 4 bytes long, the name ended by its NUL. Other codes: the head and their lengths fit.
 * At least the 26 bytes of the head must be there. */
bool check_event(const ss_plugin_event *evt);

/* For the other codes alone: the head is there, and the lengths of the parameters. */
static inline bool check_head(const ss_plugin_event *evt)
{
	return evt->len >= sizeof *evt && evt->nparams <= (evt->len - sizeof *evt) / 2;
}
