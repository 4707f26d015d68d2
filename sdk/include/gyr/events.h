/*
 * events: the event table of the capture format, by number and by name (schema 4.5).
 *
 * An event's code is even when it enters a call and odd when it leaves it. Several versions of an
 * event share a name; system calls without an event of their own are recorded as codes 0 and 1 with
 * the call's code as parameter.
 *
 * Lifetime: constant tables. Threads: any. Target: gyr_events (static library, no dependencies).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gyr_event_flag {
	GYR_EF_CREATES_FD = 1 << 0,
	GYR_EF_DESTROYS_FD = 1 << 1,
	GYR_EF_USES_FD = 1 << 2,
	GYR_EF_READS_FROM_FD = 1 << 3,
	GYR_EF_WRITES_TO_FD = 1 << 4,
	GYR_EF_MODIFIES_STATE = 1 << 5,
	GYR_EF_UNUSED = 1 << 6,
	GYR_EF_WAITS = 1 << 7,
	GYR_EF_SKIPPARSERESET = 1 << 8,
	GYR_EF_OLD_VERSION = 1 << 9,
	GYR_EF_LARGE_PAYLOAD = 1 << 11, /* parameter lengths are 32-bit */
	GYR_EF_CONVERTER_MANAGED = 1 << 12,
};

enum {
	GYR_EVENT_CODE_PLUGIN = 322,
	GYR_EVENT_CODE_ASYNC = 402,
};

struct gyr_event_info {
	const char *name;
	uint16_t name_len;
	uint16_t code;
	bool is_exit;
	uint16_t category;
	uint32_t flags; /* enum gyr_event_flag */
};

/* Codes are below this. */
uint16_t gyr_event_count(void);

/* The row of @code; NULL past the end. */
const struct gyr_event_info *gyr_event(uint16_t code);

/* The first event from @from on that is called @name (@len bytes); NULL when there is none. */
const struct gyr_event_info *gyr_event_find(const char *name, size_t len, uint16_t from);

enum gyr_syscall_flag {
	GYR_SYSCALL_USED = 1 << 0,
	GYR_SYSCALL_NEVER_DROP = 1 << 1,
	GYR_SYSCALL_ALWAYS_DROP = 1 << 2,
	GYR_SYSCALL_GENERIC = 1 << 3, /* recorded as events 0 and 1 */
};

struct gyr_syscall_info {
	const char *name;
	uint16_t name_len;
	uint16_t code;
	int16_t nr_x86_64, nr_aarch64; /* -1: not there */
	int16_t enter, exit;           /* its current events; -1: none, 0 and 1: the generic ones */
	uint16_t flags;
};

/* Codes are below this; 0 is "unknown". */
uint16_t gyr_syscall_count(void);
const struct gyr_syscall_info *gyr_syscall(uint16_t code);
const struct gyr_syscall_info *gyr_syscall_find(const char *name, size_t len);

/* Whether events of @event record system call @syscall. */
bool gyr_event_records(uint16_t event, uint16_t syscall);

/* The type code of the parameter called @name, in the first event that has one; -1 when no event
 * has. 0: a type that cannot be compared. */
int gyr_param_type(const char *name, size_t len);

#ifdef __cplusplus
}
#endif
