/*
 * address: socket addresses as people write them, to the bytes of an event.
 *
 *	192.0.2.7:80   [2001:db8::7]:80   /run/x.sock           one end
 *	192.0.2.7:80->198.51.100.1:4444   /run/x.sock           both
 *
 * Threads: any.
 */
#pragma once

#include "bytes.h"

struct address {
	uint8_t family; /* PPM_AF_INET, PPM_AF_INET6, PPM_AF_UNIX */
	uint8_t ip[16]; /* network order; IPv4: the first 4 */
	uint16_t port;
	const char *path; /* points into the text */
};

/* -EINVAL with @f. */
int address_read(const char *text, struct address *ret, struct fault *f);

/* The two ends of "A->B"; of "A" alone the second is all zero. -EINVAL with @f. */
int address_read_pair(const char *text, struct address ret[2], struct fault *f);

/* As parameters of the types SOCKADDR and SOCKTUPLE (../../sdk/events/README.md). */
int address_put(const char *text, struct bytes *out, struct fault *f);
int address_put_pair(const char *text, struct bytes *out, struct fault *f);
