/* events: the event table as rows, made from its .def files; gyr/events.h has the idea. */
#include "gyr/events.h"

#include <pthread.h>
#include <string.h>

#define EVENT(num, text, exit, cat, bits)      \
	[num] = {.name = text,                 \
		 .name_len = sizeof(text) - 1, \
		 .code = num,                  \
		 .is_exit = exit,              \
		 .category = cat,              \
		 .flags = bits},

static const struct gyr_event_info events[] = {
#include "events.def"
};

#define SYSCALL(num, text, x86, arm, in, out, bits) \
	[num] = {.name = text,                      \
		 .name_len = sizeof(text) - 1,      \
		 .code = num,                       \
		 .nr_x86_64 = x86,                  \
		 .nr_aarch64 = arm,                 \
		 .enter = in,                       \
		 .exit = out,                       \
		 .flags = bits},

static const struct gyr_syscall_info syscalls[] = {
#include "syscalls.def"
};

#define EVENT_SYSCALL(event_code, syscall_code) {event_code, syscall_code},

static const struct {
	uint16_t event, syscall;
} records[] = {
#include "event_syscalls.def"
};

#define PARAM_TYPE(text, code) {text, sizeof(text) - 1, code},

static const struct {
	const char *name;
	uint16_t name_len;
	int16_t type;
} params[] = {
#include "param_types.def"
};

enum {
	N_EVENTS = sizeof events / sizeof events[0],
	N_SYSCALLS = sizeof syscalls / sizeof syscalls[0],
	N_RECORDS = sizeof records / sizeof records[0],
	N_PARAMS = sizeof params / sizeof params[0],
};

uint16_t gyr_event_count(void)
{
	return N_EVENTS;
}

const struct gyr_event_info *gyr_event(uint16_t code)
{
	return code < N_EVENTS ? &events[code] : NULL;
}

/* --- by name ----------------------------------------------------------------------------------- */

enum {
	N_HEADS = 512,
};

/* Chains of the rows whose names have the same hash, in ascending order: number + 1, 0 at the end. */
static uint16_t event_heads[N_HEADS], event_next[N_EVENTS];
static uint16_t syscall_heads[N_HEADS], syscall_next[N_SYSCALLS];

static uint32_t head_of(const char *name, size_t len)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619U;
	return (h ^ h >> 15) % N_HEADS;
}

static void link_name(uint16_t *heads, uint16_t *next, unsigned i, const char *name, size_t len)
{
	uint16_t *head = &heads[head_of(name, len)];

	next[i] = *head;
	*head = (uint16_t)(i + 1);
}

static void link_names(void)
{
	for (unsigned i = N_EVENTS; i-- > 0;)
		link_name(event_heads, event_next, i, events[i].name, events[i].name_len);
	for (unsigned i = N_SYSCALLS; i-- > 1;)
		link_name(syscall_heads, syscall_next, i, syscalls[i].name, syscalls[i].name_len);
}

static void names_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, link_names);
}

const struct gyr_event_info *gyr_event_find(const char *name, size_t len, uint16_t from)
{
	names_ready();
	for (unsigned i = event_heads[head_of(name, len)]; i; i = event_next[i - 1]) {
		const struct gyr_event_info *e = &events[i - 1];

		if (i > from && e->name_len == len && memcmp(e->name, name, len) == 0)
			return e;
	}
	return NULL;
}

uint16_t gyr_syscall_count(void)
{
	return N_SYSCALLS;
}

const struct gyr_syscall_info *gyr_syscall(uint16_t code)
{
	return code < N_SYSCALLS ? &syscalls[code] : NULL;
}

const struct gyr_syscall_info *gyr_syscall_find(const char *name, size_t len)
{
	names_ready();
	for (unsigned i = syscall_heads[head_of(name, len)]; len && i; i = syscall_next[i - 1]) {
		const struct gyr_syscall_info *c = &syscalls[i - 1];

		if (c->name_len == len && memcmp(c->name, name, len) == 0)
			return c;
	}
	return NULL;
}

bool gyr_event_records(uint16_t event, uint16_t syscall)
{
	unsigned wanted = event * 65536U + syscall, low = 0, high = N_RECORDS;

	if (event < 2)
		return syscall < N_SYSCALLS && (syscalls[syscall].flags & GYR_SYSCALL_GENERIC);
	while (low < high) {
		unsigned mid = (low + high) / 2,
			 at = records[mid].event * 65536U + records[mid].syscall;

		if (at == wanted)
			return true;
		if (at < wanted)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

int gyr_param_type(const char *name, size_t len)
{
	for (unsigned i = 0; i < N_PARAMS; i++) {
		if (params[i].name_len == len && memcmp(params[i].name, name, len) == 0)
			return params[i].type;
	}
	return -1;
}
