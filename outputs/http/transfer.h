/*
 * transfer: one connection to one URL, kept between requests, and what came of a request.
 *
 * TLS is verified against the host's name, from version 1.2 on; redirects are not followed; an
 * answer is read up to a bound; every request ends by its deadline.
 *
 * Lifetime: transfer_open() to transfer_close(); the options outlive it. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "body.h"

struct gyr;
struct http_options;

enum {
	TRANSFER_ANSWER_MAX = 4 << 20, /* bytes of an answer that are read at all */
	TRANSFER_SECRET_MAX = 64 << 10,
};

struct transfer {
	void *curl;    /* CURL * */
	void *headers; /* struct curl_slist * */
	char *shown;   /* the URL without what may be secret */
	char why[256]; /* of the last failure below HTTP */
};

struct reply {
	long status; /* 0: there was no answer; .why of the transfer says it */
	bool is_timeout;
	bool is_cut; /* the answer was longer than the bound */
	uint64_t retry_after_s;
	struct body body;
};

/* 0, or a negative errno with the error kept in @p. */
int transfer_open(struct gyr *p, struct transfer *t, const struct http_options *o,
		  const char *content_type, const char *path);
void transfer_close(struct transfer *t);

/* Reads the files of secrets again: 0, or a negative errno with the error kept in @p. */
int transfer_secrets(struct gyr *p, struct transfer *t, const struct http_options *o);

/* Posts @b and fills @ret, whose body is the caller's to keep and deinit. */
void transfer_post(struct transfer *t, const struct body *b, struct reply *ret);
