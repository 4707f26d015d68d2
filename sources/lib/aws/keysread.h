/*
 * keysread: keys in the answers of those who give them.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sign.h"

/* All of them take printable ASCII without blanks only, since it goes into headers; bounds: */
enum { AWS_KEY_ID_MAX = 128, AWS_SECRET_MAX = 256, AWS_TOKEN_MAX = 12 << 10 };

/*
 * JSON of the metadata service, of containers, of programs, of SSO ("roleCredentials"): names are told apart by how they
 * are written. 0; -EINVAL with the reason in @err; -ENOMEM. @ret is cleared first.
 */
int keys_read_json(const char *body, size_t len, struct aws_keys *ret, char *err, size_t err_size)
	__attribute__((warn_unused_result));

/* XML of STS. The same. */
int keys_read_sts(const char *body, size_t len, struct aws_keys *ret, char *err, size_t err_size)
	__attribute__((warn_unused_result));

/* What `aws sso login` leaves in a file. */
struct aws_sso_login {
	char *token;     /* for aws_wipe() */
	int64_t expires; /* seconds since the epoch */
};

/* -EINVAL, without a token: it is none; the reason is in @err. */
int keys_read_sso_login(const char *body, size_t len, struct aws_sso_login *ret, char *err,
			size_t err_size) __attribute__((warn_unused_result));
