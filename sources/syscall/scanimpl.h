/*
 * scanimpl: what the parts of procscan share.
 */
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include "procfile.h"
#include "procscan.h"
#include "proctext.h"
#include "socktable.h"

enum { PIDNS_MAX = 4096 };

/* Since when a pid namespace exists. */
struct pidns {
	uint64_t ino;
	uint64_t start_ts;
};

struct procscan {
	struct procscan_setup setup;
	DIR *dir;
	struct procfile buf;
	struct socktable sockets;
	struct pidns pidns[PIDNS_MAX];
	uint32_t n_pidns;
	uint64_t boot_ts;
	uint64_t ticks_a_second;
	struct procscan_counters counters;
	char comm[64], exe[PROCSCAN_TEXT_MAX], exepath[PROCSCAN_TEXT_MAX], cwd[PROCSCAN_TEXT_MAX],
		root[PROCSCAN_TEXT_MAX];
	char args[PROCSCAN_LIST_MAX], env[PROCSCAN_LIST_MAX], cgroups[PROCSCAN_LIST_MAX];
};

/* An errno of reading about something that exists or not: counts it. */
void procscan_miss(struct procscan *s, int r);

/* The descriptors of process @pid, whose folder is @proc. What emit returned. */
int procscan_fds(struct procscan *s, int proc, int64_t pid);
