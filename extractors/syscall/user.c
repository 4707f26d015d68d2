/* user: names behind the numbers of users and groups, as the recording or the host told them. */
#include "fields.h"

static const struct user *find_user(const struct state *s, uint32_t uid)
{
	return imap_get(&s->users, uid);
}

const char *user_text(const struct state *s, uint32_t uid)
{
	const struct user *u = find_user(s, uid);

	return u ? rtext_str(u->name) : uid == 0 ? "root" : "<NA>";
}

const char *group_text(const struct state *s, uint32_t gid)
{
	const struct user *g = imap_get(&s->groups, gid);

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

	return t ? gyr_set_str(out, user_text(gyr_state(p), t->uid)) : 0;
}

FIELD_FN(user_homedir)
{
	const struct thread *t = state_cur(p, evt)->thread;
	const struct user *u = t ? find_user(gyr_state(p), t->uid) : NULL;

	if (!t)
		return 0;
	return gyr_set_str(out, u ? rtext_str(u->home) : t->uid == 0 ? "/root" : "<NA>");
}

FIELD_FN(user_shell)
{
	const struct thread *t = state_cur(p, evt)->thread;
	const struct user *u = t ? find_user(gyr_state(p), t->uid) : NULL;

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

	return t ? gyr_set_str(out, user_text(gyr_state(p), t->loginuid)) : 0;
}

FIELD_FN(group_gid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->gid) : 0;
}

FIELD_FN(group_name)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_str(out, group_text(gyr_state(p), t->gid)) : 0;
}
