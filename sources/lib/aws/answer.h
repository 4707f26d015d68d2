/*
 * answer: what a service says when it does not do what was asked, and whether asking again may help.
 *
 * Threads: any; no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AWS_ERROR_BYTES = 64 << 10 }; /* of a body that says what is wrong; the rest is left out */

struct aws_error {
	char code[96];     /* "NoSuchKey"; "" when the body did not say */
	char message[512]; /* printable */
	char region[64];   /* where S3 says that the bucket is; "" or valid */
};

/* Reads the body of an error: XML (S3, STS, SQS by queries) or JSON (SQS, SSO). What cannot be read leaves empty texts. */
void aws_error_read(const char *body, size_t len, struct aws_error *ret);

/* Takes the code out of a header (x-amzn-query-error "Code;Sender", x-amzn-errortype "Code:where"). */
void aws_error_set_code(struct aws_error *e, const char *code, size_t len);

enum aws_verdict {
	AWS_FINAL,     /* asking again would get the same */
	AWS_AGAIN,     /* may pass */
	AWS_THROTTLED, /* may pass, when asked less often */
	AWS_SKEWED,    /* the clock may be off */
	AWS_EXPIRED,   /* with other credentials */
	AWS_ELSEWHERE, /* the bucket is in another region */
};

/* What to do about an answer that is not 2xx. */
enum aws_verdict aws_error_judge(int http_status, const char *code);
