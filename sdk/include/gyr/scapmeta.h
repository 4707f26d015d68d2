/*
 * scapmeta: what a source of system call events tells beside its events: the machine, the processes,
 * files and users there were when it began, and events that change state but are not shown.
 *
 * Such a record travels among the events, as an asynchronous event (code 402) with plugin ID 0 and a
 * name that begins with "gyr.". Parsers get it through plugin_parse_event like any event. Rules never
 * see it, and it has no number of its own. A recording and the live system tell the same way, so one
 * parser serves both.
 *
 * Order, for every section of a recording (and once for a live source):
 *
 *	gyr.section                 forget everything: what follows describes another moment
 *	gyr.machine                 0 or 1
 *	gyr.proc, gyr.fd            any number; a file descriptor comes after its process
 *	gyr.link                    no more of them: parents and thread groups can be linked
 *	gyr.hidden                  any number
 *	gyr.iface, gyr.user, gyr.group
 *	gyr.ready                   all is told; sockets can be given their direction
 *	events, and gyr.hidden among them
 *
 * A live source that lost events may tell again what there is, to parsers that keep state, at any time after
 * gyr.ready:
 *
 *	gyr.again                   begins
 *	gyr.again.proc, .fd         as gyr.proc and gyr.fd; descriptors come right after all threads of their process
 *	gyr.again.end               what was there at gyr.again and was not told of since is gone
 *
 * What is known as it is told stays as it is. Events come between, and are about what they always are about.
 *
 * gyr.hidden carries one whole event as its data, head and all. The host unwraps it: parsers get the
 * event itself, which has a number, and rules do not get it. So travel the enter events of system
 * calls that are still recorded (open, openat, openat2, creat, connect, execve, execveat), as the
 * exit event tells all that rules may want to know.
 *
 * The data of the other records is one struct of this page: the size of its numbers (2 bytes), the
 * numbers as they lie in memory, the number of texts (2 bytes), then for each text its length
 * (4 bytes), its bytes, and a NUL that the length does not count. New numbers and texts come at the
 * end: a reader takes what it knows and zeroes what is missing. Little endian.
 *
 * Lifetime: texts point into the event. Threads: any.
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GYR_META_PREFIX "gyr."
#define GYR_META_SECTION "gyr.section" /* no data */
#define GYR_META_MACHINE "gyr.machine"
#define GYR_META_PROC "gyr.proc"
#define GYR_META_FD "gyr.fd"
#define GYR_META_LINK "gyr.link" /* no data */
#define GYR_META_HIDDEN "gyr.hidden"
#define GYR_META_IFACE "gyr.iface"
#define GYR_META_USER "gyr.user"
#define GYR_META_GROUP "gyr.group"
#define GYR_META_READY "gyr.ready" /* no data */
#define GYR_META_AGAIN "gyr.again" /* no data */
#define GYR_META_AGAIN_PROC "gyr.again.proc"
#define GYR_META_AGAIN_FD "gyr.again.fd"
#define GYR_META_AGAIN_END "gyr.again.end" /* no data */

/* Text as recorded, followed by a NUL; may have NULs inside (lists end each item with one). */
struct gyr_meta_text {
	const char *p; /* never NULL */
	size_t len;
};

struct gyr_meta_machine {
	uint64_t memory_size_bytes, max_pid, boot_ts, flags; /* boot_ts: ns since the epoch */
	uint32_t num_cpus;
	uint32_t is_live; /* 1: events are of this machine as it is now; 0: of a recording */
	struct gyr_meta_text hostname;
};

/* One thread. Unknown: -1 for the first eight, all ones for loginuid, else 0 or "". */
struct gyr_meta_proc {
	int64_t tid, pid, ptid, sid, vpgid, vtid, vpid, pgid;
	uint64_t fdlimit, pfmajor, pfminor;
	uint64_t pidns_init_start_ts; /* ns */
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	uint64_t exe_ino, exe_ino_ctime, exe_ino_mtime;
	uint32_t flags; /* PPM_CL_* */
	uint32_t uid, gid, vmsize_kb, vmrss_kb, vmswap_kb, tty, loginuid;
	uint8_t exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd, pad[4];
	struct gyr_meta_text comm, exe, exepath, args, cwd, env, cgroups, root;
};

enum gyr_meta_fd_type {
	GYR_META_FD_UNKNOWN = 0,
	GYR_META_FD_FILE = 1,
	GYR_META_FD_DIRECTORY = 2,
	GYR_META_FD_IPV4_SOCK = 3,
	GYR_META_FD_IPV6_SOCK = 4,
	GYR_META_FD_IPV4_SERVSOCK = 5, /* listens: source address and port only */
	GYR_META_FD_IPV6_SERVSOCK = 6,
	GYR_META_FD_FIFO = 7,
	GYR_META_FD_UNIX_SOCK = 8,
	GYR_META_FD_EVENT = 9,
	GYR_META_FD_UNSUPPORTED = 10,
	GYR_META_FD_SIGNALFD = 11,
	GYR_META_FD_EVENTPOLL = 12,
	GYR_META_FD_INOTIFY = 13,
	GYR_META_FD_TIMERFD = 14,
	GYR_META_FD_NETLINK = 15,
	GYR_META_FD_FILE_V2 = 16, /* a file whose open_flags and dev are known */
	GYR_META_FD_BPF = 17,
	GYR_META_FD_USERFAULTFD = 18,
	GYR_META_FD_IOURING = 19,
	GYR_META_FD_MEMFD = 20,
	GYR_META_FD_PIDFD = 21,
};

struct gyr_meta_fd {
	int64_t tid, fd;
	uint64_t ino;
	uint64_t unix_source, unix_dest; /* unix sockets */
	uint32_t type;                   /* enum gyr_meta_fd_type */
	uint32_t open_flags, dev;        /* PPM_O_*; FILE_V2 */
	uint16_t sport, dport;
	uint8_t saddr[16], daddr[16]; /* network order; IPv4: the first 4 */
	uint8_t l4;                   /* 0 unknown, 1 none, 2 TCP, 3 UDP, 4 ICMP, 5 raw */
	uint8_t pad[7];
	struct gyr_meta_text name;
};

struct gyr_meta_iface {
	uint64_t link_speed;
	uint32_t family; /* 4 or 6 */
	uint32_t pad;
	uint8_t addr[16], netmask[16], bcast[16]; /* network order; IPv4: the first 4 */
	struct gyr_meta_text name;
};

struct gyr_meta_user {
	uint32_t uid, gid;
	struct gyr_meta_text name, home, shell;
};

struct gyr_meta_group {
	uint32_t gid, pad;
	struct gyr_meta_text name;
};

/*
 * Reads a record. -EBADMSG when its lengths do not add up; *ret is then not to be used.
 *
 *	struct gyr_meta_proc proc;
 *
 *	if (GYR_META_READ(evt->data, evt->len, &proc, comm))   // comm: the first text of the struct
 *		return -EBADMSG;
 */
#define GYR_META_READ(data, len, ret, first_text)                                            \
	gyr__meta_read(data, len, ret, (size_t)((char *)&(ret)->first_text - (char *)(ret)), \
		       sizeof *(ret))

static inline int gyr__meta_read(const void *data, size_t len, void *ret, size_t numbers,
				 size_t size)
{
	const char *at = (const char *)data;
	struct gyr_meta_text *text = (struct gyr_meta_text *)(void *)((char *)ret + numbers);
	const size_t n_texts = (size - numbers) / sizeof *text;
	uint16_t n = 0;
	uint32_t text_len;

	memset(ret, 0, numbers);
	for (size_t i = 0; i < n_texts; i++) {
		text[i].p = "";
		text[i].len = 0;
	}
	if (len < sizeof n)
		return -EBADMSG;
	memcpy(&n, at, sizeof n);
	at += sizeof n;
	len -= sizeof n;
	if (len < n + sizeof n)
		return -EBADMSG;
	memcpy(ret, at, n < numbers ? n : numbers);
	at += n;
	len -= n;
	memcpy(&n, at, sizeof n);
	at += sizeof n;
	len -= sizeof n;
	for (size_t i = 0; i < n; i++) {
		if (len < sizeof text_len)
			return -EBADMSG;
		memcpy(&text_len, at, sizeof text_len);
		at += sizeof text_len;
		len -= sizeof text_len;
		if (len <= text_len || at[text_len] != '\0')
			return -EBADMSG;
		if (i < n_texts) {
			text[i].p = at;
			text[i].len = text_len;
		}
		at += text_len + 1;
		len -= (size_t)text_len + 1;
	}
	return 0;
}

#ifdef __cplusplus
}
#endif
