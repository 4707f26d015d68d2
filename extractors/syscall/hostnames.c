/* hostnames: names to addresses and addresses to names, as two kinds of lookups. */
#include "hostnames.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netinet/in.h>

enum { FRESH_MS = 300000, FRESH_UNKNOWN_MS = 60000 };

/* Of a name, the answer is its addresses; of an address, its name with a NUL. */
enum { OF_NAME, OF_ADDR };

struct hostnames {
	struct lookups *lookups;
	uint64_t waited_ms;
	char shown[HOSTNAMES_NAME]; /* the last answer */
};

_Static_assert(HOSTNAMES_ADDRS * sizeof(struct hostname_addr) <= LOOKUPS_ANSWER,
	       "answers of names");

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

static bool has_addr(const struct hostname_addr *list, uint32_t n, const struct hostname_addr *a)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].len == a->len && memcmp(list[i].bytes, a->bytes, a->len) == 0)
			return true;
	return false;
}

/* ---- questions ---- */

/* An address has a name only if the name stands for it in turn. */
static uint32_t name_for(const struct hostnames_system *system, const struct lookup_key *key,
			 char *ret)
{
	struct hostname_addr addr = {.len = (uint8_t)key->len}, back[HOSTNAMES_ADDRS];

	memcpy(addr.bytes, key->bytes, key->len);
	if (!system->name_of(&addr, ret) || !*ret ||
	    !has_addr(back, system->addrs_of(ret, back), &addr))
		return 0;
	return (uint32_t)strlen(ret) + 1;
}

static uint32_t ask(const void *ctx, const struct lookup_key *key, void *ret)
{
	const struct hostnames_system *system = ctx;

	if (key->kind == OF_ADDR)
		return name_for(system, key, ret);
	return (uint32_t)(system->addrs_of(key->bytes, ret) * sizeof(struct hostname_addr));
}

static struct lookup_key key_of(uint8_t kind, const void *bytes, size_t len)
{
	struct lookup_key key = {.kind = kind, .len = LOOKUPS_KEY};

	if (len < LOOKUPS_KEY) { /* a longer one is refused as such */
		memcpy(key.bytes, bytes, len);
		key.len = (uint16_t)len;
	}
	return key;
}

static const struct lookup *want_name(struct hostnames *h, const char *name, size_t len)
{
	const struct lookup_key key = key_of(OF_NAME, name, len);

	return lookups_want(h->lookups, &key);
}

static bool stands_for(const struct lookup *e, const struct hostname_addr *addr)
{
	return e->key.kind == OF_NAME &&
	       has_addr(e->answer, (uint32_t)(e->len / sizeof(struct hostname_addr)), addr);
}

/* ---- the owner ---- */

struct hostnames *hostnames_new(const struct hostnames_system *system)
{
	struct hostnames *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->lookups =
		lookups_new(&(const struct lookups_setup){.ctx = system,
							  .ask = ask,
							  .fresh_ms = FRESH_MS,
							  .fresh_unknown_ms = FRESH_UNKNOWN_MS});
	return h->lookups ? h : hostnames_free(h);
}

struct hostnames *hostnames_free(struct hostnames *h)
{
	if (h)
		(void)lookups_free(h->lookups);
	free(h);
	return NULL;
}

/* Until it is answered, or all waiting together was too long. */
static void wait_for(struct hostnames *h, const struct lookup *e)
{
	if (h->waited_ms < HOSTNAMES_WAIT_MS)
		h->waited_ms += lookups_wait(h->lookups, e, HOSTNAMES_WAIT_MS - h->waited_ms);
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

	lookups_lock(h->lookups);
	/* All are asked for before the first is waited for. */
	for (const char *p = names; p && may_wait; p = next_name(p))
		(void)want_name(h, p, name_len(p));
	for (const char *p = names; p && !found; p = next_name(p)) {
		const struct lookup *e = want_name(h, p, name_len(p));

		if (e && may_wait)
			wait_for(h, e);
		if (e && stands_for(e, addr))
			found = p;
	}
	lookups_unlock(h->lookups);
	*ret_len = found ? name_len(found) : 0;
	return found;
}

/* One of the names compared with; they are few. */
static const char *found_by(const struct hostnames *h, const struct hostname_addr *addr)
{
	uint32_t at = 0;

	for (const struct lookup *e; (e = lookups_next(h->lookups, &at));)
		if (stands_for(e, addr))
			return e->key.bytes;
	return NULL;
}

const char *hostnames_of(struct hostnames *h, const struct hostname_addr *addr, bool may_ask)
{
	const struct lookup_key key = key_of(OF_ADDR, addr->bytes, addr->len);
	const struct lookup *e = NULL;
	const char *name;

	h->shown[0] = '\0';
	lookups_lock(h->lookups);
	name = found_by(h, addr);
	if (!name)
		e = may_ask ? lookups_want(h->lookups, &key) : lookups_find(h->lookups, &key);
	if (e)
		name = e->answer;
	if (name)
		memcpy(h->shown, name, strlen(name) + 1);
	lookups_unlock(h->lookups);
	return h->shown;
}

void hostnames_count(struct hostnames *h, struct lookups_counters *ret)
{
	lookups_count(h->lookups, ret);
}
