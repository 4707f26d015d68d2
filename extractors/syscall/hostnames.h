/*
 * hostnames: which name an address has, asked of the system beside the events.
 *
 * Two questions. Whether one of the names that a rule compares with stands for an address: the names
 * are resolved to addresses, and the addresses compared, so that nobody who answers for an address can
 * give it a name that is not his. And which name an address has, for showing it: one of those, or the
 * name that the system tells for it, when that name stands for the address in turn.
 *
 * They are asked beside the events (lookups.h). Answers are used for 5 minutes, a minute when there was
 * none.
 *
 * Lifetime: hostnames_new() to hostnames_free(); a text until the next call.
 * Threads: one, that of the state; the counters are read from any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lookups.h"

enum {
	HOSTNAMES_ADDRS = 64,         /* addresses of a name */
	HOSTNAMES_NAME = LOOKUPS_KEY, /* bytes of a name, with its end */
	HOSTNAMES_WAIT_MS = 5000,     /* that hostnames_match() waits, all calls together */
};

struct hostname_addr {
	uint8_t bytes[16]; /* network order */
	uint8_t len;       /* 4 or 16 */
};

/* Who is asked; both may take long, and are called by several threads. */
struct hostnames_system {
	/* The addresses of @name: how many, at most HOSTNAMES_ADDRS; 0: none, or not known. */
	uint32_t (*addrs_of)(const char *name, struct hostname_addr *ret);
	/* The name of an address; false: none, or not known. */
	bool (*name_of)(const struct hostname_addr *addr, char *ret);
};

extern const struct hostnames_system hostnames_host; /* this machine: hosts file, DNS */

struct hostnames;

/* NULL: no memory. @system has to live for ever. */
struct hostnames *hostnames_new(const struct hostnames_system *system);
struct hostnames *hostnames_free(struct hostnames *h); /* NULL is fine; returns NULL */

/* The first of @names, a text with a newline between any two, that stands for @addr; *ret_len bytes of it.
 * NULL: none, or not known. @may_wait: for names of which nothing is known yet. */
const char *hostnames_match(struct hostnames *h, const char *names,
			    const struct hostname_addr *addr, bool may_wait, size_t *ret_len);

/* The name of @addr: one compared with that stands for it, else its own; "" when it has none or it is not known. @may_ask: when it is not known. */
const char *hostnames_of(struct hostnames *h, const struct hostname_addr *addr, bool may_ask);

void hostnames_count(struct hostnames *h, struct lookups_counters *ret);
