/*
 * pace: when a destination that does not take alerts is asked again.
 *
 * After a failure comes a pause, drawn at random below a bound that doubles up to the longest one
 * (full jitter). After so many failures in a row the circuit opens: nothing is offered for a fixed
 * time, then a single alert is, and its fate closes the circuit or opens it anew.
 *
 *	closed --failures in a row--> open --its time is up--> half-open --success--> closed
 *	                               ^                           |
 *	                               +---------failure-----------+
 *
 * It knows no clock: the caller says what time it is. Threads: one.
 */
#pragma once

#include <stdint.h>

enum pace_state { PACE_CLOSED, PACE_OPEN, PACE_HALF_OPEN };

struct pace_setup {
	uint32_t pause_min_ms, pause_max_ms; /* bound of the first and of the longest pause */
	uint32_t failures;                   /* in a row, that open the circuit; 0: never */
	uint32_t open_ms;                    /* how long it stays open */
};

struct pace {
	struct pace_setup setup;
	enum pace_state state;
	uint32_t bound_ms, n_failures;
	uint64_t open_until_ms;
	uint64_t n_opened; /* how often the circuit opened */
	unsigned seed;
};

void pace_init(struct pace *p, const struct pace_setup *setup, unsigned seed);

/* A destination took something, or answered nothing with yes at @now_ms. */
void pace_success(struct pace *p);
void pace_failure(struct pace *p, uint64_t now_ms);

/* It wants to be left alone at @now_ms, which is no failure: there is a pause, and no closing of the
 * circuit either. */
void pace_hold(struct pace *p, uint64_t now_ms);

/* How long to wait before the next offer, at @now_ms; draws anew each time. 0: not at all. An open
 * circuit whose time is up becomes half-open. */
uint32_t pace_wait_ms(struct pace *p, uint64_t now_ms);

const char *pace_state_name(enum pace_state s); /* "closed", "open", "half-open" */
