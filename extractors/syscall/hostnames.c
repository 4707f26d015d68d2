/*
 * hostnames: a table of what was asked, a queue of what is to be asked, and workers.
 *
 * All of it lies in one block that the owner and the workers hold together, so that the owner can leave
 * while a worker still waits for an answer; the last one out frees it.
 */
#include "hostnames.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <netinet/in.h>

enum {
	WORKERS = 4,
	BUCKETS = 4096, /* a power of two */
	FRESH_MS = 300000,
	FRESH_UNKNOWN_MS = 60000,
	TRIES_TO_AGE = 16,
	KEY_MAX = HOSTNAMES_NAME,
};

/* A name and its addresses, or an address and its name. */
struct entry {
	struct entry *next; /* of its bucket */
	uint64_t asked_ms;  /* when somebody last wanted to know */
	uint64_t answered_ms;
	bool is_busy; /* in the queue, or with a worker: it stays */
	bool is_answered;
	bool is_name; /* the key is one; otherwise an address */
	uint16_t key_len;
	uint16_t n_addrs;
	char key[KEY_MAX];
	char *name;                  /* of an address; NULL: none */
	struct hostname_addr *addrs; /* of a name */
};

struct hostnames {
	const struct hostnames_system *system;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t more, answered;
	struct entry *buckets[BUCKETS];
	struct entry *all[HOSTNAMES_MAX]; /* in no order */
	uint32_t n, hand;                 /* hand: where ageing goes on */
	struct entry *queue[HOSTNAMES_QUEUE];
	uint32_t q_at, q_n;
	uint32_t n_workers, n_idle;
	uint32_t holders; /* the owner and the workers */
	bool is_over;
	uint64_t waited_ms;
	struct hostnames_counters counters;
	char shown[HOSTNAMES_NAME]; /* the owner's: the last answer */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the system ---- */

static bool addr_of(const struct sockaddr *sa, struct hostname_addr *ret)
{
	*ret = (struct hostname_addr){.len = 0};
	if (sa->sa_family == AF_INET) {
		memcpy(ret->bytes, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
		ret->len = 4;
	} else if (sa->sa_family == AF_INET6) {
		memcpy(ret->bytes, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
		ret->len = 16;
	}
	return ret->len != 0;
}

static uint32_t host_addrs_of(const char *name, struct hostname_addr *ret)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	uint32_t n = 0;

	if (getaddrinfo(name, NULL, &hints, &list))
		return 0;
	for (const struct addrinfo *a = list; a && n < HOSTNAMES_ADDRS; a = a->ai_next)
		n += addr_of(a->ai_addr, &ret[n]);
	freeaddrinfo(list);
	return n;
}

static bool host_name_of(const struct hostname_addr *addr, char *ret)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	const bool is_v4 = addr->len == 4;

	if (is_v4)
		memcpy(&v4.sin_addr, addr->bytes, 4);
	else
		memcpy(&v6.sin6_addr, addr->bytes, 16);
	return getnameinfo(is_v4 ? (const void *)&v4 : (const void *)&v6,
			   is_v4 ? sizeof v4 : sizeof v6, ret, HOSTNAMES_NAME, NULL, 0,
			   NI_NAMEREQD) == 0;
}

const struct hostnames_system hostnames_host = {host_addrs_of, host_name_of};

/* ---- entries ---- */

static uint32_t bucket_of(const char *key, size_t len, bool is_name)
{
	uint32_t h = 2166136261U ^ is_name;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 16777619U;
	return h & (BUCKETS - 1);
}

static struct entry *find(struct hostnames *h, const char *key, size_t len, bool is_name)
{
	struct entry *e = h->buckets[bucket_of(key, len, is_name)];

	while (e && (e->is_name != is_name || e->key_len != len || memcmp(e->key, key, len) != 0))
		e = e->next;
	return e;
}

static void entry_free(struct entry *e)
{
	free(e->name);
	free(e->addrs);
	free(e);
}

static void forget(struct hostnames *h, uint32_t i)
{
	struct entry *e = h->all[i], **at;

	at = &h->buckets[bucket_of(e->key, e->key_len, e->is_name)];
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	h->all[i] = h->all[--h->n];
	h->counters.n_aged++;
	entry_free(e);
}

/* Forgets the one nobody asked for longest, of the next few; false: all of them are being asked. */
static bool make_room(struct hostnames *h)
{
	uint32_t best = UINT32_MAX;

	for (uint32_t i = 0; i < TRIES_TO_AGE; i++) {
		const uint32_t at = h->hand++ % h->n;

		if (!h->all[at]->is_busy &&
		    (best == UINT32_MAX || h->all[at]->asked_ms < h->all[best]->asked_ms))
			best = at;
	}
	if (best == UINT32_MAX)
		return false;
	forget(h, best);
	return true;
}

static struct entry *add(struct hostnames *h, const char *key, size_t len, bool is_name)
{
	struct entry *e = NULL, **bucket = &h->buckets[bucket_of(key, len, is_name)];

	if (len < KEY_MAX && (h->n < HOSTNAMES_MAX || make_room(h)))
		e = calloc(1, sizeof *e);
	if (!e) {
		h->counters.n_refused++;
		return NULL;
	}
	memcpy(e->key, key, len);
	e->key_len = (uint16_t)len;
	e->is_name = is_name;
	e->next = *bucket;
	*bucket = e;
	h->all[h->n++] = e;
	return e;
}

static bool has_addr(const struct hostname_addr *list, uint32_t n, const struct hostname_addr *a)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].len == a->len && memcmp(list[i].bytes, a->bytes, a->len) == 0)
			return true;
	return false;
}

/* ---- workers ---- */

static void leave(struct hostnames *h)
{
	const bool is_last = --h->holders == 0;

	(void)pthread_mutex_unlock(&h->mutex);
	if (!is_last)
		return;
	for (uint32_t i = 0; i < h->n; i++)
		entry_free(h->all[i]);
	(void)pthread_mutex_destroy(&h->mutex);
	(void)pthread_cond_destroy(&h->more);
	(void)pthread_cond_destroy(&h->answered);
	free(h);
}

/* What the system says of a name or an address. The entry is busy, so its key stays as it is. */
struct answer {
	struct hostname_addr addrs[HOSTNAMES_ADDRS];
	uint32_t n;
	char name[HOSTNAMES_NAME];
};

static void ask_system(const struct hostnames_system *system, const struct entry *e,
		       struct answer *ret)
{
	struct hostname_addr addr = {.len = (uint8_t)e->key_len};

	ret->name[0] = '\0';
	ret->n = 0;
	if (e->is_name) {
		ret->n = system->addrs_of(e->key, ret->addrs);
		return;
	}
	memcpy(addr.bytes, e->key, e->key_len);
	if (!system->name_of(&addr, ret->name) ||
	    !has_addr(ret->addrs, system->addrs_of(ret->name, ret->addrs), &addr))
		ret->name[0] = '\0';
}

static void take_answer(struct hostnames *h, struct entry *e, const struct answer *a)
{
	const bool is_known = e->is_name ? a->n != 0 : a->name[0] != '\0';

	h->counters.n_asked++;
	h->counters.n_unknown += !is_known;
	free(e->addrs);
	free(e->name);
	e->name = a->name[0] ? strdup(a->name) : NULL;
	e->addrs = e->is_name && a->n ? malloc(a->n * sizeof *e->addrs) : NULL;
	e->n_addrs = e->addrs ? (uint16_t)a->n : 0;
	if (e->addrs)
		memcpy(e->addrs, a->addrs, a->n * sizeof *e->addrs);
	e->is_busy = false;
	h->counters.n_waiting--;
	e->is_answered = true;
	e->answered_ms = now_ms();
	(void)pthread_cond_broadcast(&h->answered);
}

static void *work(void *ctx)
{
	struct hostnames *h = ctx;
	struct answer answer;

	(void)pthread_mutex_lock(&h->mutex);
	while (!h->is_over) {
		struct entry *e;

		if (!h->q_n) {
			h->n_idle++;
			(void)pthread_cond_wait(&h->more, &h->mutex);
			h->n_idle--;
			continue;
		}
		e = h->queue[h->q_at];
		h->q_at = (h->q_at + 1) % HOSTNAMES_QUEUE;
		h->q_n--;
		(void)pthread_mutex_unlock(&h->mutex);
		ask_system(h->system, e, &answer);
		(void)pthread_mutex_lock(&h->mutex);
		take_answer(h, e, &answer);
	}
	leave(h);
	return NULL;
}

static void start_worker(struct hostnames *h)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (h->n_workers == WORKERS || pthread_attr_init(&attr))
		return;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, work, h) == 0) {
		h->n_workers++;
		h->holders++;
	}
	(void)pthread_attr_destroy(&attr);
}

static void enqueue(struct hostnames *h, struct entry *e)
{
	if (h->q_n >= h->n_idle)
		start_worker(h);
	if (h->q_n == HOSTNAMES_QUEUE || !h->n_workers) {
		h->counters.n_refused++;
		return;
	}
	h->queue[(h->q_at + h->q_n++) % HOSTNAMES_QUEUE] = e;
	e->is_busy = true;
	h->counters.n_waiting++;
	(void)pthread_cond_signal(&h->more);
}

/* ---- the owner ---- */

struct hostnames *hostnames_new(const struct hostnames_system *system)
{
	struct hostnames *h = calloc(1, sizeof *h);
	pthread_condattr_t attr;

	if (!h)
		return NULL;
	h->system = system;
	h->holders = 1;
	(void)pthread_mutex_init(&h->mutex, NULL);
	(void)pthread_cond_init(&h->more, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&h->answered, &attr);
	(void)pthread_condattr_destroy(&attr);
	return h;
}

struct hostnames *hostnames_free(struct hostnames *h)
{
	if (!h)
		return NULL;
	(void)pthread_mutex_lock(&h->mutex);
	h->is_over = true;
	(void)pthread_cond_broadcast(&h->more);
	leave(h);
	return NULL;
}

/* The entry of a key, asked for when it is new or old. NULL: not there, and no room. */
static struct entry *want(struct hostnames *h, const char *key, size_t len, bool is_name)
{
	struct entry *e = find(h, key, len, is_name);
	const uint64_t now = now_ms();

	if (!e && len)
		e = add(h, key, len, is_name);
	if (!e)
		return NULL;
	e->asked_ms = now;
	if (!e->is_busy &&
	    (!e->is_answered ||
	     now - e->answered_ms > (e->n_addrs || e->name ? FRESH_MS : FRESH_UNKNOWN_MS)))
		enqueue(h, e);
	return e;
}

/* Until it is answered, or all waiting together was too long. It is busy meanwhile, so it stays. */
static void wait_for(struct hostnames *h, const struct entry *e)
{
	const uint64_t from = now_ms();
	uint64_t end;

	if (e->is_answered || !e->is_busy || h->waited_ms >= HOSTNAMES_WAIT_MS)
		return;
	end = from + HOSTNAMES_WAIT_MS - h->waited_ms;
	while (!e->is_answered && now_ms() < end) {
		const struct timespec t = {.tv_sec = (time_t)(end / 1000),
					   .tv_nsec = (long)(end % 1000) * 1000000};

		(void)pthread_cond_timedwait(&h->answered, &h->mutex, &t);
	}
	h->waited_ms += now_ms() - from;
}

static size_t name_len(const char *names)
{
	return strcspn(names, "\n");
}

static const char *next_name(const char *names)
{
	const size_t n = name_len(names);

	return names[n] ? names + n + 1 : NULL;
}

const char *hostnames_match(struct hostnames *h, const char *names,
			    const struct hostname_addr *addr, bool may_wait, size_t *ret_len)
{
	const char *found = NULL;

	(void)pthread_mutex_lock(&h->mutex);
	/* All are asked for before the first is waited for. */
	for (const char *p = names; p && may_wait; p = next_name(p))
		(void)want(h, p, name_len(p), true);
	for (const char *p = names; p && !found; p = next_name(p)) {
		const struct entry *e = want(h, p, name_len(p), true);

		if (e && may_wait)
			wait_for(h, e);
		if (e && has_addr(e->addrs, e->n_addrs, addr))
			found = p;
	}
	(void)pthread_mutex_unlock(&h->mutex);
	*ret_len = found ? name_len(found) : 0;
	return found;
}

/* One of the names compared with; they are few. */
static const char *found_by(const struct hostnames *h, const struct hostname_addr *addr)
{
	for (uint32_t i = 0; i < h->n; i++) {
		const struct entry *e = h->all[i];

		if (e->is_name && has_addr(e->addrs, e->n_addrs, addr))
			return e->key;
	}
	return NULL;
}

const char *hostnames_of(struct hostnames *h, const struct hostname_addr *addr, bool may_ask)
{
	const char *key = (const char *)addr->bytes;
	const struct entry *e = NULL;
	const char *name;

	h->shown[0] = '\0';
	(void)pthread_mutex_lock(&h->mutex);
	name = found_by(h, addr);
	if (!name)
		e = may_ask ? want(h, key, addr->len, false) : find(h, key, addr->len, false);
	if (e)
		name = e->name;
	if (name)
		memcpy(h->shown, name, strlen(name) + 1);
	(void)pthread_mutex_unlock(&h->mutex);
	return h->shown;
}

void hostnames_count(struct hostnames *h, struct hostnames_counters *ret)
{
	(void)pthread_mutex_lock(&h->mutex);
	*ret = h->counters;
	ret->n_known = h->n;
	(void)pthread_mutex_unlock(&h->mutex);
}
