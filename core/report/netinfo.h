/*
 * netinfo: the addresses of this host, by interface and protocol.
 *
 * Threads: any.
 */
#pragma once

enum { NETINFO_MAX = 128 }; /* interfaces by protocol; more are left out */

/* Calls @each with "ipv4" or "ipv6" and all addresses of it that @interface has: "10.0.0.1,10.0.0.2".
 * The texts are valid during the call. Does nothing when they cannot be had. */
void netinfo_each(void (*each)(void *ctx, const char *interface, const char *protocol,
			       const char *addresses),
		  void *ctx);
