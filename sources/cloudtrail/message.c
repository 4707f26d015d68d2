/*
 * message: an array of all, so that one is found by its id, and lists for what they wait for.
 */
#include "message.h"

#include <stdlib.h>
#include <string.h>

void message_list_add(struct message_list *l, struct message *m)
{
	m->next = NULL;
	if (l->last)
		l->last->next = m;
	else
		l->first = m;
	l->last = m;
	l->n++;
}

struct message *message_list_take(struct message_list *l)
{
	struct message *m = l->first;

	if (!m)
		return NULL;
	l->first = m->next;
	if (!l->first)
		l->last = NULL;
	l->n--;
	m->next = NULL;
	return m;
}

static void message_free(struct message *m)
{
	if (!m)
		return;
	free(m->id);
	free(m->receipt);
	free(m);
}

struct message *hand_add(struct hand *h, const char *id, const char *receipt)
{
	struct message *m = h->n < HAND_MAX ? calloc(1, sizeof *m) : NULL;

	if (!m)
		return NULL;
	m->id = strdup(id);
	m->receipt = strdup(receipt);
	if (!m->id || !m->receipt) {
		message_free(m);
		return NULL;
	}
	m->place = h->n;
	h->all[h->n++] = m;
	return m;
}

struct message *hand_find(const struct hand *h, const char *id)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->all[i]->id, id) == 0)
			return h->all[i];
	return NULL;
}

bool message_renew(struct message *m, const char *receipt)
{
	char *copy = strdup(receipt);

	if (!copy)
		return false;
	free(m->receipt);
	m->receipt = copy;
	return true;
}

void hand_drop(struct hand *h, struct message *m)
{
	h->all[m->place] = h->all[--h->n];
	h->all[m->place]->place = m->place;
	message_free(m);
}

void hand_deinit(struct hand *h)
{
	while (h->n)
		hand_drop(h, h->all[0]);
}
