/*
 * proctext: what the text files of /proc say.
 *
 * Formats: proc(5) of the kernel. Texts need no NUL at their end; what is not understood is skipped,
 * as newer kernels add lines, and numbers that do not fit keep their default.
 *
 * Lifetime: nothing points into the text, but struct proctext_list and proctext_sock.path.
 * Threads: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /proc/PID/stat */
struct proctext_stat {
	char comm[64];
	size_t comm_len;
	int64_t ppid, pgid, sid;
	uint64_t minflt, majflt;
	uint64_t start_ticks; /* after boot */
	uint32_t tty;
	uint32_t n_threads;
	bool has_ended; /* only its parent did not ask how yet, or other threads of its process go on */
};

/* -EBADMSG when it is not such a text. */
int proctext_stat(const char *text, size_t len, struct proctext_stat *ret);

/* /proc/PID/status */
struct proctext_status {
	int64_t tgid;
	int64_t vtid, vtgid, vpgid; /* in the innermost pid namespace; -1 when not told */
	uint32_t n_pid_ns;          /* how many of them the thread is in; 0 when not told */
	uint32_t uid, gid;          /* effective */
	uint32_t vmsize_kb, vmrss_kb, vmswap_kb;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
};

void proctext_status(const char *text, size_t len, struct proctext_status *ret);

/* Soft limit of open files in /proc/PID/limits; 0 when not told, UINT64_MAX for none. */
uint64_t proctext_limit_files(const char *text, size_t len);

/* All of @text as one number in decimal, spaces around it allowed; @absent when it is none. */
uint64_t proctext_number(const char *text, size_t len, uint64_t absent);

/* Flags of open() in /proc/PID/fdinfo/N, as the kernel's O_*; 0 when not told. */
uint32_t proctext_open_flags(const char *text, size_t len);

/*
 * /proc/PID/cgroup to a list as recordings have it: "cpuset=/a\0memory=/b\0". A line of the unified
 * hierarchy (0::) stands for the five controllers that events record.
 *
 * Writes at most @cap bytes, whole items only; returns how many, and counts items left out.
 */
size_t proctext_cgroups(const char *text, size_t len, char *out, size_t cap,
			uint32_t *ret_left_out);

/* A list of texts that end in NUL each, cut to at most @cap bytes of whole items; an item alone
 * that is longer is cut too. Sets *ret_cut when something is missing. */
size_t proctext_list_cut(const char *list, size_t len, size_t cap, bool *ret_cut);

enum proctext_sock_family {
	PROCTEXT_INET,    /* /proc/net/{tcp,udp,udplite,raw,icmp} */
	PROCTEXT_INET6,   /* ...6 */
	PROCTEXT_UNIX,    /* /proc/net/unix */
	PROCTEXT_NETLINK, /* /proc/net/netlink */
};

struct proctext_sock {
	uint64_t ino;
	uint64_t address; /* of the kernel's object, unix sockets; 0 when hidden */
	uint8_t saddr[16], daddr[16];
	uint16_t sport, dport; /* host order */
	uint8_t state;         /* as in the kernel: 10 listens, 7 is not connected */
	const char *path;      /* unix sockets: not NUL-terminated, may have a leading @ */
	size_t path_len;
};

/* One line of such a file, without its newline. -EBADMSG for the head line and whatever else is no
 * socket. */
int proctext_sock(enum proctext_sock_family family, const char *line, size_t len,
		  struct proctext_sock *ret);

/* The number in "kind:[123]", when @link is of @kind ("socket"); 0 otherwise. */
uint64_t proctext_link_ino(const char *link, size_t len, const char *kind);
