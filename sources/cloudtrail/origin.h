/*
 * origin: what the parameters of open name: a path, a bucket or a queue.
 *
 *	s3://bucket[/prefix]
 *	sqs://name   sqs://region/account/name   https://host/account/name   arn:aws:sqs:region:account:name
 *
 * Threads: any; no state.
 */
#pragma once

#include <stddef.h>

enum origin_kind {
	ORIGIN_PATH, /* none of the forms above: a file or a folder */
	ORIGIN_BUCKET,
	ORIGIN_QUEUE,
};

/* "" where it is not said. */
struct origin {
	enum origin_kind kind;
	char bucket[64], prefix[1025];
	char name[81], account[13], region[64];
	char url[1025]; /* of the queue, when it was given */
};

/* -EINVAL with what is wrong in @err. */
int origin_parse(const char *params, struct origin *ret, char *err, size_t err_size)
	__attribute__((warn_unused_result));
