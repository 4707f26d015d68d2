/* user: names behind the numbers of users and groups, as the recording or the host told them. */
#include "fields.h"

#include <string.h>

#include "statetables.h"

int64_t user_key(const char *container, uint32_t id)
{
	uint64_t h = 1469598103934665603ULL; /* FNV-1a */

	if (!*container)
		return id;
	for (const char *p = container; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	return (int64_t)((h >> 1 | 1ULL << 62) & ~0xffffffffULL) | id;
}

/* The users of a container are others than those of the host, whatever their numbers. */
static const struct user *find(const struct state *s, const struct imap *m, const struct thread *t,
			       uint32_t id)
{
	const char *container = t ? statetables_container(s, t) : "";
	const struct user *u = imap_get(m, user_key(container, id));

	return u && !strcmp(rtext_str(u->container), container) ? u : NULL;
}

static const struct user *find_user(const struct state *s, const struct thread *t, uint32_t uid)
{
	return find(s, &s->users, t, uid);
}

const char *user_text(const struct state *s, const struct thread *t, uint32_t uid)
{
	const struct user *u = find_user(s, t, uid);

	return u ? rtext_str(u->name) : uid == 0 ? "root" : "<NA>";
}

const char *group_text(const struct state *s, const struct thread *t, uint32_t gid)
{
	const struct user *g = find(s, &s->groups, t, gid);

	return g ? rtext_str(g->name) : gid == 0 ? "root" : "<NA>";
}

FIELD_FN(user_uid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->uid) : 0;
}

FIELD_FN(user_name)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_str(out, user_text(gyr_state(p), t, t->uid)) : 0;
}

FIELD_FN(user_homedir)
{
	const struct thread *t = state_cur(p, evt)->thread;
	const struct user *u = t ? find_user(gyr_state(p), t, t->uid) : NULL;

	if (!t)
		return 0;
	return gyr_set_str(out, u ? rtext_str(u->home) : t->uid == 0 ? "/root" : "<NA>");
}

FIELD_FN(user_shell)
{
	const struct thread *t = state_cur(p, evt)->thread;
	const struct user *u = t ? find_user(gyr_state(p), t, t->uid) : NULL;

	return t ? gyr_set_str(out, u ? rtext_str(u->shell) : "<NA>") : 0;
}

FIELD_FN(user_loginuid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_i64(out, t->loginuid == UINT32_MAX ? -1 : (int64_t)t->loginuid) : 0;
}

FIELD_FN(user_loginname)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_str(out, user_text(gyr_state(p), t, t->loginuid)) : 0;
}

FIELD_FN(group_gid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->gid) : 0;
}

FIELD_FN(group_name)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_str(out, group_text(gyr_state(p), t, t->gid)) : 0;
}
