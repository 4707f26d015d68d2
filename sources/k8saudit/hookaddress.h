/*
 * hookaddress: "http://HOST:PORT/PATH" to a socket that listens.
 *
 * HOST may be empty (every address, IPv6 and IPv4), a name, an IPv4 address, or an IPv6 one in
 * brackets. Without PORT it is that of the scheme; 0 is any free one. Without PATH it is "/".
 *
 * Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOOKADDRESS_WHY = 256 };

struct hookaddress {
	bool is_tls;
	char host[256]; /* without brackets */
	char port[8];
	char path[1024];
};

/* -EINVAL with a text for people. */
int hookaddress_parse(const char *url, struct hookaddress *ret, char why[HOOKADDRESS_WHY])
	__attribute__((warn_unused_result));

/* A socket, not blocking, and its port. Errnos with a text for people. */
int hookaddress_listen(const struct hookaddress *a, int *ret_fd, uint16_t *ret_port,
		       char why[HOOKADDRESS_WHY]) __attribute__((warn_unused_result));
