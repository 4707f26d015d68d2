/*
 * fields: the functions that rows of fields.def name, one a field, and what they share.
 *
 * Threads: the one that runs the event. Answers live as gyr/plugin.h says.
 */
#pragma once

#include <gyr/plugin.h>

#include "state.h"

/* A field that this version knows by name and never answers. */
int absent(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out);

/* Head of the function of a field; an argument it has no use for is fine. */
#define FIELD_FN(fn)                                                               \
	int fn(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out); \
	int fn(__attribute__((unused)) struct gyr *p,                              \
	       __attribute__((unused)) const struct gyr_event *evt,                \
	       __attribute__((unused)) struct gyr_value *out)

/* ---- text of parameters: render.c ---- */

/* Text that is built in the memory of one extraction; what does not fit is cut. */
struct line {
	char *s;
	size_t n, cap;
};

enum { LINE_MAX_BYTES = 65536 };

/* -ENOMEM */
int line_begin(struct gyr *p, struct line *l, size_t cap);
void line_add(struct line *l, const char *s, size_t n);
void line_put(struct line *l, const char *s);
void line_fmt(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Parameter @i as it is written, and what it stands for (may stay empty). */
void render_param(struct state *s, const struct cur *c, uint32_t i, struct line *raw,
		  struct line *resolved);

/* "ENOENT" ...; NULL when it is none. */
const char *errno_text(int64_t n);

/* ---- shared by files of fields ---- */

static inline bool evt_has_fd(const struct cur *c)
{
	return c->thread && c->info &&
	       (c->info->flags & (GYR_EF_CREATES_FD | GYR_EF_USES_FD | GYR_EF_DESTROYS_FD));
}

/* What the names of the file are told by that the event opens, failed to open, uses or closes: see
 * gyr_extract_entry in gyr/abi.h. False: it is about none, or one that is not told apart. */
bool fd_file_entry(struct state *s, const struct cur *c, struct gyr_entry *ret_entry);

/* Whether the event writes to the log of the system. */
bool evt_is_syslog_write(const struct cur *c);

/* Name of a descriptor as fd.name has it. */
const char *fd_text(const struct fd *f);

/* Name of user @uid where @t is (NULL: on the host); "<NA>" when it is not known. */
const char *user_text(const struct state *s, const struct thread *t, uint32_t uid);
const char *group_text(const struct state *s, const struct thread *t, uint32_t gid);
