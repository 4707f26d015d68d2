/*
 * link: a connection to NATS servers, and a batch of messages whose every acknowledgement is told.
 *
 * The library connects again by itself; what was not acknowledged in time counts as not delivered.
 *
 * Threads: [output], except that acknowledgements come on threads of the library.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/plugin.h>

struct nats_options {
	const char **servers;
	const char *subject;
	const char *user, *password_file, *token_file, *credentials;
	const char *ca_cert, *client_cert, *client_key;
	bool tls, insecure, jetstream;
	uint64_t timeout_ms;
};

struct link;

/* Prepares; connects with the first batch. Errors by gyr_fail(). *ret is freed by link_close(). */
int link_open(struct gyr *p, const struct nats_options *o, struct link **ret);

/* NULL is fine. Returns NULL. */
struct link *link_close(struct link *l);

/*
 * Publishes @n alerts and waits, at most the timeout, for what answers them: JetStream, each; a plain
 * server, all at once that it has read them. Verdicts as gyr_output_send. Errors by gyr_fail().
 */
int link_publish(struct gyr *p, struct link *l, const struct gyr_alert *const *alerts, uint32_t n,
		 uint8_t *verdicts);
