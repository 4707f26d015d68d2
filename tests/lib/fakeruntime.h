/*
 * fakeruntime: a container runtime for tests, behind a unix socket: HTTP/1.1 as docker has it, or gRPC
 * over HTTP/2 as the runtimes of kubernetes have it.
 *
 * A test gives a function that answers each request; what it asks and answers is bytes. Of HTTP/2
 * there is as much as one client with one stream at a time needs: settings, one request, one answer,
 * trailers. The names of methods are compressed and not read: requests are told apart by their message.
 *
 * Lifetime: fake_start() to fake_stop(), which waits for the thread. The function is called on that.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FAKE_HANG = -1 }; /* answer: none, until the client leaves */

struct fake_answer {
	int status; /* HTTP status, or that of gRPC; FAKE_HANG */
	const void *body;
	size_t len;
};

/* HTTP: @request is the path; gRPC: the message. */
typedef struct fake_answer (*fake_fn)(void *ctx, const char *request, size_t len);

struct fake {
	char path[96];
	int fd;
	bool is_grpc;
	fake_fn answer;
	void *ctx;
	pthread_t thread;
};

static inline void fake_send(int fd, const void *p, size_t len)
{
	(void)send(fd, p, len, MSG_NOSIGNAL);
}

/* Until the client closes. */
static inline void fake_hang(int fd)
{
	char c[256];

	while (read(fd, c, sizeof c) > 0)
		continue;
}

static inline void fake_http(const struct fake *f, int fd)
{
	char in[4096], head[128];
	size_t n = 0;

	for (;;) {
		const ssize_t r = read(fd, in + n, sizeof in - 1 - n);

		if (r <= 0)
			return;
		n += (size_t)r;
		in[n] = '\0';
		if (!strstr(in, "\r\n\r\n"))
			continue;
		char *path = strchr(in, ' ') + 1;
		*strchr(path, ' ') = '\0';
		const struct fake_answer a = f->answer(f->ctx, path, strlen(path));
		if (a.status == FAKE_HANG) {
			fake_hang(fd);
			return;
		}
		(void)snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n",
			       a.status, a.len);
		fake_send(fd, head, strlen(head));
		fake_send(fd, a.body, a.len);
		n = 0;
	}
}

static inline bool fake_read(int fd, void *p, size_t len)
{
	size_t n = 0;

	while (n < len) {
		const ssize_t r = read(fd, (char *)p + n, len - n);

		if (r <= 0)
			return false;
		n += (size_t)r;
	}
	return true;
}

static inline void fake_frame(int fd, uint8_t type, uint8_t flags, uint32_t stream, const void *p,
			      size_t len)
{
	const uint8_t head[9] = {(uint8_t)(len >> 16),
				 (uint8_t)(len >> 8),
				 (uint8_t)len,
				 type,
				 flags,
				 (uint8_t)(stream >> 24),
				 (uint8_t)(stream >> 16),
				 (uint8_t)(stream >> 8),
				 (uint8_t)stream};

	fake_send(fd, head, sizeof head);
	fake_send(fd, p, len);
}

/* Headers, one message, trailers. */
static inline void fake_grpc_answer(int fd, uint32_t stream, const struct fake_answer *a)
{
	static const char head[] = "\x88\x00\x0c"
				   "content-type\x10"
				   "application/grpc";
	char trailer[] = "\x00\x0b"
			 "grpc-status\x01"
			 "0";
	uint8_t prefix[5] = {0, (uint8_t)(a->len >> 24), (uint8_t)(a->len >> 16),
			     (uint8_t)(a->len >> 8), (uint8_t)a->len};
	uint8_t data[16384];

	trailer[sizeof trailer - 2] = (char)('0' + a->status % 10);
	fake_frame(fd, 1, 4, stream, head, sizeof head - 1);
	if (a->status == 0 && a->len <= sizeof data - sizeof prefix) {
		memcpy(data, prefix, sizeof prefix);
		memcpy(data + sizeof prefix, a->body, a->len);
		fake_frame(fd, 0, 0, stream, data, sizeof prefix + a->len);
	}
	fake_frame(fd, 1, 5, stream, trailer, sizeof trailer - 1);
}

static inline void fake_grpc(const struct fake *f, int fd)
{
	char preface[24];
	uint8_t head[9], body[16384];

	if (!fake_read(fd, preface, sizeof preface))
		return;
	fake_frame(fd, 4, 0, 0, NULL, 0);
	while (fake_read(fd, head, sizeof head)) {
		const size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		const uint32_t stream = (uint32_t)head[7] << 8 | head[8];

		if (len > sizeof body || !fake_read(fd, body, len))
			return;
		if (head[3] == 4 && !(head[4] & 1))
			fake_frame(fd, 4, 1, 0, NULL, 0);
		if (head[3] != 0 || len < 5)
			continue;
		const struct fake_answer a = f->answer(f->ctx, (char *)body + 5, len - 5);
		if (a.status == FAKE_HANG) {
			fake_hang(fd);
			return;
		}
		fake_grpc_answer(fd, stream, &a);
	}
}

static inline void *fake_work(void *ctx)
{
	const struct fake *f = ctx;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		if (f->is_grpc)
			fake_grpc(f, fd);
		else
			fake_http(f, fd);
		close(fd);
	}
	return NULL;
}

/* Listens at @path of @f, which is new. 0, or -1. */
static inline int fake_start(struct fake *f)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	memcpy(a.sun_path, f->path, sizeof f->path);
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->fd < 0 || bind(f->fd, (void *)&a, sizeof a) || listen(f->fd, 4))
		return -1;
	return pthread_create(&f->thread, NULL, fake_work, f);
}

static inline void fake_stop(struct fake *f)
{
	(void)shutdown(f->fd, SHUT_RDWR);
	(void)pthread_join(f->thread, NULL);
	close(f->fd);
	(void)unlink(f->path);
}
