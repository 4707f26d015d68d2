#include "hookaddress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gyr/plugin.h>

enum { BACKLOG = 128 };

static int complain(char *why, const char *text)
{
	(void)snprintf(why, HOOKADDRESS_WHY, "%s", text);
	return -EINVAL;
}

static int copy(char *dst, size_t size, const char *p, size_t len)
{
	if (len >= size)
		return -EINVAL;
	memcpy(dst, p, len);
	dst[len] = '\0';
	return 0;
}

/* HOST[:PORT], @len bytes. */
static int parse_authority(const char *p, size_t len, struct hookaddress *ret, char *why)
{
	const char *host = p, *colon = memrchr(p, ':', len);
	size_t host_len = colon ? (size_t)(colon - p) : len;
	uint64_t n = 0;

	if (len > 0 && *p == '[') {
		const char *end = memchr(p, ']', len);

		if (!end)
			return complain(why, "an IPv6 address ends with ]");
		host = p + 1;
		host_len = (size_t)(end - host);
		colon = end + 1 < p + len ? end + 1 : NULL;
		if (colon && *colon != ':')
			return complain(why, "behind ] comes :PORT");
	}
	if (copy(ret->host, sizeof ret->host, host, host_len) < 0)
		return complain(why, "the host is too long");
	if (strchr(ret->host, ':') && *p != '[')
		return complain(why,
				"an IPv6 address stands in brackets, as in http://[::1]:9765/");
	if (colon &&
	    copy(ret->port, sizeof ret->port, colon + 1, len - (size_t)(colon + 1 - p)) < 0)
		return complain(why, "the port is no number up to 65535");
	if (gyr_parse_u64(ret->port, &n) < 0 || n > 65535)
		return complain(why, "the port is no number up to 65535");
	return 0;
}

int hookaddress_parse(const char *url, struct hookaddress *ret, char why[HOOKADDRESS_WHY])
{
	const char *p = strstr(url, "://"), *path;

	if (!p)
		return complain(why, "want http://HOST:PORT/PATH");
	*ret = (struct hookaddress){.is_tls = strncmp(url, "https", 5) == 0};
	(void)snprintf(ret->port, sizeof ret->port, "%s", ret->is_tls ? "443" : "80");
	p += 3;
	path = p + strcspn(p, "/?#");
	if (*path == '?' || *path == '#' || strpbrk(path, "?#"))
		return complain(why, "a path only, without ? and #");
	if (memchr(p, '@', (size_t)(path - p)))
		return complain(why, "no user in front of the host: see tokenFile and clientCA");
	if (copy(ret->path, sizeof ret->path, *path ? path : "/", *path ? strlen(path) : 1) < 0)
		return complain(why, "the path is too long");
	return parse_authority(p, (size_t)(path - p), ret, why);
}

/* ---- the socket ---- */

static int listen_at(const struct addrinfo *a, int *ret_fd)
{
	const int on = 1, off = 0;
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage s = {0};
	socklen_t len = sizeof s;

	(void)getsockname(fd, (struct sockaddr *)&s, &len);
	return ntohs(s.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&s)->sin6_port
					     : ((const struct sockaddr_in *)&s)->sin_port);
}

/* IPv6 first where every address is meant: it takes IPv4, too. */
static int listen_any(const struct addrinfo *list, bool is_every, int *ret_fd)
{
	int r = -EADDRNOTAVAIL;

	for (int pass = 0; pass < 2 && r < 0; pass++)
		for (const struct addrinfo *a = list; a && r < 0; a = a->ai_next)
			if (!is_every || (a->ai_family == AF_INET6) == (pass == 0))
				r = listen_at(a, ret_fd);
	return r;
}

int hookaddress_listen(const struct hookaddress *a, int *ret_fd, uint16_t *ret_port,
		       char why[HOOKADDRESS_WHY])
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	int r = getaddrinfo(a->host[0] ? a->host : NULL, a->port, &hints, &list);

	if (r)
		return complain(why, gai_strerror(r));
	r = listen_any(list, a->host[0] == '\0', ret_fd);
	freeaddrinfo(list);
	if (r < 0)
		(void)complain(why, strerror(-r));
	else
		*ret_port = port_of(*ret_fd);
	return r;
}
