/*
 * scan: everything a source of live events tells before its first event, in the order of
 * gyr/scapmeta.h.
 *
 * Race with the events. The programs are attached before the scan begins, so nothing falls between
 * the two: what the scan did not see yet comes as an event, and an event that the scan has seen
 * already changes nothing when it is applied again: events say what is (this descriptor is now that
 * file, this process now runs this program), so the last one wins, and the last one is what the scan
 * saw. Two kinds of events say something else, and scan_settles() names those that are to be left out
 * because the scan looked at their thread after them: steps from where one stands (chdir and fchdir),
 * which would be taken twice; and beginnings of threads, which give a child what its parent has by now.
 *
 * Lifetime: scan_new() to scan_free(). Threads: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/abi.h>

#include "procscan.h"

enum {
	_SCAN_E_SUCCESS,
	SCAN_E_END, /* all is told */
};

struct scan;

struct scan_setup {
	const char *proc, *passwd, *group; /* "/proc", "/etc/passwd", "/etc/group" */
	bool again; /* tell processes once more, as gyr.again (without its end): the other paths are not read */
	int (*emit)(void *ctx, const struct gyr_meta_shape *shape); /* a negative errno ends it */
	void *ctx;
};

/* -ENOMEM; what opening /proc gave. */
int scan_new(const struct scan_setup *setup, struct scan **ret);

/* The next bit of it, a process at most. SCAN_E_END; what emit returned; -ENOMEM. */
int scan_step(struct scan *s);

/* When it ended, ns since the epoch; UINT64_MAX while it runs. */
uint64_t scan_end(const struct scan *s);

/* Whether the scan has seen what @evt did, and applying it once more would be wrong. */
bool scan_settles(const struct scan *s, const ss_plugin_event *evt);

void scan_count(const struct scan *s, struct procscan_counters *ret);

struct scan *scan_free(struct scan *s);
