#include "socktable.h"

#include <stdlib.h>
#include <string.h>

#include "procfile.h"
#include "proctext.h"

enum {
	L4_TCP = 2,
	L4_UDP = 3,
	L4_ICMP = 4,
	L4_RAW = 5,
	TCP_LISTENS = 10,
	PATH_MAX_LEN = 1023,
	FIRST_CAP = 1024,
};

static const struct {
	const char *name;
	enum proctext_sock_family family;
	uint8_t l4;
} files[] = {
	{"net/tcp", PROCTEXT_INET, L4_TCP},     {"net/tcp6", PROCTEXT_INET6, L4_TCP},
	{"net/udp", PROCTEXT_INET, L4_UDP},     {"net/udp6", PROCTEXT_INET6, L4_UDP},
	{"net/udplite", PROCTEXT_INET, L4_UDP}, {"net/udplite6", PROCTEXT_INET6, L4_UDP},
	{"net/icmp", PROCTEXT_INET, L4_ICMP},   {"net/icmp6", PROCTEXT_INET6, L4_ICMP},
	{"net/raw", PROCTEXT_INET, L4_RAW},     {"net/raw6", PROCTEXT_INET6, L4_RAW},
	{"net/unix", PROCTEXT_UNIX, 0},         {"net/netlink", PROCTEXT_NETLINK, 0},
};

static uint32_t hash(uint64_t ino)
{
	return (uint32_t)((ino * 0x9e3779b97f4a7c15U) >> 32);
}

static struct socket_row *slot(const struct socktable *t, uint64_t ino)
{
	uint32_t i = hash(ino) & (t->cap - 1);

	while (t->rows[i].ino && t->rows[i].ino != ino)
		i = (i + 1) & (t->cap - 1);
	return &t->rows[i];
}

static bool grow(struct socktable *t)
{
	struct socktable old = *t;
	const uint32_t cap = t->cap ? t->cap * 2 : FIRST_CAP;
	struct socket_row *rows;

	if ((uint64_t)t->n * 4 < (uint64_t)t->cap * 3)
		return true;
	rows = calloc(cap, sizeof *rows);
	if (!rows)
		return false;
	t->rows = rows;
	t->cap = cap;
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.rows[i].ino)
			*slot(t, old.rows[i].ino) = old.rows[i];
	free(old.rows);
	return true;
}

static bool add_path(struct socktable *t, const struct proctext_sock *s, struct socket_row *row)
{
	const size_t len = s->path_len > PATH_MAX_LEN ? PATH_MAX_LEN : s->path_len;
	size_t cap = t->paths_cap ? t->paths_cap : 4096;
	char *bigger;

	while (cap - t->paths_len < len)
		cap *= 2;
	if (cap > UINT32_MAX)
		return false;
	if (cap != t->paths_cap) {
		bigger = realloc(t->paths, cap);
		if (!bigger)
			return false;
		t->paths = bigger;
		t->paths_cap = cap;
	}
	memcpy(t->paths + t->paths_len, s->path, len);
	row->path = (uint32_t)t->paths_len;
	row->path_len = (uint16_t)len;
	t->paths_len += len;
	return true;
}

static uint32_t type_of(enum proctext_sock_family family, const struct proctext_sock *s, uint8_t l4)
{
	/* Datagram sockets that nobody connected have one end, as listening ones do. */
	const bool one_end = l4 == L4_TCP ? s->state == TCP_LISTENS : s->dport == 0;

	switch (family) {
	case PROCTEXT_INET:
		return one_end ? GYR_META_FD_IPV4_SERVSOCK : GYR_META_FD_IPV4_SOCK;
	case PROCTEXT_INET6:
		return one_end ? GYR_META_FD_IPV6_SERVSOCK : GYR_META_FD_IPV6_SOCK;
	case PROCTEXT_UNIX:
		return GYR_META_FD_UNIX_SOCK;
	default:
		return GYR_META_FD_NETLINK;
	}
}

static void add(struct socktable *t, size_t file, const struct proctext_sock *s)
{
	struct socket_row row = {
		.ino = s->ino,
		.address = s->address ? s->address : s->ino,
		.fd_type = type_of(files[file].family, s, files[file].l4),
		.sport = s->sport,
		.dport = s->dport,
		.l4 = files[file].l4,
	};

	memcpy(row.saddr, s->saddr, sizeof row.saddr);
	memcpy(row.daddr, s->daddr, sizeof row.daddr);
	if (t->n >= SOCKTABLE_MAX || !grow(t) || (s->path_len && !add_path(t, s, &row))) {
		t->n_refused++;
		return;
	}
	t->n += slot(t, s->ino)->ino == 0;
	*slot(t, s->ino) = row;
}

static void read_file(struct socktable *t, struct procfile *buf, int proc, size_t file)
{
	bool cut;
	const ssize_t len = procfile_read(buf, proc, files[file].name, SOCKTABLE_FILE_MAX, &cut);
	const char *at = buf->buf, *end = at + (len > 0 ? len : 0);

	t->n_refused += len > 0 && cut;
	while (len > 0 && at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = nl ? nl : end;
		struct proctext_sock s;

		if (!proctext_sock(files[file].family, at, (size_t)(line_end - at), &s))
			add(t, file, &s);
		at = line_end + 1;
	}
}

static bool is_new(struct socktable *t, uint64_t ns)
{
	for (uint32_t i = t->n_namespaces; i-- > 0;)
		if (t->namespaces[i] == ns)
			return false;
	if (t->n_namespaces == SOCKTABLE_NAMESPACES_MAX) {
		t->n_refused++;
		return false;
	}
	if (t->n_namespaces == t->namespaces_cap) {
		const uint32_t cap = t->namespaces_cap ? t->namespaces_cap * 2 : 16;
		uint64_t *bigger = realloc(t->namespaces, cap * sizeof *bigger);

		if (!bigger) {
			t->n_refused++;
			return false;
		}
		t->namespaces = bigger;
		t->namespaces_cap = cap;
	}
	t->namespaces[t->n_namespaces++] = ns;
	return true;
}

void socktable_read(struct socktable *t, uint64_t ns, int proc)
{
	struct procfile buf = {.buf = NULL};

	if (!is_new(t, ns))
		return;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		read_file(t, &buf, proc, i);
	procfile_deinit(&buf);
}

const struct socket_row *socktable_find(const struct socktable *t, uint64_t ino)
{
	const struct socket_row *row = t->cap && ino ? slot(t, ino) : NULL;

	return row && row->ino ? row : NULL;
}

struct gyr_meta_text socktable_path(const struct socktable *t, const struct socket_row *row)
{
	return (struct gyr_meta_text){.p = row->path_len ? t->paths + row->path : "",
				      .len = row->path_len};
}

void socktable_deinit(struct socktable *t)
{
	free(t->rows);
	free(t->paths);
	free(t->namespaces);
	*t = (struct socktable){.rows = NULL};
}
