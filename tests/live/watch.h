/*
 * watch: runs a piece of code in a process of its own and gives what the driver saw of it.
 *
 * One driver watches everything for all tests of a program; the events of other processes are left out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "driver.h"

enum { WATCH_RESULTS = 8, WATCH_FAMILY = 256, WATCH_DIR = 64 };

/* Shared with the watched process, for what only it can know. */
struct told {
	long r[WATCH_RESULTS];
	unsigned int lost; /* calls that must be counted as ones that cannot be told */
	char text[4096];
};

struct seen {
	struct ss_plugin_event **events; /* copies, in their order */
	size_t n, room;
	pid_t family
		[WATCH_FAMILY]; /* the process, then processes and threads that it made, as they came */
	size_t n_family;
	int status; /* as waitpid(2) tells it */
};

/* An action runs in a child whose working directory is empty and its own. */
typedef void action(struct told *told);

/* Opens the driver with all calls that have events of their own and @generic (ending with NULL) wanted. Exits
 * with 77 (skip), or 1 when CI is set, where that cannot be. */
void watch_open(const char *const *generic);
struct drv *watch_driver(void);
struct told *watch_told(void);
const char *watch_dir(void);

/* Runs @act until its process and all it made have ended. Valid until the next run. */
const struct seen *watch_run(action *act);

void watch_close(void);

/* Keeps all processors busy with files and processes; watch_close() ends it. */
void watch_load(void);
