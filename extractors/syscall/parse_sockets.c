/*
 * parse_sockets: what is known of a socket grows call by call: socket() its family, connect() and
 * accept() its two ends and who called, bind() where it listens, and transfers the ends of those that
 * have no connection.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

enum { SOCK_STREAM_ = 1, SOCK_DGRAM_ = 2, SOCK_RAW_ = 3, SOCK_TYPE_MASK = 0xf, EINPROGRESS_ = 115 };
enum { UNIX_NAME_MAX = 3 * 108 + 1 }; /* of a path, made to be shown */

static uint8_t l4_of(uint64_t type, uint64_t proto)
{
	switch (type & SOCK_TYPE_MASK) {
	case SOCK_STREAM_:
		return proto == 0 || proto == 6 ? L4_TCP : L4_UNKNOWN;
	case SOCK_DGRAM_:
		if (proto == 1 || proto == 58)
			return L4_ICMP;
		return proto == 0 || proto == 17 ? L4_UDP : L4_UNKNOWN;
	case SOCK_RAW_:
		return L4_RAW;
	default:
		return L4_UNKNOWN;
	}
}

static void socket_add(struct state *s, struct cur *c, int64_t num, const uint64_t what[3])
{
	uint8_t type = GYR_META_FD_UNKNOWN;

	if (what[0] == PPM_AF_UNIX)
		type = GYR_META_FD_UNIX_SOCK;
	else if (what[0] == PPM_AF_INET)
		type = GYR_META_FD_IPV4_SOCK;
	else if (what[0] == PPM_AF_INET6)
		type = GYR_META_FD_IPV6_SOCK;
	else if (what[0] == PPM_AF_NETLINK)
		type = GYR_META_FD_NETLINK;
	c->fd = fd_add(s, c->thread, num, type);
	if (!c->fd)
		return;
	c->fd->flags |= FD_IS_SOCKET;
	if (fd_is_ip(c->fd))
		c->fd->u.sock.l4 = l4_of(what[1], what[2]);
}

void parse_socket(struct state *s, struct cur *c)
{
	const struct gyr_params *q = &c->params;
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r;
	if (r < 0)
		return;
	socket_add(s, c, r,
		   (uint64_t[]){gyr_param_u64(q, 1, 0), gyr_param_u64(q, 2, 0),
				gyr_param_u64(q, 3, 0)});
	if (c->fd && (gyr_param_u64(q, 4, 0) & PPM_O_CLOEXEC))
		c->fd->open_flags |= PPM_O_CLOEXEC;
}

void parse_socketpair(struct state *s, struct cur *c)
{
	int64_t r;

	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	for (uint32_t i = 1; i <= 2; i++) {
		struct fd *f = fd_add(s, c->thread, gyr_param_i64(&c->params, i, -1),
				      GYR_META_FD_UNIX_SOCK);

		if (!f)
			continue;
		f->u.unix_.source = gyr_param_u64(&c->params, 3, 0);
		f->u.unix_.dest = gyr_param_u64(&c->params, 4, 0);
		c->thread->last_fd = f->num;
		c->fd = f;
	}
}

/* ---- addresses ---- */

static bool is_mapped(const uint8_t *ip)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(ip, head, sizeof head);
}

static uint16_t read_u16(const uint8_t *at)
{
	uint16_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

static uint64_t read_u64(const uint8_t *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

static void name_set(struct cur *c, struct fd *f, struct rtext *before)
{
	c->fd_renamed = !before || !f->name || strcmp(before->s, f->name->s) != 0;
}

/* A change of ends keeps the protocol and nothing else of what was known. */
static void sock_reset(struct fd *f, uint8_t type)
{
	const uint8_t l4 = f->type == GYR_META_FD_UNIX_SOCK ? L4_UNKNOWN : f->u.sock.l4;

	memset(&f->u, 0, sizeof f->u);
	f->type = type;
	f->u.sock.l4 = l4;
}

static bool set_inet(struct state *s, struct fd *f, const struct gyr_param *q)
{
	const uint8_t *d = q->data;

	if (q->len < 13)
		return false;
	sock_reset(f, GYR_META_FD_IPV4_SOCK);
	memcpy(f->u.sock.sip, d + 1, 4);
	f->u.sock.sport = read_u16(d + 5);
	memcpy(f->u.sock.dip, d + 7, 4);
	f->u.sock.dport = read_u16(d + 11);
	fd_name_sock(s, f);
	return true;
}

static bool set_inet6(struct state *s, struct fd *f, const struct gyr_param *q)
{
	const uint8_t *d = q->data;

	if (q->len < 37)
		return false;
	if (is_mapped(d + 1) && is_mapped(d + 19)) {
		sock_reset(f, GYR_META_FD_IPV4_SOCK);
		memcpy(f->u.sock.sip, d + 13, 4);
		memcpy(f->u.sock.dip, d + 31, 4);
	} else {
		sock_reset(f, GYR_META_FD_IPV6_SOCK);
		memcpy(f->u.sock.sip, d + 1, 16);
		memcpy(f->u.sock.dip, d + 19, 16);
	}
	f->u.sock.sport = read_u16(d + 17);
	f->u.sock.dport = read_u16(d + 35);
	fd_name_sock(s, f);
	return true;
}

static bool set_unix(struct state *s, struct fd *f, const struct gyr_param *q)
{
	const char *path = (const char *)q->data + 17;
	char clean[UNIX_NAME_MAX], name[UNIX_NAME_MAX + 40];

	if (q->len < 18)
		return false;
	f->type = GYR_META_FD_UNIX_SOCK;
	f->u.unix_.source = read_u64(q->data + 1);
	f->u.unix_.dest = read_u64(q->data + 9);
	(void)text_clean(clean, sizeof clean, path, strnlen(path, q->len - 17));
	const int n = snprintf(name, sizeof name, "%" PRIx64 "->%" PRIx64 " %s", f->u.unix_.source,
			       f->u.unix_.dest, clean);
	(void)rtext_set(&s->pool, &f->name, name, (size_t)n);
	fd_touch(f);
	return true;
}

/* Both ends from parameter @i. False when it has none that can be read. */
static bool set_tuple(struct state *s, struct cur *c, struct fd *f, uint32_t i)
{
	const struct gyr_param *q = gyr_param(&c->params, i);
	struct rtext *before = rtext_ref(f->name);
	bool ok = false;

	if (q && q->data[0] == PPM_AF_INET)
		ok = set_inet(s, f, q);
	else if (q && q->data[0] == PPM_AF_INET6)
		ok = set_inet6(s, f, q);
	else if (q && q->data[0] == PPM_AF_UNIX)
		ok = set_unix(s, f, q);
	if (ok)
		name_set(c, f, before);
	(void)rtext_unref(before);
	return ok;
}

/* ---- who calls whom ---- */

/* The address of parameter @q as that of a listening socket with nothing else known; false when it is
 * none of the internet. */
static bool read_address(const struct gyr_param *q, struct fd *ret)
{
	const uint8_t *d = q->data;
	const bool mapped = q->len >= 19 && is_mapped(d + 1);

	if (d[0] == PPM_AF_INET && q->len >= 7) {
		*ret = (struct fd){.type = GYR_META_FD_IPV4_SERVSOCK};
		memcpy(ret->u.sock.sip, d + 1, 4);
		ret->u.sock.sport = read_u16(d + 5);
		return true;
	}
	if (d[0] != PPM_AF_INET6 || q->len < 19)
		return false;
	*ret = (struct fd){.type = mapped ? GYR_META_FD_IPV4_SERVSOCK : GYR_META_FD_IPV6_SERVSOCK};
	memcpy(ret->u.sock.sip, d + (mapped ? 13 : 1), mapped ? 4 : 16);
	ret->u.sock.sport = read_u16(d + 17);
	return true;
}

/* Only a port of its own makes it a listening socket; any address gives it its name. */
void parse_bind(struct state *s, struct cur *c)
{
	const struct gyr_param *q = gyr_param(&c->params, 1);
	struct fd *f = c->fd, at;
	int64_t r;

	if (!f || !q || !cur_result(c, &r) || r < 0)
		return;
	if (q->data[0] == PPM_AF_UNIX && q->len > 1) {
		const char *path = (const char *)q->data + 1;

		(void)rtext_set(&s->pool, &f->name, path, strnlen(path, q->len - 1));
		f->flags |= FD_ROLE_SERVER;
		fd_touch(f);
		return;
	}
	if (!read_address(q, &at))
		return;
	if (at.u.sock.sport) {
		sock_reset(f, at.type);
		memcpy(f->u.sock.sip, at.u.sock.sip, sizeof f->u.sock.sip);
		f->u.sock.sport = at.u.sock.sport;
		f->flags |= FD_ROLE_SERVER;
	}
	fd_name_sock(s, &at);
	(void)rtext_unref(f->name);
	f->name = at.name;
	fd_touch(f);
}

void parse_connect(struct state *s, struct cur *c)
{
	struct fd *f = c->fd;
	int64_t r;

	if (!f || !cur_result(c, &r))
		return;
	fd_touch(f);
	if (r < 0 && r != -EINPROGRESS_) { /* it stays what it was */
		f->flags |= FD_FAILED;
		return;
	}
	f->flags &= (uint8_t) ~(FD_CONNECTED | FD_PENDING | FD_FAILED);
	f->flags |= r < 0 ? FD_PENDING : FD_CONNECTED;
	if (!set_tuple(s, c, f, 1))
		return;
	f->flags = (uint8_t)((f->flags & ~FD_ROLE_SERVER) | FD_ROLE_CLIENT);
}

void parse_accept(struct state *s, struct cur *c)
{
	const struct gyr_param *q = gyr_param(&c->params, 1);
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r < 0 ? -1 : r;
	if (r < 0 || !q)
		return;
	struct fd *f = fd_add(s, c->thread, r, GYR_META_FD_UNKNOWN);
	if (!f)
		return;
	f->u.sock.l4 = L4_TCP;
	if (set_tuple(s, c, f, 1)) {
		f->flags |= FD_ROLE_SERVER | FD_CONNECTED;
		c->fd = f;
	}
}

/* ---- transfers ---- */

/* Where an event of this code has its tuple, and whether it writes. */
static int tuple_param(uint16_t code)
{
	switch (code) {
	case 35: /* recvfrom */
		return 2;
	case 53: /* recvmsg */
		return 3;
	default: /* send, sendto, recv, sendmsg, sendmmsg, recvmmsg */
		return 4;
	}
}

static bool writes_fd(const struct cur *c)
{
	return c->info->flags & GYR_EF_WRITES_TO_FD;
}

/* A socket without a connection: the end that is bound to a port that serves has the part of the
 * server; else whoever sends first asks. */
static void guess_role(const struct state *s, const struct cur *c, struct fd *f)
{
	const size_t len = f->type == GYR_META_FD_IPV4_SOCK ? 4 : 16;
	const bool from_here = addr_is_local(s, f->u.sock.sip, len);
	const bool to_here = addr_is_local(s, f->u.sock.dip, len);

	if (f->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER))
		return;
	if (from_here != to_here)
		f->flags |= from_here ? FD_ROLE_CLIENT : FD_ROLE_SERVER;
	else
		f->flags |= writes_fd(c) ? FD_ROLE_CLIENT : FD_ROLE_SERVER;
}

/* The ends of an event are those of what was sent; those of the socket are who asks and who serves. */
void parse_transfer(struct state *s, struct cur *c)
{
	const uint32_t at = (uint32_t)tuple_param(c->raw->type);
	const struct gyr_param *q = gyr_param(&c->params, at);
	int64_t r;

	if (!c->thread || !q || !cur_result(c, &r) || r < 0)
		return;
	if (!c->fd && c->thread->last_fd >= 0) {
		c->fd = fd_add(s, c->thread, c->thread->last_fd, GYR_META_FD_UNKNOWN);
		if (c->fd)
			c->fd->u.sock.l4 = L4_UDP;
	}
	struct fd *f = c->fd;
	if (!f || (fd_is_ip(f) && f->u.sock.l4 == L4_TCP && f->name))
		return;
	struct rtext *before = rtext_ref(f->name);
	if (set_tuple(s, c, f, at) && fd_is_ip(f)) {
		guess_role(s, c, f);
		if (f->flags & (writes_fd(c) ? FD_ROLE_SERVER : FD_ROLE_CLIENT))
			fd_turn(s, f);
		name_set(c, f, before);
	}
	(void)rtext_unref(before);
}

/* SO_ERROR tells how a connection that was under way came out. */
void parse_getsockopt(struct state *s, struct cur *c)
{
	const struct gyr_param *val = gyr_param(&c->params, 4);
	const uint64_t level = gyr_param_u64(&c->params, 2, 0);
	const uint64_t name = gyr_param_u64(&c->params, 3, 0);
	int64_t r, error = 0;

	(void)s;
	if (!c->fd || !(c->fd->flags & FD_PENDING) || !cur_result(c, &r) || r < 0 ||
	    level != PPM_SOCKOPT_LEVEL_SOL_SOCKET || name != PPM_SOCKOPT_SO_ERROR || !val ||
	    val->len != 9)
		return;
	memcpy(&error, val->data + 1, sizeof error);
	c->fd->flags &= (uint8_t)~FD_PENDING;
	c->fd->flags |= error ? FD_FAILED : FD_CONNECTED;
	fd_touch(c->fd);
}
