/*
 * scap_plain: the way of most events, in one loop.
 *
 * A block of version 2 with an event of the current schema, which rules see and which is all in the
 * window, needs nothing but its lengths checked. Everything else, damage too, is left to the stages
 * in scap.c, which know all cases.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stdint.h>

#include <gyr/abi.h>

#include "scap_window.h"

enum {
	SCAP_PLAIN_TYPES = 1024,
	SCAP_PLAIN_EV = 0x216, /* codes of the blocks: EV_V2 and EVF_V2 */
	SCAP_PLAIN_EVF = 0x217,
};

struct scap_plain {
	uint8_t n_params[SCAP_PLAIN_TYPES]; /* by code, as scap_convert_current() has it */
	uint64_t n_blocks, n_flag_blocks;   /* taken: of EV_V2 and of EVF_V2 */
};

void scap_plain_init(struct scap_plain *p);

/* Takes plain events from where the window is; how many. At the first that is not plain, it ends. */
uint32_t scap_plain_take(struct scap_plain *p, struct scap_window *w, ss_plugin_event **ret_events,
			 uint32_t cap);
