#include "report/netinfo.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/buf.h"

static bool is_inet(const struct ifaddrs *a)
{
	return a->ifa_addr &&
	       (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6);
}

static bool is_same(const struct ifaddrs *a, const struct ifaddrs *b)
{
	return is_inet(a) && a->ifa_addr->sa_family == b->ifa_addr->sa_family &&
	       strcmp(a->ifa_name, b->ifa_name) == 0;
}

/* Whether one before @a is of the same interface and protocol: @a was told with it. */
static bool was_told(const struct ifaddrs *list, const struct ifaddrs *a)
{
	while (list != a && !is_same(list, a))
		list = list->ifa_next;
	return list != a;
}

static void add_address(struct buf *b, const struct sockaddr *a)
{
	const void *bytes = a->sa_family == AF_INET
				    ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
				    : &((const struct sockaddr_in6 *)a)->sin6_addr;
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(a->sa_family, bytes, text, sizeof(text)))
		buf_printf(b, "%s%s", b->len ? "," : "", text);
}

void netinfo_each(void (*each)(void *ctx, const char *interface, const char *protocol,
			       const char *addresses),
		  void *ctx)
{
	struct ifaddrs *list;
	unsigned n = 0;

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *a = list; a && n < NETINFO_MAX; a = a->ifa_next) {
		struct buf b;

		if (!is_inet(a) || was_told(list, a))
			continue;
		buf_init(&b, 4096);
		for (const struct ifaddrs *x = a; x; x = x->ifa_next)
			if (is_same(x, a))
				add_address(&b, x->ifa_addr);
		buf_add_char(&b, '\0');
		if (!b.failed)
			each(ctx, a->ifa_name, a->ifa_addr->sa_family == AF_INET ? "ipv4" : "ipv6",
			     b.p);
		buf_deinit(&b);
		n++;
	}
	freeifaddrs(list);
}
