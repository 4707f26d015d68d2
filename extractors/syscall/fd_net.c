/* fd_net: the two ends of a socket, by who called and by which one is here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fields.h"
#include "hostnames.h"

enum end { CLIENT, SERVER, LOCAL, REMOTE };

static const struct fd *fd_of(struct gyr *p, const struct gyr_event *evt)
{
	const struct cur *c = state_cur(p, evt);

	return evt_has_fd(c) ? c->fd : NULL;
}

static size_t ip_len(const struct fd *f)
{
	return f->type == GYR_META_FD_IPV4_SOCK || f->type == GYR_META_FD_IPV4_SERVSOCK ? 4 : 16;
}

/* Whether the asked end is the source of the pair; false when the socket has no such end. */
static bool end_find(const struct state *s, const struct fd *f, enum end end, bool *ret_is_source)
{
	if (!f)
		return false;
	if (fd_listens(f)) {
		*ret_is_source = true;
		return end == SERVER;
	}
	if (!fd_is_ip(f) || !(f->flags & (FD_ROLE_CLIENT | FD_ROLE_SERVER)))
		return false;
	const bool source_here = addr_is_local(s, f->u.sock.sip, ip_len(f));
	*ret_is_source =
		end == CLIENT || (end == LOCAL && source_here) || (end == REMOTE && !source_here);
	return true;
}

static int set_ip(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out, enum end end)
{
	const struct fd *f = fd_of(p, evt);
	bool is_source;

	if (!end_find(gyr_state(p), f, end, &is_source))
		return 0;
	return gyr_set_ip(out, is_source ? f->u.sock.sip : f->u.sock.dip, ip_len(f));
}

static int set_port(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out, enum end end)
{
	const struct fd *f = fd_of(p, evt);
	bool is_source;

	if (!end_find(gyr_state(p), f, end, &is_source))
		return 0;
	return gyr_set_u64(out, is_source ? f->u.sock.sport : f->u.sock.dport);
}

/* Ports are not looked up in a database of services: the text is the number. */
static int set_proto(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		     enum end end)
{
	const struct fd *f = fd_of(p, evt);
	bool is_source;

	if (f && fd_listens(f) && end == SERVER)
		return gyr_set_str(out, "");
	if (!end_find(gyr_state(p), f, end, &is_source))
		return 0;
	return gyr_set_fmt(out, "%u", is_source ? f->u.sock.sport : f->u.sock.dport);
}

/*
 * The name that a rule compares with when it stands for the address; otherwise that of the address, as
 * far as it is known. Without a rule's names the address is asked for its own, on this machine alone: a
 * recording is about others, and what they are called today is asked for only where a rule depends on it.
 */
static int set_name(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out, enum end end)
{
	struct state *s = gyr_state(p);
	const struct fd *f = fd_of(p, evt);
	struct hostname_addr addr = {.len = 0};
	const char *name = NULL;
	bool is_source;
	size_t len;

	if (!end_find(s, f, end, &is_source))
		return 0;
	if (!s->hostnames)
		s->hostnames = hostnames_new(&hostnames_host);
	if (!s->hostnames)
		return -ENOMEM;
	addr.len = (uint8_t)ip_len(f);
	memcpy(addr.bytes, is_source ? f->u.sock.sip : f->u.sock.dip, addr.len);
	if (out->arg)
		name = hostnames_match(s->hostnames, out->arg, &addr, !s->is_live, &len);
	if (name)
		return gyr_set_fmt(out, "%.*s", (int)len, name);
	return gyr_set_fmt(out, "%s", hostnames_of(s->hostnames, &addr, s->is_live && !out->arg));
}

#define END_FIELDS(letter, end)                     \
	FIELD_FN(fd_##letter##ip)                   \
	{                                           \
		return set_ip(p, evt, out, end);    \
	}                                           \
	FIELD_FN(fd_##letter##net)                  \
	{                                           \
		return set_ip(p, evt, out, end);    \
	}                                           \
	FIELD_FN(fd_##letter##port)                 \
	{                                           \
		return set_port(p, evt, out, end);  \
	}                                           \
	FIELD_FN(fd_##letter##ip_name)              \
	{                                           \
		return set_name(p, evt, out, end);  \
	}                                           \
	FIELD_FN(fd_##letter##proto)                \
	{                                           \
		return set_proto(p, evt, out, end); \
	}

END_FIELDS(c, CLIENT)
END_FIELDS(s, SERVER)
END_FIELDS(l, LOCAL)
END_FIELDS(r, REMOTE)

/* ---- either end ---- */

static int set_ips(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct fd *f = fd_of(p, evt);
	int r;

	if (!f || (!fd_is_ip(f) && !fd_listens(f)))
		return 0;
	r = gyr_set_ip(out, f->u.sock.sip, ip_len(f));
	return r || fd_listens(f) ? r : gyr_set_ip(out, f->u.sock.dip, ip_len(f));
}

static int set_ports(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	const struct fd *f = fd_of(p, evt);
	int r;

	if (!f || (!fd_is_ip(f) && !fd_listens(f)))
		return 0;
	r = gyr_set_u64(out, f->u.sock.sport);
	return r || fd_listens(f) ? r : gyr_set_u64(out, f->u.sock.dport);
}

FIELD_FN(fd_ip)
{
	return set_ips(p, evt, out);
}

FIELD_FN(fd_net)
{
	return set_ips(p, evt, out);
}

FIELD_FN(fd_port)
{
	return set_ports(p, evt, out);
}

FIELD_FN(fd_proto)
{
	return set_ports(p, evt, out);
}

/* ---- kinds ---- */

FIELD_FN(fd_l4proto)
{
	static const char *const names[] = {
		[L4_TCP] = "tcp", [L4_UDP] = "udp", [L4_ICMP] = "icmp", [L4_RAW] = "raw"};
	const struct fd *f = fd_of(p, evt);
	const char *name = NULL;

	if (!f)
		return 0;
	if (fd_l4(f) < sizeof names / sizeof names[0])
		name = names[fd_l4(f)];
	return gyr_set_str(out, name ? name : "<NA>");
}

FIELD_FN(fd_sockfamily)
{
	const struct fd *f = fd_of(p, evt);

	if (f && (fd_is_ip(f) || fd_listens(f)))
		return gyr_set_str(out, "ip");
	return f && f->type == GYR_META_FD_UNIX_SOCK ? gyr_set_str(out, "unix") : 0;
}

FIELD_FN(fd_is_server)
{
	const struct fd *f = fd_of(p, evt);

	if (!f)
		return 0;
	if (fd_listens(f))
		return gyr_set_bool(out, true);
	return gyr_set_bool(out,
			    fd_is_ip(f) && addr_is_local(gyr_state(p), f->u.sock.dip, ip_len(f)));
}
