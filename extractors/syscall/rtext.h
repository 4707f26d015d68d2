/*
 * rtext: a text that many rows share.
 *
 * A process and its children have the same executable, arguments, environment and directory until one
 * of them changes; each then just holds a reference. The bytes never change; a NUL follows them.
 *
 * Threads: the references are not atomic; all holders belong to one state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rtext {
	uint32_t refs, len;
	char s[];
};

/* A new text of @len bytes; NULL when memory is short. */
struct rtext *rtext_new(const char *s, size_t len);

struct rtext *rtext_ref(struct rtext *t);   /* NULL gives NULL */
struct rtext *rtext_unref(struct rtext *t); /* answers NULL */

/* *at becomes a text of these bytes, or stays when it is equal already. */
void rtext_set(struct rtext **at, const char *s, size_t len);

/* *at becomes another holder of @t. */
void rtext_share(struct rtext **at, struct rtext *t);

/* The text, "" for NULL. */
const char *rtext_str(const struct rtext *t);
