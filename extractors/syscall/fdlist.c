/* fdlist: the descriptors that poll and ppoll waited for, each thing about them joined by commas. */
#include <arpa/inet.h>
#include <string.h>

#include "fields.h"

enum what { NUMS, NAMES, CIPS, SIPS, CPORTS, SPORTS };

static void add_end(struct line *l, const struct fd *f, enum what what)
{
	const bool is_source = what == CIPS || what == CPORTS;
	char text[INET6_ADDRSTRLEN];

	if (what == CPORTS || what == SPORTS) {
		line_fmt(l, "%u", is_source ? f->u.sock.sport : f->u.sock.dport);
		return;
	}
	if (inet_ntop(f->type == GYR_META_FD_IPV6_SOCK ? AF_INET6 : AF_INET,
		      is_source ? f->u.sock.sip : f->u.sock.dip, text, sizeof text))
		line_put(l, text);
}

/* @f: what number @num is to the thread; NULL: not known. */
static void add_fd(struct line *l, int64_t num, const struct fd *f, enum what what)
{
	if (what > NAMES && (!f || !fd_is_ip(f)))
		return;
	if (l->n)
		line_put(l, ",");
	if (what == NUMS)
		line_fmt(l, "%lld", (long long)num);
	else if (what == NAMES)
		line_put(l, f && *fd_text(f) ? fd_text(f) : "<NA>");
	else
		add_end(l, f, what);
}

/* The list that an event carries: a count of two bytes, then items; NULL: it carries none. */
static const struct gyr_param *polled(const struct cur *c)
{
	enum { POLL = 81, PPOLL = 255 };
	const struct gyr_param *q = gyr_param(&c->params, 1);

	if (c->raw->type != POLL && c->raw->type != PPOLL)
		return NULL;
	return c->thread && q && q->len >= 2 ? q : NULL;
}

static int set_list(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		    enum what what)
{
	enum { ITEM = 10 };
	const struct cur *c = state_cur(p, evt);
	const struct gyr_param *q = polled(c);
	struct line l;

	if (!q)
		return 0;
	if (line_begin(p, &l, LINE_MAX_BYTES))
		return -ENOMEM;
	for (uint32_t at = 2; at + ITEM <= q->len; at += ITEM) {
		int64_t num;
		memcpy(&num, q->data + at, sizeof num);
		add_fd(&l, num, fd_find(gyr_state(p), c->thread, num), what);
	}
	return gyr_set_str(out, l.s);
}

FIELD_FN(fdlist_nums)
{
	return set_list(p, evt, out, NUMS);
}

FIELD_FN(fdlist_names)
{
	return set_list(p, evt, out, NAMES);
}

FIELD_FN(fdlist_cips)
{
	return set_list(p, evt, out, CIPS);
}

FIELD_FN(fdlist_sips)
{
	return set_list(p, evt, out, SIPS);
}

FIELD_FN(fdlist_cports)
{
	return set_list(p, evt, out, CPORTS);
}

FIELD_FN(fdlist_sports)
{
	return set_list(p, evt, out, SPORTS);
}
