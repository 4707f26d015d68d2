/*
 * report: what the source counts, as metrics.
 *
 * Names are those that dashboards of Falco know (n_evts, n_drops, n_drops_buffer_execve_exit,
 * n_evts_cpu_0 ...), and further ones for what only this source counts.
 *
 * Threads: as the functions of driver.h that it calls.
 */
#pragma once

#include <gyr/abi.h>

#include <driver.h>

#include "procscan.h"

enum { REPORT_CPUS = 1024, REPORT_NAME = 24 };

/* Names of metrics by processor, made once. */
struct report_names {
	char evts[REPORT_CPUS][REPORT_NAME], drops[REPORT_CPUS][REPORT_NAME];
};

struct report {
	const struct drv *driver;
	const struct report_names *names;
	const struct procscan_counters *scan;
	uint64_t settled; /* events left out because the scan had seen what they did */
	uint64_t again;   /* scans after losses */
};

void report_names(struct report_names *ret);

/* Writes at most @cap rows to @ret; how many. */
uint32_t report_metrics(const struct report *r, ss_plugin_metric *ret, uint32_t cap);
