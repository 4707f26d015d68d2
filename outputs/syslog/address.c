/*
 * address: scheme, host, port.
 *
 * Ports by default: 514 for UDP (RFC 5426), 601 for TCP (RFC 3195), 6514 for TLS (RFC 5425).
 */
#include "address.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include <gyr/plugin.h>

static const struct {
	const char *prefix;
	enum transport transport;
	const char *port;
} schemes[] = {
	{"udp://", TRANSPORT_UDP, "514"},
	{"tcp://", TRANSPORT_TCP, "601"},
	{"tls://", TRANSPORT_TLS, "6514"},
};

static int wrong(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static bool copy(char *out, size_t size, const char *text, size_t len)
{
	if (len == 0 || len >= size)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

/* host, host:port, [v6], [v6]:port */
static int parse_host(const char *text, const char *port, struct address *a, const char **ret_why)
{
	const bool is_v6 = *text == '[';
	const char *start = text + is_v6;
	const char *end = start + strcspn(start, is_v6 ? "]" : ":/");
	const char *rest = end;
	uint64_t n;

	if (is_v6 && *rest++ != ']')
		return wrong(ret_why, "a ']' is missing");
	if (!copy(a->host, sizeof a->host, start, (size_t)(end - start)))
		return wrong(ret_why, "want a host of 1 to 255 bytes");
	if (*rest == ':')
		port = rest + 1;
	else if (*rest)
		return wrong(ret_why, "want host:port and nothing behind");
	if (gyr_parse_u64(port, &n) || n == 0 || n > 65535 ||
	    !copy(a->port, sizeof a->port, port, strlen(port)))
		return wrong(ret_why, "want a port from 1 to 65535");
	return 0;
}

int address_parse(const char *text, struct address *ret, const char **ret_why)
{
	struct address a = {.transport = TRANSPORT_LOCAL};
	int r = 0;

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		const size_t len = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, len) != 0)
			continue;
		a.transport = schemes[i].transport;
		r = parse_host(text + len, schemes[i].port, &a, ret_why);
		if (r == 0)
			*ret = a;
		return r;
	}
	if (*text != '/')
		return wrong(ret_why, "want a path, udp://, tcp:// or tls://");
	if (strlen(text) >= sizeof(((struct sockaddr_un *)NULL)->sun_path) ||
	    !copy(a.host, sizeof a.host, text, strlen(text)))
		return wrong(ret_why, "the path is too long");
	*ret = a;
	return 0;
}
