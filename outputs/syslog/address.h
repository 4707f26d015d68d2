/*
 * address: where a syslog server is: "/dev/log", "udp://host", "tcp://[::1]:601", "tls://host:6514".
 *
 * Threads: pure.
 */
#pragma once

#include <stddef.h>

enum transport { TRANSPORT_LOCAL, TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

struct address {
	enum transport transport;
	char host[256]; /* or the path of the local socket */
	char port[8];
};

/* 0, or -EINVAL and *ret_why, a constant. Ports: 514, 601, 6514 unless given. */
int address_parse(const char *text, struct address *ret, const char **ret_why);
