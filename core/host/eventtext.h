/*
 * eventtext: the one line that stands for a whole event.
 *
 * Threads: the one of the instance.
 */
#pragma once

#include "host/instance.h"

/* The plugin ID in an event of code 322 or 402; 0 when it is too short to have one. */
uint32_t eventtext_plugin_id(const ss_plugin_event *evt);

/* What the plugin says; or, in @line of @size bytes, "datalen=N data=..." (plugin API 3.12: the
 * first 50 bytes, "<binary>" when one of them cannot be printed). Never NULL. */
const char *eventtext_get(struct instance *i, const ss_plugin_event_input *in, char *line,
			  size_t size);
