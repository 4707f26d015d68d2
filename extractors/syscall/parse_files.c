/* parse_files: descriptors that are opened, made, doubled and closed. */
#include <string.h>

#include "state.h"

/* ---- open ---- */

/* Where an event of the open family has what; -1: nowhere. */
struct open_row {
	uint16_t code;
	int8_t dirfd, name, flags, dev, ino;
};

static const struct open_row opens[] = {
	{.code = 307, .dirfd = 1, .name = 2, .flags = 3, .dev = 5, .ino = 6},  /* openat */
	{.code = 3, .dirfd = -1, .name = 1, .flags = 2, .dev = 4, .ino = 5},   /* open */
	{.code = 59, .dirfd = -1, .name = 1, .flags = -1, .dev = 3, .ino = 4}, /* creat */
	{.code = 327, .dirfd = 1, .name = 2, .flags = 3, .dev = 6, .ino = 7},  /* openat2 */
	{.code = 337, .dirfd = -1, .name = 3, .flags = 2, .dev = 4, .ino = 5}, /* by handle */
};

static const struct open_row *open_row(uint16_t code)
{
	for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++)
		if (opens[i].code == code)
			return &opens[i];
	return NULL;
}

static uint64_t param_at(const struct cur *c, int8_t i)
{
	return i < 0 ? 0 : gyr_param_u64(&c->params, (uint32_t)i, 0);
}

/* The path that a call was seen to begin with is kept: the one seen at its end may have been changed
 * in the memory of the process meanwhile. */
void parse_open_enter(struct state *s, struct cur *c)
{
	const uint32_t at = c->raw->type == 306 || c->raw->type == 326 ? 1 : 0;
	const char *name = cur_str(c, at);

	if (!c->thread)
		return;
	(void)rtext_set(&s->pool, &c->thread->enter_name, name ? name : "",
			name ? strlen(name) : 0);
	c->thread->enter_type = c->raw->type;
}

static inline uint8_t layer_flags(uint64_t upper, uint64_t lower)
{
	return (uint8_t)((upper ? FD_UPPER_LAYER : 0) | (lower ? FD_LOWER_LAYER : 0));
}

static uint8_t layers_of(const struct cur *c, uint64_t flags)
{
	enum { CREAT = 59, CREAT_FLAGS = 5 };
	const uint64_t own = gyr_param_u64(&c->params, CREAT_FLAGS, 0);

	if (c->raw->type == CREAT)
		return layer_flags(own & PPM_FD_UPPER_LAYER_CREAT, own & PPM_FD_LOWER_LAYER_CREAT);
	return layer_flags(flags & PPM_FD_UPPER_LAYER, flags & PPM_FD_LOWER_LAYER);
}

/* The text of the directory that a name is given from; NULL: it is not known. */
static struct rtext *dir_text(const struct state *s, const struct thread *t, int64_t dirfd)
{
	const struct thread *leader;
	const struct fd *f;

	if (dirfd != PPM_AT_FDCWD) {
		f = fd_find(s, t, dirfd);
		return f ? f->name : NULL;
	}
	leader = thread_main(s, t);
	return leader && !leader->cwd ? s->nowhere : leader ? leader->cwd : NULL;
}

/* The path that an open was given. */
struct given {
	const char *s; /* NULL: it is not known */
	size_t len;
	bool is_name; /* it is the name of what was opened, as it is */
};

/* What the beginning of the call said goes before what its end says. */
static struct given given_path(const struct cur *c, const struct open_row *row)
{
	const struct thread *t = c->thread;
	struct given g;

	g.s = cur_text(c, (uint32_t)row->name, &g.len);
	if (t->enter_type && t->enter_type == c->raw->type - 1 && t->enter_name &&
	    t->enter_name->len)
		g = (struct given){.s = t->enter_name->s, .len = t->enter_name->len};
	if (g.s && *g.s == '<' && !strcmp(g.s, "<NA>"))
		g.s = NULL;
	g.is_name = g.s && *g.s == '/' && g.len < PATH_TEXT - 1 && path_is_plain(g.s, g.len);
	return g;
}

/* The name of what was opened, from the directory that the event names when the path is relative.
 * NULL: no memory, or the path is not known. */
static struct rtext *open_name(struct state *s, const struct cur *c, const struct open_row *row,
			       const struct given *g)
{
	char dir[PATH_TEXT], joined[PATH_TEXT];

	if (!g->s)
		return NULL;
	if (g->is_name)
		return names_get(&s->names, &s->pool, g->s, g->len);
	const char *base = cur_dir(s, c, row->dirfd, g->s, dir);
	const size_t base_len = strlen(base);
	if (*base == '/' && base[base_len - 1] == '/' && path_is_plain(g->s, g->len) &&
	    (base_len == 1 || path_is_plain(base, base_len - 1)) &&
	    base_len + g->len < PATH_TEXT - 1) {
		memcpy(joined, base, base_len);
		memcpy(joined + base_len, g->s, g->len);
		return names_get(&s->names, &s->pool, joined, base_len + g->len);
	}
	const size_t n = path_join(joined, sizeof joined, base, g->s);
	return names_get(&s->names, &s->pool, joined, n);
}

/* The descriptor that an open made, without its name; NULL: there is no room for it. */
static struct fd *open_fd(struct state *s, const struct cur *c, const struct open_row *row,
			  int64_t num)
{
	const uint64_t flags = param_at(c, row->flags);
	struct fd *f = fd_add(s, c->thread, num,
			      flags & PPM_O_DIRECTORY ? GYR_META_FD_DIRECTORY : GYR_META_FD_FILE);

	if (!f)
		return NULL;
	f->open_flags = (uint32_t)flags;
	f->flags = layers_of(c, flags);
	f->dev = (uint32_t)param_at(c, row->dev);
	f->ino = param_at(c, row->ino);
	return f;
}

/* What an open of @f meant is known the next time: it depends on nothing but the two texts. */
static void open_learn(struct state *s, const struct cur *c, const struct open_row *row,
		       const struct fd *f)
{
	struct named x = {.given = fd_raw(f), .path = f->name};
	const int64_t dirfd =
		row->dirfd < 0 ? PPM_AT_FDCWD : gyr_param_i64(&c->params, (uint32_t)row->dirfd, -1);

	if (!s->nowhere)
		s->nowhere = rtext_new(&s->pool, "", 0);
	if (x.given->s[0] != '/') {
		x.from = dir_text(s, c->thread, dirfd);
		if (!x.from || dirfd == f->num) /* the descriptor may have taken its place */
			return;
	}
	names_learn(&s->names, &x);
}

void parse_open(struct state *s, struct cur *c)
{
	const struct open_row *row = open_row(c->raw->type);
	struct thread *t = c->thread;
	int64_t num;

	if (!t || !row || !cur_result(c, &num))
		return;
	t->last_fd = num < 0 && c->raw->type == 3 ? -1 : num;
	if (num < 0) {
		t->enter_type = 0;
		return;
	}
	const struct given given = given_path(c, row);
	t->enter_type = 0;
	/* before the descriptor takes another's place */
	struct rtext *name = open_name(s, c, row, &given);
	struct fd *f = c->fd = open_fd(s, c, row, num);
	if (!f) {
		(void)rtext_unref(name);
		return;
	}
	f->name = name ? name : rtext_new(&s->pool, "<NA>", 4);
	if (name && !given.is_name)
		f->raw = names_get(&s->names, &s->pool, given.s, given.len);
	if (name && (given.is_name || f->raw))
		open_learn(s, c, row, f);
}

/* Numbers at any address. */
static inline uint64_t word_at(const uint8_t *at)
{
	uint64_t n;

	memcpy(&n, at, sizeof n);
	return n;
}

/* Four lengths of parameters as they lie in an event. */
#define LENGTHS(a, b, c, d) \
	((uint64_t)(a) | (uint64_t)(b) << 16 | (uint64_t)(c) << 32 | (uint64_t)(d) << 48)

/* The shape that nearly all opens have: every parameter is there, so all is where it always is. */
struct open_shape {
	uint16_t code, n_params;
	uint64_t lengths[2], known[2]; /* of the parameters; all ones where they are known before */
	uint8_t name_shift;            /* of the length that is not */
	uint8_t dirfd, name;           /* where they are in the parameters; dirfd 0: nowhere */
	uint8_t flags, dev, ino, rest; /* the same behind the name */
};

static const struct open_shape shapes[] = {
	{.code = 307, /* openat */
	 .n_params = 7,
	 .lengths = {LENGTHS(8, 8, 0, 4), LENGTHS(4, 4, 8, 0)},
	 .known = {LENGTHS(0xffff, 0xffff, 0, 0xffff), LENGTHS(0xffff, 0xffff, 0xffff, 0)},
	 .name_shift = 32,
	 .dirfd = 8,
	 .name = 16,
	 .flags = 0,
	 .dev = 8,
	 .ino = 12,
	 .rest = 20},
	{.code = 3, /* open */
	 .n_params = 6,
	 .lengths = {LENGTHS(8, 0, 4, 4), LENGTHS(4, 8, 0, 0)},
	 .known = {LENGTHS(0xffff, 0, 0xffff, 0xffff), LENGTHS(0xffff, 0xffff, 0, 0)},
	 .name_shift = 16,
	 .name = 8,
	 .flags = 0,
	 .dev = 8,
	 .ino = 12,
	 .rest = 20},
	{.code = 327, /* openat2 */
	 .n_params = 8,
	 .lengths = {LENGTHS(8, 8, 0, 4), LENGTHS(4, 4, 4, 8)},
	 .known = {LENGTHS(0xffff, 0xffff, 0, 0xffff), UINT64_MAX},
	 .name_shift = 32,
	 .dirfd = 8,
	 .name = 16,
	 .flags = 0,
	 .dev = 12,
	 .ino = 16,
	 .rest = 24},
};

static inline const struct open_shape *open_shape(uint16_t code)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
		if (shapes[i].code == code)
			return &shapes[i];
	return NULL;
}

/* Where the parameters of an event of this shape begin, and how long the name is with its NUL; NULL: it is of
 * another. */
static inline const uint8_t *open_params(const ss_plugin_event *raw, const struct open_shape *o,
					 uint32_t *ret_len)
{
	const uint8_t *lengths = (const uint8_t *)(raw + 1), *params;
	uint64_t low, high;

	if (raw->nparams != o->n_params || raw->len < sizeof *raw + 2 * sizeof low)
		return NULL;
	low = word_at(lengths);
	high = word_at(lengths + sizeof low);
	if ((low & o->known[0]) != o->lengths[0] || (high & o->known[1]) != o->lengths[1])
		return NULL;
	params = lengths + 2 * (size_t)o->n_params;
	*ret_len = low >> o->name_shift & 0xffff;
	return sizeof *raw + 2 * (size_t)o->n_params + o->name + *ret_len + o->rest <= raw->len
		       ? params
		       : NULL;
}

/* What the name means; NULL: that has to be found out. */
static inline const struct named *open_known(const struct state *s, const struct thread *t,
					     const uint8_t *params, const struct open_shape *o,
					     uint32_t len)
{
	const char *name = (const char *)params + o->name;
	const struct rtext *from = NULL;

	if (!len || name[len - 1] != '\0')
		return NULL;
	if (*name != '/') {
		from = dir_text(s, t,
				o->dirfd ? (int64_t)word_at(params + o->dirfd) : PPM_AT_FDCWD);
		if (!from)
			return NULL;
	}
	return names_known(&s->names, from, name, len - 1);
}

bool usual_open(struct state *s, const ss_plugin_event *raw, struct subject *ret)
{
	const struct open_shape *o = open_shape(raw->type);
	uint32_t len;
	const uint8_t *params = o ? open_params(raw, o, &len) : NULL, *rest;
	struct thread *t = params ? thread_at(s, raw) : NULL;
	const int64_t num = t ? (int64_t)word_at(params) : -1;
	const struct named *x;

	if (num < 0 || t->enter_type)
		return false;
	x = open_known(s, t, params, o, len);
	if (!x)
		return false;
	struct rtext *path = rtext_ref(x->path); /* what closes may be forgotten */
	struct rtext *given = x->given == x->path ? NULL : rtext_ref(x->given);
	rest = params + o->name + len;
	const uint64_t flags = gyr__load32(rest + o->flags);
	struct fd *f = fd_add(s, t, num,
			      flags & PPM_O_DIRECTORY ? GYR_META_FD_DIRECTORY : GYR_META_FD_FILE);
	t->last_fd = num;
	*ret = (struct subject){t, f};
	if (!f) {
		(void)rtext_unref(path);
		(void)rtext_unref(given);
		return true;
	}
	f->name = path;
	f->raw = given;
	f->open_flags = (uint32_t)flags;
	f->flags = layer_flags(flags & PPM_FD_UPPER_LAYER, flags & PPM_FD_LOWER_LAYER);
	f->dev = gyr__load32(rest + o->dev);
	f->ino = word_at(rest + o->ino);
	return true;
}

/* ---- close ---- */

void parse_close(struct state *s, struct cur *c)
{
	int64_t r;

	if (c->thread && c->fd && cur_result(c, &r) && r >= 0)
		fd_close(s, c->thread, c->fd->num);
}

bool usual_close(struct state *s, const ss_plugin_event *raw, struct subject *ret)
{
	enum { LENGTHS_8_8 = 8 | 8 << 16 };
	const uint8_t *lengths = (const uint8_t *)(raw + 1), *params = lengths + 4;
	struct thread *t;

	if (raw->nparams != 2 || raw->len < sizeof *raw + 4 + 2 * sizeof(int64_t) ||
	    gyr__load32(lengths) != LENGTHS_8_8)
		return false;
	t = thread_at(s, raw);
	if (!t)
		return false;
	t->last_fd = (int64_t)word_at(params + 8);
	*ret = (struct subject){t, fd_find(s, t, t->last_fd)};
	if (ret->fd && (int64_t)word_at(params) >= 0)
		fd_close(s, t, t->last_fd);
	return true;
}

void parse_close_range(struct state *s, struct cur *c)
{
	enum { CLOEXEC_BIT = 1 << 2, BATCH = 64 };
	const int64_t first = (int64_t)gyr_param_u64(&c->params, 1, 0);
	const int64_t last = (int64_t)gyr_param_u64(&c->params, 2, 0);
	const struct thread *owner = c->thread ? fd_owner(s, c->thread) : NULL;
	const bool marks = gyr_param_u64(&c->params, 3, 0) & CLOEXEC_BIT;
	int64_t gone[BATCH], r;
	uint32_t n = BATCH;

	if (!owner || !cur_result(c, &r) || r < 0)
		return;
	while (n == BATCH) {
		uint32_t at = 0;

		n = 0;
		for (struct fd *f; n < BATCH && (f = fds_next(owner, &at));) {
			if (f->num < first || f->num > last)
				continue;
			if (marks) {
				f->open_flags |= PPM_O_CLOEXEC;
				fd_touch(f);
			} else {
				gone[n++] = f->num;
			}
		}
		for (uint32_t i = 0; i < n; i++)
			fd_close(s, c->thread, gone[i]);
	}
}

/* ---- dup ---- */

static void dup_to(struct state *s, struct cur *c, int64_t num, uint32_t open_flags)
{
	const struct fd *from = c->fd;

	if (!from)
		return;
	c->thread->last_fd = num;
	if (from->num == num)
		return;
	struct fd *f = fd_copy(s, c->thread, num, from);
	if (!f)
		return;
	f->open_flags = (f->open_flags & ~(uint32_t)PPM_O_CLOEXEC) | open_flags;
	c->fd = f;
}

void parse_dup(struct state *s, struct cur *c)
{
	enum { DUP3 = 365 };
	uint32_t flags = 0;
	int64_t r;

	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	if (c->raw->type == DUP3)
		flags = (uint32_t)gyr_param_u64(&c->params, 3, 0) & PPM_O_CLOEXEC;
	dup_to(s, c, r, flags);
}

void parse_fcntl(struct state *s, struct cur *c)
{
	const uint64_t cmd = gyr_param_u64(&c->params, 2, 0);
	int64_t r;

	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	if (cmd == PPM_FCNTL_F_DUPFD || cmd == PPM_FCNTL_F_DUPFD_CLOEXEC)
		dup_to(s, c, r, cmd == PPM_FCNTL_F_DUPFD_CLOEXEC ? PPM_O_CLOEXEC : 0);
}

/* ---- descriptors that no path names ---- */

void parse_pipe(struct state *s, struct cur *c)
{
	enum { PIPE2 = 393 };
	const uint64_t ino = gyr_param_u64(&c->params, 3, 0);
	int64_t r;

	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	for (uint32_t i = 1; i <= 2; i++) {
		struct fd *f =
			fd_add(s, c->thread, gyr_param_i64(&c->params, i, -1), GYR_META_FD_FIFO);

		if (!f)
			continue;
		f->ino = ino;
		if (c->raw->type == PIPE2)
			f->open_flags = (uint32_t)gyr_param_u64(&c->params, 4, 0);
		c->thread->last_fd = f->num;
		c->fd = f;
	}
}

static uint8_t anon_type(uint16_t code)
{
	switch (code) {
	case 63:
	case 397:
		return GYR_META_FD_EVENT;
	case 127:
	case 399:
		return GYR_META_FD_SIGNALFD;
	case 137:
		return GYR_META_FD_TIMERFD;
	case 139:
	case 395:
		return GYR_META_FD_INOTIFY;
	case 321:
		return GYR_META_FD_USERFAULTFD;
	case 339:
		return GYR_META_FD_IOURING;
	case 369:
		return GYR_META_FD_BPF;
	default:
		return GYR_META_FD_EVENTPOLL;
	}
}

/* The parameter with open flags of such an event; -1 when it has none. */
static int8_t anon_flags(uint16_t code)
{
	switch (code) {
	case 377:
	case 395:
	case 397:
	case 399:
		return 1;
	default:
		return -1;
	}
}

void parse_anon(struct state *s, struct cur *c)
{
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r;
	if (r < 0)
		return;
	c->fd = fd_add(s, c->thread, r, anon_type(c->raw->type));
	if (c->fd)
		c->fd->open_flags = (uint32_t)param_at(c, anon_flags(c->raw->type));
}

void parse_memfd(struct state *s, struct cur *c)
{
	const char *name = cur_str(c, 1);
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r;
	c->fd = r < 0 ? NULL : fd_add(s, c->thread, r, GYR_META_FD_MEMFD);
	if (c->fd && name)
		(void)rtext_set(&s->pool, &c->fd->name, name, strlen(name));
}

void parse_pidfd_open(struct state *s, struct cur *c)
{
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r;
	c->fd = r < 0 ? NULL : fd_add(s, c->thread, r, GYR_META_FD_PIDFD);
	if (c->fd)
		c->fd->u.pid = gyr_param_i64(&c->params, 1, -1);
}

/* A descriptor taken out of another process. */
void parse_pidfd_getfd(struct state *s, struct cur *c)
{
	int64_t r;

	if (!c->thread || !cur_result(c, &r))
		return;
	c->thread->last_fd = r;
	if (r < 0)
		return;
	const struct fd *pidfd = fd_find(s, c->thread, gyr_param_i64(&c->params, 1, -1));
	const struct thread *of =
		pidfd && pidfd->type == GYR_META_FD_PIDFD ? thread_find(s, pidfd->u.pid) : NULL;
	const struct fd *f = of ? fd_find(s, of, gyr_param_i64(&c->params, 2, -1)) : NULL;
	c->fd = f ? fd_copy(s, c->thread, r, f) : NULL;
}
