/*
 * fdtable: the open descriptors of a process.
 *
 * Threads that share their files have one table, that of the main thread. A closed descriptor leaves
 * its table at once, so that the number can be used again, and is freed when the next event begins.
 */
#include "state.h"

#include <arpa/inet.h>
#include <string.h>

static inline struct fd *make(struct state *s, int64_t num, uint8_t type)
{
	struct fd *f = pool_get(&s->pool, sizeof *f);

	if (!f)
		return NULL;
	s->n_fds++;
	*f = (struct fd){.num = num, .id = ++s->last_id, .type = type};
	return f;
}

struct fd *fd_new(struct state *s, int64_t num, uint8_t type)
{
	return make(s, num, type);
}

static inline void destroy(struct state *s, struct fd *f)
{
	(void)rtext_unref(f->name);
	(void)rtext_unref(f->raw);
	s->n_fds--;
	pool_put(&s->pool, f, sizeof *f);
}

void fd_free(struct state *s, struct fd *f)
{
	if (f)
		destroy(s, f);
}

void fds_free_closed(struct state *s)
{
	while (s->n_closed)
		destroy(s, s->closed[--s->n_closed]);
}

void fd_close(struct state *s, struct thread *t, int64_t num)
{
	struct thread *owner = fd_owner(s, t);
	struct fd *f = owner ? fdtab_take(&owner->fds, num) : NULL;

	if (!f)
		return;
	if (s->n_closed < sizeof s->closed / sizeof s->closed[0]) {
		s->closed[s->n_closed++] = f;
		return;
	}
	if (f == s->cur.fd) { /* the one that the event may still be asked about */
		f = s->closed[0];
		s->closed[0] = s->cur.fd;
	}
	fd_free(s, f);
}

/* Where there was one of this number, or no room for it yet. */
static __attribute__((noinline)) struct fd *add_slow(struct state *s, struct thread *t,
						     struct thread *owner, struct fd *f)
{
	if (fdtab_get(&owner->fds, f->num))
		fd_close(s, t, f->num);
	if (owner->fds.n >= FDS_MAX) {
		s->counters.fds_refused++;
		fd_free(s, f);
		return NULL;
	}
	if (fdtab_add(&owner->fds, &s->pool, f->num, f) == 0)
		return f;
	s->counters.no_memory++;
	fd_free(s, f);
	return NULL;
}

struct fd *fd_add(struct state *s, struct thread *t, int64_t num, uint8_t type)
{
	struct thread *owner = fd_owner(s, t);

	if (!owner || num < 0)
		return NULL;
	struct fd *f = make(s, num, type);
	if (!f) {
		s->counters.no_memory++;
		return NULL;
	}
	if (owner->fds.n < FDS_MAX && fdtab_put(&owner->fds, num, f))
		return f;
	return add_slow(s, t, owner, f);
}

static void fd_assign(struct fd *to, const struct fd *from)
{
	const int64_t num = to->num;
	const uint64_t id = to->id;

	*to = *from;
	to->num = num;
	to->id = id;
	(void)rtext_ref(to->name);
	(void)rtext_ref(to->raw);
}

struct fd *fd_copy(struct state *s, struct thread *t, int64_t num, const struct fd *from)
{
	struct fd *f = fd_add(s, t, num, from->type);

	if (f)
		fd_assign(f, from);
	return f;
}

void fds_clear(struct state *s, struct thread *t)
{
	uint32_t at = 0;

	for (struct fd *f; (f = fds_next(t, &at));)
		fd_free(s, f);
	fdtab_deinit(&t->fds, &s->pool);
}

void fds_inherit(struct state *s, struct thread *to, const struct thread *from)
{
	uint32_t at = 0;

	if (to == from)
		return;
	for (const struct fd *f; (f = fds_next(from, &at));) {
		struct fd *copy = fd_new(s, f->num, f->type);

		if (!copy || fdtab_add(&to->fds, &s->pool, f->num, copy)) {
			s->counters.no_memory++;
			fd_free(s, copy);
			return;
		}
		fd_assign(copy, f);
	}
}

bool fd_is_file(const struct fd *f)
{
	return f->type == GYR_META_FD_FILE;
}

bool fd_is_ip(const struct fd *f)
{
	return f->type == GYR_META_FD_IPV4_SOCK || f->type == GYR_META_FD_IPV6_SOCK;
}

bool fd_listens(const struct fd *f)
{
	return f->type == GYR_META_FD_IPV4_SERVSOCK || f->type == GYR_META_FD_IPV6_SERVSOCK;
}

uint8_t fd_l4(const struct fd *f)
{
	const bool has_role = f->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER);

	if (fd_listens(f) || (fd_is_ip(f) && (has_role || f->u.sock.l4 == L4_RAW)))
		return f->u.sock.l4;
	return L4_NONE;
}

static const struct {
	const char *text;
	char letter;
} kinds[] = {
	[GYR_META_FD_UNKNOWN] = {NULL, 'o'},
	[GYR_META_FD_FILE] = {"file", 'f'},
	[GYR_META_FD_DIRECTORY] = {"directory", 'd'},
	[GYR_META_FD_IPV4_SOCK] = {"ipv4", '4'},
	[GYR_META_FD_IPV6_SOCK] = {"ipv6", '6'},
	[GYR_META_FD_IPV4_SERVSOCK] = {"ipv4", '4'},
	[GYR_META_FD_IPV6_SERVSOCK] = {"ipv6", '6'},
	[GYR_META_FD_FIFO] = {"pipe", 'p'},
	[GYR_META_FD_UNIX_SOCK] = {"unix", 'u'},
	[GYR_META_FD_EVENT] = {"event", 'e'},
	[GYR_META_FD_UNSUPPORTED] = {NULL, 'X'},
	[GYR_META_FD_SIGNALFD] = {"signalfd", 's'},
	[GYR_META_FD_EVENTPOLL] = {"eventpoll", 'l'},
	[GYR_META_FD_INOTIFY] = {"inotify", 'i'},
	[GYR_META_FD_TIMERFD] = {"timerfd", 't'},
	[GYR_META_FD_NETLINK] = {"netlink", 'n'},
	[GYR_META_FD_FILE_V2] = {"file", 'f'},
	[GYR_META_FD_BPF] = {"bpf", 'b'},
	[GYR_META_FD_USERFAULTFD] = {"userfaultfd", 'u'},
	[GYR_META_FD_IOURING] = {"io_uring", 'r'},
	[GYR_META_FD_MEMFD] = {"memfd", 'm'},
	[GYR_META_FD_PIDFD] = {"pidfd", 'P'},
};

const char *fd_type_text(const struct fd *f)
{
	return f->type < sizeof kinds / sizeof kinds[0] ? kinds[f->type].text : NULL;
}

char fd_type_char(uint8_t type)
{
	return type < sizeof kinds / sizeof kinds[0] ? kinds[type].letter : 'o';
}

static char *put_u(char *at, uint32_t n)
{
	char digits[10];
	size_t k = 0;

	do
		digits[k++] = (char)('0' + n % 10);
	while (n /= 10);
	while (k)
		*at++ = digits[--k];
	return at;
}

/* "192.0.2.1:443"; at most INET6_ADDRSTRLEN + 6 bytes. */
static char *put_end(char *at, const uint8_t *ip, uint16_t port, bool is_v6)
{
	if (is_v6) {
		at[0] = '\0';
		(void)inet_ntop(AF_INET6, ip, at, INET6_ADDRSTRLEN);
		at += strlen(at);
	} else {
		for (int i = 0; i < 4; i++) {
			at = put_u(at, ip[i]);
			*at++ = '.';
		}
		at--;
	}
	*at++ = ':';
	return put_u(at, port);
}

void fd_name_sock(struct state *s, struct fd *f)
{
	const bool is_v6 = f->type == GYR_META_FD_IPV6_SOCK || f->type == GYR_META_FD_IPV6_SERVSOCK;
	const struct fd_sock *k = &f->u.sock;
	char text[2 * (INET6_ADDRSTRLEN + 6) + 2], *at = text;

	at = put_end(at, k->sip, k->sport, is_v6);
	if (!fd_listens(f)) {
		*at++ = '-';
		*at++ = '>';
		at = put_end(at, k->dip, k->dport, is_v6);
	}
	(void)rtext_set(&s->pool, &f->name, text, (size_t)(at - text));
	fd_touch(f);
}

void fd_turn(struct state *s, struct fd *f)
{
	struct fd_sock *k = &f->u.sock;
	const struct fd_sock old = *k;

	memcpy(k->sip, old.dip, sizeof k->sip);
	memcpy(k->dip, old.sip, sizeof k->dip);
	k->sport = old.dport;
	k->dport = old.sport;
	fd_name_sock(s, f);
}

bool addr_is_local(const struct state *s, const uint8_t *addr, size_t len)
{
	enum { PREFIX = 8 };
	static const uint8_t loopback[4] = {127, 0, 0, 1};
	const uint32_t family = len == 4 ? 4 : 6;
	const size_t same = len == 4 ? len : PREFIX;

	if (len == 4 && !memcmp(addr, loopback, len))
		return true;
	for (uint32_t i = 0; i < s->n_ifaces; i++)
		if (s->ifaces[i].family == family && !memcmp(s->ifaces[i].addr, addr, same))
			return true;
	return false;
}
