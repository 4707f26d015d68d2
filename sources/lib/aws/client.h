/*
 * client: requests to AWS, many at once, from one thread that has other work too.
 *
 * The client signs a request, sends it, and keeps at it: what fails in a way that may pass is sent again (with
 * full jitter, and as the server asked), a body that broke off goes on where it broke off, a bucket is looked for
 * in the region where it is, a clock that is off is allowed for, credentials are renewed before they
 * end. What its caller hears is the end of that, once. There are no threads: work is done inside
 * aws_client_run(), where the callbacks are called, and nowhere else.
 *
 * Bounds: AWS_REQUESTS open requests, AWS_RETRY_TOKENS for sending again (5 a retry, 10 after a timeout, one back
 * a success), answers of max_body bytes, headers of AWS_HEADER_BYTES, names and codes of the fields below.
 *
 * Lifetime: aws_client_open() to aws_client_close(). Threads: one, but aws_client_wake(), which is any's. Callbacks may call
 * aws_client_send(), _cancel() and _resume(); never _run() or _close().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "sign.h"

struct aws_client;

enum {
	AWS_REQUESTS = 4096,
	AWS_RETRY_TOKENS = 500,
	AWS_HEADER_BYTES = 16 << 10,
	AWS_BODY_BYTES = 8 << 20, /* of an answer that is kept, where the request says nothing */
	AWS_TIMEOUT_S = 30,
	AWS_MAX_RETRIES = 10,
	AWS_PAUSE = 1, /* of on_data: not now */
};

/* All texts are copied. NULL and "" are the same: what the environment, the profile or the rules say. */
struct aws_options {
	const char *profile, *region;
	const char *config_file,
		*credentials_file; /* in place of ~/.aws/config, ~/.aws/credentials */
	const char *endpoint, *endpoint_sqs,
		*endpoint_sts; /* endpoint: S3, and the others without one */
	const char *role_arn, *external_id,
		*session_name; /* a role to take on with what was found */
	bool use_fips, use_dualstack, path_style;
	int max_retries;      /* of a request; 0: AWS_MAX_RETRIES; negative: none */
	const char *imds;     /* "off", or the URL of the metadata service of the instance */
	const char *ca_file;  /* authorities to trust, in place of the system's */
	const char *proxy;    /* URL; metadata addresses are never asked through it */
	uint32_t connections; /* kept open, and open to one host at most; 0: 64 */
	uint32_t
		retry_ms; /* the first pause lasts up to this, each further one up to twice as long, up to
				  20 times of it; 0: 1000 */
	/* Something a person should know while the client copes (keys not renewed, say). NULL: not told. */
	void (*on_note)(void *arg, const char *text);
	void *note_arg;
};

/* The end of a request. All memory is the client's, until the callback returns. */
struct aws_answer {
	int64_t id;
	int http_status; /* 0: there was no answer, `message` says why */
	/* The service's error ("NoSuchKey"), one of ours ("NoCredentials", "Connection", "Timeout", "TooLarge",
	 * "Refused" by on_data, "Request" when it could not be made), or "". */
	const char *code;
	const char *message;    /* for people; "" without error */
	const char *etag;       /* with its quotes, or "" */
	int64_t content_length; /* of the whole object where ranges are in play; -1: not said */
	const char *body;       /* when on_data was NULL; NUL-terminated, never NULL */
	size_t body_len;
	uint32_t retries;
	bool retried_out; /* it may pass: the retries, or the tokens for them, ran out */
};

typedef int (*aws_data_fn)(void *arg, const void *bytes, size_t n);
typedef void (*aws_done_fn)(void *arg, const struct aws_answer *a);

/* Everything is copied by aws_client_send(). */
struct aws_request {
	enum aws_service service;
	const char *method; /* "GET" */
	const char *region; /* NULL: that of the client */
	const char *
		url; /* scheme and host in place of the endpoint, as of a queue's URL; its path is not used */
	const char *bucket; /* S3 */
	const char *path;   /* S3: the key, as it is (not encoded, no '/' in front); NULL: none */
	const struct aws_pair *query; /* as they are, in any order */
	size_t n_query;
	const struct aws_pair
		*headers; /* beyond host, range, if-match and those of the signature */
	size_t n_headers;
	const void *body;
	size_t body_len;
	uint64_t range_from, range_len; /* both 0: all; range_len 0: to the end */
	const char *if_match;           /* an ETag with its quotes */
	long timeout_s; /* without a byte coming in (on_data) or altogether (else); 0: AWS_TIMEOUT_S */
	size_t max_body; /* 0: AWS_BODY_BYTES */
	/*
	 * The body of a 2xx answer as it comes. 0: go on; AWS_PAUSE: nothing was taken, the same bytes come again after
	 * aws_client_resume(); negative: give up, answered as "Refused". NULL: the body comes with the answer.
	 */
	aws_data_fn on_data;
	aws_done_fn on_done;
	void *arg;
};

struct aws_counters {
	uint64_t requests;                  /* sent by callers */
	uint64_t attempts;                  /* asked of servers, those for credentials included */
	uint64_t retries;                   /* attempts after a failure that may pass */
	uint64_t throttled;                 /* answers that asked to slow down */
	uint64_t auth_failures;             /* 401, 403, and no credentials */
	uint64_t redirects;                 /* buckets found in another region */
	uint64_t skews;                     /* times the clock was found to be off */
	uint64_t resumed;                   /* bodies that went on where they broke off */
	uint64_t refused;                   /* answers over a bound */
	uint64_t exhausted;                 /* requests that ended with retried_out */
	uint64_t renewals, renewals_failed; /* of credentials */
	uint64_t bytes;                     /* of bodies, received */
};

/*
 * Reads the profile and finds out where credentials will come from; nothing is sent. 0, or a negative errno
 * with what is wrong, and where, in @err.
 */
int aws_client_open(const struct aws_options *o, struct aws_client **ret, char *err,
		    size_t err_size) __attribute__((warn_unused_result));

/* Gives up all requests without calling back. Takes NULL, returns NULL. */
struct aws_client *aws_client_close(struct aws_client *c);

/*
 * Queues a request: its number, positive and never used again. -EBUSY: AWS_REQUESTS are open; -EINVAL: no method, no on_done,
 * or a header with a line break; -ENOMEM. on_done is called once, from aws_client_run(), unless it is cancelled before.
 */
int64_t aws_client_send(struct aws_client *c, const struct aws_request *rq)
	__attribute__((warn_unused_result));

/* Forgets a request: no more callbacks. A number that is not open is fine. */
void aws_client_cancel(struct aws_client *c, int64_t id);

/* Goes on with a request whose on_data said AWS_PAUSE, at the next aws_client_run(). */
void aws_client_resume(struct aws_client *c, int64_t id);

/* Works until something was called back or @timeout_ms are over (0: what can be done at once). The number of requests
 * that are still open, or a negative errno of libcurl's poll. */
int aws_client_run(struct aws_client *c, int timeout_ms) __attribute__((warn_unused_result));

/* Ends the wait of aws_client_run(), now or the next one. [any] */
void aws_client_wake(struct aws_client *c);

void aws_client_counters(const struct aws_client *c, struct aws_counters *ret);

/* The region of the client; "" while it is not known (the metadata service has not been asked yet). */
const char *aws_client_region(const struct aws_client *c);
/* Where credentials come from, for people: "profile 'audit' of ~/.aws/config, then role arn:...". */
const char *aws_client_identity(const struct aws_client *c);
