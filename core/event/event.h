/*
 * event: a view over the bytes of one event, in the encoding of the plugin ABI (scap encoding).
 *
 * Lifetime: the bytes belong to the source's batch and are valid until its next pull.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"
#include "gyr/abi.h"

struct event {
	const ss_plugin_event *raw;
	uint64_t num;  /* from 1, per source; unique within it */
	uint64_t ts;   /* ns since the epoch */
	uint16_t type; /* event code; GYR_EVENT_PLUGIN is 322, GYR_EVENT_ASYNC 402 */
	const char *
		source; /* name of its event source; lives as long as the source; NULL: not known */
	uint32_t track; /* 0: the source's own; n: the n-th of those whose events it carries */
	bool is_stamped; /* its source gave no time: ts is when the host took it */
	bool is_hidden;  /* only tells about state: parsers see it, rules do not */
};
