/*
 * credentials: the chain that finds the keys, and renews them.
 *
 * Where keys come from is decided once, at the start, in the order of the official SDKs: a profile that was
 * asked for, keys in the environment, web identity in the environment, the usual profile, the container's endpoint, the metadata
 * service of the instance. From there it may go on over roles, each taken on with the keys of the one before.
 *
 * The chain sends nothing: it says what to ask (aws_chain_step) and is told the answer, so that asking may wait among all
 * other transfers of its owner, and a stream never waits for keys that are being renewed. Keys that are still good stay
 * in use until there are others; there is one renewal at a time.
 *
 * Lifetime: aws_chain_open() to aws_chain_close(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "sign.h"

struct aws_chain;

struct aws_chain_options {
	const char *profile, *region, *config_file, *credentials_file;
	const char *role_arn, *external_id, *session_name;
	const char *imds; /* "off", an URL, or NULL */
	/* Filled in by aws_chain_open() with what the environment and the profile say of endpoints. The texts are the
	 * chain's, or were there before. */
	struct aws_endpoint_options *endpoints;
};

enum {
	AWS_RENEW_BEFORE_S = 300,        /* and up to a tenth of that earlier, at random */
	AWS_ROLES = 5,                   /* taken on one after another at most */
	AWS_CREDENTIAL_BYTES = 64 << 10, /* of an answer, a token file, the output of a program */
};

enum aws_step {
	AWS_STEP_DONE,    /* there are keys, or all failed: aws_chain_error() */
	AWS_STEP_HTTP,    /* send this, then aws_chain_answer() */
	AWS_STEP_PROCESS, /* wait until `fd` can be read, then aws_chain_readable() */
};

/* What to ask. The texts are the chain's until it is answered. */
struct aws_fetch {
	const char *method, *url;
	struct aws_pair headers[4];
	size_t n_headers;
	const char *body; /* NULL: none; application/x-www-form-urlencoded */
	size_t body_len;
	const struct aws_keys *keys; /* to sign with, for STS; NULL: unsigned */
	const char *region;          /* of the signature */
	bool is_local; /* a metadata address: never through a proxy, and soon given up */
	long timeout_ms;
	int tries;
	int fd; /* AWS_STEP_PROCESS */
};

/* 0, or a negative errno with what is wrong, and where, in @err. */
int aws_chain_open(const struct aws_chain_options *o, struct aws_chain **ret, char *err,
		   size_t err_size) __attribute__((warn_unused_result));
struct aws_chain *aws_chain_close(struct aws_chain *ch); /* takes NULL, returns NULL */

/* Starts to look for keys, and for the region where that is not known; nothing when it is at it. */
void aws_chain_begin(struct aws_chain *ch);
bool aws_chain_is_busy(const struct aws_chain *ch);
enum aws_step aws_chain_step(struct aws_chain *ch, struct aws_fetch *ret);
/* The answer to AWS_STEP_HTTP; @status 0: there was none, @body says why. */
void aws_chain_answer(struct aws_chain *ch, int status, const char *body, size_t len);
void aws_chain_readable(struct aws_chain *ch);

/* Keys to sign with at @now (seconds since the epoch), NULL when there are none that are still good. */
const struct aws_keys *aws_chain_keys(const struct aws_chain *ch, int64_t now);
/* Whether there is reason to begin: no keys yet, or they end soon. */
bool aws_chain_is_due(const struct aws_chain *ch, int64_t now);
/* The keys were refused as expired: they are used no more. False: there will never be others. */
bool aws_chain_expire(struct aws_chain *ch);

/* A region is asked for: true while it may still be found out by a search that is on, or due now. */
bool aws_chain_want_region(struct aws_chain *ch);

/* Why the last search failed; "" when it did not. */
const char *aws_chain_error(const struct aws_chain *ch);
const char *aws_chain_region(const struct aws_chain *ch); /* "" while unknown */
const char *aws_chain_name(const struct aws_chain *ch);   /* where keys come from, for people */
