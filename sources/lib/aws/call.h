/*
 * call: one request on its way, and one attempt of it at a time.
 *
 * waiting (for keys, or for its time) -> running -> waiting again, or done. A call that is done or was cancelled is
 * dead: it is swept when no callback is running. The client owns its calls; an attempt owns a handle of libcurl.
 *
 * Threads: that of the client.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "answer.h"
#include "client.h"
#include "text.h"

/* What an attempt needs to know of the client. */
struct call_env {
	struct aws_endpoint_options endpoints;
	char *ca_file, *proxy;
	int64_t skew_s[AWS_N_SERVICES]; /* what to add to our clock for that of the service */
	struct aws_counters counters;
	uint64_t n_called; /* times something was called back */
};

/* The answer of the attempt so far. */
struct reply {
	int status;
	size_t header_bytes;
	char date[64], etag[160], retry_after[32], amz_retry_after[32], bucket_region[64];
	struct aws_error error; /* only its code, where a header has it */
	uint64_t range_from;    /* of Content-Range */
	int64_t total;          /* of Content-Range, or -1 */
	bool is_partial;        /* it had a Content-Range */
	struct aws_text body;   /* kept, or what is wrong */
	uint64_t skip;          /* bytes that were delivered by the attempt before */
};

struct call {
	struct call *next;
	int64_t id;
	struct aws_request rq; /* points into `owned` and `body` */
	char **owned;
	size_t n_owned;

	/* Of calls for credentials: all of the URL, the keys to sign with (NULL: unsigned), where to. */
	const char *whole_url;
	const struct aws_keys *keys;
	bool is_internal, is_local;
	long timeout_ms;
	int max_retries;

	bool is_dead, is_paused, is_resumed;
	uint64_t due_ms;  /* not before; by the monotonic clock */
	uint32_t retries; /* those that count against max_retries */
	uint32_t redirects;
	bool was_skewed, was_expired; /* once each */
	uint64_t delivered;           /* bytes that on_data took */
	char etag[160];               /* of the object that they are from */

	CURL *easy; /* NULL: not running */
	struct curl_slist *headers;
	struct call_env *env;
	char region[64]; /* signed for */
	char why[CURL_ERROR_SIZE];
	struct reply reply;
	bool was_refused, was_too_large, was_changed;
};

/* A copy of @rq; NULL without memory. */
struct call *call_new(const struct aws_request *rq);
struct call *call_free(struct call *c); /* takes NULL, returns NULL; not while it runs */

/*
 * Makes the handle of an attempt at @now (seconds since the epoch) in @region with @keys (NULL: unsigned). 0; -EINVAL: it can
 * never be made, with the reason in c->why; -ENOMEM.
 */
int call_begin(struct call *c, struct call_env *env, const char *region,
	       const struct aws_keys *keys, int64_t now) __attribute__((warn_unused_result));

/* Frees what belongs to the attempt, which is no longer in the multi handle. */
void call_end(struct call *c);
