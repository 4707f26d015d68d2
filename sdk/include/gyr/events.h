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

/* ---- parameters ---- */

/* The type of a parameter: how its bytes read. README.md in sdk/events has the encodings. */
enum gyr_pt {
	GYR_PT_NONE = 0,
	GYR_PT_INT8 = 1,
	GYR_PT_INT16 = 2,
	GYR_PT_INT32 = 3,
	GYR_PT_INT64 = 4,
	GYR_PT_UINT8 = 5,
	GYR_PT_UINT16 = 6,
	GYR_PT_UINT32 = 7,
	GYR_PT_UINT64 = 8,
	GYR_PT_CHARBUF = 9,
	GYR_PT_BYTEBUF = 10,
	GYR_PT_ERRNO = 11,
	GYR_PT_SOCKADDR = 12,
	GYR_PT_SOCKTUPLE = 13,
	GYR_PT_FD = 14,
	GYR_PT_PID = 15,
	GYR_PT_FDLIST = 16,
	GYR_PT_FSPATH = 17,
	GYR_PT_SYSCALLID = 18,
	GYR_PT_SIGTYPE = 19,
	GYR_PT_RELTIME = 20,
	GYR_PT_ABSTIME = 21,
	GYR_PT_PORT = 22,
	GYR_PT_L4PROTO = 23,
	GYR_PT_SOCKFAMILY = 24,
	GYR_PT_BOOL = 25,
	GYR_PT_IPV4ADDR = 26,
	GYR_PT_DYN = 27,
	GYR_PT_FLAGS8 = 28,
	GYR_PT_FLAGS16 = 29,
	GYR_PT_FLAGS32 = 30,
	GYR_PT_UID = 31,
	GYR_PT_GID = 32,
	GYR_PT_DOUBLE = 33,
	GYR_PT_SIGSET = 34,
	GYR_PT_CHARBUFARRAY = 35,
	GYR_PT_CHARBUF_PAIR_ARRAY = 36,
	GYR_PT_IPV4NET = 37,
	GYR_PT_IPV6ADDR = 38,
	GYR_PT_IPV6NET = 39,
	GYR_PT_IPADDR = 40,
	GYR_PT_IPNET = 41,
	GYR_PT_MODE = 42,
	GYR_PT_FSRELPATH = 43,
	GYR_PT_ENUMFLAGS8 = 44,
	GYR_PT_ENUMFLAGS16 = 45,
	GYR_PT_ENUMFLAGS32 = 46,
	GYR_PT_FD32 = 47,
	GYR_PT_PID32 = 48,
};

/* How a number prints. */
enum gyr_pf { GYR_PF_NA, GYR_PF_DEC, GYR_PF_HEX, GYR_PF_OCT };

/* Parameters of an event, at most. */
enum { GYR_PARAMS_MAX = 32 };

struct gyr_flag {
	const char *name;
	uint32_t value;
};

/* Names of the bits or of the values of a number; to be tried in this order. */
struct gyr_flags {
	const char *name;
	const struct gyr_flag *rows;
	uint32_t n;
};

struct gyr_variant {
	uint8_t type;  /* enum gyr_pt */
	uint8_t print; /* enum gyr_pf */
};

/* What a parameter of type DYN holds: its first byte is an index here, the value follows. */
struct gyr_variants {
	const struct gyr_variant *rows;
	uint32_t n;
};

struct gyr_param_info {
	const char *name;
	const struct gyr_flags *flags;       /* NULL: its values have no names */
	const struct gyr_variants *variants; /* DYN only; may be NULL */
	uint8_t name_len;
	uint8_t type;  /* enum gyr_pt */
	uint8_t print; /* enum gyr_pf */
	int8_t dirfd;  /* index of the parameter that is the directory the path starts from; -1 */
};

/* The parameters of @code, *ret_n of them; NULL with 0 when it has none. */
const struct gyr_param_info *gyr_event_params(uint16_t code, uint32_t *ret_n);

/* Parameter @i of @code; NULL when there is no such parameter. */
const struct gyr_param_info *gyr_event_param(uint16_t code, uint32_t i);

/* The index of the parameter of @code that is called @name (@len bytes); -1 when there is none. */
int gyr_event_param_find(uint16_t code, const char *name, size_t len);

/* Bytes of a value of @type in an event; 0: as many as the parameter has, or no such type. */
uint32_t gyr_type_size(uint8_t type);

/* "INT64" ...; NULL for no type. */
const char *gyr_type_name(uint8_t type);

/* The flag list called @name ("file_flags"); NULL when there is none. */
const struct gyr_flags *gyr_flags_find(const char *name);

#ifdef __cplusplus
}
#endif
