/*
 * rings: the ring buffers of all processors, read as one stream in the order of time.
 *
 * A ring has one writer side (programs on its processors) and one reader. Positions only grow; the
 * reader's is written once a batch, which gives the room of the whole batch back. Each ring is nearly in
 * the order of time by itself; a heap of their first events merges them. An event that is younger than
 * the merge delay waits, because one that is older may still be on its way into another ring.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

struct ring {
	unsigned long *consumer;       /* read so far; shared with the kernel */
	const unsigned long *producer; /* written so far; shared with the kernel */
	const uint8_t *data;           /* mapped twice in a row: records never wrap */
	size_t size;
	uint64_t at;                 /* of the next record to be given */
	uint64_t end;                /* what was written when this round began */
	const ss_plugin_event *head; /* at `at`; NULL: none */
};

struct rings {
	struct ring *all;
	struct ring **heap; /* those with a head, the oldest first */
	uint32_t n, n_heap;
	int epoll; /* wakes when a ring does, or `wake` */
	int wake;  /* eventfd */
	const ss_plugin_event **batch;
	uint32_t batch_max;
	uint64_t last; /* time of the youngest event given */
	uint64_t given, late, malformed;
};

/* Room for @n rings. -ENOMEM, -errno. */
int rings_init(struct rings *s, uint32_t n, uint32_t batch_max);

/* Maps the next ring; @size is its map's max_entries. -errno. */
int rings_add(struct rings *s, int map_fd, size_t size);

/* Gives the last batch back and finds the next: events not younger than @limit. Their number; *ret_held:
 * the time of the oldest event that had to wait, 0 when none had to. */
uint32_t rings_next(struct rings *s, uint64_t limit, uint64_t *ret_held);

/* Whether any ring has something that was not given. */
bool rings_pending(const struct rings *s);

void rings_deinit(struct rings *s);
