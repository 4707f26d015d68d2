/*
 * request: one question to a runtime's socket, over HTTP or gRPC.
 *
 * gRPC is what it is made of: a POST over HTTP/2 whose body, and whose answer, is one message behind a
 * byte for compression (0) and its length (4 bytes, big endian); its status comes behind the answer.
 *
 * Bounds: 1 second and 4 MiB an answer.
 * Lifetime: request_init() to request_deinit(). Threads: one; `stop` may be set by any, and ends the
 * question that is running.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_MS = 1000, REQUEST_BYTES_MAX = 4 << 20 };

struct request {
	void *curl; /* CURL */
	const atomic_bool *stop;
	char *body;
	size_t len, cap;
	int grpc_status; /* -1: not told */
	int failed;      /* an errno of the callbacks */
};

/* -ENOMEM */
int request_init(struct request *r, const atomic_bool *stop);
void request_deinit(struct request *r);

/* GET @path. 0 with the answer in body and len. -ENOENT: there is no such socket, nobody listens, or
 * the answer is 404; -EIO: other answers and failures; -ETIMEDOUT; -E2BIG; -ECANCELED. */
int request_get(struct request *r, const char *socket, const char *path);

/* Calls @method ("/package.Service/Method"). As above, with NOT_FOUND for 404; -EOPNOTSUPP for
 * UNIMPLEMENTED. Header @name: @value goes with it when @name is not NULL. */
struct request_call {
	const char *socket, *method;
	const void *message;
	size_t len;
	const char *name, *value;
};
int request_call(struct request *r, const struct request_call *call);
