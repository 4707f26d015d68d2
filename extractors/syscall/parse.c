/*
 * parse: every event passes here first, before any rule.
 *
 * What the last event removed is freed, the parameters of this one are found, then its thread and the
 * descriptor it is about, and the row of its code does the rest. Rows live in the parse_*.c files by
 * what they change.
 */
#include <stdlib.h>
#include <string.h>

#include "state.h"
#include "statetables.h"

static const parse_fn parsers[] = {
	[2] = parse_open_enter,
	[3] = parse_open,
	[5] = parse_close,
	[19] = parse_socket,
	[21] = parse_bind,
	[22] = parse_connect_enter,
	[23] = parse_connect,
	[29] = parse_transfer,
	[31] = parse_transfer,
	[33] = parse_transfer,
	[35] = parse_transfer,
	[43] = parse_socketpair,
	[47] = parse_getsockopt,
	[49] = parse_transfer,
	[51] = parse_transfer,
	[53] = parse_transfer,
	[55] = parse_transfer,
	[58] = parse_open_enter,
	[59] = parse_open,
	[61] = parse_pipe,
	[63] = parse_anon,
	[93] = parse_getcwd,
	[95] = parse_chdir,
	[97] = parse_fchdir,
	[127] = parse_anon,
	[137] = parse_anon,
	[139] = parse_anon,
	[143] = parse_rlimit,
	[145] = parse_rlimit,
	[151] = parse_fcntl,
	[152] = parse_switch,
	[159] = parse_memory,
	[161] = parse_memory,
	[163] = parse_memory,
	[165] = parse_memory,
	[186] = parse_procexit,
	[193] = parse_setresuid,
	[195] = parse_setresgid,
	[199] = parse_setuid,
	[201] = parse_setgid,
	[223] = parse_clone,
	[225] = parse_clone,
	[227] = parse_clone,
	[234] = parse_procinfo,
	[247] = parse_accept,
	[267] = parse_chroot,
	[275] = parse_setsid,
	[285] = parse_unshare,
	[293] = parse_execve,
	[306] = parse_open_enter,
	[307] = parse_open,
	[321] = parse_anon,
	[326] = parse_open_enter,
	[327] = parse_open,
	[330] = parse_execveat_enter,
	[331] = parse_execve,
	[335] = parse_clone,
	[337] = parse_open,
	[339] = parse_anon,
	[353] = parse_capset,
	[354] = parse_user,
	[356] = parse_user,
	[358] = parse_group,
	[360] = parse_group,
	[363] = parse_dup,
	[365] = parse_dup,
	[367] = parse_dup,
	[369] = parse_anon,
	[375] = parse_anon,
	[377] = parse_anon,
	[389] = parse_accept,
	[393] = parse_pipe,
	[395] = parse_anon,
	[397] = parse_anon,
	[399] = parse_anon,
	[401] = parse_prctl,
	[405] = parse_memfd,
	[407] = parse_pidfd_getfd,
	[409] = parse_pidfd_open,
	[427] = parse_setresuid,
	[429] = parse_setresgid,
	[451] = parse_close_range,
};

/* ---- readers ---- */

const char *cur_text(const struct cur *c, uint32_t i, size_t *ret_len)
{
	const char *text = gyr_param_str(&c->params, i, NULL);

	if (text && *text == '(' && !strcmp(text, "(NULL)"))
		text = NULL;
	*ret_len = text ? c->params.at[i].len - 1 : 0;
	return text;
}

const char *cur_str(const struct cur *c, uint32_t i)
{
	size_t len;

	return cur_text(c, i, &len);
}

const char *cur_dir(const struct state *s, const struct cur *c, int32_t i, const char *path,
		    char buf[PATH_TEXT])
{
	if (*path == '/' || !c->thread)
		return ".";
	const int64_t fd = i < 0 ? PPM_AT_FDCWD : gyr_param_i64(&c->params, (uint32_t)i, -1);
	if (fd == PPM_AT_FDCWD)
		return thread_cwd(s, c->thread);
	const struct fd *f = fd_find(s, c->thread, fd);
	if (!f || !f->name || f->name->len + 2 > PATH_TEXT)
		return "<UNKNOWN>/";
	memcpy(buf, f->name->s, f->name->len);
	memcpy(buf + f->name->len, "/", 2);
	return buf;
}

/* ---- what is the same for all events of one code ---- */

/* The parameter that is the descriptor an event is about; -1 when there is none. */
static int8_t fd_param(const struct kind *k)
{
	enum { COPY_FILE_RANGE = 333, FDIN = 3 };

	if (!(k->info->flags & (GYR_EF_USES_FD | GYR_EF_DESTROYS_FD)))
		return -1;
	if (k->info->code == COPY_FILE_RANGE)
		return FDIN;
	for (uint8_t i = k->info->is_exit; i < k->n_rows; i++)
		if (k->rows[i].type == GYR_PT_FD)
			return (int8_t)i;
	return -1;
}

/* Whether such an event happens to a thread. Events about users and the machine carry a number that
 * means nothing, or none. */
static bool has_thread(const struct gyr_event_info *info)
{
	enum { META = 1 << 12, PLUGIN_EVENT = 1 << 11, PROCINFO = 234 };

	if (info->code == PROCINFO)
		return true;
	return !(info->flags & GYR_EF_SKIPPARSERESET) && !(info->category & (META | PLUGIN_EVENT));
}

/* Whether an unknown thread is made up: not for those that an event itself brings to life. */
static bool makes_thread(uint16_t code)
{
	switch (code) {
	case 152: /* switch */
	case 223: /* clone, fork, vfork, clone3 */
	case 225:
	case 227:
	case 234: /* procinfo */
	case 335:
		return false;
	default:
		return true;
	}
}

/* Code 1 is a call without an event of its own. */
static bool has_result(const struct gyr_event_info *info)
{
	enum { FROM_SYSCALL = 1 << 9 };

	return info->is_exit && info->code != 1 && (info->category & FROM_SYSCALL);
}

static void kind_init(struct kind *k, uint16_t code)
{
	uint32_t n;

	k->fd_param = -1;
	k->info = gyr_event(code);
	if (!k->info)
		return;
	k->rows = gyr_event_params(code, &n);
	k->n_rows = (uint8_t)n;
	k->fd_param = fd_param(k);
	k->is_wide = gyr_event_is_large(code);
	k->has_result = has_result(k->info);
	k->has_thread = has_thread(k->info);
	k->makes_thread = makes_thread(code);
	if (code < sizeof parsers / sizeof parsers[0])
		k->parse = parsers[code];
	if (k->parse == parse_open)
		k->usual = usual_open;
	if (k->parse == parse_close)
		k->usual = usual_close;
}

void state_init(struct state *s)
{
	s->dead_tid = -1;
	s->root = getenv("HOST_ROOT");
	if (!s->root)
		s->root = "";
	s->purge_ns = s->limits.purge_interval_s * 1000000000ULL;
	for (unsigned code = 0; code < KINDS_MAX; code++)
		kind_init(&s->kinds[code], (uint16_t)code);
}

/* ---- the event at hand ---- */

static const struct kind *kind_of(const struct state *s, uint16_t code)
{
	return &s->kinds[code < KINDS_MAX ? code : KINDS_MAX - 1]; /* the last is no event */
}

static void cur_begin(struct state *s, const ss_plugin_event *raw, uint64_t num,
		      const struct kind *k)
{
	struct cur *c = &s->cur;

	c->raw = raw;
	c->num = num;
	c->thread = NULL;
	c->fd = NULL;
	c->fd_renamed = false;
	c->is_parsed = false;
	c->is_read = false;
	c->kind = k;
	c->info = k->info;
	c->rows = k->rows;
	c->n_rows = k->n_rows;
}

static bool cur_read(struct state *s)
{
	struct cur *c = &s->cur;

	c->is_read = true;
	if (gyr_params_read(c->raw, &c->params) == 0)
		return true;
	c->params.n = 0;
	c->params.after = (const uint8_t *)c->raw;
	s->counters.bad_events++;
	return false;
}

/* The descriptor that the event is about, of an event whose other parameters nobody asked for yet. */
static int64_t read_fd(const ss_plugin_event *raw, uint32_t i)
{
	const uint8_t *bytes = (const uint8_t *)raw, *lengths = bytes + sizeof *raw;
	uint64_t at = sizeof *raw + 2 * (uint64_t)raw->nparams;
	int64_t fd;

	if (i >= raw->nparams || at > raw->len)
		return -1;
	for (uint32_t k = 0; k < i; k++)
		at += gyr__load16(lengths + 2 * (size_t)k);
	if (gyr__load16(lengths + 2 * (size_t)i) != sizeof fd || at + sizeof fd > raw->len)
		return -1;
	memcpy(&fd, bytes + at, sizeof fd);
	return fd;
}

/* The thread that an event happens to; NULL when there is none. */
static inline struct thread *find_thread(struct state *s, const ss_plugin_event *raw,
					 const struct kind *k)
{
	struct thread *t;

	if (k->makes_thread)
		return k->has_thread ? thread_at(s, raw) : NULL;
	if (!k->has_thread || raw->tid == UINT64_MAX)
		return NULL;
	t = thread_find(s, (int64_t)raw->tid);
	if (t)
		t->seen_ts = raw->ts;
	return t;
}

static inline void find_subject(struct state *s, struct cur *c, const struct kind *k)
{
	struct thread *t = find_thread(s, c->raw, k);

	c->thread = t;
	if (!t || k->fd_param < 0)
		return;
	t->last_fd = c->is_read ? gyr_param_i64(&c->params, (uint32_t)k->fd_param, -1)
				: read_fd(c->raw, (uint32_t)k->fd_param);
	c->fd = fd_find(s, t, t->last_fd);
}

static void finish_last(struct state *s)
{
	fds_free_closed(s);
	if (s->dead_tid >= 0) {
		struct thread *t = thread_find(s, s->dead_tid);

		if (t && t->is_dead)
			thread_end(s, t);
		s->dead_tid = -1;
	}
}

/* Time may begin anywhere, and jump back where a recording is repeated. */
static __attribute__((noinline)) void age(struct state *s)
{
	if (s->recheck.is_sweeping)
		recheck_sweep(s);
	else if (s->aged_ts && s->now_ts > s->aged_ts)
		threads_age(s);
	s->aged_ts = s->now_ts;
}

/* Whether the event was a record of the system, not an event of a call. */
static __attribute__((noinline)) bool take_record(struct state *s, const ss_plugin_event_input *in,
						  int *ret)
{
	struct gyr_event evt;

	if (gyr_event_view(in, &evt) || evt.plugin_id != 0 ||
	    strncmp(evt.name, GYR_META_PREFIX, strlen(GYR_META_PREFIX)) != 0)
		return false;
	s->cur.raw = NULL;
	*ret = parse_meta(s, &evt);
	return true;
}

/* The last event is over, time has gone on. */
static inline void step(struct state *s, const ss_plugin_event *raw)
{
	if (s->n_closed || s->dead_tid >= 0)
		finish_last(s);
	s->now_ts = raw->ts;
	if (raw->ts - s->aged_ts > s->purge_ns)
		age(s);
}

/* Parameters are looked for when the event changes something, else when they are asked for. False: its lengths
 * do not fit together. */
static inline bool parse(struct state *s, const ss_plugin_event *raw, uint64_t num,
			 const struct kind *k)
{
	struct subject x;

	cur_begin(s, raw, num, k);
	if (k->usual && k->usual(s, raw, &x)) {
		s->cur.thread = x.thread;
		s->cur.fd = x.fd;
		s->cur.is_parsed = true;
		return true;
	}
	if ((k->parse || k->is_wide) && !cur_read(s))
		return false;
	find_subject(s, &s->cur, k);
	s->cur.is_parsed = true;
	if (k->parse)
		k->parse(s, &s->cur);
	return true;
}

static int misfit(struct gyr *p, uint64_t num)
{
	return gyr_fail(p, -EBADMSG, "parse: event %llu: its lengths do not fit together",
			(unsigned long long)num);
}

int state_parse(struct gyr *p, const ss_plugin_event_input *in)
{
	const ss_plugin_event *raw = in->evt;
	struct state *s = gyr_state(p);
	int r;

	step(s, raw);
	statetables_begin(s->tables);
	if (raw->type == GYR_EVENT_ASYNC && take_record(s, in, &r))
		return r;
	return parse(s, raw, in->evtnum, kind_of(s, raw->type)) ? 0 : misfit(p, in->evtnum);
}

/* Of an event that changes nothing only its thread is of interest here, and which descriptor that used last. */
static inline void pass(struct state *s, const ss_plugin_event *raw, const struct kind *k)
{
	struct thread *t = find_thread(s, raw, k);

	if (t && k->fd_param >= 0)
		t->last_fd = read_fd(raw, (uint32_t)k->fd_param);
}

uint32_t state_parse_many(struct gyr *p, const struct gyr_events *evts)
{
	struct state *s = gyr_state(p);
	uint32_t n_failed = 0;
	struct subject x;

	statetables_begin(s->tables);
	for (uint32_t i = 0; i < evts->n; i++) {
		const ss_plugin_event *raw = evts->at[i];
		const struct kind *k = kind_of(s, raw->type);

		step(s, raw);
		if (!k->parse && !k->is_wide) {
			pass(s, raw, k);
		} else if (k->usual && k->usual(s, raw, &x)) {
			continue;
		} else if (!parse(s, raw, evts->num + i, k)) {
			(void)misfit(p, evts->num + i);
			n_failed++;
		}
	}
	return n_failed;
}

/* The event was not just parsed: its thread is looked for, and not made up. */
static void cur_find(struct state *s, const ss_plugin_event *raw, uint64_t num)
{
	const struct kind *k = kind_of(s, raw->type);

	cur_begin(s, raw, num, k);
	if (k->has_thread && raw->tid != UINT64_MAX)
		s->cur.thread = thread_find(s, (int64_t)raw->tid);
}

struct cur *state_look(struct state *s, const ss_plugin_event *raw, uint64_t num)
{
	if (s->cur.raw != raw || s->cur.num != num)
		cur_find(s, raw, num);
	(void)cur_read(s);
	return &s->cur;
}

struct cur *state_cur(struct gyr *p, const struct gyr_event *evt)
{
	return state_cur_of(gyr_state(p), evt->raw, evt->num);
}

/* ---- all of it ---- */

static void users_clear(struct imap *m)
{
	uint32_t at = 0;

	for (struct user *u; (u = imap_next(m, &at));) {
		(void)rtext_unref(u->name);
		(void)rtext_unref(u->home);
		(void)rtext_unref(u->shell);
		(void)rtext_unref(u->container);
		free(u);
	}
	imap_deinit(m);
}

void state_clear(struct state *s)
{
	fds_free_closed(s);
	threads_clear(s);
	users_clear(&s->users);
	users_clear(&s->groups);
	s->asked.name = rtext_unref(s->asked.name);
	s->asked.raw = NULL;
	names_clear(&s->names);
	s->nowhere = rtext_unref(s->nowhere);
	pool_deinit(&s->pool);
	s->n_ifaces = 0;
	s->is_live = false;
	s->machine.num_cpus = 0;
	s->aged_ts = 0;
	s->dead_tid = -1;
	s->recheck.is_sweeping = false;
	s->purge_ns = s->limits.purge_interval_s * 1000000000;
	memset(s->ended, 0, sizeof s->ended);
	memset(s->switched_ts, 0, sizeof s->switched_ts);
	s->cur.raw = NULL;
}
