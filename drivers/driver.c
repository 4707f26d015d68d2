#include "driver.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <gyr/events.h>

#include "callprog.h"
#include "compat.h"
#include "probe.h"
#include <programs.skel.h>
#include "rings.h"

enum {
	RING_BYTES = 8 << 20,
	LIFE_RING_MIN = 1 << 20,
	LIFE_SHARE = 2, /* of a ring: its ring for clone, exec and exit */
	RING_BYTES_MAX = 1 << 30,
	BATCH = 4096,
	SNAPLEN = 80,
	SNAPLEN_MAX = 65000, /* so that an event has less than 64 KiB */
	MERGE_US = 1000,
	NAP_NS = 1000000, /* from one look to the next while events come */
	LONG_NAP_NS =
		3000000, /* while they come fast: to wake up costs as much as very many of them */
	FAST = 100,      /* events that a look brought, from which on they come fast */
	WAKEFUL_NS = 20000000, /* nothing came for so long: the next event has to wake us */
};

/* Where programs are attached. The order is that of hook_names. */
enum hook {
	HOOK_SYS_EXIT,
	HOOK_SYS_ENTER,
	HOOK_FORK,
	HOOK_EXEC,
	HOOK_EXIT,
	HOOK_SIGNAL,
	HOOK_SWITCH,
	HOOK_FAULT_USER,
	HOOK_FAULT_KERNEL,
	HOOKS
};
static const char *const hook_names[HOOKS] = {
	[HOOK_SYS_EXIT] = "sys_exit",
	[HOOK_SYS_ENTER] = "sys_enter",
	[HOOK_FORK] = "process_fork",
	[HOOK_EXEC] = "process_exec",
	[HOOK_EXIT] = "process_exit",
	[HOOK_SIGNAL] = "signal_deliver",
	[HOOK_SWITCH] = "task_switch",
	[HOOK_FAULT_USER] = "page_fault_user",
	[HOOK_FAULT_KERNEL] = "page_fault_kernel",
};

struct drv {
	struct drv_options opt;
	struct programs *skel;
	struct bpf_link *links[HOOKS];
	struct rings rings;
	struct wire_cpu *cpus; /* shared with the kernel */
	size_t cpus_bytes;
	uint32_t n_cpus;
	int shown[2]; /* while loading: rings that show what all are like */
	uint64_t ring_bytes;
	struct drv_interest interest;
	uint64_t epoch_due;  /* monotonic ns: when to look at the time of day again */
	uint64_t epoch_top;  /* the largest offset that an event in the rings may have */
	uint64_t busy_until; /* monotonic ns: until then we look by ourselves */
	uint64_t look_due;   /* monotonic ns: when to look into the rings again */
	bool attached;
};

/* ---- what libbpf says, kept for the one sentence ---- */

static __thread char last_words[256];

__attribute__((format(printf, 2, 0))) static int listen_to_libbpf(enum libbpf_print_level level,
								  const char *format, va_list args)
{
	char line[sizeof last_words];

	if (getenv("GYR_DRIVER_DEBUG")) {
		va_list again;

		va_copy(again, args);
		(void)vfprintf(stderr, format, again);
		va_end(again);
	}
	if (level == LIBBPF_WARN) {
		(void)vsnprintf(line, sizeof line, format, args);
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "libbpf: failed to load", 22) !=
		    0) /* of which program comes before */
			memcpy(last_words, line, sizeof last_words);
	}
	return 0;
}

/* ---- options ---- */

static uint32_t or_default(uint32_t v, uint32_t otherwise)
{
	return v ? v : otherwise;
}

/* A power of two of pages that holds @bytes. */
static uint32_t ring_size(uint32_t bytes)
{
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);

	while (size < bytes)
		size *= 2;
	return size;
}

/* Bytes of a ring for clone, exec and exit beside one of @ring_bytes. */
static uint32_t life_default(uint32_t ring_bytes)
{
	return ring_bytes / LIFE_SHARE > LIFE_RING_MIN ? ring_bytes / LIFE_SHARE : LIFE_RING_MIN;
}

static int check_versions(const struct drv_options *o, struct drv_problem *ret_why)
{
	const struct {
		uint32_t want, have;
		const char *what;
	} v[] = {{o->api, WIRE_API, "driver interface"}, {o->schema, WIRE_SCHEMA, "event schema"}};

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (v[i].want && (WIRE_MAJOR(v[i].want) != WIRE_MAJOR(v[i].have) ||
				  WIRE_MINOR(v[i].want) > WIRE_MINOR(v[i].have)))
			return problem(ret_why, -EPROTO,
				       "The %s %u.%u.%u is asked for, and this driver has "
				       "%u.%u.%u; take both "
				       "from one build.",
				       v[i].what, WIRE_MAJOR(v[i].want), WIRE_MINOR(v[i].want),
				       WIRE_PATCH(v[i].want), WIRE_MAJOR(v[i].have),
				       WIRE_MINOR(v[i].have), WIRE_PATCH(v[i].have));
	return 0;
}

static int take_options(struct drv *d, const struct drv_options *given, struct drv_problem *ret_why)
{
	struct drv_options *o = &d->opt;
	const size_t size = given->size < sizeof *o ? given->size : sizeof *o;
	int r;

	memcpy(o, given, size);
	r = check_versions(o, ret_why);
	if (r < 0)
		return r;
	if (o->ring_bytes > RING_BYTES_MAX || o->life_ring_bytes > RING_BYTES_MAX)
		return problem(ret_why, -EINVAL, "A ring may have 1 GiB at most.");
	if (o->batch_max > 1 << 20)
		return problem(ret_why, -EINVAL, "A batch may have 1,048,576 events at most.");
	o->cpus_per_ring = or_default(o->cpus_per_ring, 1);
	o->ring_bytes = ring_size(or_default(o->ring_bytes, RING_BYTES) / o->cpus_per_ring);
	o->life_ring_bytes = ring_size(or_default(o->life_ring_bytes, life_default(o->ring_bytes)));
	o->snaplen = or_default(o->snaplen, SNAPLEN);
	if (o->snaplen > SNAPLEN_MAX)
		o->snaplen = SNAPLEN_MAX;
	o->merge_us = or_default(o->merge_us, MERGE_US);
	o->batch_max = or_default(o->batch_max, BATCH);
	if (!o->self)
		o->self = (uint32_t)getpid();
	return 0;
}

/* ---- loading ---- */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What makes monotonic time the time since the epoch; the shortest of some tries is the best. */
static uint64_t epoch_offset(void)
{
	uint64_t best = UINT64_MAX, offset = 0;

	for (int i = 0; i < 16; i++) {
		const uint64_t before = clock_ns(CLOCK_MONOTONIC), real = clock_ns(CLOCK_REALTIME),
			       after = clock_ns(CLOCK_MONOTONIC);

		if (after - before < best) {
			best = after - before;
			offset = real - before - best / 2;
		}
	}
	return offset;
}

static void describe_calls(struct drv *d)
{
	for (uint16_t code = 0; code < gyr_syscall_count(); code++) {
		const struct gyr_syscall_info *call = gyr_syscall(code);
		const int nr = compat_number_here(call);

		if (nr < 0 || nr >= WIRE_SYSCALLS)
			continue;
		d->skel->rodata->calls[nr] =
			(struct wire_syscall){.code = code, .exit = (uint16_t)call->exit};
	}
	compat_describe(d->skel->rodata->compat_calls, d->skel->rodata->calls,
			d->skel->rodata->sockets);
}

static bool kernel_can_cast(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const bool can = btf && btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;

	btf__free(btf);
	return can;
}

static size_t ring_value_bytes(uint32_t size)
{
	return sizeof(struct wire_ring) + size + WIRE_RING_ROOM;
}

static int make_ring(uint32_t size, const char *name)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t),
			      (uint32_t)ring_value_bytes(size), 1, &opts);
}

/* The first ring shows the kernel what all are like. Old kernels do not make large ones: halves are tried. */
static int show_ring(struct bpf_map *map, uint32_t *size, const char *name, int *ret_fd)
{
	int fd = make_ring(*size, name), r;

	while (fd == -E2BIG && *size > 1 << 16) {
		*size /= 2;
		fd = make_ring(*size, name);
	}
	if (fd < 0)
		return fd;
	r = bpf_map__set_inner_map_fd(map, fd);
	*ret_fd = fd;
	return r;
}

static int set_sizes(struct drv *d)
{
	struct bpf_map *const per_cpu[] = {d->skel->maps.cpus, d->skel->maps.scratches,
					   d->skel->maps.task_places, d->skel->maps.rings,
					   d->skel->maps.life_rings};
	int r;

	for (size_t i = 0; i < sizeof per_cpu / sizeof *per_cpu; i++) {
		r = bpf_map__set_max_entries(per_cpu[i], d->n_cpus);
		if (r < 0)
			return r;
	}
	r = show_ring(d->skel->maps.rings, &d->opt.ring_bytes, "gyr_ring", &d->shown[0]);
	if (r >= 0)
		r = show_ring(d->skel->maps.life_rings, &d->opt.life_ring_bytes, "gyr_life",
			      &d->shown[1]);
	d->skel->rodata->ring_mask = d->opt.ring_bytes - 1;
	d->skel->rodata->life_mask = d->opt.life_ring_bytes - 1;
	return r;
}

static int load(struct drv *d, struct drv_problem *ret_why)
{
	int r, n = libbpf_num_possible_cpus();

	if (n <= 0)
		return problem(ret_why, n, "The number of processors cannot be found.");
	d->n_cpus = (uint32_t)n;
	d->skel = programs__open();
	if (!d->skel)
		return problem(ret_why, -errno, "The programs cannot be read: %s.", last_words);
	d->skel->rodata->can_cast = kernel_can_cast();
	describe_calls(d);
	d->skel->bss->control.epoch = epoch_offset();
	d->skel->bss->control.self = d->opt.self;
	d->skel->bss->control.snaplen = d->opt.snaplen;
	r = set_sizes(d);
	if (r >= 0)
		r = programs__load(d->skel);
	for (size_t i = 0; i < sizeof d->shown / sizeof *d->shown; i++)
		if (d->shown[i] >= 0)
			close(d->shown[i]);
	if (r < 0)
		return problem(ret_why, r, "The kernel does not take the programs (%s): %s.",
			       strerror(-r), last_words);
	return 0;
}

/* ---- rings ---- */

static int make_rings(struct drv *d, const struct bpf_map *map, uint32_t size, const char *name)
{
	int r = 0;

	for (uint32_t cpu = 0; cpu < d->n_cpus && r >= 0; cpu++) {
		const int fd = make_ring(size, name);

		if (fd < 0)
			return fd;
		r = rings_add(&d->rings, fd, ring_value_bytes(size), size);
		if (r >= 0)
			r = bpf_map_update_elem(bpf_map__fd(map), &cpu, &fd, BPF_ANY);
		close(fd); /* the map and the mapping keep it */
		d->ring_bytes += size;
	}
	return r;
}

static int open_rings(struct drv *d, struct drv_problem *ret_why)
{
	int r = rings_init(&d->rings, 2 * d->n_cpus, d->opt.batch_max);

	if (r >= 0)
		r = make_rings(d, d->skel->maps.rings, d->opt.ring_bytes, "gyr_ring");
	if (r >= 0)
		r = make_rings(d, d->skel->maps.life_rings, d->opt.life_ring_bytes, "gyr_life");
	if (r >= 0)
		r = rings_set_bell(&d->rings, bpf_map__fd(d->skel->maps.bell));
	if (r < 0)
		return problem(ret_why, r,
			       "The rings (%u processors, %u and %u bytes each) cannot be made: "
			       "%s; ask for "
			       "smaller ones.",
			       d->n_cpus, d->opt.ring_bytes, d->opt.life_ring_bytes, strerror(-r));
	return 0;
}

static int map_counters(struct drv *d, struct drv_problem *ret_why)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	d->cpus_bytes = (d->n_cpus * sizeof(struct wire_cpu) + page - 1) / page * page;
	p = mmap(NULL, d->cpus_bytes, PROT_READ, MAP_SHARED, bpf_map__fd(d->skel->maps.cpus), 0);
	if (p == MAP_FAILED)
		return problem(ret_why, -errno, "The counters cannot be mapped: %s.",
			       strerror(errno));
	d->cpus = p;
	return 0;
}

/* ---- which program a call has ---- */

/* The program of what is at @slot. */
static int set_call_program(struct drv *d, const struct gyr_syscall_info *call, uint32_t slot,
			    struct drv_problem *ret_why)
{
	const struct bpf_program *p;
	char name[64];
	int fd, r;

	if (callprog_bits(call->name))
		return 0;
	(void)snprintf(name, sizeof name, "x_%s", callprog_name(call->name));
	p = bpf_object__find_program_by_name(d->skel->obj, name);
	if (!p && call->flags & GYR_SYSCALL_GENERIC)
		p = bpf_object__find_program_by_name(d->skel->obj, "x_generic");
	if (!p)
		return problem(ret_why, -ENOENT, "There is no program for %s.", call->name);
	fd = bpf_program__fd(p);
	r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.call_programs), &slot, &fd, BPF_ANY);
	if (r < 0)
		return problem(ret_why, r, "The program of %s cannot be set: %s.", call->name,
			       strerror(-r));
	return 0;
}

static int set_call_programs(struct drv *d, struct drv_problem *ret_why)
{
	int r = 0;

	for (uint16_t code = 0; code < gyr_syscall_count() && r >= 0; code++) {
		const struct gyr_syscall_info *call = gyr_syscall(code);
		const int nr = compat_number_here(call);

		if (nr >= 0 && nr < WIRE_SYSCALLS)
			r = set_call_program(d, call, (uint32_t)nr, ret_why);
	}
	for (uint32_t slot = WIRE_SYSCALLS; slot < WIRE_SLOTS && r >= 0; slot++)
		if (d->skel->rodata->calls[slot].code)
			r = set_call_program(d, gyr_syscall(d->skel->rodata->calls[slot].code),
					     slot, ret_why);
	return r;
}

int drv_open(const struct drv_options *options, struct drv **ret, struct drv_problem *ret_why)
{
	struct drv *d = calloc(1, sizeof *d);
	int r;

	if (!d)
		return problem(ret_why, -ENOMEM, "Out of memory.");
	d->rings.epoll = d->rings.wake = d->shown[0] = d->shown[1] = -1;
	libbpf_set_print(listen_to_libbpf);
	last_words[0] = 0;
	r = take_options(d, options, ret_why);
	if (r >= 0)
		r = probe_machine(ret_why);
	if (r >= 0)
		r = load(d, ret_why);
	if (r >= 0)
		r = open_rings(d, ret_why);
	if (r >= 0)
		r = map_counters(d, ret_why);
	if (r >= 0)
		r = set_call_programs(d, ret_why);
	if (r < 0) {
		drv_close(d);
		return r;
	}
	*ret = d;
	return 0;
}

/* ---- interest ---- */

static bool wants_name(const struct drv_interest *i, const char *name)
{
	const struct gyr_syscall_info *call = gyr_syscall_find(name, strlen(name));

	return call && drv_wants(i, call->code);
}

static bool wants_any(const struct drv_interest *i, const char *const *names)
{
	for (; *names; names++)
		if (wants_name(i, *names))
			return true;
	return false;
}

/* Calls whose names are kept as they begin. */
static const char *const stashed_calls[] = {"open", "openat", "openat2", "creat", NULL};

static void hooks_of(const struct drv *d, const struct drv_interest *i, bool hooks[HOOKS])
{
	static const char *const made[] = {"clone", "clone3", "fork", "vfork", NULL};
	static const char *const executed[] = {"execve", "execveat", NULL};

	memset(hooks, 0, sizeof(bool[HOOKS]));
	for (uint16_t code = 0; code < gyr_syscall_count(); code++)
		if (compat_number_here(gyr_syscall(code)) >= 0 && drv_wants(i, code))
			hooks[HOOK_SYS_EXIT] = true;
	for (uint32_t slot = WIRE_SYSCALLS; slot < WIRE_SLOTS; slot++)
		if (d->skel->rodata->calls[slot].code &&
		    drv_wants(i, d->skel->rodata->calls[slot].code))
			hooks[HOOK_SYS_EXIT] = true;
	hooks[HOOK_SYS_ENTER] = d->opt.entry && wants_any(i, stashed_calls);
	hooks[HOOK_FORK] = wants_any(i, made);
	hooks[HOOK_EXEC] = wants_any(i, executed);
	hooks[HOOK_EXIT] = wants_name(i, "sched_process_exit");
	hooks[HOOK_SIGNAL] = wants_name(i, "signal_deliver");
	hooks[HOOK_SWITCH] = wants_name(i, "sched_switch");
	hooks[HOOK_FAULT_USER] = wants_name(i, "page_fault_user");
	hooks[HOOK_FAULT_KERNEL] = wants_name(i, "page_fault_kernel");
}

static bool is_stashed(const struct drv *d, const char *call)
{
	for (const char *const *name = stashed_calls; d->opt.entry && *name; name++)
		if (!strcmp(*name, call))
			return true;
	return false;
}

/* The byte of a call that is wanted. */
static uint8_t want_bits(const struct drv *d, const char *call, uint8_t guards)
{
	unsigned int want = WIRE_WANTED | guards | callprog_bits(call);

	if (d->opt.drop_failed)
		want |= WIRE_GUARD_FAILED;
	if (is_stashed(d, call))
		want |= WIRE_STASH;
	return (uint8_t)want;
}

static void set_want(struct drv *d, const struct drv_interest *i, uint32_t slot, uint16_t code)
{
	const uint8_t want = drv_wants(i, code) ? want_bits(d, gyr_syscall(code)->name,
							    i->guards[code] & WIRE_GUARDS)
						: 0;

	__atomic_store_n(&d->skel->bss->control.want[slot], want, __ATOMIC_RELAXED);
}

/* Who may want a call of number @nr, once `want` says which calls are wanted. */
static uint8_t asked_bits(const struct drv *d, const struct drv_interest *i, uint32_t nr)
{
	const struct wire_compat *compat = &d->skel->rodata->compat_calls[nr];
	const uint8_t *want = d->skel->bss->control.want;
	unsigned int asked = want[nr] ? WIRE_ASKED_HERE : 0;

	/* whoever wants anything may want what has no code */
	if (!compat->code || drv_wants(i, compat->code))
		asked |= WIRE_ASKED_LOST;
	if (compat->slot < WIRE_SLOTS ? want[compat->slot] != 0 : (asked & WIRE_ASKED_LOST) != 0)
		asked |= WIRE_ASKED_NARROW;
	return (uint8_t)asked;
}

static void set_wanted(struct drv *d, const struct drv_interest *i)
{
	for (uint16_t code = 0; code < gyr_syscall_count(); code++) {
		const int nr = compat_number_here(gyr_syscall(code));

		if (nr >= 0 && nr < WIRE_SYSCALLS)
			set_want(d, i, (uint32_t)nr, code);
	}
	for (uint32_t slot = WIRE_SYSCALLS; slot < WIRE_SLOTS; slot++)
		if (d->skel->rodata->calls[slot].code)
			set_want(d, i, slot, d->skel->rodata->calls[slot].code);
	for (uint32_t nr = 0; nr < WIRE_SYSCALLS; nr++)
		__atomic_store_n(&d->skel->bss->control.asked[nr], asked_bits(d, i, nr),
				 __ATOMIC_RELAXED);
}

static int attach_hook(struct drv *d, enum hook hook, struct drv_problem *ret_why)
{
	struct bpf_program *p = bpf_object__find_program_by_name(d->skel->obj, hook_names[hook]);
	struct bpf_link *link = p ? bpf_program__attach(p) : NULL;

	if (!p)
		return 0;
	if (!link)
		return problem(ret_why, -errno, "The program for %s cannot be attached: %s.",
			       hook_names[hook], strerror(errno));
	d->links[hook] = link;
	return 0;
}

/* With @want attaches what is missing, without it detaches what nothing needs. */
static int set_hooks(struct drv *d, const bool hooks[HOOKS], bool want, struct drv_problem *ret_why)
{
	for (int h = 0; h < HOOKS; h++) {
		if (want && hooks[h] && !d->links[h]) {
			const int r = attach_hook(d, h, ret_why);

			if (r < 0)
				return r;
		} else if (!want && !hooks[h] && d->links[h]) {
			bpf_link__destroy(d->links[h]);
			d->links[h] = NULL;
		}
	}
	return 0;
}

int drv_interest(struct drv *d, const struct drv_interest *interest, struct drv_problem *ret_why)
{
	bool hooks[HOOKS];
	int r = 0;

	hooks_of(d, interest, hooks);
	if (d->attached)
		r = set_hooks(d, hooks, true, ret_why);
	if (r < 0)
		return r;
	set_wanted(d, interest);
	d->interest = *interest;
	return set_hooks(d, hooks, false, ret_why);
}

int drv_attach(struct drv *d, struct drv_problem *ret_why)
{
	bool hooks[HOOKS];
	int r;

	hooks_of(d, &d->interest, hooks);
	r = set_hooks(d, hooks, true, ret_why);
	if (r < 0)
		return r;
	d->attached = true;
	return 0;
}

/* ---- reading ---- */

static int wait_ns(const struct drv *d, uint64_t ns)
{
	struct pollfd fd = {.fd = d->rings.wake, .events = POLLIN};
	const struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u),
				   .tv_nsec = (long)(ns % 1000000000u)};

	return ppoll(&fd, 1, &t, NULL);
}

/* Waits until an event comes. The programs look at `asleep` before they hand an event over, and we look at
 * the rings after we set it: one of the two sees the other. */
static int sleep_until_event(struct drv *d, int timeout_ms)
{
	struct epoll_event ev[8];
	int r = 0;

	__atomic_store_n(&d->skel->bss->control.asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!rings_pending(&d->rings))
		r = epoll_wait(d->rings.epoll, ev, sizeof ev / sizeof *ev, timeout_ms);
	__atomic_store_n(&d->skel->bss->control.asleep, 0, __ATOMIC_SEQ_CST);
	rings_hush(&d->rings);
	return r;
}

/* Whether drv_wake() was called since the last time. */
static bool take_wake(const struct drv *d)
{
	uint64_t n;

	return read(d->rings.wake, &n, sizeof n) == sizeof n;
}

/* A missed wake-up (a program on another processor read `asleep` just before it was set) costs this. */
enum { SLEEP_MS = 100 };

/* Waits once, in the way that fits: for the event that has to wait, a moment, or for the next event. */
static int wait_once(struct drv *d, uint64_t held, uint64_t mono, uint64_t until)
{
	const uint64_t left = until > mono ? until - mono : 0;
	uint64_t ns = NAP_NS;

	if (held) {
		const uint64_t due = held - d->epoch_top + d->opt.merge_us * 1000u;
		const uint64_t boot = clock_ns(CLOCK_MONOTONIC);

		ns = due > boot && due - boot < NAP_NS ? due - boot : NAP_NS;
	} else if (mono >= d->busy_until) {
		const uint64_t ms = (left + 999999) / 1000000;

		return sleep_until_event(d, ms < SLEEP_MS ? (int)ms : SLEEP_MS);
	}
	return wait_ns(d, ns < left ? ns : left);
}

/* While events come, some get old enough at every moment: whoever took them as they do would wake up for a
 * few each time. So a look that found all there was is followed by a nap. */
static int wait_for_more(struct drv *d, uint64_t mono, uint64_t until)
{
	const uint64_t due = d->look_due < until ? d->look_due : until;

	return due > mono ? wait_ns(d, due - mono) : 0;
}

/* @n events were found at @mono. */
static void plan_look(struct drv *d, uint32_t n, uint64_t mono)
{
	if (n && n < d->rings.batch_max)
		d->look_due = mono + (n >= FAST ? LONG_NAP_NS : NAP_NS);
}

/* Suspension and whoever sets the time of day move it against monotonic time. */
static void follow_time_of_day(struct drv *d, uint64_t mono)
{
	enum { EVERY_NS = 1000000000, MOVED_NS = 5000000 };
	uint64_t *epoch = (uint64_t *)&d->skel->bss->control.epoch, offset;
	const uint64_t before = *epoch;

	if (mono < d->epoch_due)
		return;
	d->epoch_due = mono + EVERY_NS;
	offset = epoch_offset();
	if (offset - *epoch + MOVED_NS > 2 * MOVED_NS)
		__atomic_store_n(epoch, offset, __ATOMIC_RELAXED);
	/* set back, events of before would seem to come from the future, and wait for it */
	d->epoch_top = before > *epoch ? before : *epoch;
}

int drv_poll(struct drv *d, int timeout_ms, struct drv_batch *ret)
{
	const uint64_t began = clock_ns(CLOCK_MONOTONIC);
	const uint64_t until =
		timeout_ms < 0 ? UINT64_MAX : began + (uint64_t)timeout_ms * 1000000u;
	uint64_t mono = began, held = 0;
	int r;

	*ret = (struct drv_batch){.events = d->rings.batch};
	follow_time_of_day(d, began);
	rings_release(&d->rings);
	r = wait_for_more(d, began, until);
	for (;;) {
		if (r > 0 && take_wake(d))
			break;
		if (r < 0)
			return errno == EINTR ? 0 : -errno;
		mono = clock_ns(CLOCK_MONOTONIC);
		ret->n =
			rings_next(&d->rings, mono - d->opt.merge_us * 1000u + d->epoch_top, &held);
		if (ret->n || held)
			d->busy_until = mono + WAKEFUL_NS;
		if (ret->n || mono >= until)
			break;
		r = wait_once(d, held, mono, until);
	}
	ret->more = ret->n == d->rings.batch_max;
	plan_look(d, ret->n, mono);
	return 0;
}

void drv_wake(struct drv *d)
{
	const uint64_t one = 1;
	const ssize_t n = write(d->rings.wake, &one, sizeof one);

	(void)n; /* full: it is awake already */
}

/* ---- counters ---- */

void drv_counters(const struct drv *d, struct drv_counters *ret)
{
	struct drv_counters c = {.events = d->rings.given,
				 .late = d->rings.late,
				 .malformed = d->rings.malformed,
				 .cpus = d->n_cpus,
				 .rings = d->rings.n,
				 .ring_bytes = d->ring_bytes};

	for (uint32_t cpu = 0; cpu < d->n_cpus; cpu++) {
		const struct wire_cpu *p = &d->cpus[cpu];

		for (int class = 0; class < WIRE_CLASSES; class ++) {
			c.sent += __atomic_load_n(&p->sent[class], __ATOMIC_RELAXED);
			for (int why = 0; why < WIRE_DROPS; why++)
				c.dropped_by[why][class] +=
					__atomic_load_n(&p->dropped[why][class], __ATOMIC_RELAXED);
		}
		c.faults += __atomic_load_n(&p->faults, __ATOMIC_RELAXED);
		c.truncated += __atomic_load_n(&p->truncated, __ATOMIC_RELAXED);
		c.guarded += __atomic_load_n(&p->guarded, __ATOMIC_RELAXED);
	}
	for (int why = 0; why < WIRE_DROPS; why++)
		for (int class = 0; class < WIRE_CLASSES; class ++)
			c.dropped += c.dropped_by[why][class];
	*ret = c;
}

const struct wire_cpu *drv_counters_cpu(const struct drv *d, uint32_t cpu)
{
	return cpu < d->n_cpus ? &d->cpus[cpu] : NULL;
}

struct drv *drv_close(struct drv *d)
{
	if (!d)
		return NULL;
	for (int h = 0; h < HOOKS; h++)
		bpf_link__destroy(d->links[h]);
	if (d->cpus)
		munmap(d->cpus, d->cpus_bytes);
	rings_deinit(&d->rings);
	programs__destroy(d->skel);
	free(d);
	return NULL;
}
