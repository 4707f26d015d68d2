/*
 * message: one alert as the text of a syslog message.
 *
 *	local     <12>Nov 23 22:14:27 gyr[4711]: text                        (as libc's syslog() does)
 *	network   <12>1 2026-11-23T22:14:27.872723Z host gyr 4711 alert [gyr@32473 rule="..."] BOM text
 *
 * Formats: RFC 3164 for the first, RFC 5424 for the second, which calls the time the event's.
 *
 * Threads: pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <gyr/abi.h>

enum { MESSAGE_MAX = 64 << 10 };

enum message_body { MESSAGE_TEXT, MESSAGE_JSON, MESSAGE_BARE };

struct message_setup {
	bool is_local;
	bool has_data; /* structured data */
	enum message_body body;
	unsigned facility;
	long pid;
	const char *app_name, *hostname; /* hostname "": the alert's */
	size_t max;                      /* bytes of a message; at most MESSAGE_MAX */
};

/* Writes the message, no terminator, to @out[@setup->max], and returns its length. What is too long
 * is cut behind a whole character and ends in "...": *ret_is_cut. */
size_t message_build(const struct message_setup *setup, const struct gyr_alert *a, char *out,
		     bool *ret_is_cut);
