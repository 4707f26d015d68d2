/*
 * message: what a source has in hand of a queue: its messages, and the objects they name.
 *
 *	received -> its objects are read -> their records are finished -> deleted
 *
 * A message that cannot be done with is left: it comes again when its time has passed.
 *
 * Lifetime: hand_init() to hand_deinit(). Threads: one owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transfer.h"

enum { HAND_MAX = 4096 }; /* messages */

struct message {
	struct message *next; /* in the list that it waits in */
	char *id, *receipt;
	size_t place;      /* in the hand */
	size_t n_left;     /* objects that are not done with */
	uint64_t last_num; /* of the last record that may be of it */
	uint64_t received_ns, extend_ns;
	unsigned receives, tries; /* tries: of deleting it */
	bool stays;               /* it must come again */
	bool is_forbidden;
};

struct message_list {
	struct message *first, *last;
	size_t n;
};

void message_list_add(struct message_list *l, struct message *m);
struct message *message_list_take(struct message_list *l); /* NULL when empty */

struct hand {
	struct message *all[HAND_MAX];
	size_t n;
};

/* NULL: it is full, or there is no memory. */
struct message *hand_add(struct hand *h, const char *id, const char *receipt);
struct message *hand_find(const struct hand *h, const char *id);
/* False without memory. */
bool message_renew(struct message *m, const char *receipt);
/* Out of the hand, and freed. */
void hand_drop(struct hand *h, struct message *m);
void hand_deinit(struct hand *h);
