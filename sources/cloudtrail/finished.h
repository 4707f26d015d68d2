/*
 * finished: which objects are finished, and up to what time, kept in a file, so that a restart does not
 * read them again.
 *
 * An object is known by a hash of its key and its ETag. Keys of one scope (an account and a region)
 * come about in the order of time, with stragglers; a scope has a cursor, the newest time that was
 * listed and finished, and only objects not much older than that need to be remembered. On disk:
 *
 *	gyr-objects 1
 *	o HASH SCOPE MINUTE     an object
 *	c SCOPE MINUTE          the cursor of a scope; the last line counts
 *
 * hexadecimal. Lines are appended in one write each; now and then, and at the start, the file is
 * written anew with what is needed, beside the old one. Nothing but that is synced: a crash of the
 * machine costs repetition.
 *
 * Lifetime: open to close. Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/plugin.h>

enum {
	FINISHED_MAX = 1 << 21
}; /* objects remembered; beyond, they are read again after a restart */

struct finished;

/* For what is opened as @root; @dir "": in memory only. The text of an error is kept by gyr_fail():
 * errnos of files, -EBUSY when another has it, -EBADMSG. */
int finished_open(struct gyr *p, const char *dir, const char *root, struct finished **ret)
	__attribute__((warn_unused_result));
struct finished *finished_close(struct finished *f); /* takes NULL, returns NULL */

uint64_t finished_hash(const char *a, const char *b);

bool finished_has(const struct finished *f, uint64_t hash);
void finished_add(struct finished *f, uint64_t hash, uint64_t scope, uint32_t minute);

/* Minutes since the epoch; 0: there is none. */
uint32_t finished_cursor(const struct finished *f, uint64_t scope);
void finished_set_cursor(struct finished *f, uint64_t scope, uint32_t minute);

/* Forgets objects older than the cursor of their scope by more than @minutes. */
void finished_forget(struct finished *f, uint32_t minutes);
