/* user: names behind the numbers of users and groups, as the recording or the host told them, or their files. */
#include "fields.h"

#include <string.h>

#include "accounts.h"
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
static const struct user *told(const struct imap *m, const char *container, uint32_t id)
{
	const struct user *u = imap_get(m, user_key(container, id));

	return u && !strcmp(rtext_str(u->container), container) ? u : NULL;
}

/* What events and the source told, else what the files say where @t is (NULL: on the host). */
static bool find(const struct state *s, enum account_kind kind, const struct thread *t, uint32_t id,
		 struct account *ret)
{
	const char *container = t ? statetables_container(s, t) : "";
	const struct user *u = told(kind == ACCOUNT_USER ? &s->users : &s->groups, container, id);

	if (!u)
		return s->is_live && s->accounts && id != UINT32_MAX &&
		       accounts_find(
			       s->accounts,
			       &(const struct account_of){kind, id, container, t ? t->pid : 0},
			       ret);
	*ret = (struct account){rtext_str(u->name), rtext_str(u->home), rtext_str(u->shell)};
	return true;
}

void user_foresee(const struct state *s, const struct thread *t)
{
	struct account ignored;

	(void)find(s, ACCOUNT_USER, t, t->uid, &ignored);
	(void)find(s, ACCOUNT_USER, t, t->loginuid, &ignored);
	(void)find(s, ACCOUNT_GROUP, t, t->gid, &ignored);
}

static const char *name_of(const struct state *s, enum account_kind kind, const struct thread *t,
			   uint32_t id)
{
	struct account a;

	return find(s, kind, t, id, &a) ? a.name : id == 0 ? "root" : "<NA>";
}

const char *user_text(const struct state *s, const struct thread *t, uint32_t uid)
{
	return name_of(s, ACCOUNT_USER, t, uid);
}

const char *group_text(const struct state *s, const struct thread *t, uint32_t gid)
{
	return name_of(s, ACCOUNT_GROUP, t, gid);
}

/* Copied: the next question may be answered at the same place. */
static int set_text(struct gyr_value *out, const char *text)
{
	return gyr_set_strn(out, text, strlen(text));
}

FIELD_FN(user_uid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->uid) : 0;
}

FIELD_FN(user_name)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? set_text(out, user_text(gyr_state(p), t, t->uid)) : 0;
}

FIELD_FN(user_homedir)
{
	const struct thread *t = state_cur(p, evt)->thread;
	struct account a;

	if (!t)
		return 0;
	if (find(gyr_state(p), ACCOUNT_USER, t, t->uid, &a))
		return set_text(out, a.home);
	return set_text(out, t->uid == 0 ? "/root" : "<NA>");
}

FIELD_FN(user_shell)
{
	const struct thread *t = state_cur(p, evt)->thread;
	struct account a;

	if (!t)
		return 0;
	return set_text(out, find(gyr_state(p), ACCOUNT_USER, t, t->uid, &a) ? a.shell : "<NA>");
}

FIELD_FN(user_loginuid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_i64(out, t->loginuid == UINT32_MAX ? -1 : (int64_t)t->loginuid) : 0;
}

FIELD_FN(user_loginname)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? set_text(out, user_text(gyr_state(p), t, t->loginuid)) : 0;
}

FIELD_FN(group_gid)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? gyr_set_u64(out, t->gid) : 0;
}

FIELD_FN(group_name)
{
	const struct thread *t = state_cur(p, evt)->thread;

	return t ? set_text(out, group_text(gyr_state(p), t, t->gid)) : 0;
}
