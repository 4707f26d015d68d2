/*
 * state: what is remembered between events: threads, their open files, users, interfaces.
 *
 * The parser half writes it, event by event; the extractor half only reads. What an event removes (a
 * closed descriptor, a thread that ended) stays until the next event begins, so that a question about
 * this event still sees it.
 *
 * Every table has a bound and a counter of what it refused. The state belongs to one source thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gyr/events.h>
#include <gyr/params.h>
#include <gyr/plugin.h>
#include <gyr/ppm.h>
#include <gyr/scapmeta.h>

#include "fdtab.h"
#include "imap.h"
#include "names.h"
#include "pool.h"
#include "rtext.h"

enum {
	THREADS_MAX = 1 << 22, /* that a configuration may ask for */
	FDS_MAX = 65536,       /* a process */
	USERS_MAX = 16384,
	IFACES_MAX = 1024,
	CPUS_MAX = 1024, /* beyond, times of the scheduler are not kept */
	ANCESTORS_MAX = 1000,
	ENDED_MAX = 1024, /* threads whose end is remembered */
};

struct state;
struct cur;
struct kind;

enum fd_flag {
	FD_ROLE_CLIENT = 1 << 0,
	FD_ROLE_SERVER = 1 << 1,
	FD_CONNECTED = 1 << 2,
	FD_PENDING = 1 << 3,
	FD_FAILED = 1 << 4,
	FD_UPPER_LAYER = 1 << 5,
	FD_LOWER_LAYER = 1 << 6,
	FD_IS_SOCKET = 1 << 7, /* made by socket(), kind not yet known to be more */
};

/* Addresses in network order, IPv4 in the first 4 bytes; a listening socket has its own in s. */
struct fd_sock {
	uint8_t sip[16], dip[16];
	uint16_t sport, dport;
	uint8_t l4; /* enum fd_l4 */
};

enum fd_l4 { L4_UNKNOWN, L4_NONE, L4_TCP, L4_UDP, L4_ICMP, L4_RAW };

struct fd {
	int64_t num;
	uint64_t id; /* of all descriptors and threads there ever were in this state */
	uint64_t ino;
	uint32_t open_flags, dev;
	uint32_t version; /* another one after anything changed that a field shows */
	uint8_t type;     /* enum gyr_meta_fd_type; FILE_V2 is kept as FILE */
	uint8_t flags;
	struct rtext *name;
	struct rtext *raw; /* as given to the call; NULL: as name */
	union {
		struct fd_sock sock;
		struct {
			uint64_t source, dest;
		} unix_;
		int64_t pid; /* of a pidfd */
	} u;
};

enum cpu_kind { CPU_USER, CPU_SYSTEM, CPU_KINDS };

struct thread {
	int64_t tid, pid, ptid, sid, vpgid, vtid, vpid, pgid, reaper;
	uint64_t fdlimit, pfmajor, pfminor, pidns_init_start_ts;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	uint64_t exe_ino, exe_ino_ctime, exe_ino_mtime, ctime_to_clone, pidns_to_ctime;
	uint64_t clone_ts, exec_ts;
	uint64_t exec_total_ns;  /* on processors, between switches that were seen */
	uint64_t cpu[CPU_KINDS]; /* as the last procinfo event has it */
	uint32_t flags, uid, gid, loginuid, tty;
	uint32_t vmsize_kb, vmrss_kb, vmswap_kb;
	uint32_t n_others; /* kept by a main thread: the live threads of its process beside it */
	/* Threads that were told to be its children when it was known; and where it is among those of its parent
	 * (NULL: in no list). */
	struct thread *first_child, *parent, *next, *before;
	bool exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd;
	bool is_dead, is_fake;
	int64_t last_fd;
	uint64_t seen_ts; /* of its last event; 0: only heard of */
	struct rtext *comm, *exe, *exepath, *args, *env, *cwd, *cgroups, *root;
	struct rtext *enter_name; /* path of an open that was seen to begin */
	uint16_t enter_type;
	uint32_t
		version; /* another one after anything changed that a field shows, but for the number
			   * of its descriptors */
	uint64_t id;     /* as that of a descriptor */
	uint64_t program;    /* see thread_program() */
	uint64_t program_at; /* the version it was found at, plus one; 0: not yet */
	struct fdtab fds;
	struct added_values *added; /* of columns that other plugins added; NULL: none yet */
	bool is_detached;           /* made by another plugin, in no table yet */
	uint32_t recheck; /* the last that told of it, or before which it was made: recheck.c */
};

struct user {
	uint32_t uid, gid;
	struct rtext *name, *home, *shell;
	struct rtext *container; /* whose user it is; NULL or "": the host's */
};

struct iface {
	uint32_t family;
	uint8_t addr[16], netmask[16];
};

/* The event at hand. */
struct cur {
	const ss_plugin_event *raw;
	uint64_t num;
	struct gyr_params params;
	const struct kind *kind;
	const struct gyr_event_info *info; /* NULL: no such event */
	const struct gyr_param_info *rows; /* of its parameters */
	uint32_t n_rows;
	struct thread *thread; /* NULL: none */
	struct fd *fd;         /* the descriptor it is about; NULL: none known */
	bool fd_renamed;
	uint64_t exec_ns;               /* of a switch */
	uint64_t cpu_before[CPU_KINDS]; /* of a procinfo event: what the last one said */
	bool is_parsed;
	bool is_read; /* the parameters were looked for: state_cur() does */
};

typedef void (*parse_fn)(struct state *s, struct cur *c);

/* Whom and what an event is about. */
struct subject {
	struct thread *thread;
	struct fd *fd;
};

/* Does what parse_fn does for an event of the usual shape, straight from its bytes. False: it is of another,
 * and everything is still to be done. */
typedef bool (*usual_fn)(struct state *s, const ss_plugin_event *raw, struct subject *ret);

/* What is the same for all events of one code. */
struct kind {
	parse_fn parse; /* NULL: it changes nothing */
	usual_fn usual; /* tried before; NULL: there is none */
	const struct gyr_event_info *info;
	const struct gyr_param_info *rows;
	uint8_t n_rows;
	int8_t fd_param;   /* the parameter that is the descriptor it is about; -1: none */
	bool is_wide;      /* lengths of its parameters are 32-bit */
	bool has_result;   /* parameter 0 is what the call returned */
	bool has_thread;   /* it happens to a thread */
	bool makes_thread; /* which is made up when it is not known */
};

enum { KINDS_MAX = 512 };

struct counters {
	uint64_t threads_refused, threads_aged, fds_refused, users_refused, ifaces_refused;
	uint64_t no_memory, bad_events;
	uint64_t threads_found, threads_swept, fds_found, fds_swept; /* by rechecks */
};

/* What is told again of the machine, after events were lost: recheck.c. */
struct recheck {
	uint32_t n;       /* rechecks so far */
	bool is_sweeping; /* threads that the last one did not tell of are being removed */
	uint32_t at;      /* where in the table of threads that goes on */
	int64_t pid;      /* the process whose descriptors are being told; -1: none */
	bool has_fds;     /* some of them were */
	uint64_t fds[FDS_MAX / 64]; /* those, one bit a number */
};

/* What a configuration says; read before state_init(). */
struct limits {
	uint64_t threads, purge_interval_s, idle_s;
};

/* Fields that count from the event they were asked of before. */
enum since { SINCE_ALL, SINCE_S, SINCE_NS, SINCE_FIELDS };

struct since_last {
	uint64_t num, ts, delta; /* num 0: not asked yet */
};

struct state {
	struct limits limits; /* first: the options are read into it */
	struct pool pool;     /* memory of threads, descriptors and texts */
	struct names names;   /* of files that were opened */
	struct {
		const ss_plugin_event *raw;
		uint64_t num;
		struct rtext *name; /* NULL: none */
	} asked;                    /* what the last failed open that was looked at asked for */
	struct rtext
		*nowhere;    /* the directory of those of whom none is known; NULL: not made yet */
	uint64_t last_id;    /* given to a thread or descriptor */
	struct imap threads; /* struct thread by tid */
	int64_t last_tid;    /* of the last event: its thread is last_thread */
	struct thread *last_thread;
	struct imap users;  /* struct user by user_key() of its uid */
	struct imap groups; /* the same by gid */
	struct iface ifaces[IFACES_MAX];
	uint32_t n_ifaces;
	uint64_t first_ts;
	struct cur cur;
	struct kind kinds[KINDS_MAX]; /* by code */
	int64_t dead_tid;             /* ends before the next event; -1: none */
	/* Those that ended last, by the low bits of their number. */
	struct {
		int64_t tid;
		uint64_t ts;
	} ended[ENDED_MAX];
	uint64_t n_fds;       /* descriptors there are */
	struct fd *closed[8]; /* out of their table, freed before the next event */
	uint32_t n_closed;
	struct counters counters;
	bool is_live;                    /* events are of this machine as it is now */
	const char *root;                /* below which its proc and etc are; "" as a rule */
	struct gyr_meta_machine machine; /* its hostname is the one below */
	char hostname[128];
	uint64_t aged_ts;  /* when threads were last aged; 0: never */
	uint64_t now_ts;   /* of the event at hand */
	uint64_t purge_ns; /* limits.purge_interval_s; less while threads are swept */
	struct recheck recheck;
	uint64_t n_asked; /* how often util.cnt was */
	struct since_last since[SINCE_FIELDS];
	uint64_t switched_ts[CPUS_MAX]; /* the last switch on each processor; 0: none */
	struct statetables *tables;     /* what other plugins see; NULL: nothing */
	struct hostnames *hostnames;    /* NULL: no field asked for one yet */
	struct accounts *accounts;      /* NULL: nobody is asked */
};

/* ---- threads: thread.c ---- */

static inline struct thread *thread_find(const struct state *s, int64_t tid)
{
	if (tid == s->last_tid && s->last_thread)
		return s->last_thread;
	return imap_get(&s->threads, tid);
}

/* To be called when a field of it may answer differently from now on. */
static inline void thread_touch(struct thread *t)
{
	t->version++;
}

/* A new thread in the table, in place of an older one of this number. NULL: refused, counted. */
struct thread *thread_add(struct state *s, int64_t tid);

/* The thread, or a fresh one of which only the number is known. NULL as above. */
struct thread *thread_get(struct state *s, int64_t tid);

void thread_remove(struct state *s, int64_t tid);

/* The thread that an event happens to, made up when it is not known. NULL as above, and for number -1. */
static inline struct thread *thread_at(struct state *s, const ss_plugin_event *raw)
{
	const int64_t tid = (int64_t)raw->tid;

	if (tid == -1)
		return NULL;
	if (!s->last_thread || s->last_tid != tid) {
		s->last_thread = thread_get(s, tid);
		s->last_tid = tid;
	}
	if (s->last_thread)
		s->last_thread->seen_ts = raw->ts;
	return s->last_thread;
}

/* A thread outside of the table; NULL: no memory, counted. */
struct thread *thread_new(struct state *s);
void thread_free(struct state *s, struct thread *t); /* of thread_new(), not adopted yet */

/* Puts it into the table, in place of an older one of this number. NULL: refused and destroyed. */
struct thread *thread_adopt(struct state *s, struct thread *t, int64_t tid);

/* Says whose thread and whose child @t is; keeps the counts of those. */
void thread_set_pids(struct state *s, struct thread *t, int64_t pid, int64_t ptid);

/* Page faults and memory of @t, from the five parameters from @at on; what an older recording does not tell
 * stays as it is known. */
void thread_set_usage(struct thread *t, const struct gyr_params *q, uint32_t at);

/* Makes @t a child of @parent (NULL: of none) and of no other. */
void thread_link(struct thread *t, struct thread *parent);

/* The children of @from become those of @to (NULL: of none). */
void thread_give_children(struct thread *from, struct thread *to);

/* Makes the children of @from those of the thread @to, which may be unknown. */
void thread_move_children(struct state *s, const struct thread *from, int64_t to);

/* Ends a thread: it goes, or waits for the last thread of its process when it is the main one. */
void thread_end(struct state *s, struct thread *t);

void threads_clear(struct state *s);

/* ---- ageing: ageing.c ---- */

/* Forgets threads that are gone, or, when the table is nearly full, that were idle for long. To be called
 * when more than the interval has passed since the last time (s->aged_ts). */
void threads_age(struct state *s);

/* The same when a thread finds no room; false when there is none after it, too. */
bool threads_make_room(struct state *s);

/* ---- what is told again: recheck.c ---- */

/* A record whose name begins with GYR_META_AGAIN. */
int recheck_record(struct state *s, const struct gyr_event *evt);

/* Removes some of what the last recheck did not tell of. To be called from time to time while is_sweeping. */
void recheck_sweep(struct state *s);

/* ---- what a source tells: parse_meta.c ---- */

/* A new thread in the table, as @m tells; its counts are not kept yet. NULL: refused, counted. */
struct thread *meta_thread(struct state *s, const struct gyr_meta_proc *m);

/* Of @m, what a thread changes by steps of its own while its program stays, less where it stands: who it is,
 * what it may, its session, groups and root. A text that is not told stays. */
void meta_steps(struct state *s, struct thread *t, const struct gyr_meta_proc *m);

/* Bytes of a path as /proc names it, less the mark " (deleted)". */
size_t meta_path_len(struct gyr_meta_text path);

/* Sets a descriptor as @m tells. */
void meta_descriptor(struct state *s, struct thread *t, const struct gyr_meta_fd *m);

static inline bool thread_is_main(const struct thread *t)
{
	return t->tid == t->pid || (t->flags & PPM_CL_IS_MAIN_THREAD);
}

/* A number for what runs in @t and with what arguments: the same for all threads of equal name, file and
 * arguments, and never another's. 0: there is none. */
uint64_t thread_program(struct state *s, struct thread *t);

/* The main thread of its process; NULL when it is not known. */
struct thread *thread_main(const struct state *s, const struct thread *t);

/* The main thread of the parent; NULL when it is not known. */
struct thread *thread_parent(const struct state *s, const struct thread *t);

/* The n-th ancestor, 0 its own main thread; NULL when the chain is shorter. */
struct thread *thread_ancestor(const struct state *s, const struct thread *t, uint64_t n);

/* The directory of its process, which ends with a slash. Empty when it is not known, "./" when not even
 * the process is. */
const char *thread_cwd(const struct state *s, const struct thread *t);

/* Sets the directory of the process. */
void thread_set_cwd(struct state *s, struct thread *t, const char *path, size_t len);

/* ---- descriptors: fdtable.c ---- */

/* The thread whose table @t uses; NULL when that one is not known. */
static inline struct thread *fd_owner(const struct state *s, const struct thread *t)
{
	if (!(t->flags & PPM_CL_CLONE_FILES) || thread_is_main(t))
		return (struct thread *)t;
	return thread_main(s, t);
}

static inline struct fd *fd_find(const struct state *s, const struct thread *t, int64_t num)
{
	const struct thread *owner = fd_owner(s, t);

	return owner ? fdtab_get(&owner->fds, num) : NULL;
}

/* To be called when a field of it may answer differently from now on. */
static inline void fd_touch(struct fd *f)
{
	f->version++;
}

/* Walks the own table of @t: start with *at 0; NULL at the end. Nothing may be added or closed
 * meanwhile. */
static inline struct fd *fds_next(const struct thread *t, uint32_t *at)
{
	return fdtab_next(&t->fds, at);
}

/* A new descriptor in the table of @t, in place of an older one. NULL: refused, counted. */
struct fd *fd_add(struct state *s, struct thread *t, int64_t num, uint8_t type);

/* A copy of @from under another number. */
struct fd *fd_copy(struct state *s, struct thread *t, int64_t num, const struct fd *from);

/* A descriptor in no table; fd_copy() brings it into one. NULL: no memory. */
struct fd *fd_new(struct state *s, int64_t num, uint8_t type);
void fd_free(struct state *s, struct fd *f); /* of fd_new(); NULL is fine */

/* Takes it out of its table; it lives until the next event begins. */
void fd_close(struct state *s, struct thread *t, int64_t num);

/* Frees what was closed. */
void fds_free_closed(struct state *s);

/* Frees every descriptor of @t's own table. */
void fds_clear(struct state *s, struct thread *t);

/* Every descriptor of @from's table into the empty one of @to. */
void fds_inherit(struct state *s, struct thread *to, const struct thread *from);

/* Its name as given; NULL: it has none. */
static inline struct rtext *fd_raw(const struct fd *f)
{
	return f->raw ? f->raw : f->name;
}

bool fd_is_file(const struct fd *f);
bool fd_is_ip(const struct fd *f);   /* IPv4 or IPv6, connected kind */
bool fd_listens(const struct fd *f); /* IPv4 or IPv6, listening kind */

/* "file", "ipv4" ...; NULL for others. */
const char *fd_type_text(const struct fd *f);
char fd_type_char(uint8_t type);

/* The protocol of a socket: L4_NONE for others, and for one of which it is not yet known who calls. */
uint8_t fd_l4(const struct fd *f);

/* Writes the name that follows from addresses into @f. */
void fd_name_sock(struct state *s, struct fd *f);

/* Exchanges the two ends of a connected kind, and names it anew. */
void fd_turn(struct state *s, struct fd *f);

/* Whether an address of IPv6 is one of IPv4: ::ffff:a.b.c.d. */
static inline bool addr_is_mapped(const uint8_t *ip)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(ip, head, sizeof head);
}

/* Whether an address is one of this machine; of IPv6, whether its first 64 bits are those of one. @len 4
 * or 16. */
bool addr_is_local(const struct state *s, const uint8_t *addr, size_t len);

/* ---- the parser: parse.c and parse_*.c ---- */

int state_parse(struct gyr *p, const ss_plugin_event_input *evt);

/* The same for events about which nothing will be asked. How many failed. */
uint32_t state_parse_many(struct gyr *p, const struct gyr_events *evts);

/* The event, and its parameters, when it was not just parsed. */
struct cur *state_look(struct state *s, const ss_plugin_event *raw, uint64_t num);

static inline struct cur *state_cur_of(struct state *s, const ss_plugin_event *raw, uint64_t num)
{
	if (s->cur.raw == raw && s->cur.num == num && s->cur.is_read)
		return &s->cur;
	return state_look(s, raw, num);
}

/* The event at hand for the extractor. */
struct cur *state_cur(struct gyr *p, const struct gyr_event *evt);

/* To be called once, on zeroes. */
void state_init(struct state *s);

void state_clear(struct state *s);

void parse_clone(struct state *s, struct cur *c);
void parse_unshare(struct state *s, struct cur *c);
void parse_execveat_enter(struct state *s, struct cur *c);
void parse_execve(struct state *s, struct cur *c);
void parse_procexit(struct state *s, struct cur *c);
void parse_open_enter(struct state *s, struct cur *c);
void parse_open(struct state *s, struct cur *c);
bool usual_open(struct state *s, const ss_plugin_event *raw, struct subject *ret);
void parse_close(struct state *s, struct cur *c);
bool usual_close(struct state *s, const ss_plugin_event *raw, struct subject *ret);
void parse_close_range(struct state *s, struct cur *c);
void parse_dup(struct state *s, struct cur *c);
void parse_fcntl(struct state *s, struct cur *c);
void parse_pipe(struct state *s, struct cur *c);
void parse_anon(struct state *s, struct cur *c);
void parse_memfd(struct state *s, struct cur *c);
void parse_pidfd_open(struct state *s, struct cur *c);
void parse_pidfd_getfd(struct state *s, struct cur *c);
void parse_socket(struct state *s, struct cur *c);
void parse_socketpair(struct state *s, struct cur *c);
void parse_bind(struct state *s, struct cur *c);
void parse_connect_enter(struct state *s, struct cur *c);
void parse_connect(struct state *s, struct cur *c);
void parse_accept(struct state *s, struct cur *c);
void parse_transfer(struct state *s, struct cur *c);
void parse_getsockopt(struct state *s, struct cur *c);
void parse_chdir(struct state *s, struct cur *c);
void parse_fchdir(struct state *s, struct cur *c);
void parse_getcwd(struct state *s, struct cur *c);
void parse_chroot(struct state *s, struct cur *c);
void parse_setsid(struct state *s, struct cur *c);
void parse_setuid(struct state *s, struct cur *c);
void parse_setgid(struct state *s, struct cur *c);
void parse_setresuid(struct state *s, struct cur *c);
void parse_setresgid(struct state *s, struct cur *c);
void parse_capset(struct state *s, struct cur *c);
void parse_prctl(struct state *s, struct cur *c);
void parse_rlimit(struct state *s, struct cur *c);
void parse_memory(struct state *s, struct cur *c);
void parse_switch(struct state *s, struct cur *c);
void parse_procinfo(struct state *s, struct cur *c);
void parse_user(struct state *s, struct cur *c);
void parse_group(struct state *s, struct cur *c);

/* Where a user or group is in its map: those of the host by their number alone. */
int64_t user_key(const char *container, uint32_t id);

/* Asks who @t is, so that the answer is there when a field asks. */
void user_foresee(const struct state *s, const struct thread *t);

/* A record that a source tells beside its events. */
int parse_meta(struct state *s, const struct gyr_event *evt);

/* ---- shared readers ---- */

/* Text parameter @i, NULL when it is absent or "(NULL)". */
const char *cur_str(const struct cur *c, uint32_t i);

/* The same with its length, 0 when it is absent. */
const char *cur_text(const struct cur *c, uint32_t i, size_t *ret_len);

/* The result of the call; false when the event has none. */
static inline bool cur_result(const struct cur *c, int64_t *ret)
{
	const struct gyr_param *q = &c->params.at[0];

	if (!c->kind->has_result || !c->params.n || !q->len)
		return false;
	if (q->len == sizeof *ret)
		memcpy(ret, q->data, sizeof *ret);
	else
		*ret = gyr_param_i64(&c->params, 0, 0);
	return true;
}

enum { PATH_TEXT = 4096 + 256 };

/* The directory that @path is given from, with a slash at its end: the process's, or that of the
 * descriptor in parameter @i (below 0: there is no such parameter); "<UNKNOWN>/" when it is not known.
 * Written to @buf when it has to be made. */
const char *cur_dir(const struct state *s, const struct cur *c, int32_t i, const char *path,
		    char buf[PATH_TEXT]);

/* ---- paths: path.c ---- */

/* Whether @path is certain to be without ".", "..", doubled slashes and one at its end, so that it is
 * what path_join() would make of it: as it is when it begins with a slash, else behind a directory
 * that begins and ends with one. */
bool path_is_plain(const char *path, size_t len);

/* @path, or @dir and @path when it is relative, with ".", ".." and doubled slashes taken out. Cut at
 * @size. Returns its length. */
size_t path_join(char *out, size_t size, const char *dir, const char *path);
