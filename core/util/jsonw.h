/*
 * jsonw: writes JSON into a buffer and sets the commas. What is nested stays the caller's to close.
 *
 * Lifetime: as the buffer. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct jsonw {
	struct buf *b;
	bool comma; /* something stands before what comes next */
};

/* @key is NULL inside an array and at the top. */
void jsonw_open(struct jsonw *w, const char *key, char bracket); /* '{' or '[' */
void jsonw_close(struct jsonw *w, char bracket);                 /* '}' or ']' */
void jsonw_text(struct jsonw *w, const char *key, struct str value);
void jsonw_u64(struct jsonw *w, const char *key, uint64_t value);
void jsonw_dbl(struct jsonw *w, const char *key, double value);
void jsonw_bool(struct jsonw *w, const char *key, bool value);
void jsonw_bare(struct jsonw *w, const char *key, struct str value); /* JSON already */
void jsonw_null(struct jsonw *w, const char *key);
