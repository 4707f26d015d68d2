/*
 * sqs: the calls of a queue, and what it answers.
 *
 * Format: Amazon SQS API reference, JSON protocol (application/x-amz-json-1.0, X-Amz-Target).
 *
 * Lifetime: a call's `done` is called once, from aws_client_run(). Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/client.h"

enum {
	SQS_BATCH = 10, /* entries of a call, messages of an answer */
	SQS_URL = 1025,
};

struct sqs {
	struct aws_client *client;
	const char *region; /* NULL: the client's */
	char url[SQS_URL];  /* of the queue; "" while unknown */
	bool keeps_host;    /* an endpoint is given: what host the URL names does not matter */
};

struct sqs_receive {
	unsigned messages, wait_s, visibility_s;
};

/* All return what aws_client_send() does, or -ENOMEM. */
int64_t sqs_find(struct sqs *s, const char *name, const char *account, aws_done_fn done, void *arg)
	__attribute__((warn_unused_result));
int64_t sqs_receive(struct sqs *s, const struct sqs_receive *how, aws_done_fn done, void *arg)
	__attribute__((warn_unused_result));
int64_t sqs_delete(struct sqs *s, const char *const *receipts, size_t n, aws_done_fn done,
		   void *arg) __attribute__((warn_unused_result));

struct sqs_visibility {
	const char *const *receipts;
	size_t n;
	unsigned seconds;
};

int64_t sqs_change(struct sqs *s, const struct sqs_visibility *v, aws_done_fn done, void *arg)
	__attribute__((warn_unused_result));

/* ---- answers ---- */

/* Texts are lent until the callback returns. */
struct sqs_message {
	const char *id, *receipt, *body;
	size_t body_len;
	unsigned receives; /* how often it was received; 0: not said */
};

/* Calls @on_message for each. The number; -EBADMSG: no such answer. */
int sqs_read_messages(const char *body, size_t len,
		      void (*on_message)(void *arg, const struct sqs_message *m), void *arg)
	__attribute__((warn_unused_result));

/* Of @n entries, those whose bit is set did not succeed. -EBADMSG: no such answer. */
int sqs_read_failed(const char *body, size_t len, size_t n, uint32_t *ret_failed)
	__attribute__((warn_unused_result));

/* The URL of sqs_find(). -EBADMSG. */
int sqs_read_url(const char *body, size_t len, char ret[SQS_URL])
	__attribute__((warn_unused_result));
