/*
 * scap_events: one event block to one event, in place.
 *
 * Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/abi.h>

enum {
	_SCAP_EVENT_E_SUCCESS,
	SCAP_EVENT_E_UNKNOWN, /* of a newer schema */
};

struct scap_event_block {
	uint8_t *bytes; /* the whole block; head and trailer are free for use */
	uint32_t size;
	uint8_t version; /* 1: the head of the event has no number of parameters */
	bool has_flags, is_large;
};

struct scap_event {
	ss_plugin_event *evt;
	uint32_t flags; /* of the block; bit 0: tells about state only */
	uint16_t cpu;
};

enum { SCAP_FLAG_HIDDEN = 1 };

/* The code of the event in it; UINT16_MAX when it is too short. */
uint16_t scap_event_code(const struct scap_event_block *b);

/* Checks and rebuilds it. -EBADMSG, with *ret_error saying what is wrong. */
int scap_event_read(const struct scap_event_block *b, struct scap_event *ret_event,
		    const char **ret_error);

/* Puts the CPU behind its last parameter, where there are 2 bytes of room. */
void scap_event_put_cpu(ss_plugin_event *evt, uint16_t cpu);

/* Whether events of this code, which is below gyr_event_count(), tell that a system call begins:
 * rules never see those. */
bool scap_event_is_enter(uint16_t code);
