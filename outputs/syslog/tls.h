/*
 * tls: a verified TLS client on a connected, non-blocking socket.
 *
 * The peer is checked against its host name or IP address, from TLS 1.2 on.
 *
 * Lifetime: tls_setup_new() to tls_setup_free(), every session of it ended before. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gyr;
struct tls_setup; /* certificates and checks */
struct tls;       /* one session */

/* Paths may be NULL or "": the system's authorities, no certificate of our own. NULL with the error
 * kept in @p. */
struct tls_setup *tls_setup_new(struct gyr *p, const char *ca_cert, const char *client_cert,
				const char *client_key, bool insecure);
struct tls_setup *tls_setup_free(struct tls_setup *s);

/* Shakes hands over @fd until @until_ms of the caller's monotonic clock. NULL with the error kept. */
struct tls *tls_open(struct gyr *p, struct tls_setup *s, int fd, const char *host,
		     uint64_t until_ms);
struct tls *tls_free(struct tls *t);

/* Writes all of it: 0, -ETIMEDOUT, or -EPIPE when the session is broken. */
int tls_write(struct tls *t, const char *data, size_t len, uint64_t until_ms);

/* Whether the peer has ended the session; reads and forgets what it said. */
bool tls_is_over(struct tls *t);
