/*
 * link: the way to a syslog server, opened when it is needed and again when it broke.
 *
 * What it can promise differs. A local socket and UDP take whole messages, one a call. On a stream
 * link_flush() waits until the peer's kernel has acknowledged every byte, so that what was in our
 * own buffers when a connection broke is known not to have arrived.
 *
 * Lifetime: link_init() to link_deinit(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "tls.h"

struct link {
	struct address to;
	struct tls_setup *setup; /* TLS only */
	struct tls *tls;
	int fd;               /* -1: not open */
	bool is_local_stream; /* a local socket that takes no datagrams: NUL ends a message */
	uint64_t n_connects;
};

/* Milliseconds until @until_ms, for poll(). */
int link_ms_left(uint64_t until_ms);
uint64_t link_clock_ms(void);

void link_init(struct link *l, const struct address *to, struct tls_setup *setup);
void link_deinit(struct link *l);
void link_shut(struct link *l);

/* Whether messages travel in a stream, each with its frame. */
bool link_is_stream(const struct link *l);

/* Makes sure of a connection that the peer has not closed. 0, or a negative errno, error kept. */
int link_ready(struct gyr *p, struct link *l, uint64_t until_ms);

/* Sends bytes (stream) or one message. 0, or a negative errno; then the link is shut. */
int link_send(struct link *l, const char *data, size_t len, uint64_t until_ms);

/* Waits until all that was sent has arrived at the peer's kernel, as far as can be known. */
int link_flush(struct link *l, uint64_t until_ms);
