/*
 * record: events by which a source without an ID tells about the state of the system (plugin API,
 * part 7: "records"). Parsers see them, rules do not.
 *
 * Threads: any.
 */
#pragma once

#include "gyr/abi.h"

enum {
	_RECORD_E_NONE,  /* an event like any other */
	RECORD_E_STATE,  /* has no number */
	RECORD_E_HIDDEN, /* wraps an event that has one */
};

/* What @evt is, whose bytes were checked (host/check.h). RECORD_E_HIDDEN: *ret_event is the event
 * inside it, checked too. -EBADMSG: the event inside it is malformed. */
int record_open(ss_plugin_event *evt, ss_plugin_event **ret_event);
