/*
 * hostnames: which name an address has, asked of the system beside the events.
 *
 * Two questions. Whether one of the names that a rule compares with stands for an address: the names
 * are resolved to addresses, and the addresses compared, so that nobody who answers for an address can
 * give it a name that is not his. And which name an address has, for showing it: one of those, or the
 * name that the system tells for it, when that name stands for the address in turn.
 *
 * Whatever is not known yet is asked by workers, and "not known" is the answer until they are back;
 * a caller may wait, for a recording. Answers are used for 5 minutes (a minute when there was none),
 * then asked again while the old one goes on to be used. Each table, list and queue has a bound and
 * a counter. A worker that waits for the network is not waited for: it ends by itself.
 *
 * Lifetime: hostnames_new() to hostnames_free(); a text until the next call.
 * Threads: one, that of the state; the counters are read from any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HOSTNAMES_MAX = 8192,     /* names and addresses known at a time */
	HOSTNAMES_ADDRS = 64,     /* addresses of a name */
	HOSTNAMES_QUEUE = 1024,   /* questions waiting */
	HOSTNAMES_NAME = 256,     /* bytes of a name, with its end */
	HOSTNAMES_WAIT_MS = 5000, /* that hostnames_match() waits, all calls together */
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

struct hostnames_counters {
	uint64_t n_known;   /* names and addresses now */
	uint64_t n_waiting; /* questions that are not answered yet */
	uint64_t n_asked;   /* questions to the system */
	uint64_t n_unknown; /* of them without an answer */
	uint64_t n_aged;    /* forgotten to make room */
	uint64_t n_refused; /* questions without room */
};

struct hostnames;

/* NULL: no memory. No thread is started before the first question. */
struct hostnames *hostnames_new(const struct hostnames_system *system);
struct hostnames *hostnames_free(struct hostnames *h); /* NULL is fine; returns NULL */

/* The first of @names, a text with a newline between any two, that stands for @addr; *ret_len bytes of it.
 * NULL: none, or not known. @may_wait: for names of which nothing is known yet. */
const char *hostnames_match(struct hostnames *h, const char *names,
			    const struct hostname_addr *addr, bool may_wait, size_t *ret_len);

/* The name of @addr: one compared with that stands for it, else its own; "" when it has none or it is not known. @may_ask: when it is not known. */
const char *hostnames_of(struct hostnames *h, const struct hostname_addr *addr, bool may_ask);

void hostnames_count(struct hostnames *h, struct hostnames_counters *ret);
