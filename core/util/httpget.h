/*
 * httpget: asks one HTTP or HTTPS URL and takes the answer whole. For commands, not for events.
 *
 * Bounds: HTTPGET_MAX bytes of an answer, a time for each step. No redirects, no proxies. HTTPS
 * verifies the peer, by the system's certificates or the file given.
 *
 * Threads: any.
 */
#pragma once

#include <stdint.h>

#include "util/buf.h"
#include "util/err.h"

enum { HTTPGET_MAX = 64 << 20, HTTPGET_URL_MAX = 1024 };

struct httpget {
	const char *url;     /* "http://host:port/path"; without a path "/" is asked for */
	const char *path;    /* put behind the URL; may be NULL */
	const char *token;   /* bearer token; may be NULL */
	const char *ca_file; /* certificates to trust besides the system's; may be NULL */
	uint32_t timeout_ms;
};

/* The body goes to @ret_body, which is emptied first. -EINVAL for a URL that cannot be read, -EIO for
 * all else, with @err; -ENOMEM. */
int httpget(const struct httpget *q, unsigned *ret_status, struct buf *ret_body, struct err *err);

/* Reads a whole answer: status, and where the body starts. -EINVAL with @err. */
int httpget_parse(struct str answer, unsigned *ret_status, struct str *ret_body, struct err *err);
