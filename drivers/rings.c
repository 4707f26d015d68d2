#include "rings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { AHEAD = 512 }; /* bytes */

int rings_init(struct rings *s, uint32_t n, uint32_t batch_max)
{
	struct epoll_event ev = {.events = EPOLLIN};

	*s = (struct rings){.epoll = -1, .wake = -1, .batch_max = batch_max};
	s->all = calloc(n, sizeof *s->all);
	s->heap = calloc(n, sizeof *s->heap);
	s->batch = calloc(batch_max, sizeof *s->batch);
	if (!s->all || !s->heap || !s->batch)
		return -ENOMEM;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll < 0 || s->wake < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->wake, &ev))
		return -errno;
	return 0;
}

int rings_add(struct rings *s, int map_fd, size_t value_bytes, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE),
		     bytes = (value_bytes + page - 1) / page * page;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	s->all[s->n++] = (struct ring){.shared = p, .bytes = bytes, .size = size};
	return 0;
}

int rings_set_bell(struct rings *s, int map_fd)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct epoll_event ev = {.events = EPOLLIN};
	void *consumed, *produced;

	/* one page each, of the layout of BPF_MAP_TYPE_RINGBUF */
	consumed = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (consumed == MAP_FAILED)
		return -errno;
	s->bell_consumed = consumed;
	produced = mmap(NULL, page, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (produced == MAP_FAILED)
		return -errno;
	s->bell_produced = produced;
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, map_fd, &ev) ? -errno : 0;
}

void rings_hush(struct rings *s)
{
	__atomic_store_n(s->bell_consumed, __atomic_load_n(s->bell_produced, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

/* The event at `at`; NULL when there is none. What is no event ends the round: nothing behind it can be found. */
static void ring_peek(struct rings *s, struct ring *r)
{
	const ss_plugin_event *evt;

	r->head = NULL;
	if (r->at >= r->end)
		return;
	evt = (const ss_plugin_event *)((const uint8_t *)(r->shared + 1) + (r->at & (r->size - 1)));
	if (evt->len < sizeof *evt || evt->len > WIRE_EVENT_MAX || evt->len > r->end - r->at) {
		s->malformed++;
		r->at = r->end;
		return;
	}
	r->head = evt;
	/* another processor wrote what follows: it is asked for before it is needed */
	__builtin_prefetch((const uint8_t *)(const void *)evt + AHEAD);
	__builtin_prefetch((const uint8_t *)(const void *)evt + AHEAD + 64);
}

static void ring_pass(struct rings *s, struct ring *r)
{
	r->at += wire_ring_step(r->head->len);
	ring_peek(s, r);
}

/* ---- the heap ---- */

static void heap_down(struct rings *s, uint32_t i)
{
	struct ring *const r = s->heap[i];

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= s->n_heap)
			break;
		if (child + 1 < s->n_heap &&
		    s->heap[child + 1]->head->ts < s->heap[child]->head->ts)
			child++;
		if (r->head->ts <= s->heap[child]->head->ts)
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = r;
}

/* The time of the oldest head but that of the first ring. */
static uint64_t heap_second(const struct rings *s)
{
	uint64_t ts = UINT64_MAX;

	for (uint32_t i = 1; i < s->n_heap && i <= 2; i++)
		if (s->heap[i]->head->ts < ts)
			ts = s->heap[i]->head->ts;
	return ts;
}

static void heap_build(struct rings *s)
{
	s->n_heap = 0;
	for (uint32_t i = 0; i < s->n; i++) {
		struct ring *r = &s->all[i];

		r->end = __atomic_load_n(&r->shared->produced, __ATOMIC_ACQUIRE);
		ring_peek(s, r);
		if (r->head)
			s->heap[s->n_heap++] = r;
	}
	for (uint32_t i = s->n_heap / 2; i-- > 0;)
		heap_down(s, i);
}

void rings_release(struct rings *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->all[i].shared->consumed != s->all[i].at)
			__atomic_store_n(&s->all[i].shared->consumed, s->all[i].at,
					 __ATOMIC_RELEASE);
}

uint32_t rings_next(struct rings *s, uint64_t limit, uint64_t *ret_held)
{
	uint32_t n = 0;

	heap_build(s);
	while (s->n_heap && n < s->batch_max && s->heap[0]->head->ts <= limit) {
		struct ring *r = s->heap[0];
		uint64_t until = heap_second(s);

		if (until > limit)
			until = limit;
		do { /* events come in runs of one ring */
			if (r->head->ts < s->last)
				s->late++;
			else
				s->last = r->head->ts;
			s->batch[n++] = r->head;
			ring_pass(s, r);
		} while (r->head && r->head->ts <= until && n < s->batch_max);
		if (!r->head)
			s->heap[0] = s->heap[--s->n_heap];
		if (s->n_heap)
			heap_down(s, 0);
	}
	*ret_held = s->n_heap ? s->heap[0]->head->ts : 0;
	s->given += n;
	return n;
}

bool rings_pending(const struct rings *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (__atomic_load_n(&s->all[i].shared->produced, __ATOMIC_ACQUIRE) != s->all[i].at)
			return true;
	return false;
}

void rings_deinit(struct rings *s)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (uint32_t i = 0; i < s->n; i++)
		munmap(s->all[i].shared, s->all[i].bytes);
	if (s->bell_consumed)
		munmap(s->bell_consumed, page);
	if (s->bell_produced)
		munmap((void *)s->bell_produced, page);
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->wake >= 0)
		close(s->wake);
	free(s->all);
	free(s->heap);
	free((void *)s->batch);
	*s = (struct rings){.epoll = -1, .wake = -1};
}
