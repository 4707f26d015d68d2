/*
 * httpd: a small HTTP server for questions that are answered at once: GET and HEAD, no bodies.
 *
 * Bounds: HTTPD_CONNECTIONS together and a quarter of that from one address, HTTPD_TIMEOUT_S of
 * silence, HTTPD_MEMORY of header a connection. TLS is 1.2 or newer. A token, where there is one, is
 * compared in constant time.
 *
 * Lifetime: httpd_new() to httpd_free(); the setup's texts are copied or read before it returns.
 * Threads: [main]; the answering function runs on the server's threads, several at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"
#include "util/log.h"

enum {
	HTTPD_CONNECTIONS = 64,
	HTTPD_TIMEOUT_S = 10,
	HTTPD_MEMORY = 32 << 10,
	HTTPD_THREADS_MAX = 64,
	HTTPD_TOKEN_MAX = 4096,
	HTTPD_ANSWER_MAX = 64 << 20, /* bytes of an answer */
};

struct httpd;

struct httpd_answer {
	unsigned status;  /* 200 at first */
	const char *type; /* of the body; a constant */
	struct buf body;
};

struct httpd_setup {
	const char *address;    /* IPv4 or IPv6 */
	uint16_t port;          /* 0: any free one */
	uint32_t threads;       /* 0: one a CPU */
	const char *cert;       /* file with certificate and key, PEM; NULL: no TLS */
	const char *token_file; /* its first line is the bearer token; NULL: none asked for */
	const char *open_path;  /* answered without a token */
	/* Answers @path, without its query; false: there is no such thing. */
	bool (*answer)(void *ctx, const char *path, struct httpd_answer *ret);
	void *ctx;
	const struct log *log;
};

/* -EINVAL with @err for files that cannot be used, -EADDRINUSE and the like with @err, -ENOMEM. */
int httpd_new(const struct httpd_setup *setup, struct httpd **ret, struct err *err);

/* Lets answers that are being written go out, and ends the threads. NULL is fine. */
struct httpd *httpd_free(struct httpd *h);

uint16_t httpd_port(const struct httpd *h);
