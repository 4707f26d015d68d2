/*
 * rings: the ring buffers of all processors, read as one stream in the order of time.
 *
 * The reader's position of a ring (wire.h) is written once a batch, which gives the room of the whole batch
 * back. Each ring is in the order of time by itself; a heap of their first events merges them. An event that
 * is younger than the merge delay waits, because one that is older may still be on its way into another ring.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

#include "wire.h"

struct ring {
	struct wire_ring *shared;
	size_t bytes; /* that are mapped */
	uint64_t size;
	uint64_t at;                 /* of the next event to be given */
	uint64_t end;                /* what was written when this round began */
	const ss_plugin_event *head; /* at `at`; NULL: none */
};

struct rings {
	struct ring *all;
	struct ring **heap; /* those with a head, the oldest first */
	uint32_t n, n_heap;
	int epoll; /* wakes when the bell rings, or `wake` */
	int wake;  /* eventfd */
	unsigned long *bell_consumed;
	const unsigned long *bell_produced;
	const ss_plugin_event **batch;
	uint32_t batch_max;
	uint64_t last; /* time of the youngest event given */
	uint64_t given, late, malformed;
};

/* Room for @n rings. -ENOMEM, -errno. */
int rings_init(struct rings *s, uint32_t n, uint32_t batch_max);

/* Maps the next ring: a map of one value of @value_bytes, which has @size bytes of events. -errno. */
int rings_add(struct rings *s, int map_fd, size_t value_bytes, size_t size);

/* The ring buffer that programs wake us through; it carries nothing. -errno. */
int rings_set_bell(struct rings *s, int map_fd);

/* Takes what the bell was rung for. */
void rings_hush(struct rings *s);

/* Gives the last batch back to the programs. */
void rings_release(struct rings *s);

/* Finds the next batch: events not younger than @limit. Their number; *ret_held: the time of the oldest event
 * that had to wait, 0 when none had to. */
uint32_t rings_next(struct rings *s, uint64_t limit, uint64_t *ret_held);

/* Whether any ring has something that was not given. */
bool rings_pending(const struct rings *s);

void rings_deinit(struct rings *s);
