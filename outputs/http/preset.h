/*
 * preset: what a destination wants in its requests, one row each.
 */
#pragma once

#include <gyr/plugin.h>

#include "body.h"

struct preset_setup {
	bool is_json;      /* preset none: alert->json, not the text */
	const char *index; /* elasticsearch: format of strftime() */
};

struct preset {
	const char *name;
	const char *path; /* put behind a URL that has none */
	const char *content_type;
	bool is_one_each;  /* a request carries one alert */
	bool answers_each; /* the answer says how each alert went (bulk.h) */
	/* Text before, between and after alerts. */
	const char *head, *comma, *tail;
	void (*add)(struct body *b, const struct preset_setup *setup, const struct gyr_alert *a);
};

/* The row of a preset and a way to batch ("one", "array", "ndjson"; only "none" heeds it). */
const struct preset *preset_find(const char *name, const char *batch, bool is_json);

/* All of a request's body. */
void preset_build(const struct preset *p, const struct preset_setup *setup, struct body *b,
		  const struct gyr_alert *const *alerts, uint32_t n);
