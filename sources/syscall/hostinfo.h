/*
 * hostinfo: the machine, its network interfaces, users and groups, as records of gyr/scapmeta.h.
 *
 * Users and groups are those of /etc/passwd and /etc/group: asking a directory service could wait
 * for the network.
 *
 * Threads: one at a time.
 */
#pragma once

#include <gyr/scapmetawrite.h>

struct hostinfo_sink {
	int (*emit)(void *ctx, const struct gyr_meta_shape *shape); /* a negative errno ends it */
	void *ctx;
};

/* What emit returned. What cannot be read is left out. */
int hostinfo_machine(const struct hostinfo_sink *sink);
int hostinfo_interfaces(const struct hostinfo_sink *sink);
int hostinfo_users(const struct hostinfo_sink *sink, const char *passwd, const char *group);
