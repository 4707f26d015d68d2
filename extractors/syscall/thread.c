/*
 * thread: the table of threads and the ways through it.
 *
 * A thread is found by its id; its process is the thread whose id is its pid, its parent the thread
 * whose id is ptid. Nothing points: any of them may be missing, and a chain may be a loop in a damaged
 * recording, so walks are bounded.
 */
#include "state.h"

#include <string.h>

#include "statetables.h"

void thread_free(struct state *s, struct thread *t)
{
	fds_clear(s, t);
	(void)rtext_unref(t->comm);
	(void)rtext_unref(t->exe);
	(void)rtext_unref(t->exepath);
	(void)rtext_unref(t->args);
	(void)rtext_unref(t->env);
	(void)rtext_unref(t->cwd);
	(void)rtext_unref(t->cgroups);
	(void)rtext_unref(t->root);
	(void)rtext_unref(t->enter_name);
	statetables_free_row(s, t);
	pool_put(&s->pool, t, sizeof *t);
}

void thread_link(struct thread *t, struct thread *parent)
{
	if (t->parent) {
		*(t->before ? &t->before->next : &t->parent->first_child) = t->next;
		if (t->next)
			t->next->before = t->before;
	}
	t->parent = parent == t ? NULL : parent;
	t->before = t->next = NULL;
	if (!t->parent)
		return;
	t->next = parent->first_child;
	if (t->next)
		t->next->before = t;
	parent->first_child = t;
}

void thread_give_children(struct thread *from, struct thread *to)
{
	while (from->first_child)
		thread_link(from->first_child, to);
}

/* Takes @t out of the count of its process and from its parent. */
static void thread_uncount(struct state *s, struct thread *t)
{
	struct thread *leader = t->pid == t->tid ? NULL : thread_find(s, t->pid);

	if (leader && leader->n_others > 0) {
		leader->n_others--;
		thread_touch(leader);
	}
	thread_link(t, NULL);
}

void thread_set_pids(struct state *s, struct thread *t, int64_t pid, int64_t ptid)
{
	thread_uncount(s, t);
	if (t->pid != pid || t->ptid != ptid)
		thread_touch(t);
	t->pid = pid;
	t->ptid = ptid;

	struct thread *leader = pid == t->tid ? NULL : thread_find(s, pid);
	if (leader) {
		leader->n_others++;
		thread_touch(leader);
	}
	thread_link(t, thread_find(s, ptid));
}

void thread_remove(struct state *s, int64_t tid)
{
	struct thread *t = imap_take(&s->threads, tid);

	if (!t)
		return;
	if (s->cur.thread == t) {
		s->cur.thread = NULL;
		s->cur.fd = NULL;
	}
	s->last_thread = NULL;
	thread_uncount(s, t);
	thread_give_children(t, NULL);
	thread_free(s, t);
}

void thread_move_children(struct state *s, const struct thread *from, int64_t to)
{
	while (from->first_child && to != from->tid)
		thread_set_pids(s, from->first_child, from->first_child->pid, to);
}

/* Gives the children of @t to whoever reaps them: another thread of its process while there is one. */
static void children_move(struct state *s, const struct thread *t)
{
	const struct thread *leader = thread_main(s, t);
	int64_t to = t->reaper > 0 ? t->reaper : 0;

	if (!to && leader && leader != t && !leader->is_dead)
		to = leader->tid;
	thread_move_children(s, t, to);
}

void thread_end(struct state *s, struct thread *t)
{
	struct thread *leader = thread_main(s, t);

	if (leader == t && t->n_others > 0)
		return;
	children_move(s, t);
	if (leader == t)
		leader = NULL;
	thread_remove(s, t->tid);
	if (leader && leader->is_dead && leader->n_others == 0) {
		children_move(s, leader);
		thread_remove(s, leader->tid);
	}
}

struct thread *thread_new(struct state *s)
{
	struct thread *t = pool_get(&s->pool, sizeof *t);

	if (!t) {
		s->counters.no_memory++;
		return NULL;
	}
	memset(t, 0, sizeof *t);
	t->id = ++s->last_id;
	t->tid = t->pid = t->ptid = t->sid = t->vpgid = t->vtid = t->vpid = t->pgid = t->reaper =
		-1;
	t->last_fd = -1;
	t->loginuid = UINT32_MAX;
	t->is_detached = true;
	t->recheck = s->recheck.n;
	return t;
}

struct thread *thread_adopt(struct state *s, struct thread *t, int64_t tid)
{
	thread_remove(s, tid);
	if (!threads_make_room(s)) {
		s->counters.threads_refused++;
		thread_free(s, t);
		return NULL;
	}
	if (imap_add(&s->threads, tid, t)) {
		s->counters.no_memory++;
		thread_free(s, t);
		return NULL;
	}
	t->tid = tid;
	t->is_detached = false;
	return t;
}

struct thread *thread_add(struct state *s, int64_t tid)
{
	struct thread *t = thread_new(s);

	return t ? thread_adopt(s, t, tid) : NULL;
}

struct thread *thread_get(struct state *s, int64_t tid)
{
	struct thread *t = thread_find(s, tid);

	if (t)
		return t;
	t = thread_add(s, tid);
	if (!t)
		return NULL;
	t->is_fake = true;
	t->uid = t->gid = UINT32_MAX;
	(void)rtext_set(&s->pool, &t->comm, "<NA>", 4);
	(void)rtext_set(&s->pool, &t->exe, "<NA>", 4);
	return t;
}

void threads_clear(struct state *s)
{
	uint32_t at = 0;

	for (struct thread *t; (t = imap_next(&s->threads, &at));)
		thread_free(s, t);
	imap_deinit(&s->threads);
	s->last_thread = NULL;
	s->cur.thread = NULL;
	s->cur.fd = NULL;
}

struct thread *thread_main(const struct state *s, const struct thread *t)
{
	return thread_find(s, thread_is_main(t) ? t->tid : t->pid);
}

struct thread *thread_parent(const struct state *s, const struct thread *t)
{
	const struct thread *parent = t->ptid < 0 ? NULL : thread_find(s, t->ptid);

	return parent ? thread_main(s, parent) : NULL;
}

struct thread *thread_ancestor(const struct state *s, const struct thread *t, uint64_t n)
{
	struct thread *at = thread_main(s, t);

	if (n > ANCESTORS_MAX)
		return NULL;
	for (uint64_t i = 0; at && i < n; i++) {
		struct thread *up = thread_parent(s, at);

		if (up == at)
			return NULL;
		at = up;
	}
	return at;
}

const char *thread_cwd(const struct state *s, const struct thread *t)
{
	const struct thread *leader = thread_main(s, t);

	return leader ? rtext_str(leader->cwd) : "./";
}

void thread_set_cwd(struct state *s, struct thread *t, const char *path, size_t len)
{
	struct thread *leader = thread_main(s, t);
	char joined[PATH_TEXT];

	(void)len;
	if (!leader)
		return;
	size_t n = path_join(joined, sizeof joined - 1, thread_cwd(s, t), path);
	if (!n || joined[n - 1] != '/')
		joined[n++] = '/';
	if (rtext_set(&s->pool, &leader->cwd, joined, n))
		thread_touch(leader);
}
