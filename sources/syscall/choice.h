/*
 * choice: which system calls the kernel is to report: what rules are about, what state needs, and what
 * base_syscalls says.
 *
 *	of the rules          every call that a rule may match. A call that only moves data (read,
 *	                      write, ...) or a tracepoint of high volume counts when a rule names it,
 *	                      or with `all`: a rule without evt.type would else ask for each of them.
 *	of the state          calls whose events change what is remembered of processes, descriptors and
 *	                      users; with positive names in custom_set, those in their place; with
 *	                      `repair` only what the calls chosen so far cannot be understood without
 *	minus                 negative names (!x) of custom_set, rules or not
 *	plus                  sched_process_exit, always: without it the tables would only grow
 *
 * Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

enum { CHOICE_CODES = 512 };

/* Codes of system calls, as gyr/events.h has them. */
struct choice_set {
	uint64_t bits[CHOICE_CODES / 64];
};

static inline void choice_add(struct choice_set *s, uint16_t code)
{
	s->bits[code / 64] |= 1ULL << (code % 64);
}

static inline bool choice_has(const struct choice_set *s, uint16_t code)
{
	return code < CHOICE_CODES && (s->bits[code / 64] >> (code % 64) & 1);
}

uint32_t choice_count(const struct choice_set *s);

/* What a guard holds back in the kernel, as nobody misses it. */
enum choice_guard {
	CHOICE_NOT_FAILED = 1 << 0,    /* calls that failed */
	CHOICE_NOT_READ_OPEN = 1 << 1, /* opening without the right to write */
};

struct choice_options {
	const char *const *custom_set; /* NULL-terminated; NULL: none */
	bool repair, all;
};

struct choice {
	struct choice_set chosen;
	struct choice_set of_rules; /* what rules are about, chosen or not */
	struct choice_set
		ignored; /* rules may match them, none names them, too many of them come */
	struct choice_set removed;    /* by negative names */
	uint8_t guards[CHOICE_CODES]; /* enum choice_guard */
};

/* The conditions that make guards, in the order of the bits of gyr_interest.needs. */
#define CHOICE_CONDITIONS                                                            \
	"fd.num >= 0", "evt.failed = false", "evt.res = SUCCESS", "evt.rawres >= 0", \
		"evt.is_open_write = true"

/* Makes the choice; @interest NULL: every rule might be there. -EINVAL with a sentence in @err[@size]
 * for a name in custom_set that is none. */
int choice_make(const struct choice_options *o, const struct gyr_interest *interest,
		struct choice *ret, char *err, size_t size);

/* Names of the codes in @s, ", " between them, as many as fit. Returns @out. */
const char *choice_print(const struct choice_set *s, char *out, size_t size);
