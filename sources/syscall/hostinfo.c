#include "hostinfo.h"

#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include "procfile.h"
#include "proctext.h"

enum { NS_A_SECOND = 1000000000, MEGABIT = 1000000, NAMES_MAX = 16384, INTERFACES_MAX = 1024 };

static struct gyr_meta_text text(const char *p)
{
	return (struct gyr_meta_text){.p = p ? p : "", .len = p ? strlen(p) : 0};
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_A_SECOND + (uint64_t)t.tv_nsec;
}

static uint64_t number_in(const char *path, uint64_t absent)
{
	struct procfile buf = {.buf = NULL};
	const ssize_t n = procfile_read(&buf, -1, path, 64, NULL);
	const uint64_t ret = n > 0 ? proctext_number(buf.buf, (size_t)n, absent) : absent;

	procfile_deinit(&buf);
	return ret;
}

int hostinfo_machine(const struct hostinfo_sink *sink)
{
	struct gyr_meta_machine x = {.is_live = 1, .hostname = text("")};
	struct sysinfo info;
	char hostname[128] = "";

	if (sysinfo(&info) == 0)
		x.memory_size_bytes = (uint64_t)info.totalram * info.mem_unit;
	if (gethostname(hostname, sizeof hostname - 1) == 0)
		x.hostname = text(hostname);
	x.num_cpus = (uint32_t)get_nprocs_conf();
	x.max_pid = number_in("/proc/sys/kernel/pid_max", 0);
	x.boot_ts = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	return sink->emit(sink->ctx, GYR_META_SHAPE(GYR_META_MACHINE, x, hostname));
}

/* ---- interfaces ---- */

static void put_address(uint8_t *to, const struct sockaddr *from)
{
	if (!from)
		return;
	if (from->sa_family == AF_INET)
		memcpy(to, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	else if (from->sa_family == AF_INET6)
		memcpy(to, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
}

static int one_interface(const struct hostinfo_sink *sink, const struct ifaddrs *i)
{
	struct gyr_meta_iface x = {.family = i->ifa_addr->sa_family == AF_INET ? 4 : 6,
				   .name = text(i->ifa_name)};
	char path[64 + IFNAMSIZ];

	put_address(x.addr, i->ifa_addr);
	put_address(x.netmask, i->ifa_netmask);
	if (i->ifa_flags & IFF_BROADCAST)
		put_address(x.bcast, i->ifa_broadaddr);
	(void)snprintf(path, sizeof path, "/sys/class/net/%.15s/speed", i->ifa_name);
	x.link_speed = number_in(path, 0) * MEGABIT;
	return sink->emit(sink->ctx, GYR_META_SHAPE(GYR_META_IFACE, x, name));
}

int hostinfo_interfaces(const struct hostinfo_sink *sink)
{
	struct ifaddrs *all;
	uint32_t n = 0;
	int r = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (const struct ifaddrs *i = all; r == 0 && i && n < INTERFACES_MAX; i = i->ifa_next) {
		if (!i->ifa_addr ||
		    (i->ifa_addr->sa_family != AF_INET && i->ifa_addr->sa_family != AF_INET6))
			continue;
		r = one_interface(sink, i);
		n++;
	}
	freeifaddrs(all);
	return r;
}

/* ---- users and groups ---- */

static int users(const struct hostinfo_sink *sink, FILE *f)
{
	int r = 0, n = 0;

	for (const struct passwd *p; r == 0 && n < NAMES_MAX && (p = fgetpwent(f)); n++) {
		struct gyr_meta_user x = {.uid = p->pw_uid,
					  .gid = p->pw_gid,
					  .name = text(p->pw_name),
					  .home = text(p->pw_dir),
					  .shell = text(p->pw_shell)};

		r = sink->emit(sink->ctx, GYR_META_SHAPE(GYR_META_USER, x, name));
	}
	return r;
}

static int groups(const struct hostinfo_sink *sink, FILE *f)
{
	int r = 0, n = 0;

	for (const struct group *g; r == 0 && n < NAMES_MAX && (g = fgetgrent(f)); n++) {
		struct gyr_meta_group x = {.gid = g->gr_gid, .name = text(g->gr_name)};

		r = sink->emit(sink->ctx, GYR_META_SHAPE(GYR_META_GROUP, x, name));
	}
	return r;
}

static int with_file(const struct hostinfo_sink *sink, const char *path,
		     int (*read)(const struct hostinfo_sink *, FILE *))
{
	FILE *f = fopen(path, "re");
	int r;

	if (!f)
		return 0;
	r = read(sink, f);
	(void)fclose(f);
	return r;
}

int hostinfo_users(const struct hostinfo_sink *sink, const char *passwd, const char *group)
{
	const int r = with_file(sink, passwd, users);

	return r ? r : with_file(sink, group, groups);
}
