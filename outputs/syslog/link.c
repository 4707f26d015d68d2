/*
 * link: sockets, each wait with a deadline.
 */
#include "link.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <gyr/plugin.h>
#include <gyr/sigpipe.h>

uint64_t link_clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int link_ms_left(uint64_t until_ms)
{
	const uint64_t now = link_clock_ms();

	if (now >= until_ms)
		return 0;
	return until_ms - now > INT32_MAX ? INT32_MAX : (int)(until_ms - now);
}

void link_init(struct link *l, const struct address *to, struct tls_setup *setup)
{
	*l = (struct link){.to = *to, .setup = setup, .fd = -1};
}

void link_shut(struct link *l)
{
	struct gyr_sigpipe held;

	gyr_sigpipe_hold(&held);
	l->tls = tls_free(l->tls);
	gyr_sigpipe_release(&held);
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

void link_deinit(struct link *l)
{
	link_shut(l);
	l->setup = tls_setup_free(l->setup);
}

bool link_is_stream(const struct link *l)
{
	return l->to.transport == TRANSPORT_TCP || l->to.transport == TRANSPORT_TLS ||
	       l->is_local_stream;
}

static int pending_error(int fd)
{
	int e = 0;
	socklen_t size = sizeof e;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &size) < 0 ? -errno : -e;
}

/* ---- opening ---- */

static int open_local(struct link *l, int type)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	memcpy(to.sun_path, l->to.host, strlen(l->to.host));
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) {
		const int r = -errno;

		(void)close(fd);
		return r;
	}
	l->fd = fd;
	l->is_local_stream = type == SOCK_STREAM;
	return 0;
}

static int connect_one(const struct addrinfo *a, uint64_t until_ms, int *ret_fd)
{
	const int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0)
		r = -errno;
	if (r == -EINPROGRESS)
		r = poll(&p, 1, link_ms_left(until_ms)) == 1 ? pending_error(fd) : -ETIMEDOUT;
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int open_remote(struct gyr *p, struct link *l, uint64_t until_ms)
{
	const struct addrinfo want = {
		.ai_socktype = l->to.transport == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM};
	struct addrinfo *list;
	int r = getaddrinfo(l->to.host, l->to.port, &want, &list);

	if (r)
		return gyr_fail(p, -EHOSTUNREACH, "'%s': %s", l->to.host, gai_strerror(r));
	r = -EHOSTUNREACH;
	for (const struct addrinfo *a = list; a && r < 0; a = a->ai_next)
		r = connect_one(a, until_ms, &l->fd);
	freeaddrinfo(list);
	if (r < 0)
		return gyr_fail(p, r, "'%s' port %s: %s", l->to.host, l->to.port, strerror(-r));
	return 0;
}

static int link_open(struct gyr *p, struct link *l, uint64_t until_ms)
{
	int r;

	if (l->to.transport == TRANSPORT_LOCAL) {
		r = open_local(l, SOCK_DGRAM);
		if (r == -EPROTOTYPE)
			r = open_local(l, SOCK_STREAM);
		return r ? gyr_fail(p, r, "'%s': %s", l->to.host, strerror(-r)) : 0;
	}
	r = open_remote(p, l, until_ms);
	if (r || l->to.transport != TRANSPORT_TLS)
		return r;
	l->tls = tls_open(p, l->setup, l->fd, l->to.host, until_ms);
	if (l->tls)
		return 0;
	link_shut(l);
	return -EPROTO;
}

/* A server that ends a connection says so by an end of its own stream. */
static bool link_is_over(struct link *l)
{
	char nothing[512];
	ssize_t n;

	if (!link_is_stream(l))
		return false;
	if (l->tls)
		return tls_is_over(l->tls);
	while ((n = recv(l->fd, nothing, sizeof nothing, MSG_DONTWAIT)) > 0)
		continue;
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

int link_ready(struct gyr *p, struct link *l, uint64_t until_ms)
{
	struct gyr_sigpipe held;
	int r = 0;

	if (l->fd >= 0 && link_is_over(l))
		link_shut(l);
	if (l->fd >= 0)
		return 0;
	gyr_sigpipe_hold(&held);
	r = link_open(p, l, until_ms);
	gyr_sigpipe_release(&held);
	l->n_connects += r == 0;
	return r;
}

/* ---- sending ---- */

static int send_plain(struct link *l, const char *data, size_t len, uint64_t until_ms)
{
	while (len > 0) {
		const ssize_t n = send(l->fd, data, len, MSG_NOSIGNAL);
		struct pollfd p = {.fd = l->fd, .events = POLLOUT};

		if (n >= 0) {
			data += n;
			len -= (size_t)n;
			continue;
		}
		/* A local socket whose queue is full, or an interface that is. */
		if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			return -errno;
		if (errno != EINTR && poll(&p, 1, link_ms_left(until_ms)) == 0)
			return -ETIMEDOUT;
	}
	return 0;
}

int link_send(struct link *l, const char *data, size_t len, uint64_t until_ms)
{
	struct gyr_sigpipe held;
	int r;

	if (l->tls) {
		gyr_sigpipe_hold(&held);
		r = tls_write(l->tls, data, len, until_ms);
		gyr_sigpipe_release(&held);
	} else {
		r = send_plain(l, data, len, until_ms);
	}
	/* That nobody listens on a UDP port comes back as an error of the socket. */
	if (r == 0 && l->to.transport == TRANSPORT_UDP)
		r = pending_error(l->fd);
	if (r)
		link_shut(l);
	return r;
}

int link_flush(struct link *l, uint64_t until_ms)
{
	int queued = 0, r = 0;

	if (!link_is_stream(l) || l->is_local_stream)
		return 0;
	while (r == 0 && ioctl(l->fd, SIOCOUTQ, &queued) == 0 && queued > 0) {
		struct pollfd p = {.fd = l->fd, .events = POLLERR};
		const int left = link_ms_left(until_ms);

		if (left == 0)
			r = -ETIMEDOUT;
		else if (poll(&p, 1, 1) == 1)
			r = pending_error(l->fd) ? -ECONNRESET : -EPIPE;
	}
	/* A reset empties the queue, too; and who has hung up reads nothing any more. */
	if (r == 0)
		r = pending_error(l->fd);
	if (r == 0 && link_is_over(l))
		r = -ECONNRESET;
	if (r)
		link_shut(l);
	return r;
}
