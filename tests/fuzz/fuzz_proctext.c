/*
 * proctext on any bytes: what it returns lies inside the text, and lists keep to their bound. The first
 * byte says which file of /proc the rest is.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proctext.h"

enum {
	STAT,
	STATUS,
	LIMITS,
	NUMBER,
	FDINFO,
	CGROUP,
	LIST,
	INET,
	INET6,
	UNIX,
	NETLINK,
	LINK,
	KINDS
};

static void check(int holds)
{
	if (!holds)
		abort();
}

static void each_socket(enum proctext_sock_family family, const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = nl ? nl : end;
		struct proctext_sock s;

		if (proctext_sock(family, at, (size_t)(line_end - at), &s) == 0) {
			check(s.ino != 0);
			check(!s.path_len || (s.path >= at && s.path + s.path_len <= line_end));
		}
		at = line_end + 1;
	}
}

static void lists(const char *text, size_t len)
{
	char out[64];
	uint32_t left_out;
	bool cut;
	size_t n = proctext_cgroups(text, len, out, sizeof out, &left_out);

	check(n <= sizeof out && (!n || out[n - 1] == '\0'));
	n = proctext_list_cut(text, len, 16, &cut);
	check(n <= 16 && n <= len && cut == (len > 16));
}

static void small(unsigned kind, const char *text, size_t len)
{
	struct proctext_stat stat;
	struct proctext_status status;

	if (kind == STAT && proctext_stat(text, len, &stat) == 0)
		check(stat.comm_len <= sizeof stat.comm);
	if (kind == STATUS)
		proctext_status(text, len, &status);
	if (kind == LIMITS)
		(void)proctext_limit_files(text, len);
	if (kind == NUMBER)
		(void)proctext_number(text, len, 7);
	if (kind == FDINFO)
		(void)proctext_open_flags(text, len);
	if (kind == LINK)
		(void)proctext_link_ino(text, len, "socket");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const unsigned kind = len ? data[0] % KINDS : 0;
	/* A copy of exact size, so that reading past the end is seen. */
	char *text = malloc(len ? len : 1);

	if (!text || !len) {
		free(text);
		return 0;
	}
	memcpy(text, data + 1, len - 1);
	if (kind == CGROUP || kind == LIST)
		lists(text, len - 1);
	else if (kind >= INET && kind <= NETLINK)
		each_socket((enum proctext_sock_family)(kind - INET), text, len - 1);
	else
		small(kind, text, len - 1);
	free(text);
	return 0;
}
