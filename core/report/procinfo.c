/*
 * procinfo: a few lines of /proc. Formats: proc(5).
 */
#include "report/procinfo.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 64 << 10 };

#define CGROUP_V2 "/sys/fs/cgroup/memory.current"
#define CGROUP_V1 "/sys/fs/cgroup/memory/memory.usage_in_bytes"

/* The head of a file, NUL-terminated; false when there is none. */
static bool read_head(const char *path, char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);

	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool read_host(const char *path, char *text)
{
	const char *root = getenv("HOST_ROOT");
	char full[4096];

	(void)snprintf(full, sizeof(full), "%s%s", root ? root : "", path);
	return read_head(full, text);
}

/* The number behind "key" at the start of a line; 0 when there is none. */
static uint64_t number_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0)
			return strtoull(line + len, NULL, 10);
	}
	return 0;
}

/* Ticks of user and system time, and the tick of the start, behind the name in parentheses. */
static bool process_ticks(const char *stat, uint64_t *used, uint64_t *start)
{
	const char *p = strrchr(stat, ')');
	uint64_t user, system;

	if (!p || sscanf(p + 1,
			 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
			 " %*d %*d %*d %*d %*d %*d %" SCNu64,
			 &user, &system, start) != 3)
		return false;
	*used = user + system;
	return true;
}

static void read_self(struct procinfo *p, char *text)
{
	uint64_t used, start, hz = (uint64_t)sysconf(_SC_CLK_TCK);
	double up = 0, life;

	if (read_head("/proc/self/status", text)) {
		p->rss_bytes = number_of(text, "VmRSS:") * 1024;
		p->vsz_bytes = number_of(text, "VmSize:") * 1024;
	}
	if (read_head("/proc/self/smaps_rollup", text))
		p->pss_bytes = number_of(text, "Pss:") * 1024;
	if (read_head("/proc/uptime", text))
		up = strtod(text, NULL);
	if (!read_head("/proc/self/stat", text) || !process_ticks(text, &used, &start) || !hz)
		return;
	life = up - (double)start / (double)hz;
	p->cpu_perc = life > 0 ? (double)used / (double)hz / life * 100 : 0;
}

/* The line "cpu  user nice system idle iowait irq softirq steal". */
static double host_cpu(const char *stat)
{
	uint64_t v[8] = {0}, sum = 0;

	if (sscanf(stat,
		   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) < 4)
		return 0;
	for (int i = 0; i < 8; i++)
		sum += v[i];
	return sum ? (double)(sum - v[3] - v[4]) / (double)sum * 100 : 0;
}

static void read_rest(struct procinfo *p, char *text)
{
	const char *cgroup = getenv("FALCO_CGROUP_MEM_PATH");

	if (read_host("/proc/stat", text)) {
		p->host_cpu_perc = host_cpu(text);
		/* these lines stand behind one long line of interrupts, which may not fit */
		p->host_boot_ts = number_of(text, "btime ") * 1000000000;
		p->host_procs_running = number_of(text, "procs_running ");
	}
	if (read_host("/proc/meminfo", text)) {
		uint64_t total = number_of(text, "MemTotal:");
		uint64_t rest = number_of(text, "MemAvailable:");

		p->host_memory_used_bytes = total > rest ? (total - rest) * 1024 : 0;
	}
	if (read_host("/proc/sys/fs/file-nr", text))
		p->host_open_fds = strtoull(text, NULL, 10);
	if (cgroup ? read_head(cgroup, text)
		   : read_head(CGROUP_V2, text) || read_head(CGROUP_V1, text))
		p->container_memory_used_bytes = strtoull(text, NULL, 10);
}

void procinfo_read(struct procinfo *ret)
{
	char text[TEXT_MAX];

	*ret = (struct procinfo){.host_num_cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)};
	read_self(ret, text);
	read_rest(ret, text);
}
