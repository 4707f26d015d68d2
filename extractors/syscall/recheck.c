/*
 * recheck: what a live source tells again after it lost events (gyr/scapmeta.h).
 *
 * Ends of threads and descriptors that were lost would leave them here for ever, beginnings that were lost
 * leave questions without an answer. So what is told is compared: a thread that runs the program that is told
 * stays, as events told more of it than /proc does, and only takes the steps that may have been lost (where it
 * stands, who it is, what it may); what is another program now, or was not known, is taken over; what is not
 * told of is removed. Threads that began during a recheck are none of its business.
 *
 * There may be very many threads that are gone, so they are removed some at a time.
 */
#include "state.h"

#include <string.h>

enum {
	SWEEP_THREADS = 256,      /* removed at a time */
	SWEEP_FDS = 256,          /* likewise, of one process */
	SWEEP_EVERY_NS = 1000000, /* time of events between two times */
	COMPARED = 1000,          /* bytes of a list that both sides have in full */
};

/* ---- threads ---- */

static bool text_is(const struct rtext *known, struct gyr_meta_text told)
{
	size_t n = told.len;

	if (n && told.p[n - 1] == '\0')
		n--;
	return (known ? known->len : 0) == n && !memcmp(rtext_str(known), told.p, n);
}

/* The same for a list, of which either side may have cut the end. */
static bool list_is(const struct rtext *known, struct gyr_meta_text told)
{
	if (!known || known->len < COMPARED || told.len < COMPARED)
		return text_is(known, told);
	return !memcmp(rtext_str(known), told.p, COMPARED);
}

static bool is_same_program(const struct thread *t, const struct gyr_meta_proc *m)
{
	return !t->is_fake && t->pid == m->pid && text_is(t->comm, m->comm) &&
	       text_is(t->exe, m->exe) && list_is(t->args, m->args);
}

/* In place of an older one of its number, if there is one, whose threads and children it has. */
static void take_thread(struct state *s, const struct gyr_meta_proc *m)
{
	struct thread *old = thread_find(s, m->tid), heir = {.tid = m->tid};
	const uint32_t n_others = old && old->pid == m->pid ? old->n_others : 0;

	if (old)
		thread_give_children(old, &heir);
	struct thread *t = meta_thread(s, m);
	thread_give_children(&heir, t);
	s->counters.threads_found++;
	if (!t)
		return;
	t->n_others = n_others;
	t->pid = t->ptid = -1; /* nobody has counted it yet */
	thread_set_pids(s, t, m->pid, m->ptid);
}

/* /proc may cut a path, marks one that is gone, and names it as we see it, not as one who was given another root
 * does: events know better then. */
static void learn_cwd(struct state *s, struct thread *t, const struct gyr_meta_proc *m)
{
	const bool is_sure = m->cwd.len < COMPARED && meta_path_len(m->cwd) == m->cwd.len &&
			     (m->root.len == 0 || (m->root.len == 1 && *m->root.p == '/'));

	if (t->tid == t->pid && m->cwd.len && (!t->cwd || is_sure))
		thread_set_cwd(s, t, m->cwd.p, m->cwd.len);
}

static void see_thread(struct state *s, const struct gyr_meta_proc *m)
{
	struct thread *t = thread_find(s, m->tid);

	if (!t || !is_same_program(t, m)) {
		take_thread(s, m);
		return;
	}
	t->recheck = s->recheck.n;
	meta_steps(s, t, m);
	learn_cwd(s, t, m);
	t->vtid = m->vtid; /* an exec does not tell it */
	t->vpid = m->vpid;
	if (t->ptid != m->ptid)
		thread_set_pids(s, t, m->pid, m->ptid);
}

/* ---- descriptors ---- */

static void close_some(struct state *s, struct thread *t)
{
	const struct recheck *k = &s->recheck;
	int64_t gone[SWEEP_FDS];
	uint32_t at = 0, n = 0;

	for (const struct fd *f; n < SWEEP_FDS && (f = fds_next(t, &at));)
		if (f->num < FDS_MAX && !(k->fds[f->num / 64] >> (f->num % 64) & 1))
			gone[n++] = f->num;
	for (uint32_t i = 0; i < n; i++)
		fd_close(s, t, gone[i]);
	s->counters.fds_swept += n;
}

/* All descriptors of a process were told. One of which none was told may be one that hides them. */
static void end_process(struct state *s)
{
	struct recheck *k = &s->recheck;
	struct thread *t = k->pid < 0 ? NULL : thread_find(s, k->pid);

	if (t && k->has_fds)
		close_some(s, t);
	k->pid = -1;
}

static void begin_process(struct state *s, int64_t pid)
{
	struct recheck *k = &s->recheck;

	if (k->has_fds)
		memset(k->fds, 0, sizeof k->fds);
	k->has_fds = false;
	k->pid = pid;
}

static bool is_same_fd(const struct fd *f, const struct gyr_meta_fd *m)
{
	if (f->ino && m->ino)
		return f->ino == m->ino;
	if (fd_is_ip(f) || fd_listens(f))
		return (f->u.sock.sport == m->sport && f->u.sock.dport == m->dport) ||
		       (f->u.sock.sport == m->dport && f->u.sock.dport == m->sport);
	return f->type == m->type;
}

static void see_fd(struct state *s, const struct gyr_meta_fd *m)
{
	struct recheck *k = &s->recheck;
	struct thread *t = thread_find(s, m->tid);
	const struct fd *f = t ? fd_find(s, t, m->fd) : NULL;

	if (!t || m->tid != k->pid)
		return;
	if (m->fd >= 0 && m->fd < FDS_MAX)
		k->fds[m->fd / 64] |= 1ULL << (m->fd % 64);
	k->has_fds = true;
	if (f && is_same_fd(f, m))
		return;
	meta_descriptor(s, t, m);
	s->counters.fds_found++;
}

/* ---- all of it ---- */

static int on_thread(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_proc m;

	if (GYR_META_READ(evt->data, evt->len, &m, comm))
		return -EBADMSG;
	if (m.tid == m.pid) {
		end_process(s);
		begin_process(s, m.pid);
	}
	see_thread(s, &m);
	return 0;
}

static int on_fd(struct state *s, const struct gyr_event *evt)
{
	struct gyr_meta_fd m;

	if (GYR_META_READ(evt->data, evt->len, &m, name))
		return -EBADMSG;
	see_fd(s, &m);
	return 0;
}

int recheck_record(struct state *s, const struct gyr_event *evt)
{
	struct recheck *k = &s->recheck;

	s->cur.thread = NULL;
	s->cur.fd = NULL;
	if (!strcmp(evt->name, GYR_META_AGAIN_PROC))
		return on_thread(s, evt);
	if (!strcmp(evt->name, GYR_META_AGAIN_FD))
		return on_fd(s, evt);
	if (!strcmp(evt->name, GYR_META_AGAIN)) {
		k->n++;
		k->is_sweeping = false;
		begin_process(s, -1);
	} else if (!strcmp(evt->name, GYR_META_AGAIN_END)) {
		end_process(s);
		k->is_sweeping = true;
		k->at = 0;
	}
	s->purge_ns = k->is_sweeping ? SWEEP_EVERY_NS : s->limits.purge_interval_s * 1000000000;
	return 0;
}

/* A removal moves entries behind it towards it, so a few may be passed by until the next recheck. */
void recheck_sweep(struct state *s)
{
	struct recheck *k = &s->recheck;
	int64_t gone[SWEEP_THREADS];
	uint32_t n = 0;
	const struct thread *t = NULL;

	while (n < SWEEP_THREADS && (t = imap_next(&s->threads, &k->at)))
		if (t->recheck != k->n)
			gone[n++] = t->tid;
	for (uint32_t i = 0; i < n; i++)
		thread_remove(s, gone[i]);
	s->counters.threads_swept += n;
	if (t)
		return;
	k->is_sweeping = false;
	s->purge_ns = s->limits.purge_interval_s * 1000000000;
}
