/* events: the event table as rows, made from its .def files; gyr/events.h has the idea. */
#include "gyr/events.h"

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

const struct gyr_event_info *gyr_event_find(const char *name, size_t len, uint16_t from)
{
	for (unsigned i = from; i < N_EVENTS; i++) {
		if (events[i].name_len == len && memcmp(events[i].name, name, len) == 0)
			return &events[i];
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
	for (unsigned i = 1; i < N_SYSCALLS; i++) {
		if (len && syscalls[i].name_len == len && memcmp(syscalls[i].name, name, len) == 0)
			return &syscalls[i];
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
