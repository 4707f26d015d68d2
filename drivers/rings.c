#include "rings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

/* A record's head, of include/uapi/linux/bpf.h: its length with two flags, and four bytes of no use here. */
enum { RECORD_HEAD = 8 };
static const uint32_t RECORD_BUSY = 1u << 31, RECORD_DISCARDED = 1u << 30;

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

int rings_add(struct rings *s, int map_fd, size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* Edges only: events that wait for their turn must not wake whoever waits with them. */
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
	struct ring *r = &s->all[s->n];
	void *consumer, *rest;

	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (consumer == MAP_FAILED)
		return -errno;
	rest = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (rest == MAP_FAILED) {
		int e = errno;

		munmap(consumer, page);
		return -e;
	}
	*r = (struct ring){.consumer = consumer,
			   .producer = rest,
			   .data = (const uint8_t *)rest + page,
			   .size = size};
	s->n++;
	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, map_fd, &ev) ? -errno : 0;
}

static uint64_t record_step(uint32_t len)
{
	return RECORD_HEAD + ((uint64_t)(len & ~(RECORD_BUSY | RECORD_DISCARDED)) + 7) / 8 * 8;
}

/* Finds the next event of @r; NULL when there is none that is complete. */
static void ring_peek(struct rings *s, struct ring *r)
{
	r->head = NULL;
	while (r->at < r->end) {
		const uint8_t *record = r->data + (r->at & (r->size - 1));
		const uint32_t len = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		const ss_plugin_event *evt = (const ss_plugin_event *)(record + RECORD_HEAD);

		if (len & RECORD_BUSY)
			return;
		if (!(len & RECORD_DISCARDED)) {
			if (len >= sizeof *evt && evt->len >= sizeof *evt && evt->len <= len) {
				r->head = evt;
				return;
			}
			s->malformed++;
		}
		r->at += record_step(len);
	}
}

static void ring_pass(struct rings *s, struct ring *r)
{
	r->at += record_step(*(const uint32_t *)((const uint8_t *)r->head - RECORD_HEAD));
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

		r->end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
		ring_peek(s, r);
		if (r->head)
			s->heap[s->n_heap++] = r;
	}
	for (uint32_t i = s->n_heap / 2; i-- > 0;)
		heap_down(s, i);
}

uint32_t rings_next(struct rings *s, uint64_t limit, uint64_t *ret_held)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n; i++)
		if (*s->all[i].consumer != s->all[i].at)
			__atomic_store_n(s->all[i].consumer, s->all[i].at, __ATOMIC_RELEASE);
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
		if (__atomic_load_n(s->all[i].producer, __ATOMIC_ACQUIRE) != s->all[i].at)
			return true;
	return false;
}

void rings_deinit(struct rings *s)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (uint32_t i = 0; i < s->n; i++) {
		munmap(s->all[i].consumer, page);
		munmap((void *)s->all[i].producer, page + 2 * s->all[i].size);
	}
	if (s->epoll >= 0)
		close(s->epoll);
	if (s->wake >= 0)
		close(s->wake);
	free(s->all);
	free(s->heap);
	free((void *)s->batch);
	*s = (struct rings){.epoll = -1, .wake = -1};
}
