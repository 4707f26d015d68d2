/*
 * jsonout: JSON text that grows up to a bound.
 *
 * Lifetime: starts as zeroes; jsonout_deinit() ends it. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <gyr/json.h>

struct jsonout {
	char *p;
	size_t n, cap;
	bool failed; /* no memory, or the bound: what was added since is missing */
};

enum { JSONOUT_MAX = 1 << 20 };

void jsonout_deinit(struct jsonout *j);

void jsonout_raw(struct jsonout *j, const char *text, size_t len);
void jsonout_put(struct jsonout *j, const char *text); /* raw, too */

/* A string; bytes that JSON does not take plain are escaped. */
void jsonout_text(struct jsonout *j, const char *text, size_t len);

/* ,"key": and the value; the comma only when it is not the first member. */
void jsonout_key(struct jsonout *j, const char *key);
void jsonout_member(struct jsonout *j, const char *key, const char *text, size_t len);
void jsonout_flag(struct jsonout *j, const char *key, bool value);

/* A member with the value as it was read; nothing when it is absent or of another type. */
void jsonout_copy(struct jsonout *j, const char *key, const struct gyr_json *v,
		  enum gyr_json_type type);
