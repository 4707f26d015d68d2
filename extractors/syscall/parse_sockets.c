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
	if (addr_is_mapped(d + 1) && addr_is_mapped(d + 19)) {
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

/* Both ends from a parameter. False when it has none that can be read. */
static bool set_tuple(struct state *s, struct fd *f, const struct gyr_param *q)
{
	switch (q->data[0]) {
	case PPM_AF_INET:
		return set_inet(s, f, q);
	case PPM_AF_INET6:
		return set_inet6(s, f, q);
	case PPM_AF_UNIX:
		return set_unix(s, f, q);
	default:
		return false;
	}
}

/* ---- who calls whom ---- */

/* The address of parameter @q as that of a listening socket with nothing else known; false when it is
 * none of the internet. */
static bool read_address(const struct gyr_param *q, struct fd *ret)
{
	const uint8_t *d = q->data;
	const bool mapped = q->len >= 19 && addr_is_mapped(d + 1);

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
		char clean[UNIX_NAME_MAX];

		(void)rtext_set(&s->pool, &f->name, clean,
				text_clean(clean, sizeof clean, path, strnlen(path, q->len - 1)));
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

/* The address that a call was seen to begin with is kept: the one seen at its end may have been changed in
 * the memory of the process meanwhile. */
void parse_connect_enter(struct state *s, struct cur *c)
{
	const struct gyr_param *q = gyr_param(&c->params, 1);

	if (!c->thread || !q)
		return;
	if (rtext_set(&s->pool, &c->thread->enter_name, (const char *)q->data, q->len))
		c->thread->enter_type = c->raw->type;
}

/* How long address and port of a family are; 0: another family. */
static uint32_t end_len(uint8_t family)
{
	return family == PPM_AF_INET ? 6 : family == PPM_AF_INET6 ? 18 : 0;
}

/* The ends of a connection, the far one as the call began with it when it ended with what stood in memory by
 * then, and not with what the kernel used. */
static struct gyr_param connect_ends(struct cur *c, const struct gyr_param *tuple,
				     uint8_t buf[2 * 18 + 1])
{
	enum { ADDR = 3 };
	const struct rtext *began = c->thread->enter_name;
	const struct gyr_param *ended = gyr_param(&c->params, ADDR);
	const uint32_t n = end_len(tuple->data[0]);
	const bool has_begun = c->thread->enter_type == c->raw->type - 1;

	c->thread->enter_type = 0;
	if (!has_begun || !began || !ended || !n || tuple->len != 1 + 2 * n ||
	    ended->len != 1 + n || began->len != 1 + n || ended->data[0] != tuple->data[0] ||
	    (uint8_t)began->s[0] != tuple->data[0] ||
	    memcmp(tuple->data + 1 + n, ended->data + 1, n) != 0)
		return *tuple;
	memcpy(buf, tuple->data, 1 + n);
	memcpy(buf + 1 + n, began->s + 1, n);
	return (struct gyr_param){.data = buf, .len = tuple->len};
}

/* The ends of a socket that connects. Whoever was bound to a port keeps the part of the server; without a
 * connection its own end is then that of the server. */
static void set_connected(struct state *s, struct cur *c, const struct gyr_param *tuple)
{
	struct fd *f = c->fd;
	uint8_t buf[2 * 18 + 1];
	const struct gyr_param ends = connect_ends(c, tuple, buf);
	struct rtext *before = rtext_ref(f->name);

	if (set_tuple(s, f, &ends)) {
		if (!(f->flags & FD_ROLE_SERVER))
			f->flags |= FD_ROLE_CLIENT;
		else if (fd_is_ip(f) && f->u.sock.l4 == L4_UDP)
			fd_turn(s, f);
		name_set(c, f, before);
	}
	(void)rtext_unref(before);
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
	const struct gyr_param *tuple = gyr_param(&c->params, 1);
	if (tuple)
		set_connected(s, c, tuple);
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
	if (set_tuple(s, f, q)) {
		f->flags |= FD_ROLE_SERVER | FD_CONNECTED;
		c->fd = f;
		name_set(c, f, NULL);
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

/* Who is who on a socket without a connection is not told: whoever sends first asks. */
static void guess_role(const struct cur *c, struct fd *f)
{
	if (!(f->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER)))
		f->flags |= writes_fd(c) ? FD_ROLE_CLIENT : FD_ROLE_SERVER;
}

/* A socket that was not seen to be made: without a connection, since only such are told where to send. */
static void socket_infer(struct state *s, struct cur *c, const struct gyr_param *tuple)
{
	const int64_t num = c->thread->last_fd;

	if (num < 0 || !writes_fd(c) || !end_len(tuple->data[0]))
		return;
	c->fd = fd_add(s, c->thread, num, GYR_META_FD_UNKNOWN);
	if (c->fd)
		c->fd->u.sock.l4 = L4_UDP;
}

/* The ends of an event are those of what was sent; those of the socket are who asks and who serves. */
static void set_transfer(struct state *s, struct cur *c, const struct gyr_param *tuple)
{
	struct fd *f = c->fd;
	struct rtext *before = rtext_ref(f->name);

	if (set_tuple(s, f, tuple)) {
		if (fd_is_ip(f))
			guess_role(c, f);
		if (fd_is_ip(f) && (f->flags & (writes_fd(c) ? FD_ROLE_SERVER : FD_ROLE_CLIENT)))
			fd_turn(s, f);
		name_set(c, f, before);
	}
	(void)rtext_unref(before);
}

void parse_transfer(struct state *s, struct cur *c)
{
	const struct gyr_param *tuple = gyr_param(&c->params, (uint32_t)tuple_param(c->raw->type));
	int64_t r;

	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	if (!c->fd && tuple)
		socket_infer(s, c, tuple);
	struct fd *f = c->fd;
	if (!f)
		return;
	if (tuple && !(fd_is_ip(f) && f->u.sock.l4 == L4_TCP && f->name))
		set_transfer(s, c, tuple);
	if (fd_is_ip(f) && !(f->flags & FD_CONNECTED)) {
		f->flags = (uint8_t)((f->flags & ~FD_PENDING) | FD_CONNECTED);
		fd_touch(f);
	}
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
