/*
 * accounts: what a number of a user or a group is called, in a container or on this machine, while events are
 * of now.
 *
 * The files etc/passwd and etc/group below the root of a process are read beside the events (lookups.h), so
 * the first question is answered "not known". What is in a container belongs to somebody else: no link leads
 * out of its root, only plain files are opened, up to a size, and a file system that hangs holds up a worker
 * and nothing else. Answers are used for 5 minutes, 2 seconds when there was none.
 *
 * Lifetime: accounts_new() to accounts_free(); texts until the next call.
 * Threads: one, that of the state; the counters are read from any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookups.h"

enum {
	ACCOUNTS_FILE = 1 << 20, /* bytes; a longer file is not read */
	ACCOUNTS_TEXT =
		512, /* bytes of a name, home or shell with its NUL; a line with a longer one is
				  * passed over */
};

enum account_kind { ACCOUNT_USER, ACCOUNT_GROUP };

struct account {
	const char *name, *home, *shell; /* the last two "" for a group */
};

/* Whose account it is. */
struct account_of {
	enum account_kind kind;
	uint32_t id;
	const char *container; /* its ID; "": this machine */
	int64_t pid;           /* a process in it */
};

struct accounts;

/* @root: below which the machine's proc and etc are, "" as a rule; it has to live for ever. NULL: no memory. */
struct accounts *accounts_new(const char *root);
struct accounts *accounts_free(struct accounts *a); /* NULL is fine; returns NULL */

/* False: there is none, or it is not known yet. */
bool accounts_find(struct accounts *a, const struct account_of *of, struct account *ret);

void accounts_count(struct accounts *a, struct lookups_counters *ret);

/* The line of @id in the @len bytes of such a file: name, home and shell with a NUL behind each, written to
 * @ret[LOOKUPS_ANSWER]. How many bytes; 0: there is none. passwd(5), group(5). */
uint32_t accounts_read(enum account_kind kind, const char *text, size_t len, uint32_t id,
		       char *ret);
