#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/ppm.h>

enum { TEXT_MAX = 128 };

static int read_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)n;
	return 0;
}

int address_read(const char *text, struct address *ret, struct fault *f)
{
	const char *colon = strrchr(text, ':'), *from = text;
	char host[TEXT_MAX];
	size_t len;

	*ret = (struct address){0};
	if (*text == '/' || *text == '@') {
		ret->family = PPM_AF_UNIX;
		ret->path = text;
		return 0;
	}
	len = colon ? (size_t)(colon - text) : 0;
	ret->family = PPM_AF_INET;
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		ret->family = PPM_AF_INET6;
		from++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof host || read_port(colon + 1, &ret->port) < 0)
		return fault_set(f,
				 "'%.80s' is no address: write 192.0.2.7:80, [2001:db8::7]:80 or "
				 "/a/path",
				 text);
	memcpy(host, from, len);
	host[len] = '\0';
	if (inet_pton(ret->family == PPM_AF_INET ? AF_INET : AF_INET6, host, ret->ip) != 1)
		return fault_set(f, "'%.80s' is no IP address", host);
	return 0;
}

int address_read_pair(const char *text, struct address ret[2], struct fault *f)
{
	const char *arrow = strstr(text, "->");
	char first[TEXT_MAX];
	int r;

	ret[1] = (struct address){0};
	if (!arrow)
		return address_read(text, &ret[0], f);
	if ((size_t)(arrow - text) >= sizeof first || *text == '/')
		return fault_set(f, "'%.80s' is no pair of addresses", text);
	memcpy(first, text, (size_t)(arrow - text));
	first[arrow - text] = '\0';
	r = address_read(first, &ret[0], f);
	if (r == 0)
		r = address_read(arrow + 2, &ret[1], f);
	if (r == 0 && ret[0].family != ret[1].family)
		return fault_set(f, "'%.80s': the two ends are of different kinds", text);
	return r;
}

static void put_end(const struct address *a, struct bytes *out)
{
	bytes_add(out, a->ip, a->family == PPM_AF_INET ? 4 : 16);
	bytes_add(out, &a->port, sizeof a->port);
}

int address_put(const char *text, struct bytes *out, struct fault *f)
{
	struct address a;
	int r = address_read(text, &a, f);

	if (r < 0)
		return r;
	bytes_add(out, &a.family, 1);
	if (a.path)
		bytes_add(out, a.path, strlen(a.path) + 1);
	else
		put_end(&a, out);
	return 0;
}

int address_put_pair(const char *text, struct bytes *out, struct fault *f)
{
	static const uint8_t no_pointers[16];
	struct address a[2];
	int r = address_read_pair(text, a, f);

	if (r < 0)
		return r;
	a[1].family = a[0].family;
	bytes_add(out, &a[0].family, 1);
	if (a[0].path) {
		bytes_add(out, no_pointers, sizeof no_pointers);
		bytes_add(out, a[0].path, strlen(a[0].path) + 1);
		return 0;
	}
	put_end(&a[0], out);
	put_end(&a[1], out);
	return 0;
}
