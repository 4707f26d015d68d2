#include "compat.h"

#include <stddef.h>
#include <string.h>

int compat_number_here(const struct gyr_syscall_info *call)
{
	if (!call || !call->name)
		return -1;
#if defined(__aarch64__)
	return call->nr_aarch64;
#else
	return call->nr_x86_64;
#endif
}

/* {number, name} of each call, from asm/unistd_32.h. */
static const struct {
	int nr;
	const char *name;
} numbers[] = {
#include <compat_calls.inc>
	{-1, NULL},
};

/* 32-bit calls that are told as calls of other names, or whose arguments differ. What they do is the same as
 * far as events tell it. The number of arguments and their order are those of the kernel's system call table. */
static const struct alias {
	const char *name, *as; /* NULL: cannot be told; `of` is what is lost */
	enum wire_how how;
	const char *of;
} aliases[] = {
	{"_llseek", NULL, WIRE_COMPAT_SAME, "lseek"}, /* where it got to lies in memory */
	{"_newselect", "select", WIRE_COMPAT_SAME, NULL},
	{"chown", "chown", WIRE_COMPAT_IDS, NULL},
	{"chown32", "chown", WIRE_COMPAT_SAME, NULL},
	{"fchown", "fchown", WIRE_COMPAT_IDS, NULL},
	{"fchown32", "fchown", WIRE_COMPAT_SAME, NULL},
	{"fcntl64", "fcntl", WIRE_COMPAT_SAME, NULL},
	{"fstat64", "fstat", WIRE_COMPAT_SAME, NULL},
	{"fstatat64", "newfstatat", WIRE_COMPAT_SAME, NULL},
	{"fstatfs64", "fstatfs", WIRE_COMPAT_SAME, NULL},
	{"ftruncate64", "ftruncate", WIRE_COMPAT_SAME, NULL},
	{"futex_time64", "futex", WIRE_COMPAT_SAME, NULL},
	{"getegid32", "getegid", WIRE_COMPAT_SAME, NULL},
	{"geteuid32", "geteuid", WIRE_COMPAT_SAME, NULL},
	{"getgid32", "getgid", WIRE_COMPAT_SAME, NULL},
	{"getgroups32", "getgroups", WIRE_COMPAT_SAME, NULL},
	{"getresgid", NULL, WIRE_COMPAT_SAME, "getresgid"}, /* has 16 bits in memory */
	{"getresgid32", "getresgid", WIRE_COMPAT_SAME, NULL},
	{"getresuid", NULL, WIRE_COMPAT_SAME, "getresuid"},
	{"getresuid32", "getresuid", WIRE_COMPAT_SAME, NULL},
	{"getuid32", "getuid", WIRE_COMPAT_SAME, NULL},
	{"ipc", NULL, WIRE_COMPAT_SAME, NULL}, /* stands for several calls */
	{"lchown", "lchown", WIRE_COMPAT_IDS, NULL},
	{"lchown32", "lchown", WIRE_COMPAT_SAME, NULL},
	{"lseek", "lseek", WIRE_COMPAT_SIGNED, NULL},
	{"lstat64", "lstat", WIRE_COMPAT_SAME, NULL},
	{"mmap", "mmap", WIRE_COMPAT_MEMORY, NULL},
	{"mmap2", "mmap", WIRE_COMPAT_PAGES, NULL},
	{"oldfstat", "fstat", WIRE_COMPAT_SAME, NULL},
	{"oldlstat", "lstat", WIRE_COMPAT_SAME, NULL},
	{"oldstat", "stat", WIRE_COMPAT_SAME, NULL},
	{"ppoll_time64", "ppoll", WIRE_COMPAT_WIDE, NULL},
	{"pread64", "pread64", WIRE_COMPAT_POSITION, NULL},
	{"preadv", "preadv", WIRE_COMPAT_POSITION, NULL},
	{"pselect6_time64", "pselect6", WIRE_COMPAT_SAME, NULL},
	{"pwrite64", "pwrite64", WIRE_COMPAT_POSITION, NULL},
	{"pwritev", "pwritev", WIRE_COMPAT_POSITION, NULL},
	{"recvmmsg_time64", "recvmmsg", WIRE_COMPAT_SAME, NULL},
	{"sendfile64", "sendfile", WIRE_COMPAT_WIDE, NULL},
	{"setfsgid32", "setfsgid", WIRE_COMPAT_SAME, NULL},
	{"setfsuid32", "setfsuid", WIRE_COMPAT_SAME, NULL},
	{"setgid", "setgid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setgid32", "setgid", WIRE_COMPAT_SAME, NULL},
	{"setgroups32", "setgroups", WIRE_COMPAT_SAME, NULL},
	{"setregid", "setregid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setregid32", "setregid", WIRE_COMPAT_SAME, NULL},
	{"setresgid", "setresgid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setresgid32", "setresgid", WIRE_COMPAT_SAME, NULL},
	{"setresuid", "setresuid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setresuid32", "setresuid", WIRE_COMPAT_SAME, NULL},
	{"setreuid", "setreuid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setreuid32", "setreuid", WIRE_COMPAT_SAME, NULL},
	{"setuid", "setuid", WIRE_COMPAT_ALL_IDS, NULL},
	{"setuid32", "setuid", WIRE_COMPAT_SAME, NULL},
	{"socketcall", NULL, WIRE_COMPAT_SOCKETS, NULL}, /* what its first argument says */
	{"stat64", "stat", WIRE_COMPAT_SAME, NULL},
	{"statfs64", "statfs", WIRE_COMPAT_SAME, NULL},
	{"truncate64", "truncate", WIRE_COMPAT_SAME, NULL},
	{"ugetrlimit", "getrlimit", WIRE_COMPAT_SAME, NULL},
	{"umount", "umount2", WIRE_COMPAT_NO_SECOND, NULL},
	{"utimensat_time64", "utimensat", WIRE_COMPAT_SAME, NULL},
};

/* What socketcall(2) stands for by its first argument, which counts from 1 (include/uapi/linux/net.h). */
static const struct {
	const char *name;
	uint16_t words;
} socket_calls[] = {
	{"socket", 3},   {"bind", 3},        {"connect", 3},     {"listen", 2},
	{"accept", 3},   {"getsockname", 3}, {"getpeername", 3}, {"socketpair", 4},
	{"sendto", 4},   {"recvfrom", 4},    {"sendto", 6},      {"recvfrom", 6},
	{"shutdown", 2}, {"setsockopt", 5},  {"getsockopt", 5},  {"sendmsg", 3},
	{"recvmsg", 3},  {"accept4", 4},     {"recvmmsg", 5},    {"sendmmsg", 4},
};

static const struct gyr_syscall_info *find(const char *name)
{
	return name ? gyr_syscall_find(name, strlen(name)) : NULL;
}

static const struct alias *find_alias(const char *name)
{
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (!strcmp(aliases[i].name, name))
			return &aliases[i];
	return NULL;
}

static struct wire_compat describe(int nr, const char *name)
{
	const struct alias *alias = find_alias(name);
	const struct gyr_syscall_info *call = find(alias ? alias->as : name);
	const int here = compat_number_here(call);
	struct wire_compat c = {.slot = WIRE_SLOTS};

	if (alias)
		c.how = (uint8_t)alias->how;
	if (alias && alias->of)
		call = find(alias->of);
	else if (here >= 0 && here < WIRE_SYSCALLS)
		c.slot = (uint16_t)here;
	else if (call && call->flags & GYR_SYSCALL_GENERIC)
		c.slot = (uint16_t)(WIRE_SYSCALLS + nr);
	c.code = call ? call->code : 0;
	return c;
}

void compat_describe(struct wire_compat compat[WIRE_SYSCALLS],
		     struct wire_syscall calls[WIRE_SLOTS],
		     struct wire_socket sockets[WIRE_SOCKET_CALLS])
{
	for (int nr = 0; nr < WIRE_SYSCALLS; nr++)
		compat[nr] = (struct wire_compat){.slot = WIRE_SLOTS};
	for (size_t i = 0; numbers[i].name; i++) {
		const int nr = numbers[i].nr;

		if (nr < 0 || nr >= WIRE_SYSCALLS)
			continue;
		compat[nr] = describe(nr, numbers[i].name);
		if (compat[nr].slot >= WIRE_SYSCALLS && compat[nr].slot < WIRE_SLOTS)
			calls[compat[nr].slot] = (struct wire_syscall){.code = compat[nr].code,
								       .exit = WIRE_EVENT_GENERIC};
	}
	for (size_t i = 0; i < sizeof socket_calls / sizeof *socket_calls; i++) {
		const int here = compat_number_here(find(socket_calls[i].name));

		if (here >= 0 && here < WIRE_SYSCALLS)
			sockets[i + 1] = (struct wire_socket){.slot = (uint16_t)here,
							      .words = socket_calls[i].words};
	}
}
