/*
 * fetch: how evaluation asks for field values, without knowing who answers.
 *
 * The pipeline gives evaluation one fetcher per source thread. Every answer stays valid for the whole
 * event, so that later questions do not disturb earlier ones.
 */
#pragma once

#include <stdint.h>

#include "event/event.h"
#include "event/value.h"

struct fetch {
	/* Answers ret[i] for uses[i], i < n. A field that cannot be extracted is absent; this never
	 * fails as a whole. Asked again for the same use and event, it may answer from memory. */
	void (*get)(void *ctx, const struct event *evt, const struct field_use *const *uses,
		    uint32_t n, struct values *ret);

	/* The entry of @evt that the value of @field, which has a scope, is a fact of: while it and
	 * its version are the same, so is the value. False: not known. May be NULL: never known. */
	bool (*entry)(void *ctx, const struct event *evt, const struct field *field,
		      struct gyr_entry *ret_entry);
	void *ctx;
};
