/* parse_ids: directories, sessions, identities, capabilities, limits. */
#include <string.h>

#include "state.h"

/* Whether the event has a thread and went well. */
static bool went_well(const struct cur *c)
{
	int64_t r;

	return c->thread && cur_result(c, &r) && r >= 0;
}

void parse_chdir(struct state *s, struct cur *c)
{
	const char *path = cur_str(c, 1);

	if (went_well(c) && path)
		thread_set_cwd(s, c->thread, path, strlen(path));
}

void parse_getcwd(struct state *s, struct cur *c)
{
	const char *path = cur_str(c, 1);

	if (went_well(c) && path && *path == '/')
		thread_set_cwd(s, c->thread, path, strlen(path));
}

void parse_fchdir(struct state *s, struct cur *c)
{
	if (went_well(c) && c->fd && c->fd->name)
		thread_set_cwd(s, c->thread, c->fd->name->s, c->fd->name->len);
}

void parse_chroot(struct state *s, struct cur *c)
{
	char path[PATH_TEXT];
	const char *to = cur_str(c, 1);

	if (!went_well(c) || !to)
		return;
	const size_t n = path_join(path, sizeof path, thread_cwd(s, c->thread), to);
	if (rtext_set(&s->pool, &c->thread->root, path, n))
		thread_touch(c->thread);
}

void parse_setsid(struct state *s, struct cur *c)
{
	int64_t r;

	(void)s;
	if (!c->thread || !cur_result(c, &r) || r < 0)
		return;
	c->thread->sid = r;
	thread_touch(c->thread);
}

/* All ones, which leave the number as it is, are taken over as they are: so others answer, too. */
static void set_id(const struct state *s, uint32_t *at, const struct cur *c, uint32_t i)
{
	if (!went_well(c) || !gyr_param(&c->params, i))
		return;
	*at = (uint32_t)gyr_param_u64(&c->params, i, UINT32_MAX);
	thread_touch(c->thread);
	user_foresee(s, c->thread);
}

void parse_setuid(struct state *s, struct cur *c)
{
	if (c->thread)
		set_id(s, &c->thread->uid, c, 1);
}

void parse_setgid(struct state *s, struct cur *c)
{
	if (c->thread)
		set_id(s, &c->thread->gid, c, 1);
}

void parse_setresuid(struct state *s, struct cur *c)
{
	if (c->thread)
		set_id(s, &c->thread->uid, c, 2);
}

void parse_setresgid(struct state *s, struct cur *c)
{
	if (c->thread)
		set_id(s, &c->thread->gid, c, 2);
}

void parse_capset(struct state *s, struct cur *c)
{
	(void)s;
	if (!went_well(c))
		return;
	thread_touch(c->thread);
	c->thread->cap_inheritable = gyr_param_u64(&c->params, 1, 0);
	c->thread->cap_permitted = gyr_param_u64(&c->params, 2, 0);
	c->thread->cap_effective = gyr_param_u64(&c->params, 3, 0);
}

void parse_prctl(struct state *s, struct cur *c)
{
	const char *name = cur_str(c, 2);

	if (!went_well(c) || !name || gyr_param_u64(&c->params, 1, 0) != PPM_PR_SET_NAME)
		return;
	if (rtext_set(&s->pool, &c->thread->comm, name, strlen(name)))
		thread_touch(c->thread);
}

void parse_rlimit(struct state *s, struct cur *c)
{
	enum { PRLIMIT = 145 };
	const bool is_prlimit = c->raw->type == PRLIMIT;
	const uint64_t resource = gyr_param_u64(&c->params, is_prlimit ? 6 : 3, 0);
	const int64_t limit = gyr_param_i64(&c->params, 1, -1);
	const int64_t pid = is_prlimit ? gyr_param_i64(&c->params, 5, 0) : 0;

	if (!went_well(c) || resource != PPM_RLIMIT_NOFILE || limit < 0)
		return;
	struct thread *t = pid ? thread_find(s, pid) : c->thread;
	if (!t)
		return;
	t->fdlimit = (uint64_t)limit;
	thread_touch(t);
}
