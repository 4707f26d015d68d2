/*
 * sign: Signature Version 4 of a request.
 *
 * A request is brought into one canonical form, hashed, and the hash is authenticated with a key made of the
 * secret, the day, the region and the service, so that a signature is good for these only. libcurl can do
 * this too, but its 7.88 signs the query unsorted and sends other bytes than it signed for keys that
 * need encoding; both are refused by servers that check.
 *
 * Format: "Create a signed AWS API request" in the IAM user guide. The path is taken as it is sent, so it
 * is the caller's to encode it once (aws_text_encode), as S3 wants it; all other services ask for "/".
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a caller proves who it is by. */
struct aws_keys {
	char *id, *secret;
	char *token;     /* of a session; NULL: none */
	int64_t expires; /* seconds since the epoch; 0: never */
};

struct aws_pair {
	const char *name, *value;
};

enum {
	AWS_SIGN_HEADERS = 32, /* at most, with those that are added here */
	AWS_HASH_HEX = 65,     /* SHA-256 in hexadecimal, and its NUL */
};

struct aws_sign_request {
	const char *method;
	const char *host;  /* as sent, with a port that is not the scheme's own */
	const char *path;  /* encoded, as sent; begins with '/' */
	const char *query; /* from aws_sign_query(), as sent; "" for none */
	/* Further headers to sign, in any order. Host, x-amz-date, x-amz-content-sha256 and
	 * x-amz-security-token are added. */
	const struct aws_pair *headers;
	size_t n_headers;
	const char *payload_hash; /* hexadecimal SHA-256 of the body */
	int64_t time;             /* seconds since the epoch, by the clock of the server */
	const struct aws_keys *keys;
	const char *region, *service;
	int omit_payload_hash; /* no header x-amz-content-sha256 (not for S3) */
};

struct aws_signature {
	char date[17];            /* x-amz-date: 20150830T123600Z */
	char authorization[2048]; /* the header's value */
};

/* -E2BIG: too many headers, or one too long; -ENOMEM. */
int aws_sign(const struct aws_sign_request *rq, struct aws_signature *ret)
	__attribute__((warn_unused_result));

struct aws_text;

/* Adds the query of @n pairs (names and values raw; a NULL value is an empty one), encoded and sorted. */
void aws_sign_query(struct aws_text *t, const struct aws_pair *pairs, size_t n);

/* SHA-256 in lower-case hexadecimal. */
void aws_sha256_hex(const void *bytes, size_t n, char ret[AWS_HASH_HEX]);

/* Overwrites and frees what it holds. */
void aws_keys_clear(struct aws_keys *k);
/* 0, or -ENOMEM with @dst empty; @dst is cleared first. */
int aws_keys_copy(struct aws_keys *dst, const struct aws_keys *src)
	__attribute__((warn_unused_result));
