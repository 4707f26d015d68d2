/*
 * procinfo: what this process and the host use, as /proc tells it.
 *
 * HOST_ROOT in the environment is put before the paths of the host, FALCO_CGROUP_MEM_PATH names the
 * file with the memory of the container. Threads: any.
 */
#pragma once

#include <stdint.h>

struct procinfo {
	uint64_t rss_bytes, vsz_bytes, pss_bytes;
	double cpu_perc;      /* of one CPU, over the life of the process */
	double host_cpu_perc; /* of all CPUs, since the host started */
	uint64_t host_memory_used_bytes, host_procs_running, host_open_fds;
	uint64_t container_memory_used_bytes; /* 0: not known */
	uint64_t host_boot_ts;                /* ns since the epoch */
	uint32_t host_num_cpus;
};

/* What cannot be read stays 0. */
void procinfo_read(struct procinfo *ret);
