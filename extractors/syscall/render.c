/*
 * render: parameters as text.
 *
 * A parameter has two texts: as it is written in the event, and what it stands for: the name of an
 * error, the bits of a mask, the file behind a descriptor, a path made absolute. The second may be
 * empty.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fields.h"

/* ---- lines ---- */

int line_begin(struct gyr *p, struct line *l, size_t cap)
{
	*l = (struct line){.s = gyr_scratch(p, cap), .cap = cap};
	if (!l->s)
		return -ENOMEM;
	l->s[0] = '\0';
	return 0;
}

void line_add(struct line *l, const char *s, size_t n)
{
	if (n > l->cap - l->n - 1)
		n = l->cap - l->n - 1;
	memcpy(l->s + l->n, s, n);
	l->n += n;
	l->s[l->n] = '\0';
}

void line_put(struct line *l, const char *s)
{
	line_add(l, s, strlen(s));
}

void line_fmt(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(l->s + l->n, l->cap - l->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->n = (size_t)n < l->cap - l->n ? l->n + (size_t)n : l->cap - 1;
}

/* ---- names of numbers ---- */

const char *errno_text(int64_t n)
{
	enum { FIRST = 512, LAST = 530 };
	/* Those of the kernel that the C library does not know: include/linux/errno.h. */
	static const char *const of_kernel[] = {
		[512 - FIRST] = "ERESTARTSYS",
		[513 - FIRST] = "ERESTARTNOINTR",
		[514 - FIRST] = "ERESTARTNOHAND",
		[515 - FIRST] = "ENOIOCTLCMD",
		[516 - FIRST] = "ERESTART_RESTARTBLOCK",
		[521 - FIRST] = "EBADHANDLE",
		[522 - FIRST] = "ENOTSYNC",
		[523 - FIRST] = "EBADCOOKIE",
		[524 - FIRST] = "ENOTSUPP",
		[525 - FIRST] = "ETOOSMALL",
		[526 - FIRST] = "ESERVERFAULT",
		[527 - FIRST] = "EBADTYPE",
		[528 - FIRST] = "EJUKEBOX",
		[529 - FIRST] = "EIOCBQUEUED",
		[LAST - FIRST] = "EIOCBRETRY",
	};

	if (n <= -FIRST && n >= -LAST)
		return of_kernel[-n - FIRST];
	return n < 0 && n > -4096 ? strerrorname_np((int)-n) : NULL;
}

static void add_flags(struct line *l, const struct gyr_flags *list, uint64_t value)
{
	const size_t before = l->n;

	for (uint32_t i = 0; i < list->n; i++) {
		const uint64_t bits = list->rows[i].value;

		if (bits ? (value & bits) != bits : value != 0 || l->n != before)
			continue;
		line_put(l, l->n == before ? "" : "|");
		line_put(l, list->rows[i].name);
		value &= ~bits;
		if (!bits)
			return;
	}
}

static void add_enum(struct line *l, const struct gyr_flags *list, uint64_t value)
{
	const size_t before = l->n;

	for (uint32_t i = 0; i < list->n; i++) {
		if (list->rows[i].value != value)
			continue;
		line_put(l, l->n == before ? "" : "|");
		line_put(l, list->rows[i].name);
	}
}

static const char *signal_text(uint64_t n)
{
	enum { SIGIO_ = 29 }; /* the C library calls it by its other name */

	if (n == SIGIO_)
		return "IO";
	return n < 65 ? sigabbrev_np((int)n) : NULL;
}

/* ---- kinds of parameters ---- */

struct render {
	struct state *s;
	const struct cur *c;
	uint32_t i;
	const struct gyr_param_info *row;
	const uint8_t *data;
	uint32_t len;
	uint8_t type, print;
	struct line *raw, *resolved;
};

static uint64_t render_u64(const struct render *r)
{
	uint64_t n = 0;

	memcpy(&n, r->data, r->len < sizeof n ? r->len : sizeof n);
	return n;
}

static int64_t render_i64(const struct render *r)
{
	const uint64_t n = render_u64(r);

	if (r->len == 0 || r->len >= 8)
		return (int64_t)n;
	const unsigned shift = 64 - 8 * r->len;
	return (int64_t)(n << shift) >> shift;
}

static void add_number(const struct render *r, int64_t n)
{
	const uint64_t mask = r->len >= 8 ? UINT64_MAX : (1ULL << (8 * r->len)) - 1;

	if (r->print == GYR_PF_HEX)
		line_fmt(r->raw, "%" PRIX64, (uint64_t)n & mask);
	else if (r->print == GYR_PF_OCT)
		line_fmt(r->raw, "%#" PRIo64, (uint64_t)n & mask);
	else
		line_fmt(r->raw, "%" PRId64, n);
}

static void add_bytes(struct line *l, const uint8_t *d, size_t n)
{
	for (size_t i = 0; i < n && l->n + 1 < l->cap; i++)
		l->s[l->n++] = (char)(isprint(d[i]) ? d[i] : '.');
	l->s[l->n] = '\0';
}

/* What cannot be shown, the NULs that end the items of a list among it, is a point. */
static void render_bytes(const struct render *r)
{
	if (r->len)
		add_bytes(r->raw, r->data, r->len);
	else
		line_put(r->raw, "NULL");
}

static void add_clean(struct line *l, const char *text, size_t len)
{
	l->n += text_clean(l->s + l->n, l->cap - l->n, text, len);
}

static void render_text(const struct render *r)
{
	const char *text = cur_str(r->c, r->i);

	if (text)
		add_clean(r->raw, text, strlen(text));
	else
		line_put(r->raw, "<NA>");
}

static void render_path(const struct render *r)
{
	char dir[PATH_TEXT], path[PATH_TEXT];
	const char *text = cur_str(r->c, r->i);

	render_text(r);
	if (!text || !r->c->thread)
		return;
	if (*text == '/')
		return;
	(void)path_join(path, sizeof path, cur_dir(r->s, r->c, r->row->dirfd, text, dir), text);
	line_put(r->resolved, path);
}

static void render_fd(const struct render *r)
{
	const int64_t n = render_i64(r);
	const struct fd *f = r->c->fd && r->c->fd->num == n ? r->c->fd : NULL;

	if (!f && r->c->thread)
		f = fd_find(r->s, r->c->thread, n);
	line_fmt(r->raw, "%" PRId64, n);
	if (n == PPM_AT_FDCWD) {
		line_put(r->resolved, "AT_FDCWD");
	} else if (n < 0) {
		line_put(r->resolved, errno_text(n) ? errno_text(n) : "");
	} else if (f) {
		const char kind = fd_type_char(f->type);
		static const char l4[] = {
			[L4_TCP] = 't', [L4_UDP] = 'u', [L4_ICMP] = 'i', [L4_RAW] = 'r'};

		line_put(r->resolved, "<");
		line_add(r->resolved, &kind, 1);
		if (fd_l4(f) > L4_NONE && fd_l4(f) < sizeof l4)
			line_add(r->resolved, &l4[fd_l4(f)], 1);
		line_put(r->resolved, ">");
		line_put(r->resolved, fd_text(f));
	}
}

static void render_pid(const struct render *r)
{
	const int64_t n = render_i64(r);
	const struct thread *t = thread_find(r->s, n);

	line_fmt(r->raw, "%" PRId64, n);
	if (t && t->comm)
		line_put(r->resolved, t->comm->s);
}

static void render_errno(const struct render *r)
{
	const int64_t n = render_i64(r);

	line_fmt(r->raw, "%" PRId64, n);
	if (errno_text(n))
		line_put(r->resolved, errno_text(n));
}

static void add_ip(struct line *l, const uint8_t *ip, bool is_v6)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(is_v6 ? AF_INET6 : AF_INET, ip, text, sizeof text))
		line_put(l, text);
}

static uint16_t port_at(const uint8_t *d)
{
	return (uint16_t)(d[0] | d[1] << 8);
}

/* Of a family whose addresses have another length, or one that is not known. */
static void add_odd_address(struct line *l, uint8_t family)
{
	if (family == PPM_AF_INET || family == PPM_AF_INET6)
		line_fmt(l, "INVALID IPv%c", family == PPM_AF_INET ? '4' : '6');
	else
		line_fmt(l, "family %u", family);
}

static void add_pair(struct line *l, const uint8_t *sip, const uint8_t *dip, bool is_v6)
{
	const size_t len = is_v6 ? 16 : 4;

	add_ip(l, sip, is_v6);
	line_fmt(l, ":%u->", port_at(sip + len));
	add_ip(l, dip, is_v6);
	line_fmt(l, ":%u", port_at(dip + len));
}

static void render_sockaddr(const struct render *r)
{
	const uint8_t *d = r->data;

	if (r->len == 0) {
		line_put(r->raw, "<NA>");
	} else if (d[0] == PPM_AF_INET && r->len >= 7) {
		add_ip(r->raw, d + 1, false);
		line_fmt(r->raw, ":%u", port_at(d + 5));
	} else if (d[0] == PPM_AF_INET6 && r->len >= 19) {
		add_ip(r->raw, d + 1, true);
		line_fmt(r->raw, ":%u", port_at(d + 17));
	} else if (d[0] == PPM_AF_UNIX) {
		add_clean(r->raw, (const char *)d + 1, strnlen((const char *)d + 1, r->len - 1));
	} else {
		add_odd_address(r->raw, d[0]);
	}
}

static void render_socktuple(const struct render *r)
{
	const uint8_t *d = r->data;
	uint64_t from, to;

	if (r->len == 0) {
		line_put(r->raw, "NULL");
	} else if (d[0] == PPM_AF_INET && r->len >= 13) {
		add_pair(r->raw, d + 1, d + 7, false);
	} else if (d[0] == PPM_AF_INET6 && r->len >= 37) {
		const bool is_v4 = addr_is_mapped(d + 1) && addr_is_mapped(d + 19);

		add_pair(r->raw, d + (is_v4 ? 13 : 1), d + (is_v4 ? 31 : 19), !is_v4);
	} else if (d[0] == PPM_AF_UNIX && r->len >= 18) {
		memcpy(&from, d + 1, sizeof from);
		memcpy(&to, d + 9, sizeof to);
		line_fmt(r->raw, "%" PRIx64 "->%" PRIx64 " ", from, to);
		add_clean(r->raw, (const char *)d + 17, strnlen((const char *)d + 17, r->len - 17));
	} else {
		add_odd_address(r->raw, d[0]);
	}
}

static void render_fdlist(const struct render *r)
{
	const uint32_t n = r->len >= 2 ? port_at(r->data) : 0;

	for (uint32_t k = 0; k < n && 2 + (k + 1) * 10 <= r->len; k++) {
		const uint8_t *at = r->data + 2 + k * 10;
		int64_t num;
		memcpy(&num, at, sizeof num);
		const struct fd *f = r->c->thread ? fd_find(r->s, r->c->thread, num) : NULL;

		line_fmt(r->raw, "%s%" PRId64 ":%c%x", k ? " " : "", num,
			 f ? fd_type_char(f->type) : '?', port_at(at + 8));
	}
}

/* Numbers in parameters are shown as the machine names them: it is the kernel that took them. */
static void render_user(const struct render *r)
{
	const uint32_t id = (uint32_t)render_u64(r);

	if (id == UINT32_MAX) {
		line_put(r->raw, "-1");
		line_put(r->resolved, "<NONE>");
		return;
	}
	line_fmt(r->raw, "%u", id);
	line_put(r->resolved,
		 r->type == GYR_PT_UID ? user_text(r->s, NULL, id) : group_text(r->s, NULL, id));
}

/* All ones are no time. */
static void render_reltime(const struct render *r)
{
	const uint64_t n = render_u64(r);

	if (n == UINT64_MAX) {
		line_put(r->raw, "none");
		return;
	}
	line_fmt(r->raw, "%" PRIu64, n);
	line_fmt(r->resolved, "%lgs", (double)n / 1e9);
}

static void render_abstime(const struct render *r)
{
	const uint64_t n = render_u64(r);
	const time_t sec = (time_t)(n / 1000000000);
	char text[64];
	struct tm tm;

	if (!localtime_r(&sec, &tm))
		return;
	(void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
	line_fmt(r->raw, "%s.%09" PRIu64, text, n % 1000000000);
}

static void render_flags(const struct render *r)
{
	const uint64_t n = render_u64(r);

	line_fmt(r->raw, "%" PRIu64, n);
	if (!r->row->flags)
		return;
	if (r->type >= GYR_PT_ENUMFLAGS8 && r->type <= GYR_PT_ENUMFLAGS32)
		add_enum(r->resolved, r->row->flags, n);
	else
		add_flags(r->resolved, r->row->flags, n);
}

static void render_mode(const struct render *r)
{
	add_number(r, (int64_t)render_u64(r));
	if (r->row->flags)
		add_flags(r->resolved, r->row->flags, render_u64(r));
}

static void render_signal(const struct render *r)
{
	const uint64_t n = render_u64(r);
	const char *name = signal_text(n);

	line_fmt(r->raw, "%" PRIu64, n);
	if (name && n)
		line_fmt(r->resolved, "SIG%s", name);
}

static void render_sigset(const struct render *r)
{
	const uint64_t n = render_u64(r);
	const char *sep = "";

	for (unsigned i = 0; i < 32; i++) {
		const char *name = n >> i & 1 ? signal_text(i + 1) : NULL;

		if (!name)
			continue;
		line_fmt(r->raw, "%sSIG%s", sep, name);
		sep = " ";
	}
}

static void render_syscall(const struct render *r)
{
	const struct gyr_syscall_info *call = gyr_syscall((uint16_t)render_u64(r));

	line_fmt(r->raw, "%" PRIu64, render_u64(r));
	if (call)
		line_put(r->resolved, call->name);
}

static void render_integer(const struct render *r)
{
	add_number(r, render_i64(r));
}

static void render_unsigned(const struct render *r)
{
	add_number(r, (int64_t)render_u64(r));
}

static void render_address(const struct render *r)
{
	if (r->len == 4 || r->len == 16)
		add_ip(r->raw, r->data, r->len == 16);
}

static void (*const renders[])(const struct render *) = {
	[GYR_PT_INT8] = render_integer,
	[GYR_PT_INT16] = render_integer,
	[GYR_PT_INT32] = render_integer,
	[GYR_PT_INT64] = render_integer,
	[GYR_PT_UINT8] = render_unsigned,
	[GYR_PT_UINT16] = render_unsigned,
	[GYR_PT_UINT32] = render_unsigned,
	[GYR_PT_UINT64] = render_unsigned,
	[GYR_PT_CHARBUF] = render_text,
	[GYR_PT_BYTEBUF] = render_bytes,
	[GYR_PT_ERRNO] = render_errno,
	[GYR_PT_SOCKADDR] = render_sockaddr,
	[GYR_PT_SOCKTUPLE] = render_socktuple,
	[GYR_PT_FD] = render_fd,
	[GYR_PT_PID] = render_pid,
	[GYR_PT_FDLIST] = render_fdlist,
	[GYR_PT_FSPATH] = render_path,
	[GYR_PT_SYSCALLID] = render_syscall,
	[GYR_PT_SIGTYPE] = render_signal,
	[GYR_PT_RELTIME] = render_reltime,
	[GYR_PT_ABSTIME] = render_abstime,
	[GYR_PT_PORT] = render_unsigned,
	[GYR_PT_L4PROTO] = render_unsigned,
	[GYR_PT_SOCKFAMILY] = render_unsigned,
	[GYR_PT_BOOL] = render_unsigned,
	[GYR_PT_IPV4ADDR] = render_address,
	[GYR_PT_IPV6ADDR] = render_address,
	[GYR_PT_FLAGS8] = render_flags,
	[GYR_PT_FLAGS16] = render_flags,
	[GYR_PT_FLAGS32] = render_flags,
	[GYR_PT_UID] = render_user,
	[GYR_PT_GID] = render_user,
	[GYR_PT_SIGSET] = render_sigset,
	[GYR_PT_MODE] = render_mode,
	[GYR_PT_FSRELPATH] = render_path,
	[GYR_PT_ENUMFLAGS8] = render_flags,
	[GYR_PT_ENUMFLAGS16] = render_flags,
	[GYR_PT_ENUMFLAGS32] = render_flags,
	[GYR_PT_FD32] = render_fd,
	[GYR_PT_PID32] = render_pid,
};

static bool is_bytes_type(uint8_t type)
{
	switch (type) {
	case GYR_PT_CHARBUF:
	case GYR_PT_FSPATH:
	case GYR_PT_FSRELPATH:
	case GYR_PT_BYTEBUF:
	case GYR_PT_SOCKADDR:
	case GYR_PT_SOCKTUPLE:
	case GYR_PT_FDLIST:
		return true;
	default:
		return false;
	}
}

void render_param(struct state *s, const struct cur *c, uint32_t i, struct line *raw,
		  struct line *resolved)
{
	struct render r = {.s = s,
			   .c = c,
			   .i = i,
			   .row = &c->rows[i],
			   .data = c->params.at[i].data,
			   .len = c->params.at[i].len,
			   .type = c->rows[i].type,
			   .print = c->rows[i].print,
			   .raw = raw,
			   .resolved = resolved};

	if (r.type == GYR_PT_DYN) {
		const struct gyr_variants *v = r.row->variants;

		if (r.len == 0 || !v || r.data[0] >= v->n) {
			line_put(raw, "NULL");
			return;
		}
		r.type = v->rows[r.data[0]].type;
		r.print = v->rows[r.data[0]].print;
		r.data++;
		r.len--;
	}
	if (r.type >= sizeof renders / sizeof renders[0] || !renders[r.type])
		return;
	if (r.len == 0 && !is_bytes_type(r.type)) /* a number that could not be told */
		line_put(raw, "<NA>");
	else
		renders[r.type](&r);
}
