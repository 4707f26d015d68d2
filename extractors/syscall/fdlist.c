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

static int set_list(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out,
		    enum what what)
{
	enum { POLL = 81, PPOLL = 255, ITEM = 10 };
	const struct cur *c = state_cur(p, evt);
	const struct gyr_param *q = gyr_param(&c->params, 1);
	struct line l;

	if ((evt->type != POLL && evt->type != PPOLL) || !c->thread || !q || q->len < 2)
		return 0;
	if (line_begin(p, &l, LINE_MAX_BYTES))
		return -ENOMEM;
	for (uint32_t at = 2; at + ITEM <= q->len; at += ITEM) {
		int64_t num;
		memcpy(&num, q->data + at, sizeof num);
		const struct fd *f = fd_find(gyr_state(p), c->thread, num);

		if (what > NAMES && (!f || !fd_is_ip(f)))
			continue;
		if (l.n)
			line_put(&l, ",");
		if (what == NUMS)
			line_fmt(&l, "%lld", (long long)num);
		else if (what == NAMES)
			line_put(&l, f && *fd_text(f) ? fd_text(f) : "<NA>");
		else
			add_end(&l, f, what);
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
