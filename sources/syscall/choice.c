#include "choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gyr/events.h>

enum {
	CATEGORY_MASK = 0xff, /* of gyr_event_info.category; above it is where events come from */
	CATEGORY_FILE = 2,
	CATEGORY_NET = 3,
	CATEGORY_IO_READ = 32,
	CATEGORY_IO_WRITE = 33,
	CATEGORY_IO_OTHER = 34,
};

/* Bits of gyr_interest.needs. */
enum {
	NEEDS_FD = 1 << 0,
	NEEDS_SUCCESS = 1 << 1 | 1 << 2 | 1 << 3,
	NEEDS_WRITE = 1 << 4,
};

/* Tracepoints and what records them. Those of high volume are never chosen for a rule that does not name
 * them. */
static const struct {
	const char *name;
	uint16_t event;
	bool is_frequent;
} tracepoints[] = {
	{"sched_process_exit", 186, false}, {"signal_deliver", 232, false},
	{"sched_switch", 152, true},        {"page_fault_user", 290, true},
	{"page_fault_kernel", 290, true},
};

/* Beyond those that the event table marks: they change what fields say of a process. */
static const char *const more_state[] = {"setpgid", "setrlimit", "prlimit64", NULL};

/* Without these nothing can be said of any process. */
static const char *const process_state[] = {
	"clone",     "clone3",   "fork",     "vfork",   "execve", "execveat", "chdir",
	"fchdir",    "chroot",   "setsid",   "setpgid", "setuid", "setgid",   "setresuid",
	"setresgid", "setreuid", "setregid", "capset",  "prctl",  NULL,
};

/* What a descriptor is: where it comes from, where it goes. */
static const char *const fd_state[] = {
	"open",  "openat",      "openat2", "creat",        "open_by_handle_at",
	"close", "close_range", "dup",     "dup2",         "dup3",
	"fcntl", "pipe",        "pipe2",   "memfd_create", "pidfd_getfd",
	NULL,
};

static const char *const socket_state[] = {
	"socket", "socketpair",  "bind", "connect", "accept", "accept4", "getsockopt",
	"close",  "close_range", "dup",  "dup2",    "dup3",   "fcntl",   NULL,
};

/* ---- sets ---- */

uint32_t choice_count(const struct choice_set *s)
{
	uint32_t n = 0;

	for (size_t w = 0; w < sizeof s->bits / sizeof *s->bits; w++)
		n += (uint32_t)__builtin_popcountll(s->bits[w]);
	return n;
}

static void join(struct choice_set *to, const struct choice_set *from)
{
	for (size_t w = 0; w < sizeof to->bits / sizeof *to->bits; w++)
		to->bits[w] |= from->bits[w];
}

static void without(struct choice_set *from, const struct choice_set *what)
{
	for (size_t w = 0; w < sizeof from->bits / sizeof *from->bits; w++)
		from->bits[w] &= ~what->bits[w];
}

static void both(struct choice_set *s, const struct choice_set *with)
{
	for (size_t w = 0; w < sizeof s->bits / sizeof *s->bits; w++)
		s->bits[w] &= with->bits[w];
}

static bool is_empty(const struct choice_set *s)
{
	return choice_count(s) == 0;
}

static void add_names(struct choice_set *s, const char *const *names)
{
	for (; *names; names++) {
		const struct gyr_syscall_info *c = gyr_syscall_find(*names, strlen(*names));

		if (c)
			choice_add(s, c->code);
	}
}

const char *choice_print(const struct choice_set *s, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (uint16_t c = 0; c < gyr_syscall_count(); c++) {
		const struct gyr_syscall_info *info = gyr_syscall(c);

		if (!choice_has(s, c) || !info->name || len + info->name_len + 3 > size)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", info->name);
	}
	return out;
}

/* ---- system calls and their events ---- */

/* The event that tells what @c did; 0: none of its own. */
static uint16_t event_of(const struct gyr_syscall_info *c)
{
	if (!c->name) /* a code that is not in use */
		return 0;
	for (size_t i = 0; i < sizeof tracepoints / sizeof *tracepoints; i++)
		if (strcmp(c->name, tracepoints[i].name) == 0)
			return tracepoints[i].event;
	return c->exit > 1 ? (uint16_t)c->exit : 0;
}

static unsigned category(const struct gyr_syscall_info *c)
{
	const struct gyr_event_info *e = gyr_event(event_of(c));

	return event_of(c) && e ? e->category & CATEGORY_MASK : 0;
}

static uint32_t flags(const struct gyr_syscall_info *c)
{
	const struct gyr_event_info *e = gyr_event(event_of(c));

	return event_of(c) && e ? e->flags : 0;
}

static void state_set(struct choice_set *s)
{
	*s = (struct choice_set){{0}};
	for (uint16_t i = 0; i < gyr_syscall_count(); i++)
		if (flags(gyr_syscall(i)) & GYR_EF_MODIFIES_STATE)
			choice_add(s, i);
	add_names(s, more_state);
}

/* Moves data, or is no call at all, and comes by the million. */
static void frequent_set(struct choice_set *s)
{
	*s = (struct choice_set){{0}};
	for (uint16_t i = 0; i < gyr_syscall_count(); i++) {
		const unsigned cat = category(gyr_syscall(i));

		if (cat == CATEGORY_IO_READ || cat == CATEGORY_IO_WRITE)
			choice_add(s, i);
	}
	for (size_t i = 0; i < sizeof tracepoints / sizeof *tracepoints; i++)
		if (tracepoints[i].is_frequent)
			add_names(s, (const char *const[]){tracepoints[i].name, NULL});
}

/* ---- rules ---- */

static bool bit(const uint64_t *bits, uint32_t n_codes, uint32_t code)
{
	return code < n_codes && (bits[code / 64] >> (code % 64) & 1);
}

/* The calls whose events are in the two sets. */
static void from_rules(const uint64_t *events, const uint64_t *generic, uint32_t n_codes,
		       struct choice_set *ret)
{
	*ret = (struct choice_set){{0}};
	for (uint16_t i = 0; i < gyr_syscall_count(); i++) {
		const struct gyr_syscall_info *c = gyr_syscall(i);
		const uint16_t event = event_of(c);

		if (event ? bit(events, n_codes, event)
			  : (c->flags & GYR_SYSCALL_GENERIC) && bit(generic, n_codes, i))
			choice_add(ret, i);
	}
}

static void every_call(struct choice_set *ret)
{
	*ret = (struct choice_set){{0}};
	for (uint16_t i = 1; i < gyr_syscall_count(); i++)
		if (event_of(gyr_syscall(i)) || (gyr_syscall(i)->flags & GYR_SYSCALL_GENERIC))
			choice_add(ret, i);
}

/* ---- base_syscalls ---- */

/* A system call, or every call that an event of this name records. */
static bool add_name(struct choice_set *s, const char *name)
{
	const size_t len = strlen(name);
	const struct gyr_syscall_info *c = gyr_syscall_find(name, len);
	const struct gyr_event_info *e;
	bool found = c != NULL;

	if (c)
		choice_add(s, c->code);
	for (e = gyr_event_find(name, len, 0); e;
	     e = gyr_event_find(name, len, (uint16_t)(e->code + 1)))
		for (uint16_t i = 1; i < gyr_syscall_count(); i++)
			if (gyr_event_records(e->code, i)) {
				choice_add(s, i);
				found = true;
			}
	return found;
}

static int read_custom(const char *const *names, struct choice_set *plus, struct choice_set *minus,
		       char *err, size_t size)
{
	*plus = *minus = (struct choice_set){{0}};
	for (; names && *names; names++) {
		const bool is_minus = **names == '!';

		if (add_name(is_minus ? minus : plus, *names + is_minus))
			continue;
		(void)snprintf(err, size,
			       "base_syscalls.custom_set: '%s' is neither a system call nor an "
			       "event (--list-events shows them)",
			       *names);
		return -EINVAL;
	}
	return 0;
}

/* Adds what the calls in @s cannot be understood without. */
static void repair(struct choice_set *s)
{
	const struct choice_set asked = *s;

	add_names(s, process_state);
	for (uint16_t i = 1; i < gyr_syscall_count(); i++) {
		const struct gyr_syscall_info *c = gyr_syscall(i);
		const uint32_t f = flags(c);

		if (!choice_has(&asked, i))
			continue;
		if (category(c) == CATEGORY_NET)
			add_names(s, socket_state);
		else if (f & (GYR_EF_CREATES_FD | GYR_EF_USES_FD | GYR_EF_DESTROYS_FD))
			add_names(s, fd_state);
		if ((f & (GYR_EF_READS_FROM_FD | GYR_EF_WRITES_TO_FD)) &&
		    category(c) != CATEGORY_NET)
			add_names(s, socket_state); /* what is read may be a socket */
	}
}

/* ---- guards ---- */

/* A call that says it failed and did something all the same, or whose failure state looks at. */
static bool failure_counts(const struct gyr_syscall_info *c)
{
	static const char *const names[] = {"connect", "close", NULL};

	for (const char *const *n = names; *n; n++)
		if (strcmp(c->name, *n) == 0)
			return true;
	return false;
}

static bool is_open(const struct gyr_syscall_info *c)
{
	static const char *const names[] = {"open", "openat", "openat2", "open_by_handle_at", NULL};

	for (const char *const *n = names; *n; n++)
		if (strcmp(c->name, *n) == 0)
			return true;
	return false;
}

static uint8_t guard_of(const struct gyr_syscall_info *c, const struct choice *choice,
			const struct gyr_interest *interest, bool is_state)
{
	const uint16_t event = event_of(c);
	/* What no rule is about needs anything one likes. */
	const bool is_ruled = choice_has(&choice->of_rules, c->code);
	const unsigned needs = !is_ruled                            ? 0xff
			       : event && event < interest->n_codes ? interest->needs[event]
								    : 0;
	uint8_t ret = 0;

	if (c->exit <= 1 || failure_counts(c))
		return 0;
	if ((needs & NEEDS_SUCCESS) || (is_open(c) && (needs & NEEDS_FD)))
		ret |= CHOICE_NOT_FAILED;
	if (is_open(c) && is_ruled && !is_state && (needs & NEEDS_WRITE))
		ret |= CHOICE_NOT_READ_OPEN;
	return ret;
}

/* ---- all of it ---- */

int choice_make(const struct choice_options *o, const struct gyr_interest *interest,
		struct choice *ret, char *err, size_t size)
{
	struct choice_set state, frequent, named = {{0}}, plus, minus, base;
	int r = read_custom(o->custom_set, &plus, &minus, err, size);

	if (r)
		return r;
	*ret = (struct choice){.chosen = {{0}}};
	if (interest) {
		from_rules(interest->events, interest->generic, interest->n_codes, &ret->of_rules);
		from_rules(interest->named_events, interest->named_generic, interest->n_codes,
			   &named);
	} else {
		every_call(&ret->of_rules);
	}
	state_set(&state);
	frequent_set(&frequent);
	base = is_empty(&plus) ? state : plus;
	ret->ignored = ret->of_rules;
	both(&ret->ignored, &frequent);
	without(&ret->ignored, &named);
	without(&ret->ignored, &base);
	if (o->all)
		ret->ignored = (struct choice_set){{0}};
	ret->chosen = ret->of_rules;
	without(&ret->chosen, &ret->ignored);
	if (!o->repair || !is_empty(&plus))
		join(&ret->chosen, &base);
	if (o->repair)
		repair(&ret->chosen);
	ret->removed = ret->chosen;
	both(&ret->removed, &minus);
	without(&ret->chosen, &minus);
	(void)add_name(&ret->chosen, "sched_process_exit");
	for (uint16_t i = 1; interest && i < gyr_syscall_count(); i++)
		ret->guards[i] = guard_of(gyr_syscall(i), ret, interest,
					  o->repair || is_empty(&plus) ? choice_has(&state, i)
								       : choice_has(&plus, i));
	return 0;
}
